import type { Coded, Observation } from '../model/values.ts'
import { readTime } from '../standards/hl7v2/time.ts'
import type { Segment } from '../standards/hl7v2/message.ts'
import { readEncapsulated, readPointer } from './attachment.ts'
import { cellAt } from './field-view.ts'
import { readConcept } from './codecs/concept.ts'
import { readNumber, structuredNumber } from './codecs/quantity.ts'
import type { Reading } from './reading.ts'

/** The value parts of an observation; at most one kind of value, or several forms of the same one. */
export type Value = Pick<Observation, 'quantity' | 'text' | 'codes' | 'attachment'>

const TEXT = new Set(['ST', 'TX', 'FT', ''])
const STRING_FORM = new Set([
  'NR',
  'NA',
  'MA',
  'CP',
  'MO',
  'CX',
  'XCN',
  'XPN',
  'XAD',
  'XTN',
  'XON',
  'EI',
  'CK',
  'CN',
  'PN',
  'AD',
  'TN',
  'ID',
])

/** True for the types whose following segments join as lines (hl7-v2.md §9.2). */
export const isTextType = (type: string): boolean => TEXT.has(type)

/**
 * The value of OBX-5 by the type in OBX-2. A value that does not fit its type is kept as text with a warning: no
 * value is ever dropped.
 *
 * @see hl7-v2.md §9.2
 */
export function readValue(segment: Segment, type: string, at: Reading): Value {
  if (segment.repetitions(5) === 0 || segment.isNull(5)) return {}
  switch (type) {
    case 'NM':
      return readNumeric(segment, at)
    case 'SN':
      return readStructured(segment, at)
    case 'CE':
    case 'CWE':
    case 'CNE':
    case 'CF':
    case 'IS':
      return readCodes(segment)
    case 'DT':
    case 'TS':
    case 'DTM':
    case 'TM':
    case 'DR':
      return readTimes(segment, type, at)
    case 'ED': {
      const attachment = readEncapsulated(segment, at)
      return attachment ? { attachment } : {}
    }
    case 'RP': {
      const attachment = readPointer(segment)
      return attachment ? { attachment } : {}
    }
    default:
      if (!TEXT.has(type) && !STRING_FORM.has(type)) keptAsText('a value of a known type', at)
      return textOf(segment)
  }
}

function readNumeric(segment: Segment, at: Reading): Value {
  const raw = segment.get(5)
  const quantity = segment.repetitions(5) === 1 ? readNumber(raw) : undefined
  if (quantity && quantity.comparator === undefined) return { quantity: withUnit(quantity, segment) }
  keptAsText('a number', at)
  // `<5` is plain enough to split; the words stay beside it.
  return quantity ? { quantity: withUnit(quantity, segment), text: raw } : textOf(segment)
}

function readStructured(segment: Segment, at: Reading): Value {
  const found = structuredNumber.read(cellAt(segment, 5), at)
  if (!found) return textOf(segment)
  return 'quantity' in found ? { quantity: withUnit(found.quantity, segment) } : found
}

function withUnit(
  quantity: NonNullable<Value['quantity']>,
  segment: Segment,
): NonNullable<Value['quantity']> {
  const unit = segment.get(6) || segment.get(6, 1, 2)
  return unit === '' ? quantity : { ...quantity, unit }
}

/** Repetitions and alternate triples are several codings; the text is that of the first. */
function readCodes(segment: Segment): Value {
  const codes: Coded[] = []
  for (let n = 1, count = segment.repetitions(5); n <= count; n++) {
    const cell = cellAt(segment, 5, n)
    for (const first of [1, 4] as const) {
      const coded = readConcept(cell, first)
      if (coded) codes.push(coded)
    }
  }
  const [first] = codes
  if (!first) return textOf(segment)
  const text = first.text ?? first.code
  return text === undefined ? { codes } : { codes, text }
}

function readTimes(segment: Segment, type: string, at: Reading): Value {
  const parts = type === 'DR' ? [segment.get(5), segment.get(5, 1, 2)] : [segment.get(5)]
  const read = parts
    .filter((part) => part !== '')
    .map((part) => (type === 'TM' ? timeOfDay(part) : timeText(part, at)))
  if (read.length > 0 && segment.repetitions(5) === 1 && read.every((part) => part !== undefined))
    return { text: read.join(' – ') }
  keptAsText('a time', at)
  return textOf(segment)
}

function timeText(raw: string, at: Reading): string | undefined {
  const time = readTime(raw, at.zones)
  if (time.kind === 'date') return time.date
  return time.kind === 'instant' ? time.instant : undefined
}

function timeOfDay(raw: string): string | undefined {
  const found = /^([01]\d|2[0-3])([0-5]\d)?([0-5]\d)?(?:\.\d+)?(?:[+-]\d{4})?$/.exec(raw)
  return found ? `${found[1] ?? ''}:${found[2] ?? '00'}:${found[3] ?? '00'}` : undefined
}

/** All repetitions as lines, spaces kept as sent. */
export function textOf(segment: Segment): Value {
  const lines: string[] = []
  for (let n = 1, count = segment.repetitions(5); n <= count; n++) lines.push(segment.text(5, n).trimEnd())
  return { text: lines.join('\n') }
}

const keptAsText = (expected: string, at: Reading): void =>
  at.warn('HL7_VALUE_KEPT_AS_TEXT', { field: at.place, expected })
