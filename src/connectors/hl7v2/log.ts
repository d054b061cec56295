/** Where a connector writes its log; pino's loggers fit. Fields name places and addresses, never values. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}

/** For callers that keep no log. */
export const silentLog: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined }

const QUIET_MS = 60_000
const KEYS_KEPT = 1000

/**
 * Warns once a minute per key; the rest goes to `debug`. A health check that knocks every five seconds, or a sender
 * that connects in a loop, would else fill the log.
 */
export class QuietLog {
  private readonly log: Log
  private readonly last = new Map<string, number>()

  constructor(log: Log) {
    this.log = log
  }

  warn(key: string, nowMs: number, fields: object, message: string): void {
    const before = this.last.get(key)
    if (before !== undefined && nowMs - before < QUIET_MS) {
      this.log.debug(fields, message)
      return
    }
    if (this.last.size >= KEYS_KEPT) this.last.clear()
    this.last.set(key, nowMs)
    this.log.warn(fields, message)
  }
}

/**
 * What unexpected bytes look like, without what they say: letters become `x`, digits `9`, control characters their
 * hex code. They may be the middle of a message, and a log is no place for a patient's name.
 */
export function shapeOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => {
    const letter = String.fromCharCode(byte)
    if (/[0-9]/.test(letter)) return '9'
    if (/[A-Za-z]/.test(letter)) return 'x'
    return byte >= 0x20 && byte < 0x7f ? letter : `\\x${byte.toString(16).padStart(2, '0')}`
  }).join('')
}
