export const ExchangePage = () => null
