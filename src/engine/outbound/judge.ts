import type { FieldEffect, RecordDocument } from '../../model/document.ts'
import { valueOf } from '../../model/document.ts'
import type { ConflictField } from '../../store/conflicts.ts'
import { decide, ruleOf } from '../../sync/rules.ts'
import type { RuleSettings, Verdict } from '../../sync/rules.ts'
import { equal, threeWay } from '../../sync/three-way.ts'
import { canMove } from '../../sync/transitions.ts'
import { isFrom, isOut, isWhole, withKnown } from './intent.ts'
import type { Known, OpenChange } from './intent.ts'

/** What becomes of a change of ours after it met what the other side has. */
export interface Judged {
  /** The change as it goes on; null when nothing is left of it. */
  change: OpenChange | null
  /** Fields that a person decides, with all sides. */
  asks: ConflictField[]
  /** Fields where the other side stands: they take its value, or go back to what was before. */
  released: string[]
}

/**
 * Compares both sides of an open change, field by field, and carries out the rules (DESIGN §8). Nothing is decided
 * while a call may be under way.
 */
export function judge(change: OpenChange, rules: RuleSettings): Judged {
  const going: Judged = { change, asks: [], released: [] }
  if (isOut(change) || change.action === 'book' || change.action === 'person_create') return going
  const verdicts = new Map<string, Verdict>()
  const { intent, recordType } = change
  const theirs = { ...valuesOf(change.fields, intent.before), ...valuesOfKnown(change.fields, intent.theirs) }
  const verdictOf = (field: string): Verdict => {
    const theirsMs = intent.theirs[field]?.asOfMs ?? 0
    return decide(ruleOf(rules, recordType, field), { oursMs: intent.atMs, theirsMs })
  }
  const before = valuesOf(change.fields, intent.before)
  const ours = Object.fromEntries(change.fields.map((field) => [field, intent.ours[field]]))
  for (const { field, verdict } of threeWay({ before, ours, theirs }, verdictOf).decided) {
    verdicts.set(field, verdict)
  }
  const guard = guardOf(change)
  if (guard) verdicts.set('status', verdictOf('status'))
  if (verdicts.size === 0) return going
  return isWhole(change.action) ? judgeWhole(change, verdicts, guard) : judgeParts(change, verdicts)
}

/** An appointment moves or is checked in whole: one field that waits holds it up, one that is lost ends it. */
function judgeWhole(change: OpenChange, verdicts: ReadonlyMap<string, Verdict>, guard: Known | null): Judged {
  const all = [...verdicts.values()]
  if (all.includes('ask')) {
    const asks = [...verdicts.keys()].map((field) =>
      sidesOf(change, field, field === 'status' ? guard : null),
    )
    return { change, asks, released: [] }
  }
  if (all.includes('theirs')) return { change: null, asks: [], released: allFields(change) }
  return { change: { ...change, baseVersion: null }, asks: [], released: [] }
}

/** Everything that a change sets or holds back. */
export const allFields = ({ intent }: OpenChange): string[] => [
  ...new Set([...Object.keys(intent.ours), ...Object.keys(intent.theirs)]),
]

/** Fields of a person stand by themselves. */
function judgeParts(change: OpenChange, verdicts: ReadonlyMap<string, Verdict>): Judged {
  const lost = [...verdicts].flatMap(([field, verdict]) => (verdict === 'theirs' ? [field] : []))
  const asks = [...verdicts].flatMap(([field, verdict]) =>
    verdict === 'ask' ? [sidesOf(change, field, null)] : [],
  )
  const left = withoutFields(change, lost)
  return { change: left && { ...left, baseVersion: null }, asks: left ? asks : [], released: lost }
}

/** The change without some of its fields; null when none is left. */
export function withoutFields(change: OpenChange, lost: readonly string[]): OpenChange | null {
  const fields = change.fields.filter((field) => !lost.includes(field))
  if (fields.length === 0) return null
  const { ours, before, theirs } = change.intent
  const keep = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(record).filter(([field]) => !lost.includes(field)))
  return {
    ...change,
    fields,
    intent: { ...change.intent, ours: keep(ours), before: keep(before), theirs: keep(theirs) },
  }
}

/** The status at the other side when it does not let our step through, though our step sets no status itself. */
function guardOf({ action, intent, fields }: OpenChange): Known | null {
  const status = intent.theirs['status']
  if (!status || action !== 'reschedule' || fields.includes('status')) return null
  // A person has seen it, and wants to move it all the same.
  if (equal(intent.before['status']?.value, status.value)) return null
  return canMove(String(status.value)) ? null : status
}

function sidesOf({ intent, recordType }: OpenChange, field: string, guard: Known | null): ConflictField {
  const theirs = guard ?? intent.theirs[field]
  const before = intent.before[field]?.value ?? null
  return {
    field,
    before,
    // A move keeps the status it found.
    ours: guard ? (before ?? (recordType === 'appointment' ? 'booked' : null)) : (intent.ours[field] ?? null),
    theirs: theirs?.value ?? null,
    place: theirs?.place ?? '',
  }
}

const valuesOf = (
  fields: readonly string[],
  known: Readonly<Record<string, Known | null>>,
): Record<string, unknown> => Object.fromEntries(fields.map((field) => [field, known[field]?.value ?? null]))

const valuesOfKnown = (
  fields: readonly string[],
  known: Readonly<Record<string, Known>>,
): Record<string, unknown> =>
  Object.fromEntries(fields.flatMap((field) => (known[field] ? [[field, known[field].value]] : [])))

/**
 * Gives fields of a change back to the other side: the record shows what it has, or what it had before.
 *
 * @returns the document, and what changed in it
 */
export function release(
  document: RecordDocument,
  change: OpenChange,
  fields: readonly string[],
): { document: RecordDocument; effects: Omit<FieldEffect, 'record'>[] } {
  const values: Record<string, Known | null> = {}
  const effects: Omit<FieldEffect, 'record'>[] = []
  for (const field of fields) {
    const heard = change.intent.theirs[field]
    // Somebody said something later: that stands. What was heard of a field that we do not set is news as any other.
    if (!isFrom(document, field, change.exchangeId) && !(heard && !(field in change.intent.ours))) continue
    const known = heard ?? change.intent.before[field] ?? null
    const shown = valueOf(document, field)
    values[field] = known
    const after = known?.value ?? null
    if (!equal(shown, after))
      effects.push({ field, before: shown, after, place: known?.place ?? '', outcome: 'changed' })
  }
  return { document: withKnown(document, values), effects }
}
