import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { FieldState, RecordDocument } from '../model/document.ts'
import type { Identifier, KeyedRow, Observation } from '../model/values.ts'
import type { Said, Statement } from '../model/statement.ts'
import { STUDIO_CONNECTION_ID } from '../model/studio.ts'
import { mergeObservations } from './observations.ts'

/** Who says it, in which exchange, and when it was true. */
export interface NewsSource {
  exchangeId: ExchangeId
  connectionId: ConnectionId
  asOfMs: number
}

/** What reconciliation decided about one field. */
export interface Decision {
  field: string
  before: unknown
  after: unknown
  place: string
  outcome: 'changed' | 'older'
}

export interface Reconciled {
  document: RecordDocument
  /** True when the document differs from the stored one, if only in how new its values are known to be. */
  touched: boolean
  decisions: Decision[]
}

/** Sets that only grow: an identifier that one message leaves out is still the patient's. */
const GROWING = new Set(['identifiers'])

// A document keeps at most this many sources before those nobody points at any more are dropped.
const SOURCES_BEFORE_COMPACTION = 16

/**
 * Brings what one message says together with what is stored, field by field: the newer `as_of` wins, equal ones go
 * by arrival, absent says nothing and cleared (`null`) is a value like any other (DESIGN §2.4, hl7-v2.md §3.2).
 *
 * @param stored is not changed; the result shares what stayed the same
 */
export function reconcile(stored: RecordDocument, statement: Statement, source: NewsSource): Reconciled {
  const work = new Work(stored, source)
  const onlyFill = statement.effect === 'mention'
  for (const field in statement.fields) {
    const said = statement.fields[field]
    if (said) work.field(field, said, onlyFill)
  }
  const owns = statement.record === 'patient' ? STUDIO_CONNECTION_ID : null
  for (const field of statement.complete ?? []) if (!(field in statement.fields)) work.leftOut(field, owns)
  for (const set in statement.sets) {
    const said = statement.sets[set]
    if (!said) continue
    if (GROWING.has(set)) work.growingSet(set, said.rows as readonly Identifier[], said.place)
    else if (said.mode === 'keyed') work.keyedSet(set, said.rows as readonly KeyedRow[], said.place)
    else if (set === 'observations') work.observations(said.rows as readonly Observation[], said.place)
    else work.snapshot(set, said.rows, said.place)
  }
  return work.done()
}

class Work {
  readonly #source: NewsSource
  readonly #decisions: Decision[] = []
  readonly #stored: RecordDocument
  readonly #fields: RecordDocument['fields']
  readonly #sets: RecordDocument['sets']
  readonly #sources: RecordDocument['sources']
  #sourceIndex = -1
  #touched = false

  constructor(stored: RecordDocument, source: NewsSource) {
    this.#source = source
    this.#stored = stored
    this.#fields = { ...stored.fields }
    this.#sets = { ...stored.sets }
    this.#sources = [...stored.sources]
  }

  field(field: string, said: Said, onlyFill: boolean): void {
    const before = this.#fields[field]
    if (onlyFill && before !== undefined && before[0] !== null) return
    const next = this.#newer(field, before, said.value, said.place)
    if (next) this.#fields[field] = next
  }

