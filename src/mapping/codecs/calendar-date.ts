import type { CalendarDate } from '../../kernel/calendar-date.ts'
import { readDate, writeDate } from '../../standards/hl7v2/time.ts'
import type { LeafCodec } from '../codec.ts'
import { textOf } from '../fhir/elements.ts'
import { readFhirMoment } from './moment.ts'

/**
 * A date without time or zone. Reads `YYYY[MM[DD…]]` and `YYYY[-MM[-DD…]]`; a partial date keeps its precision.
 *
 * PID-7 may carry a time. Practice Studio keeps a calendar date, so the time is cut off here rather than moved across
 * a time zone (hl7-v2.md §5.5).
 */
export const calendarDate: LeafCodec<CalendarDate> = {
  kind: 'leaf',
  name: 'calendarDate',
  read: (raw, at) => readDate(raw) ?? at.refuse('a date'),
  write: writeDate,
  fhir: {
    // A birth date is never moved across a zone, so a time behind it is cut off as in HL7 (cerner-fhir-r4.md §5.7).
    read(value, at): CalendarDate | undefined {
      const text = textOf(value).trim()
      if (text === '') return undefined
      const found = text.length <= 10 ? readFhirMoment(text, at) : readDate(text)
      if (found === null || (found !== undefined && found.length > 10)) return at.refuse('a date')
      return found as CalendarDate | undefined
    },
  },
}

/**
 * A date for which FHIR sends an instant, such as the start of a coverage: the day it falls on in the connection's
 * zone, since midnight there is another day in UTC (cerner-fhir-r4.md §5.7).
 */
export const localDate: LeafCodec<CalendarDate> = {
  ...calendarDate,
  name: 'localDate',
  fhir: {
    read(value, at) {
      const found = readFhirMoment(textOf(value), at)
      if (found === undefined || found.length <= 10) return found
      return Temporal.Instant.from(found).toZonedDateTimeISO(at.settings.zone).toPlainDate().toString()
    },
  },
}
