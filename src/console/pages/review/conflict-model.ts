import type { Conflict } from '../../../contract/conflicts.ts'
import { codedText, fieldName, sexName, valueText } from '../../parts/words.ts'
import { formatDate, isCalendarDate, zonedParts } from '../../time/zone.ts'
import { clock } from '../schedule/day-layout.ts'
import { zoneNameAt } from '../schedule/slots-model.ts'

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/

/** A value of a conflict in one line; instants on the clock of the location, with the name of its zone. */
export function conflictValue(field: string, value: unknown, zone: string): string {
  if (typeof value !== 'string') return valueText(value)
  if (INSTANT.test(value) && !Number.isNaN(Date.parse(value))) {
    const { date, minute } = zonedParts(value, zone)
    const day = formatDate(date, { weekday: 'short', month: 'short', day: 'numeric', year: 'numeric' })
    return `${day}, ${clock(minute)} ${zoneNameAt(value, zone)}`
  }
  if (isCalendarDate(value)) return formatDate(value)
  if (field === 'gender') return sexName(value)
  return codedText(field, valueText(value))
}

export interface Part {
  text: string
  changed: boolean
}
/** A value in words, those marked that differ from the value before. */
export function marked(before: string, after: string): Part[] {
  if (after === '') return []
  const [old, now] = [before.split(/(\s+)/), after.split(/(\s+)/)]
  let head = 0
  while (head < now.length && head < old.length && now[head] === old[head]) head++
  let tail = 0
  while (tail < now.length - head && tail < old.length - head && now.at(-1 - tail) === old.at(-1 - tail))
    tail++
  return [
    { text: now.slice(0, head).join(''), changed: false },
    { text: now.slice(head, now.length - tail).join(''), changed: true },
    { text: now.slice(now.length - tail).join(''), changed: false },
  ].filter(({ text }) => text !== '')
}

// prettier-ignore
const ACTIONS: Record<string, string> = {
  book: 'book it', reschedule: 'move it', cancel: 'cancel it', check_in: 'change its status',
  person_update: 'change demographics', person_create: 'add the patient', vital_signs: 'record vital signs',
  document_create: 'send a document',
}
export const wanted = (action: string): string => ACTIONS[action] ?? action.replaceAll('_', ' ')

export const fieldNames = (one: Pick<Conflict, 'fields'>): string =>
  one.fields.map(({ field }) => fieldName(field).toLowerCase()).join(', ')
