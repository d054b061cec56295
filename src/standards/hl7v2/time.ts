import { isCalendarDay } from '../../kernel/calendar-date.ts'
import type { CalendarDate, Instant } from '../../kernel/calendar-date.ts'
import { offsetMsAt } from './zone.ts'

/** What was tolerated or decided while a time was read. */
export type TimeNote =
  /** The local time does not exist (clocks went forward); it was moved on by the gap. */
  | 'gap'
  /** The local time exists twice (clocks went back); the earlier one was taken. */
  | 'overlap'
  /** `24:00`: midnight of the next day. */
  | 'midnight'
  /** Second 60: read as 59. */
  | 'leap-second'
  /** Dashes, colons, `T`, `Z`, a short offset or more than four digits of a second. */
  | 'format'

export type TimePrecision = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction'

export type HL7Time =
  | {
      readonly kind: 'instant'
      /** UTC with milliseconds, so that instants sort as text. */
      readonly instant: Instant
      readonly precision: TimePrecision
      /** The offset as sent, in the value itself or in MSH-7. */
      readonly offset?: string
      readonly note?: TimeNote
    }
  /** `YYYY`, `YYYY-MM` or `YYYY-MM-DD`, never moved across zones. */
  | { readonly kind: 'date'; readonly date: CalendarDate; readonly note?: TimeNote }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid' }

export interface Zones {
  /** The offset of MSH-7 (see {@link offsetOf}), the message's default. */
  readonly messageOffset?: string
  /** The connection's or location's zone, an IANA name; taken when there is no offset anywhere. */
  readonly zone: string
}

const NONE = { kind: 'none' } as const
const INVALID = { kind: 'invalid' } as const

interface Parts {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly ms: number
  readonly precision: TimePrecision
  readonly offset: string
  readonly odd: boolean
}

function digitsAt(text: string, from: number, length: number): number {
  let value = 0
  for (let at = from; at < from + length; at++) {
    const digit = text.charCodeAt(at) - 0x30
    if (!(digit >= 0 && digit <= 9)) return -1
    value = value * 10 + digit
  }
  return value
}

const PRECISIONS: Readonly<Record<number, TimePrecision>> = {
  4: 'year',
  6: 'month',
  8: 'day',
  10: 'hour',
  12: 'minute',
  14: 'second',
}

const digitCount = (text: string): number => {
  let at = 0
  while (at < text.length && text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39) at++
  return at
}

/** Cuts `YYYY[MM[DD[HH[MM[SS[.S…]]]]]][±ZZZZ]`; null when it is not of that form. */
function parse(text: string, odd = false): Parts | null {
  const count = digitCount(text)
  const precision = PRECISIONS[count]
  if (precision === undefined) return null
  let rest = text.slice(count)
  let ms = 0
  let fraction = 0
  if (rest.startsWith('.') && count === 14) {
    fraction = digitCount(rest.slice(1))
    ms = Math.trunc(Number(`0${rest.slice(0, fraction + 1)}`) * 1000 + 1e-6)
    rest = rest.slice(fraction + 1)
  }
  const offset = rest === '' ? '' : standardOffset(rest)
  if (offset === null) return null
  return {
    year: digitsAt(text, 0, 4),
    month: count >= 6 ? digitsAt(text, 4, 2) : 1,
    day: count >= 8 ? digitsAt(text, 6, 2) : 1,
    hour: count >= 10 ? digitsAt(text, 8, 2) : 0,
    minute: count >= 12 ? digitsAt(text, 10, 2) : 0,
    second: count >= 14 ? digitsAt(text, 12, 2) : 0,
    ms: Number.isNaN(ms) ? 0 : ms,
    precision: fraction > 0 ? 'fraction' : precision,
    offset,
    odd: odd || fraction > 4 || (offset !== '' && offset !== rest),
  }
}

/** `±HHMM` from `±HHMM`, `±HH`, `±HH:MM` or `Z`; null for anything else. */
function standardOffset(text: string): string | null {
  if (text === 'Z' || text === 'z') return '+0000'
  const found = /^([+-])(\d{2}):?(\d{2})?$/.exec(text)
  if (!found) return null
  const [, sign = '+', hours = '00', minutes = '00'] = found
  return Number(hours) <= 18 && Number(minutes) < 60 ? `${sign}${hours}${minutes}` : null
}

