import { IntegrationError } from '../kernel/errors.ts'
import type { ErrorKind } from '../kernel/errors.ts'

// SQLSTATE classes that pass by themselves: connection, resources, operator intervention, system, and conflicts with
// other transactions. Everything else is a fault of the data or of ours, and the same next time.
const TRANSIENT_CLASSES = new Set(['08', '53', '57', '58', '40', '55'])
const NETWORK_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT'])

/** Whether a failure to apply may pass by itself (DESIGN §6). */
export function retryKind(error: unknown): Exclude<ErrorKind, 'ambiguous'> {
  // Applying again what was perhaps applied is safe: the job is gone then, and nothing is done twice.
  if (error instanceof IntegrationError) return error.kind === 'permanent' ? 'permanent' : 'transient'
  const code = (error as { code?: unknown } | null)?.code
  if (typeof code !== 'string') return messageLooksTransient(error) ? 'transient' : 'permanent'
  if (NETWORK_CODES.has(code) || TRANSIENT_CLASSES.has(code.slice(0, 2))) return 'transient'
  return 'permanent'
}

// The driver reports a lost server without a code.
const messageLooksTransient = (error: unknown): boolean =>
  error instanceof Error && /Connection terminated|timeout|connection is closed/i.test(error.message)

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 5 * 60_000

/**
 * Growing delay with a cap and jitter, so that what failed together does not come back together.
 *
 * @param random between 0 and 1
 */
export function retryDelayMs(attempt: number, random: number): number {
  const full = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt - 1, 20))
  return full / 2 + (full / 2) * random
}
