/** A day of the practice as days since 1970-01-01; a week as weeks since Monday 1970-01-05. */
export const DAY_MS = 86_400_000
export const HOUR_MS = 3_600_000
export const MINUTE_MS = 60_000

/** Weeks and days of the practice as a whole turn over in this zone. */
export const PRACTICE_ZONE = 'America/Chicago'

export const dayOf = (ms: number, zone: string): number => {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(zone)
  return Math.floor(Date.UTC(local.year, local.month - 1, local.day) / DAY_MS)
}

export const weekOfDay = (day: number): number => Math.floor((day - 4) / 7)
export const mondayOf = (week: number): number => week * 7 + 4
/** Monday is 1, Sunday 7. */
export const weekdayOf = (day: number): number => ((day + 3) % 7) + 1

/**
 * Midnight of a day at a clinic, reckoned back from noon. Clocks change on Sundays at night, so hours of working
 * days count from here without asking the zone again.
 */
export function midnightOf(day: number, zone: string): number {
  const noon = plainDate(day).toZonedDateTime({ timeZone: zone, plainTime: '12:00' })
  return noon.epochMilliseconds - 12 * HOUR_MS
}

export const plainDate = (day: number): Temporal.PlainDate =>
  Temporal.PlainDate.from('1970-01-01').add({ days: day })

/** Hour of the day at a zone, with its fraction. */
export function hourAt(ms: number, zone: string): number {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.floor(ms)).toZonedDateTimeISO(zone)
  return local.hour + local.minute / 60
}

export const isOpen = (day: number): boolean => weekdayOf(day) <= 5 && !isHoliday(day)

/** The days on which American practices are closed. */
export function isHoliday(day: number): boolean {
  const { month, day: dayOfMonth } = plainDate(day)
  const weekday = weekdayOf(day)
  const nth = Math.ceil(dayOfMonth / 7)
  if (month === 1 && dayOfMonth === 1) return true
  if (month === 5 && weekday === 1 && dayOfMonth > 24) return true // Memorial Day
  if (month === 7 && dayOfMonth === 4) return true
  if (month === 9 && weekday === 1 && nth === 1) return true // Labor Day
  if (month === 11 && weekday === 4 && nth === 4) return true // Thanksgiving
  return month === 12 && dayOfMonth === 25
}
