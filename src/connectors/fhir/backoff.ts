/** How long to wait before a read is tried again (cerner-fhir-r4.md §1.5: 429 comes without Retry-After). */

const FIRST_MS = 500
const CAP_MS = 30_000
/** A far side that names a longer wait is left to the queue. */
const LONGEST_ASKED_MS = 60_000

/**
 * Full jitter: anything from nothing to a bound that doubles with each try. Where the far side named a wait, that much
 * and then the jitter of a first try.
 *
 * @param tries how often it was tried, 1 after the first
 * @returns null when it is not worth waiting here
 */
export function delayBefore(tries: number, askedMs: number | null, random: () => number): number | null {
  if (askedMs !== null && askedMs > LONGEST_ASKED_MS) return null
  if (askedMs !== null) return askedMs + Math.round(random() * FIRST_MS)
  return Math.round(random() * Math.min(CAP_MS, FIRST_MS * 2 ** (tries - 1)))
}

/** `Retry-After` in milliseconds from now: seconds or an HTTP date; null when it says neither (RFC 9110 §10.2.3). */
export function readRetryAfter(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? ''
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000
  const atMs = /[A-Za-z]{3},/.test(text) ? Date.parse(text) : NaN
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs)
}