  /**
   * A whole resource no longer says what it said before. What another source said stays.
   *
   * @param owns a source whose values are the other side's too: what the practice changes of a patient is sent there
   */
  leftOut(field: string, owns: ConnectionId | null): void {
    const before = this.#fields[field]
    const from = before && this.#sources[before[2]]?.[1]
    if (!before || before[0] === null || (from !== this.#source.connectionId && from !== owns)) return
    const next = this.#newer(field, before, null, before[3])
    if (next) this.#fields[field] = next
  }

  snapshot(set: string, rows: readonly unknown[], place: string): void {
    const bySource = this.#sets[set] ?? {}
    const before = bySource[this.#source.connectionId]
    if (!before && rows.length === 0) return
    const next = this.#newer(set, before, rows, place)
    if (next) this.#sets[set] = { ...bySource, [this.#source.connectionId]: next }
  }

  growingSet(set: string, rows: readonly Identifier[], place: string): void {
    const bySource = this.#sets[set] ?? {}
    const before = bySource[this.#source.connectionId]
    const known = before ? (before[0] as Identifier[]) : []
    const added = rows.filter((row) => !known.some((one) => sameIdentifier(one, row)))
    if (added.length === 0) return
    const after = [...known, ...added]
    this.#decide(set, known, after, place, 'changed')
    this.#sets[set] = { ...bySource, [this.#source.connectionId]: this.#state(after, place) }
  }

  /** Rows that come one by one: each is as new as its own source says, and the others stay. */
  keyedSet(set: string, rows: readonly KeyedRow[], place: string): void {
    const bySource = this.#sets[set] ?? {}
    const known = (bySource[this.#source.connectionId]?.[0] ?? []) as readonly KeyedRow[]
    const after = [...known]
    let changed = false
    for (const row of rows) {
      const next: KeyedRow = { ...row, as_of: row.as_of ?? new Date(this.#source.asOfMs).toISOString() }
      const at = after.findIndex((one) => one.key === row.key)
      const before = after[at]
      const same = before !== undefined && sameRow(before, next)
      if (before !== undefined && isOlder(next, before)) {
        if (!same) this.#decide(`${set}.${row.key}`, before, next, place, 'older')
        continue
      }
      if (same && before.as_of === next.as_of) continue
      if (!same) this.#decide(`${set}.${row.key}`, before ?? null, next, place, 'changed')
      if (at < 0) after.push(next)
      else after[at] = next
      changed = true
    }
    if (!changed) return
    this.#sets[set] = { ...bySource, [this.#source.connectionId]: this.#state(after, place) }
  }

  observations(rows: readonly Observation[], place: string): void {
    const bySource = this.#sets['observations'] ?? {}
    const before = bySource[this.#source.connectionId]
    const known = before ? (before[0] as Observation[]) : []
    const isNewer = !before || this.#source.asOfMs >= before[1]
    const after = mergeObservations(known, rows, { isNewer })
    if (sameValue(known, after)) return
    for (const row of after) {
      const old = known.find((one) => one.key === row.key)
      if (old !== row) this.#decide(`observations.${row.key}`, old ?? null, row, place, 'changed')
    }
    const state = this.#state(after, place)
    if (before && !isNewer) state[1] = before[1]
    this.#sets['observations'] = { ...bySource, [this.#source.connectionId]: state }
  }

  done(): Reconciled {
    if (!this.#touched) return { document: this.#stored, touched: false, decisions: this.#decisions }
    const document = { fields: this.#fields, sets: this.#sets, sources: this.#sources }
    return {
      document: this.#sources.length > SOURCES_BEFORE_COMPACTION ? compact(document) : document,
      touched: true,
      decisions: this.#decisions,
    }
  }

  /** The state to store instead of `before`, or undefined when `before` stands. */
  #newer(
    field: string,
    before: FieldState | undefined,
    value: unknown,
    place: string,
  ): FieldState | undefined {
    const { asOfMs } = this.#source
    if (before === undefined) {
      if (value !== null) this.#decide(field, null, value, place, 'changed')
      return this.#state(value, place)
    }
    const same = sameValue(before[0], value) || sameMeaning(field, before[0], value)
    if (before[1] > asOfMs) {
      if (!same) this.#decide(field, before[0], value, place, 'older')
      return undefined
    }
    if (same) {
      if (before[1] === asOfMs) return undefined
      // The value stands since it was first said, and is now known to have been true up to here, so that older
      // news still on its way cannot replace it.
      this.#touched = true
      return [before[0], asOfMs, before[2], before[3]]
    }
    this.#decide(field, before[0], value, place, 'changed')
    return this.#state(value, place)
  }

  #state(value: unknown, place: string): FieldState {
    this.#touched = true
    if (this.#sourceIndex < 0) {
      this.#sourceIndex = this.#sources.push([this.#source.exchangeId, this.#source.connectionId]) - 1
    }
    return [value, this.#source.asOfMs, this.#sourceIndex, place]
  }

  #decide(field: string, before: unknown, after: unknown, place: string, outcome: Decision['outcome']): void {
    this.#decisions.push({ field, before, after, place, outcome })
  }
}

const isOlder = (row: KeyedRow, than: KeyedRow): boolean =>
  Date.parse(row.as_of ?? '') < Date.parse(than.as_of ?? '')

const sameRow = (a: KeyedRow, b: KeyedRow): boolean =>
  sameValue({ ...a, as_of: undefined }, { ...b, as_of: undefined })

const sameIdentifier = (a: Identifier, b: Identifier): boolean =>
  a.value === b.value && a.authority === b.authority && a.type === b.type

/** Concepts that two roads name by codes of their own and by the same words. */
const SAME_BY_WORDS = new Set(['service'])

/**
 * Two ways to say one thing, which must not push each other out each time one of two roads brings news: a person is
 * known by id, whatever titles stand beside the name, and a kind of visit by its words.
 */
function sameMeaning(field: string, a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  const one = a as { id?: string; last_name?: string; text?: string }
  const other = b as typeof one
  if (SAME_BY_WORDS.has(field)) return one.text !== undefined && folded(one.text) === folded(other.text)
  return one.id !== undefined && one.id === other.id && folded(one.last_name) === folded(other.last_name)
}

const folded = (text: string | undefined): string => (text ?? '').trim().toUpperCase()

/** Equality of JSON values. Written out, since comparing what a message repeats is half the work of a feed. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const one = a as Record<string, unknown>
  const other = b as Record<string, unknown>
  let count = 0
  for (const key in one) {
    if (!sameValue(one[key], other[key])) return false
    if (one[key] !== undefined) count += 1
  }
  for (const key in other) if (other[key] !== undefined) count -= 1
  return count === 0
}

/** Drops the sources that no field points at, and renumbers the rest. */
export function compact(document: RecordDocument): RecordDocument {
  const renumbered = new Map<number, number>()
  const sources: RecordDocument['sources'] = []
  const move = (state: FieldState): FieldState => {
    let index = renumbered.get(state[2])
    if (index === undefined) {
      const source = document.sources[state[2]]
      index = source ? sources.push(source) - 1 : -1
      renumbered.set(state[2], index)
    }
    return [state[0], state[1], index, state[3]]
  }
  const fields = Object.fromEntries(
    Object.entries(document.fields).map(([name, state]) => [name, move(state)]),
  )
  const sets = Object.fromEntries(
    Object.entries(document.sets).map(([name, bySource]) => [
      name,
      Object.fromEntries(Object.entries(bySource).map(([source, state]) => [source, move(state)])),
    ]),
  )
  return { fields, sets, sources }
}
