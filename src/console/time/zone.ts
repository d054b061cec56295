/** Times in a zone, by Intl alone: Temporal is not yet in every browser that a practice uses. */

const formats = new Map<string, Intl.DateTimeFormat>()
export function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${JSON.stringify(options)}`
  const found = formats.get(key) ?? new Intl.DateTimeFormat('en-US', { timeZone: zone, ...options })
  formats.set(key, found)
  return found
}

const WALL = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
} as const

/** Wall clock of an instant, as if it were UTC, in milliseconds. */
function wallMs(instantMs: number, zone: string): number {
  const parts = Object.fromEntries(
    format(zone, WALL)
      .formatToParts(instantMs)
      .map((part) => [part.type, Number(part.value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second)
}

/**
 * The instant at which a clock in the zone shows this date and minute of the day. In the hour that spring skips, the
 * time after the gap; in the hour that autumn repeats, the first.
 *
 * @param date YYYY-MM-DD
 * @param minute minutes after midnight
 * @returns ISO 8601 in UTC
 */
export function zonedInstant(date: string, minute: number, zone: string): string {
  const wall = Date.parse(`${date}T00:00:00Z`) + minute * 60_000
  const offsetAt = (instant: number): number => wallMs(instant, zone) - Math.floor(instant / 1_000) * 1_000
  const early = wall - offsetAt(wall - 86_400_000)
  const late = wall - offsetAt(wall + 86_400_000)
  if (wallMs(early, zone) === wall) return new Date(early).toISOString()
  if (wallMs(late, zone) === wall) return new Date(late).toISOString()
  return new Date(early).toISOString()
}

/** The calendar date (YYYY-MM-DD) and the minute of the day of an instant in the zone. */
export function zonedParts(instant: string | number, zone: string): { date: string; minute: number } {
  const wall = new Date(wallMs(new Date(instant).getTime(), zone))
  return { date: wall.toISOString().slice(0, 10), minute: wall.getUTCHours() * 60 + wall.getUTCMinutes() }
}

export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)

/** Monday of the week. */
export const weekStart = (date: string): string =>
  addDays(date, -((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7))

const CALENDAR_DATE = /^\d{4}-\d{2}-\d{2}$/
/** A date without a time belongs to no zone and is never moved across one. */
export const isCalendarDate = (value: string): boolean => CALENDAR_DATE.test(value)

export function formatDate(date: string, options: Intl.DateTimeFormatOptions = {}): string {
  const shape =
    Object.keys(options).length === 0
      ? ({ year: 'numeric', month: 'short', day: 'numeric' } as const)
      : options
  return format('UTC', shape).format(new Date(`${date}T00:00:00Z`))
}

/** Whole years between a date of birth and a day; months below two years. */
export function ageOn(dateOfBirth: string, today: string): string {
  const [by = 0, bm = 0, bd = 0] = dateOfBirth.split('-').map(Number)
  const [ty = 0, tm = 0, td = 0] = today.split('-').map(Number)
  const months = (ty - by) * 12 + tm - bm - (td < bd ? 1 : 0)
  return months < 0 ? '' : months < 24 ? `${months} mo` : `${Math.floor(months / 12)} y`
}

/** "just now", "42 s ago", "3 h ago"; days beyond two days. */
export function ago(instant: string, nowMs: number): string {
  const seconds = Math.round((nowMs - Date.parse(instant)) / 1_000)
  if (Math.abs(seconds) < 5) return 'just now'
  const say = (amount: number, unit: string): string =>
    seconds < 0 ? `in ${amount} ${unit}` : `${amount} ${unit} ago`
  const size = Math.abs(seconds)
  if (size < 90) return say(size, 's')
  if (size < 5_400) return say(Math.round(size / 60), 'min')
  if (size < 172_800) return say(Math.round(size / 3_600), 'h')
  return say(Math.round(size / 86_400), 'd')
}

/** Free writing of a date of birth at the front desk: `3/14/1962`, `1962-03-14`, `03141962`. */
export function readDate(text: string): string | null {
  const found =
    /^\s*(?<y>\d{4})-(?<m>\d{1,2})-(?<d>\d{1,2})\s*$/.exec(text) ??
    /^\s*(?<m>\d{1,2})[/.-](?<d>\d{1,2})[/.-](?<y>\d{4})\s*$/.exec(text) ??
    /^\s*(?<m>\d{2})(?<d>\d{2})(?<y>\d{4})\s*$/.exec(text)
  if (found?.groups === undefined) return null
  const { y = '', m = '', d = '' } = found.groups
  const date = `${y}-${m.padStart(2, '0')}-${d.padStart(2, '0')}`
  const made = new Date(`${date}T00:00:00Z`)
  return !Number.isNaN(made.getTime()) && made.toISOString().startsWith(date) ? date : null
}
