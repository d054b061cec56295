import type { Instant } from '../kernel/calendar-date.ts'
import type { Said } from '../model/statement.ts'
import type { Segment } from '../standards/hl7v2/message.ts'
import { readTimingDuration, unitMs } from './codecs/duration.ts'
import { readInstant } from './codecs/moment.ts'
import { isNumber } from './codecs/quantity.ts'
import { placeText, readPlace } from './place.ts'
import type { Reading } from './reading.ts'
import type { ResourceSegment } from './appointment-resources.ts'

const place = (segment: Segment, field: number): string =>
  placeText({ ...readPlace(`${segment.name}-${field}`) }, segment.occurrence)

/**
 * Start and end of an appointment (hl7-v2.md §10.1).
 *
 * The start of the table (TQ1-7, SCH-11.4) counts; without one, the first resource that says when it is needed, less
 * its offset. The end is said, or the start and a duration: adding to an instant keeps it right over a change of
 * clocks.
 */
export function readAppointmentTimes(
  said: { start: Said | undefined; end: Said | undefined },
  sch: Segment,
  resources: readonly ResourceSegment[],
  at: Reading,
): { start?: Said; end?: Said } {
  const starts = resourceStarts(resources, at)
  const start = said.start ?? starts[0]
  if (start === undefined || start.value === null) return said.end ? { end: said.end } : {}
  for (const other of starts) {
    if (other.value !== start.value)
      at.warn('HL7_TIMES_DIFFER', { field: start.place, other: other.place }, other.place)
  }
  const end = said.end ?? endByDuration(start.value as Instant, sch, resources, at)
  if (typeof end?.value === 'string' && end.value < (start.value as Instant)) {
    at.warn('HL7_DATA_TYPE', { field: end.place, expected: 'a time after the start' }, end.place)
    return { start }
  }
  return end ? { start, end } : { start }
}

function resourceStarts(resources: readonly ResourceSegment[], at: Reading): Said[] {
  const starts: Said[] = []
  for (const { segment, fields } of resources) {
    const raw = segment.get(fields.start)
    if (raw === '') continue
    at.place = place(segment, fields.start)
    const value = readInstant(raw, at)
    if (value === undefined) continue
    // A resource may be needed earlier or later than the appointment starts.
    const offset = readAmount(segment, fields.start + 1, fields.start + 2, at) ?? 0
    starts.push({ value: plus(value, -offset), place: place(segment, fields.start) })
  }
  return starts
}

function endByDuration(
  start: Instant,
  sch: Segment,
  resources: readonly ResourceSegment[],
  at: Reading,
): Said | undefined {
  const own = readAmount(sch, 9, 10, at)
  if (own !== undefined) return { value: plus(start, own), place: 'SCH-9' }
  const timing = readTimingDuration(sch.get(11, 1, 3))
  if (timing !== undefined && timing <= LONGEST_MS) return { value: plus(start, timing), place: 'SCH-11.3' }
  for (const { segment, fields } of resources) {
    const duration = readAmount(segment, fields.start + 3, fields.start + 4, at)
    if (duration !== undefined)
      return { value: plus(start, duration), place: place(segment, fields.start + 3) }
  }
  return undefined
}

/** A number and its unit in the field beside it, in milliseconds; undefined when there is none. */
export function readAmount(
  segment: Segment,
  field: number,
  unitField: number,
  at: Reading,
): number | undefined {
  const amount = segment.get(field)
  if (amount === '') return undefined
  at.place = place(segment, field)
  if (!isNumber(amount)) return at.refuse('a number')
  const unit = segment.get(unitField) || segment.get(unitField, 1, 2)
  if (unit === '') {
    at.warn('HL7_UNIT_MISSING', { field: at.place })
    return credible(Number(amount) * 60_000, at)
  }
  const ms = unitMs(unit)
  if (ms !== undefined) return credible(Number(amount) * ms, at)
  at.place = place(segment, unitField)
  return at.refuse('a unit of time')
}

// No appointment lasts longer or lies further away; a slipped decimal point can leave the calendar altogether.
const LONGEST_MS = 366 * 86_400_000

const credible = (ms: number, at: Reading): number | undefined =>
  Math.abs(ms) <= LONGEST_MS ? ms : at.refuse('a duration of at most a year')

export const plus = (start: Instant, ms: number): Instant => new Date(Date.parse(start) + ms).toISOString()
