import { IntegrationError } from '../kernel/errors.ts'

/**
 * What the log says about a failure. A message of the driver or the runtime may quote a value, so only names, codes
 * and places in our code are written.
 */
export function nameOf(error: unknown): string {
  if (error instanceof IntegrationError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return typeof error
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? []
  return [error.name, ...frames.slice(0, 6).map((line) => line.trim())].join(' ')
}
