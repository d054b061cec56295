import type { CalendarDate } from '../../kernel/calendar-date.ts'
import { readDate, writeDate } from '../../standards/hl7v2/time.ts'
import type { LeafCodec } from '../codec.ts'

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
}
