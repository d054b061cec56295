const two = (n: number): string => (n < 10 ? `0${n}` : String(n))

let lastSecond = Number.NaN
let lastText = ''

/**
 * An instant as `YYYYMMDDHHMMSS+0000`.
 *
 * @param at milliseconds since 1970, or an instant in ISO 8601
 */
export function writeUtc(at: number | string): string {
  const ms = typeof at === 'number' ? at : Date.parse(at)
  const second = Math.floor(ms / 1000)
  // Thousands of replies leave in the same second.
  if (second === lastSecond) return lastText
  const date = new Date(second * 1000)
  lastText =
    `${String(date.getUTCFullYear()).padStart(4, '0')}${two(date.getUTCMonth() + 1)}${two(date.getUTCDate())}` +
    `${two(date.getUTCHours())}${two(date.getUTCMinutes())}${two(date.getUTCSeconds())}+0000`
  lastSecond = second
  return lastText
}
