export const SchedulePage = () => null
