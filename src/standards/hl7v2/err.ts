import type { Delimiters } from './delimiters.ts'
import { escape } from './escape.ts'
import type { Place, Problem } from './problem.ts'
import { atLeast } from './version.ts'

// Table 0357.
// prettier-ignore
const CONDITIONS: Readonly<Record<number, string>> = {
  0: 'Message accepted', 100: 'Segment sequence error', 101: 'Required field missing', 102: 'Data type error',
  103: 'Table value not found', 104: 'Value too long', 198: 'Non-conformant cardinality', 199: 'Other HL7 error',
  200: 'Unsupported message type', 201: 'Unsupported event code', 202: 'Unsupported processing id',
  203: 'Unsupported version id', 204: 'Unknown key identifier', 205: 'Duplicate key identifier',
  206: 'Application record locked', 207: 'Application internal error',
}

/** The text of a condition in HL7 table 0357. */
export const conditionText = (condition: number): string => CONDITIONS[condition] ?? 'Other HL7 error'

/** More than this many would say nothing new to the sender. */
export const ERR_LIMIT = 10

function joinTrimmed(parts: readonly string[], delimiter: string): string {
  let last = parts.length
  while (last > 0 && parts[last - 1] === '') last--
  return parts.slice(0, last).join(delimiter)
}

const numberText = (n: number | undefined): string => (n === undefined ? '' : String(n))

/** ERL: segment, which one of its name, field, repetition, component, subcomponent, all from 1. */
function erl(place: Place, d: Delimiters): string {
  const { segment, occurrence = 1, field, repetition, component, subcomponent } = place
  const fieldParts =
    field === undefined
      ? []
      : [numberText(field), numberText(repetition ?? 1), numberText(component), numberText(subcomponent)]
  return joinTrimmed([segment, String(occurrence), ...fieldParts], d.component)
}

function errSince25(found: Problem, d: Delimiters): string {
  const f = d.field
  const say = (text: string): string => escape(text, d, 'ASCII')
  const condition = [String(found.condition), conditionText(found.condition), 'HL70357'].join(d.component)
  const own = [say(found.code), '', 'L'].join(d.component)
  return `ERR${f}${f}${erl(found.place, d)}${f}${condition}${f}${found.severity}${f}${own}${f}${f}${say(found.says)}${f}${say(found.todo)}`
}

// ELD of 2.1 to 2.4: segment, sequence, field, and the condition as subcomponents.
function eld(found: Problem, d: Delimiters): string {
  const code = [String(found.condition), conditionText(found.condition), 'HL70357'].join(
    d.subcomponent || ' ',
  )
  const { segment, occurrence = 1, field } = found.place
  return [segment, String(occurrence), numberText(field), code].join(d.component || ' ')
}

/**
 * ERR segments with their ends: from 2.5 one for each problem, before that one whose ERR-1 repeats.
 *
 * @see HL7 2.3 §2.24.3, HL7 2.5.1 §2.15.5
 */
export function errSegments(
  problems: readonly Problem[],
  version: string,
  d: Delimiters,
  segmentEnd: string,
): string {
  const told = problems.slice(0, ERR_LIMIT)
  if (atLeast(version, '2.5')) return told.map((one) => errSince25(one, d) + segmentEnd).join('')
  const repeated = d.repetition === '' ? told.slice(0, 1) : told
  return `ERR${d.field}${repeated.map((one) => eld(one, d)).join(d.repetition)}${segmentEnd}`
}
