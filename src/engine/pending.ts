import type { ExchangeId } from '../kernel/ids.ts'
import { FHIR_ID } from '../mapping/fhir/settings.ts'
import type { FieldEffect, RecordDocument } from '../model/document.ts'
import { valueOf } from '../model/document.ts'
import type { Said, Statement } from '../model/statement.ts'
import type { ConflictField } from '../store/conflicts.ts'
import { wordsOf } from '../store/patient-tokens.ts'
import { equal } from '../sync/three-way.ts'
import type { NewsSource } from '../sync/reconcile.ts'
import type { Vault } from '../vault/vault.ts'
import { isFrom, isOut, knownOf, withKnown } from './outbound/intent.ts'
import type { Known, OpenChange, RulesOf } from './outbound/intent.ts'
import { judge, release } from './outbound/judge.ts'

/** What became of an open change when news met it, to be written with the news. */
export interface Turn {
  change: OpenChange
  /** `kept` goes on, `asked` waits for a person, `ended` lost to the other side. */
  kind: 'kept' | 'asked' | 'ended'
  asks: ConflictField[]
}

/** News about a record with open changes, as far as the record may take it over. */
export interface Met {
  statement: Statement
  document: RecordDocument
  effects: Omit<FieldEffect, 'record'>[]
  turns: Turn[]
}

/** 16 bytes as hexadecimal: a booking that has no number yet, by its patient and start. */
export const naturalKey = (vault: Vault, patientId: string, start: string): string =>
  vault.blind('appointment-natural', `${patientId}|${Date.parse(start)}`).toString('hex')

/**
 * 16 bytes as hexadecimal: a person who has no number yet, by names, date of birth and sex.
 *
 * @returns null when one of them is not said: less does not tell people apart
 */
export function personKey(vault: Vault, said: (field: string) => unknown): string | null {
  const [last, first, born, sex] = ['last_name', 'first_name', 'date_of_birth', 'gender'].map(said)
  if (typeof last !== 'string' || typeof first !== 'string' || typeof born !== 'string') return null
  if (typeof sex !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(born)) return null
  const names = [last, first].map((name) => wordsOf(name).join(' '))
  return vault.blind('patient-natural', [...names, born, sex].join('|')).toString('hex')
}

// Clocks differ; what was said earlier than this before our call is of somebody else.
const SKEW_MS = 2 * 60_000

/**
 * The changes of ours that are under way for the records of a batch: the place where news of the other side meets
 * them. While a change is open its fields are not overwritten: what the other side says about them is kept with the
 * change, and decided by the rules of its connection.
 */
export class Pending {
  readonly #rulesOf: RulesOf
  #byRecord = new Map<string, OpenChange[]>()
  #turns = new Map<ExchangeId, Turn>()

  constructor(changes: readonly OpenChange[], rulesOf: RulesOf) {
    this.#rulesOf = rulesOf
    for (const change of changes) {
      const list = this.#byRecord.get(change.recordId)
      if (list) list.push(change)
      else this.#byRecord.set(change.recordId, [change])
    }
  }

  static readonly NONE = new Pending([], () => {
    throw new Error('there are no changes under way')
  })

  get isEmpty(): boolean {
    return this.#byRecord.size === 0
  }

  /** The open booking that this news is the echo of: same patient and start, and the same provider when both name one. */
  bookingOf(key: string, providerId: unknown): OpenChange | undefined {
    for (const changes of this.#byRecord.values()) {
      const found = changes.find((one) => one.naturalKey === key && one.intent.joined === null)
      if (!found) continue
      const ours = found.intent.ours['provider_id'] ?? null
      if (ours === null || providerId === undefined || providerId === null || equal(ours, providerId))
        return found
    }
    return undefined
  }

  /**
   * The open registration that this news is the echo of: its call has left, nobody who may be the same was known
   * before, and what the news says was not true before the call.
   */
  registrationOf(key: string, asOfMs: number): OpenChange | undefined {
    for (const changes of this.#byRecord.values()) {
      const found = changes.find((one) => one.naturalKey === key && isOut(one))
      const request = found?.intent.request
      if (!found || request?.action !== 'person_create' || !request.alone) continue
      if (found.sentAtMs !== null && asOfMs >= found.sentAtMs - SKEW_MS) return found
    }
    return undefined
  }

  /** @returns null where no change is open for the record */
  meet(recordId: string, document: RecordDocument, statement: Statement, source: NewsSource): Met | null {
    const changes = this.#byRecord.get(recordId)
    if (!changes || changes.length === 0) return null
    const [first] = changes
    if (first?.action === 'book' || first?.action === 'person_create')
      return meetNew(first, document, statement, source)
    const absorbed = absorb(changes, statement, source)
    const settled = this.#judgeAll(absorbed.changes, document, (change) => !changes.includes(change))
    return { ...settled, statement: absorbed.statement }
  }

  /** Judges what was heard while a call was under way, now that it is known how the call ended. */
  reconsider(recordId: string, document: RecordDocument): Omit<Met, 'statement'> {
    return this.#judgeAll(this.#byRecord.get(recordId) ?? [], document, () => true)
  }

