export const Hl7Page = () => null
