import type { Instant, CalendarDate } from '../kernel/calendar-date.ts'
import type { Coded, Observation, ObservationStatus } from '../model/values.ts'
import type { Segment } from '../standards/hl7v2/message.ts'
import { cellAt } from './field-view.ts'
import { interpretation } from './codesets/interpretation.ts'
import { observationStatus } from './codesets/observation-status.ts'
import { readCode, setName } from './codecs/coded.ts'
import { readConcept } from './codecs/concept.ts'
import { readMoment } from './codecs/moment.ts'
import { noteLines } from './notes.ts'
import { isTextType, readValue } from './observation-value.ts'
import type { Reading } from './reading.ts'

/** One OBX with the NTE segments that follow it. */
export interface ResultLine {
  readonly obx: Segment
  readonly notes: readonly Segment[]
}

/** What the observations of one order share. */
export interface OrderContext {
  /** OBR-7, for results that do not say their own time. */
  readonly effectiveAt: Instant | CalendarDate | undefined
  /** OBR-22, else MSH-7: when this version was reported. */
  readonly reportedAt: Instant
  /** OBR-25 as a status of results, for an OBX without one. */
  readonly status: ObservationStatus
}

export interface ReadObservations {
  readonly observations: Observation[]
  /** Order details (OBX-11 O), which are notes on the report and no results. */
  readonly orderNotes: string[]
}

/**
 * The results of one OBR. Their key is code, system, sub-id and the index among equals: OBX-1 is no key, because it
 * counts anew in every message (hl7-v2.md §9).
 */
export function readObservations(
  lines: readonly ResultLine[],
  order: OrderContext,
  at: Reading,
): ReadObservations {
  const orderNotes: string[] = []
  const drafts: Draft[] = []
  for (const line of lines) {
    const draft = readLine(line, order, at)
    if (draft.statusCode === 'O') orderNotes.push(noteOf(draft))
    else if (!joinLines(drafts.at(-1), draft)) drafts.push(draft)
  }
  return { observations: withKeys(drafts), orderNotes }
}

interface Draft {
  readonly observation: Observation
  readonly statusCode: string
}

function readLine({ obx, notes }: ResultLine, order: OrderContext, at: Reading): Draft {
  const place = obx.occurrence === 1 ? 'OBX' : `OBX[${obx.occurrence}]`
  const type = obx.get(2).toUpperCase()
  const statusCode = obx.get(11).toUpperCase()
  const observation: Observation = {
    key: '',
    code: readCodeOf(obx, place, at),
    status: readStatus(statusCode, order, place, at),
  }
  const subId = obx.get(4)
  if (subId !== '') observation.sub_id = subId
  if (type !== '') observation.value_type = type
  at.place = `${place}-5`
  Object.assign(observation, readValue(obx, type, at))
  if (obx.field(7) !== '' && !obx.isNull(7)) observation.reference_range = obx.text(7).trim()
  const flags = readInterpretation(obx, place, at)
  if (flags.length > 0) observation.interpretation = flags
  at.place = `${place}-14`
  const effective =
    obx.get(14) === '' ? order.effectiveAt : (readMoment(obx.get(14), at) ?? order.effectiveAt)
  if (effective !== undefined) observation.effective_at = effective
  const performer = obx.get(15, 1, 2) || obx.get(15) || obx.get(23) || obx.get(16, 1, 2)
  if (performer !== '') observation.performer = performer
  const comments = notes.flatMap(noteLines)
  if (comments.length > 0) observation.notes = comments
  observation.reported_at = order.reportedAt
  return { observation, statusCode }
}

function readCodeOf(obx: Segment, place: string, at: Reading): Coded {
  const code = readConcept(cellAt(obx, 3), 1) ?? readConcept(cellAt(obx, 3), 4)
  if (code) return code
  at.warn('HL7_REQUIRED_FIELD_EMPTY', { field: `${place}-3` }, `${place}-3`)
  return {}
}

function readStatus(code: string, order: OrderContext, place: string, at: Reading): ObservationStatus {
  if (code === '' || code === 'O') return order.status
  at.place = `${place}-11`
  const status = readCode(observationStatus, code, at)
  if (status !== undefined) return status
  at.warn('CODE_NOT_IN_SET', { field: at.place, set: setName(observationStatus, at) })
  // Shown, and replaced by whatever comes with a status that is known.
  return 'preliminary'
}

function readInterpretation(obx: Segment, place: string, at: Reading): string[] {
  const flags: string[] = []
  for (let n = 1, count = obx.repetitions(8); n <= count; n++) {
    const code = obx.get(8, n)
    if (code === '') continue
    at.place = `${place}-8`
    const known = readCode(interpretation, code, at)
    if (known === undefined) at.warn('CODE_NOT_IN_SET', { field: at.place, set: setName(interpretation, at) })
    else if (known !== 'null') flags.push(known)
  }
  return flags
}

const systemAndCode = ({ code, text, system }: Coded): string => `${system ?? ''}|${code ?? text ?? ''}`

/** Joins a following text line of the same result to it; false when it is a result of its own. */
function joinLines(before: Draft | undefined, next: Draft): boolean {
  if (!before) return false
  const [a, b] = [before.observation, next.observation]
  if (systemAndCode(a.code) !== systemAndCode(b.code)) return false
  if (b.sub_id !== undefined && b.sub_id !== a.sub_id) return false
  if (before.statusCode !== next.statusCode) return false
  if (joinAttachments(a, b)) return true
  if (!isTextType(a.value_type ?? '') || !isTextType(b.value_type ?? '')) return false
  a.text = `${a.text ?? ''}\n${b.text ?? ''}`
  if (b.notes) a.notes = [...(a.notes ?? []), ...b.notes]
  return true
}

/** A document cut over several OBX: a following part has no beginning of its own, and the one before is not at its end. */
function joinAttachments(a: Observation, b: Observation): boolean {
  const [head, tail] = [a.attachment, b.attachment]
  if (head?.data_base64 === undefined || tail?.data_base64 === undefined) return false
  if (head.data_base64.endsWith('=') || head.data_base64.length % 4 !== 0) return false
  if (tail.media_type !== undefined && tail.media_type !== head.media_type) return false
  if (a.value_type !== 'ED' || startsDocument(tail.data_base64)) return false
  a.attachment = {
    ...head,
    size_bytes: head.size_bytes + tail.size_bytes,
    data_base64: head.data_base64 + tail.data_base64,
  }
  return true
}

// The signatures of attachment-types.ts in base64.
const startsDocument = (base64: string): boolean =>
  /^(?:JVBERi|e1xydG|\/9j\/|iVBORw|SUkqA|TU0AK|UEsDB)/.test(base64)

function withKeys(drafts: readonly Draft[]): Observation[] {
  const seen = new Map<string, number>()
  return drafts.map(({ observation }) => {
    const base = `${systemAndCode(observation.code)}|${observation.sub_id ?? ''}`
    const index = seen.get(base) ?? 0
    seen.set(base, index + 1)
    return { ...observation, key: index === 0 ? base : `${base}|${index + 1}` }
  })
}

function noteOf({ observation }: Draft): string {
  const { code, quantity, text } = observation
  const value = quantity
    ? [`${quantity.comparator ?? ''}${quantity.value}`, quantity.unit].filter(Boolean).join(' ')
    : text
  const label = code.text ?? code.code
  return [label, value].filter((part) => part !== undefined && part !== '').join(': ')
}
