import type { CalendarDate, Instant } from '../../kernel/calendar-date.ts'
import { readTime, writeDate, writeTime } from '../../standards/hl7v2/time.ts'
import type { LeafCodec } from '../codec.ts'
import { textOf } from '../fhir/elements.ts'
import type { Reading } from '../reading.ts'

/**
 * An instant in UTC, or a calendar date when no time of day was sent; a date is never moved across zones. Times
 * without an offset take that of MSH-7, else the connection's zone (hl7-v2.md §5).
 */
export const moment: LeafCodec<Instant | CalendarDate> = {
  kind: 'leaf',
  name: 'moment',
  read: (raw, at) => readMoment(raw, at),
  write: (value) => (isDate(value) ? writeDate(value) : writeTime(value, 'UTC')),
  fhir: { read: (value, at) => readFhirMoment(textOf(value), at) },
}

/** An instant in UTC. A date without a time of day does not say when, and is refused. */
export const instant: LeafCodec<Instant> = {
  kind: 'leaf',
  name: 'instant',
  read: (raw, at) => readInstant(raw, at),
  write: (value) => writeTime(value, 'UTC'),
  fhir: {
    read(value, at) {
      const found = readFhirMoment(textOf(value), at)
      return found === undefined || !isDate(found) ? found : at.refuse('a time of day')
    },
  },
}

export function readMoment(raw: string, at: Reading): Instant | CalendarDate | undefined {
  const time = readTime(raw, at.zones)
  switch (time.kind) {
    case 'date':
      return time.date
    case 'instant':
      warnOfDst(time.note, at)
      return time.instant
    case 'none':
      return undefined
    case 'invalid':
      return at.refuse('a time')
  }
  return time satisfies never
}

const MONTH = /^\d{4}-(?:0[1-9]|1[0-2])$/

/**
 * A FHIR date or dateTime. A month, `2019-06`, is read here: HL7 would take its end for an offset from UTC.
 */
export function readFhirMoment(raw: string, at: Reading): Instant | CalendarDate | undefined {
  const text = raw.trim()
  return MONTH.test(text) ? text : readMoment(text, at)
}

export function readInstant(raw: string, at: Reading): Instant | undefined {
  const value = readMoment(raw, at)
  if (value === undefined || !isDate(value)) return value
  return at.refuse('a time of day')
}

function warnOfDst(note: string | undefined, at: Reading): void {
  if (note === 'gap')
    at.warn('HL7_TIME_IN_DST_CHANGE', {
      field: at.place,
      reason: 'does not exist; the clocks go forward over it',
    })
  if (note === 'overlap')
    at.warn('HL7_TIME_IN_DST_CHANGE', { field: at.place, reason: 'exists twice; the earlier one is taken' })
}

// `YYYY-MM-DD` is ten characters; an instant always has a time.
const isDate = (value: Instant | CalendarDate): value is CalendarDate & string => value.length <= 10
