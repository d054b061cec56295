import { sameValue } from './reconcile.ts'
import type { Verdict } from './rules.ts'

/** One field as both sides last agreed on it, and as each side has it now. */
export interface Sides {
  before: unknown
  ours: unknown
  theirs: unknown
}

/** Which side changed a field. `same`: both, to the same value. */
export type Meeting = 'none' | 'ours' | 'theirs' | 'same' | 'both'

export function meetingOf({ before, ours, theirs }: Sides): Meeting {
  const oursChanged = !equal(before, ours)
  const theirsChanged = !equal(before, theirs)
  if (!oursChanged) return theirsChanged ? 'theirs' : 'none'
  if (!theirsChanged) return 'ours'
  return equal(ours, theirs) ? 'same' : 'both'
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/

/**
 * Equality of values of two systems: absent is as good as null, an instant is the same however it is written, and a
 * person or code is the same when both sides name one and it is the same one.
 */
export function equal(a: unknown, b: unknown): boolean {
  const [one, other] = [a ?? null, b ?? null]
  if (typeof one === 'string' && typeof other === 'string') {
    return (
      one === other || (INSTANT.test(one) && INSTANT.test(other) && Date.parse(one) === Date.parse(other))
    )
  }
  const [name, otherName] = [nameOf(one), nameOf(other)]
  if (name !== undefined && otherName !== undefined) return name === otherName
  return sameValue(one, other)
}

/** What a person (`id`) or a coded value (`code`) is known by. */
function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { id, code } = value as { id?: unknown; code?: unknown }
  if (typeof id === 'string') return id
  return typeof code === 'string' ? code : undefined
}

export interface Merged {
  /** Every field of the three, as it shall be. A field that is asked about stands as it was before. */
  values: Record<string, unknown>
  /** Fields of ours that the other side does not have yet. */
  send: string[]
  /** Fields that both sides changed, with what was decided. */
  decided: { field: string; verdict: Verdict }[]
}

type Values = Readonly<Record<string, unknown>>

/**
 * Three-way compare by field: what one side alone changed stands, and what both changed to different values is
 * decided field by field. No change of either side is lost without a decision that names it.
 *
 * @param decideField asked once for each field that both sides changed
 */
export function threeWay(
  sides: { before: Values; ours: Values; theirs: Values },
  decideField: (field: string) => Verdict,
): Merged {
  const { before, ours, theirs } = sides
  const merged: Merged = { values: {}, send: [], decided: [] }
  for (const field of fieldsOf(before, ours, theirs)) {
    const side = { before: before[field], ours: ours[field], theirs: theirs[field] }
    const meeting = meetingOf(side)
    const verdict = meeting === 'both' ? decideField(field) : null
    if (verdict) merged.decided.push({ field, verdict })
    const isOurs = meeting === 'ours' || verdict === 'ours'
    if (isOurs) merged.send.push(field)
    if (verdict === 'ask') merged.values[field] = side.before ?? null
    else merged.values[field] = (isOurs ? side.ours : side.theirs) ?? null
  }
  return merged
}

const fieldsOf = (...values: Values[]): string[] =>
  [...new Set(values.flatMap((one) => Object.keys(one)))].sort()