  /** Judges each change in order; what one gives back goes to the next that sets the same field, or to the record. */
  #judgeAll(
    changes: readonly OpenChange[],
    document: RecordDocument,
    isNew: (change: OpenChange) => boolean,
  ): Omit<Met, 'statement'> {
    const result: Omit<Met, 'statement'> = { document, effects: [], turns: [] }
    let rest = [...changes]
    for (let change = rest[0]; change; change = rest[0]) {
      rest = rest.slice(1)
      if (!isNew(change)) continue
      const judged = judge(change, this.#rulesOf(change.connectionId))
      rest = handOver(change, judged.released, rest)
      const given = judged.released.filter((field) => !rest.some((one) => field in one.intent.ours))
      const freed = release(result.document, change, given)
      result.document = freed.document
      result.effects.push(...freed.effects)
      const kind = judged.change === null ? 'ended' : judged.asks.length > 0 ? 'asked' : 'kept'
      result.turns.push({ change: judged.change ?? change, kind, asks: judged.asks })
    }
    return result
  }

  /** A copy to try a message on: it takes this one's place when the message folds whole. */
  fork(): Pending {
    if (this.isEmpty) return this
    const copy = new Pending([], this.#rulesOf)
    copy.#byRecord = new Map(this.#byRecord)
    copy.#turns = new Map(this.#turns)
    return copy
  }

  /** Takes over what {@link Pending.meet} worked out. */
  keep(turns: readonly Turn[]): void {
    for (const turn of turns) {
      const { change, kind } = turn
      this.#turns.set(change.exchangeId, turn)
      const changes = this.#byRecord.get(change.recordId) ?? []
      const next = changes.flatMap((one) => {
        if (one.exchangeId !== change.exchangeId) return [one]
        return kind === 'ended' ? [] : [change]
      })
      this.#byRecord.set(change.recordId, next)
    }
  }

  /** What must be written. */
  turns(): Turn[] {
    return [...this.#turns.values()]
  }
}

/** Fields of a change that go back are the next change's to decide, when it sets them too. */
export function handOver(
  from: OpenChange,
  fields: readonly string[],
  rest: readonly OpenChange[],
): OpenChange[] {
  const left = new Set(fields)
  return rest.map((change) => {
    const mine = [...left].filter((field) => field in change.intent.ours)
    if (mine.length === 0) return change
    const before = { ...change.intent.before }
    const theirs = { ...change.intent.theirs }
    for (const field of mine) {
      left.delete(field)
      before[field] = from.intent.before[field] ?? null
      const heard = from.intent.theirs[field]
      if (heard) theirs[field] = heard
    }
    return { ...change, intent: { ...change.intent, before, theirs } }
  })
}

/**
 * News about fields that are under way goes to the first change that sets them; the rest of the statement goes on.
 * News older than what is known of the other side goes on too, and is found to be older.
 */
function absorb(
  changes: readonly OpenChange[],
  statement: Statement,
  source: NewsSource,
): { changes: OpenChange[]; statement: Statement } {
  const fields: Record<string, Said> = {}
  const next = [...changes]
  const hear = (field: string, said: Said): boolean => {
    const at = next.findIndex((one) => holds(one, field, said))
    const change = next[at]
    const last = change && lastHeard(change, field)
    if (!change || (last && last.asOfMs > source.asOfMs)) return false
    const { exchangeId, connectionId, asOfMs } = source
    const heard: Known = { value: said.value, asOfMs, exchangeId, connectionId, place: said.place }
    const theirs = { ...change.intent.theirs, [field]: heard }
    next[at] = { ...change, intent: { ...change.intent, theirs } }
    return true
  }
  for (const [field, said] of Object.entries(statement.fields)) if (!hear(field, said)) fields[field] = said
  if (!statement.complete) return { changes: next, statement: { ...statement, fields } }

  const isHeld = (field: string): boolean => changes.some((one) => field in one.intent.ours)
  for (const field of statement.complete) {
    if (field in statement.fields || !isHeld(field)) continue
    // A whole resource no longer says what it said before.
    const change = changes.find((one) => field in one.intent.ours)
    const last = change && lastHeard(change, field)
    if (last && last.value !== null && last.connectionId === source.connectionId)
      hear(field, { value: null, place: last.place })
  }
  const complete = statement.complete.filter((field) => !isHeld(field))
  return { changes: next, statement: { ...statement, fields, complete } }
}

const lastHeard = ({ intent }: OpenChange, field: string): Known | null =>
  intent.theirs[field] ?? intent.before[field] ?? null

/** A move also holds back a status that it cannot follow: the two meet, though the move sets no status. */
function holds(change: OpenChange, field: string, said: Said): boolean {
  if (field in change.intent.ours) return true
  if (field !== 'status' || change.action !== 'reschedule') return false
  return said.value !== 'booked' || field in change.intent.theirs
}

/**
 * A booking or a registration is made at Cerner, so all that Cerner says of it stands. The values we asked for were
 * never true before, whatever the two clocks say.
 */
function meetNew(
  change: OpenChange,
  document: RecordDocument,
  statement: Statement,
  source: NewsSource,
): Met {
  const asked: Record<string, Known> = {}
  for (const field of Object.keys(statement.fields)) {
    const known = isFrom(document, field, change.exchangeId) ? knownOf(document, field) : null
    if (known && known.asOfMs > source.asOfMs) asked[field] = { ...known, asOfMs: source.asOfMs - 1 }
  }
  const joined = numberOf(change, document, statement) ?? change.intent.joined
  const met = { ...change, intent: { ...change.intent, joined } }
  return {
    statement,
    document: withKnown(document, asked),
    effects: [],
    turns: joined === change.intent.joined ? [] : [{ change: met, kind: 'kept', asks: [] }],
  }
}

/** The number by which Cerner reads the record, where the news tells it; a medical record number is none. */
function numberOf({ action }: OpenChange, document: RecordDocument, statement: Statement): string | null {
  if (action === 'person_create') return statement.keys.find(({ type }) => type === FHIR_ID)?.value ?? null
  const number = statement.fields['external_id']?.value ?? valueOf(document, 'external_id')
  return typeof number === 'string' ? number : null
}
