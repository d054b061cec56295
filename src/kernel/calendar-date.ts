/** A date without a time or zone, `YYYY-MM-DD`; partial dates (`YYYY`, `YYYY-MM`) keep the precision sent. */
export type CalendarDate = string & { readonly __brand?: 'CalendarDate' }

/** An instant in UTC, ISO 8601 with `Z`. */
export type Instant = string & { readonly __brand?: 'Instant' }

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days in a month of the proleptic Gregorian calendar; month is 1 to 12. */
export function daysInMonth(year: number, month: number): number {
  if (month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)) return 29
  return DAYS[month - 1] ?? 0
}

/** True when year, month (1–12) and day exist in the calendar. */
export const isCalendarDay = (year: number, month: number, day: number): boolean =>
  month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month)
