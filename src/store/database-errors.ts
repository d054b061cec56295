import { IntegrationError } from '../kernel/errors.ts'

// PostgreSQL appendix A: 08 connection exceptions, 57P01–57P05 shutdowns, 53300 too many connections.
const UNAVAILABLE_STATES = /^(08...|57P0[1-5]|53300)$/
const UNAVAILABLE_SYSTEM_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
])
// What `pg` throws without a code.
const UNAVAILABLE_SENTENCES =
  /^(Connection terminated|timeout (expired|exceeded)|Client (was closed|has encountered a connection error)|Query read timeout)/

/** True when the database was not reached, or went away. */
export function isUnavailable(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  if (cause instanceof AggregateError) return cause.errors.every(isUnavailable)
  const code = 'code' in cause ? String(cause.code) : ''
  return (
    UNAVAILABLE_STATES.test(code) ||
    UNAVAILABLE_SYSTEM_CODES.has(code) ||
    UNAVAILABLE_SENTENCES.test(cause.message)
  )
}

/** Puts our error in front of a lost connection; every other error stays what PostgreSQL said. */
export function asStoreError(cause: unknown): unknown {
  return isUnavailable(cause) ? new IntegrationError('STORE_UNAVAILABLE', {}, { cause }) : cause
}