// ISO 8601 as some senders write it: dashes, colons and a T or blank between date and time.
const ISO =
  /^(\d{4})-(\d{2})(?:-(\d{2})(?:[T ](\d{2})(?::?(\d{2})(?::?(\d{2})(\.\d+)?)?)?)?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/
const SPLIT = /^(\d{8})[T ](\d{2}):?(\d{2})(?::?(\d{2})(\.\d+)?)?(Z|z|[+-]\d{2}(?::?\d{2})?)?$/

function parseAny(text: string): Parts | null {
  const plain = parse(text)
  if (plain !== null) return plain
  const found = ISO.exec(text) ?? SPLIT.exec(text)
  return found === null ? null : parse(found.slice(1).join(''), true)
}

const offsetMs = (offset: string): number => {
  const ms = (digitsAt(offset, 1, 2) * 60 + digitsAt(offset, 3, 2)) * 60_000
  return offset.startsWith('-') ? -ms : ms
}

function isRealTime(p: Parts): boolean {
  if (p.year < 1 || !isCalendarDay(p.year, p.month, p.day)) return false
  if (p.hour === 24) return p.minute === 0 && p.second === 0 && p.ms === 0
  return p.hour < 24 && p.minute < 60 && p.second <= 60
}

function dateText({ year, month, day, precision }: Parts): CalendarDate {
  const y = String(year).padStart(4, '0')
  if (precision === 'year') return y
  const m = `${y}-${String(month).padStart(2, '0')}`
  return precision === 'month' ? m : `${m}-${String(day).padStart(2, '0')}`
}

const isDateOnly = (p: Parts): boolean =>
  p.precision === 'year' || p.precision === 'month' || p.precision === 'day'

const clean = (raw: string): string => {
  const text = raw.trim()
  return text === '""' ? '' : text
}

function localMs(p: Parts): number {
  const date = new Date(0)
  // Date.UTC takes years below 100 for the 1900s.
  date.setUTCFullYear(p.year, p.month - 1, p.day)
  return date.getTime() + ((p.hour * 60 + p.minute) * 60 + Math.min(p.second, 59)) * 1000 + p.ms
}

/**
 * Reads a DT, TS or DTM value.
 *
 * With a time of day it is an instant: by its own offset, else by that of MSH-7, else by the zone given; never
 * by the machine's. Eight digits or fewer are a calendar date and stay one.
 *
 * @param raw one leaf as sent
 * @throws RangeError when the zone is not an IANA name (settings are checked before)
 * @see HL7 2.5.1 §2.A.22 (DTM), FHIR R4 dateTime
 */
export function readTime(raw: string, zones: Zones): HL7Time {
  const text = clean(raw)
  if (text === '') return NONE
  const p = parseAny(text)
  if (p === null || !isRealTime(p)) return INVALID
  if (isDateOnly(p)) return { kind: 'date', date: dateText(p), ...(p.odd ? { note: 'format' as const } : {}) }
  const local = localMs(p)
  const offset = p.offset || (zones.messageOffset ? standardOffset(zones.messageOffset) : null)
  if (offset) return instantOf(local - offsetMs(offset), p, offset, null)
  const zoned = offsetMsAt(zones.zone, local)
  return instantOf(local - zoned.offsetMs, p, null, zoned.note)
}

function instantOf(ms: number, p: Parts, offset: string | null, zoneNote: 'gap' | 'overlap' | null): HL7Time {
  if (!(Math.abs(ms) <= 8.64e15)) return INVALID
  const own: TimeNote | null =
    p.hour === 24 ? 'midnight' : p.second === 60 ? 'leap-second' : p.odd ? 'format' : null
  const note = zoneNote ?? own
  return {
    kind: 'instant',
    instant: new Date(ms).toISOString(),
    precision: p.precision,
    ...(offset === null ? {} : { offset }),
    ...(note === null ? {} : { note }),
  }
}

/** The offset inside a time (`±HHMM`), which MSH-7 lends to the rest of the message; undefined when it has none. */
export function offsetOf(raw: string): string | undefined {
  return parseAny(clean(raw))?.offset || undefined
}

/**
 * Reads a calendar date. A time of day and its offset are cut off, not converted: a birth date that comes as
 * `20050715050000` is midnight in some zone, and the day is the one written.
 *
 * @returns `YYYY`, `YYYY-MM` or `YYYY-MM-DD`; null when there is none or it is no date
 */
export function readDate(raw: string): CalendarDate | null {
  const text = clean(raw)
  if (text === '') return null
  const p = parseAny(text)
  // The time is not used, so it may be odd; the day may not.
  const day = p ?? parseAny(text.slice(0, 8))
  if (day === null || day.year < 1 || !isCalendarDay(day.year, day.month, day.day)) return null
  if (p === null && !/^\d{9,}/.test(text)) return null
  return dateText(isDateOnly(day) ? day : { ...day, precision: 'day' })
}

const two = (n: number): string => String(n).padStart(2, '0')

/**
 * Writes an instant as `YYYYMMDDHHMMSS±ZZZZ` in a zone; fractions of a second are cut off.
 *
 * @param instant ISO 8601 with `Z`, or milliseconds since 1970
 * @throws RangeError when the instant or the zone is none
 */
export function writeTime(instant: Instant | number, zone: string): string {
  const at = typeof instant === 'number' ? instant : Temporal.Instant.from(instant).epochMilliseconds
  const zoned = Temporal.Instant.fromEpochMilliseconds(Math.floor(at / 1000) * 1000).toZonedDateTimeISO(zone)
  const minutes = Math.round(zoned.offsetNanoseconds / 60e9)
  const sign = minutes < 0 ? '-' : '+'
  const offset = `${sign}${two(Math.floor(Math.abs(minutes) / 60))}${two(Math.abs(minutes) % 60)}`
  const date = String(zoned.year).padStart(4, '0') + two(zoned.month) + two(zoned.day)
  return `${date}${two(zoned.hour)}${two(zoned.minute)}${two(zoned.second)}${offset}`
}

/** Writes a calendar date as 4, 6 or 8 digits. */
export const writeDate = (date: CalendarDate): string => date.replaceAll('-', '')
