import { IntegrationError } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { emptyDocument, rowsOf, valueOf } from '../model/document.ts'
import type { ExchangeEffect, FieldEffect, RecordDocument } from '../model/document.ts'
import type { RecordType } from '../model/fields.ts'
import type { MappedMessage, Statement } from '../model/statement.ts'
import type { Identifier } from '../model/values.ts'
import { appointmentNumberKey } from '../store/blind-keys.ts'
import { tokensOf } from '../store/patient-tokens.ts'
import type { RecordRow } from '../store/write-records.ts'
import { reconcile } from '../sync/reconcile.ts'
import type { NewsSource } from '../sync/reconcile.ts'
import type { Vault } from '../vault/vault.ts'
import { blindKeys, decideMatch, patientKeys } from './match.ts'
import { naturalKey, Pending, personKey } from './pending.ts'
import type { Turn } from './pending.ts'

/** A record in the hands of a batch: as it was read, and as the messages so far left it. */
export interface HeldRecord {
  id: string
  type: RecordType
  version: number
  patientId: string | null
  document: RecordDocument
  dirty: boolean
  /** What searches find it by changed, so its tokens must be made anew. */
  searchDirty: boolean
}

/** One message, mapped, with the blind keys of its statements (visits and orders get theirs once the patient is known). */
export interface FoldInput {
  exchangeId: ExchangeId
  connectionId: ConnectionId
  message: MappedMessage
}

export interface Folded {
  records: string[]
  effect: ExchangeEffect
  changed: HeldRecord[]
}

const SEARCHED = new Set([
  'last_name',
  'first_name',
  'date_of_birth',
  'phone_home',
  'phone_mobile',
  'phone_work',
  'identifiers',
])

/**
 * The steps *match* and *reconcile* for a batch of messages, in memory: messages of one patient fold into one write.
 * A message either folds whole or, when it throws, leaves nothing behind.
 */
export class Fold {
  readonly #vault: Vault
  readonly #held = new Map<string, HeldRecord>()
  readonly #keys = new Map<string, string>()
  readonly #newKeys = new Map<string, { type: RecordType; id: string }>()
  #pending = Pending.NONE

  constructor(vault: Vault) {
    this.#vault = vault
  }

  /** What the store knows: record ids by blind key. */
  learnKeys(keys: ReadonlyMap<string, string>): void {
    for (const [key, id] of keys) this.#keys.set(key, id)
  }

  /** Changes of ours that are under way for the records of the batch. */
  learnPending(pending: Pending): void {
    this.#pending = pending
  }

  hold(record: HeldRecord): void {
    this.#held.set(record.id, record)
  }

  isHeld(id: string): boolean {
    return this.#held.has(id)
  }

  held(id: string): HeldRecord | undefined {
    return this.#held.get(id)
  }

  /** What became of changes of ours that news met. */
  turns(): Turn[] {
    return this.#pending.turns()
  }

  get keys(): ReadonlyMap<string, string> {
    return this.#keys
  }

  fold(input: FoldInput): Folded {
    const asOfMs = Date.parse(input.message.asOf)
    const source = { exchangeId: input.exchangeId, connectionId: input.connectionId, asOfMs }
    const plan: { record: HeldRecord; next: RecordDocument; touched: boolean; searchDirty: boolean }[] = []
    const newKeys: { key: string; type: RecordType; id: string }[] = []
    const effects: FieldEffect[] = []
    const records: string[] = []
    const pending = this.#pending.fork()
    let patientId: string | null = null

    for (const statement of input.message.statements) {
      const keys = this.#keysOf(statement, patientId)
      const record = this.#find(statement, keys, patientId, pending, asOfMs)
      if (statement.record === 'patient') patientId = record.id
      for (const key of keys) {
        if (!this.#keys.has(key)) newKeys.push({ key, type: record.type, id: record.id })
      }
      const planned = plan.find((one) => one.record.id === record.id)
      const stored = planned?.next ?? record.document
      const met = pending.meet(record.id, stored, statement, source)
      if (met) pending.keep(met.turns)
      const reconciled = reconcile(met?.document ?? stored, met?.statement ?? statement, source)
      const { document } = reconciled
      const touched = reconciled.touched || (met !== null && met.document !== stored)
      const decisions = [...(met?.effects ?? []), ...reconciled.decisions]
      const name = `${record.type}/${record.id}`
      if (!records.includes(name)) records.push(name)
      for (const decision of decisions) effects.push({ record: name, ...decision })
      const searchDirty = decisions.some(isSearched)
      if (planned) {
        planned.next = document
        planned.touched ||= touched
        planned.searchDirty ||= searchDirty
      } else plan.push({ record, next: document, touched, searchDirty })
    }

    // From here on nothing throws, so the message is folded whole.
    this.#pending = pending
    for (const { key, type, id } of newKeys) {
      this.#keys.set(key, id)
      this.#newKeys.set(key, { type, id })
    }
    for (const { record, next, touched, searchDirty } of plan) {
      record.document = next
      // Old news too may say for the first time whose appointment it is.
      const isFirstNamed = record.type !== 'patient' && record.patientId === null && patientId !== null
      if (isFirstNamed) record.patientId = patientId
      record.dirty ||= touched || isFirstNamed || record.version === 0
      record.searchDirty ||= searchDirty
      this.#held.set(record.id, record)
    }
    const changedNames = new Set(effects.filter((one) => one.outcome === 'changed').map((one) => one.record))
    return {
      records,
      effect: { changes: effects, warnings: [...input.message.warnings] },
      changed: plan.map((one) => one.record).filter((one) => changedNames.has(`${one.type}/${one.id}`)),
    }
  }

  #keysOf(statement: Statement, patientId: string | null): string[] {
    if (statement.record === 'patient') {
      const keys = patientKeys(this.#vault, statement.keys)
      // Account, visit and social security numbers do not say who it is (hl7-v2.md §8.3).
      if (keys.length === 0) throw new IntegrationError('HL7_REQUIRED_FIELD_EMPTY', { field: 'PID-3' })
      return keys
    }
    return blindKeys(this.#vault, statement.record, statement.keys, scopeOf(statement.record, patientId))
  }

  #find(
    statement: Statement,
    keys: readonly string[],
    patientId: string | null,
    pending: Pending,
    asOfMs: number,
  ): HeldRecord {
    const match = decideMatch(keys, (key) => this.#keys.get(key))
    if (match.kind === 'conflict') {
      throw new IntegrationError('HL7_IDENTIFIER_CONFLICT', { field: placeOfKeys(statement) })
    }
    if (match.kind === 'known') {
      const held = this.#held.get(match.id)
      // The number is known, and for somebody else: one patient's appointment must not show under another.
      if (held?.type === 'appointment' && patientId !== null && (held.patientId ?? patientId) !== patientId) {
        throw new IntegrationError('HL7_IDENTIFIER_CONFLICT', { field: placeOfKeys(statement) })
      }
      if (held) return held
    }
    if (statement.record === 'appointment' && patientId === null && statement.effect !== 'cancel') {
      // Nobody is named, and the appointment is not known: there is no one to book it for (hl7-v2.md §10.1).
      throw new IntegrationError('HL7_REQUIRED_SEGMENT_MISSING', { segment: 'PID' })
    }
    const isNew = match.kind === 'new'
    const ours = isNew
      ? (this.#bookingOf(statement, patientId, pending) ?? this.#registrationOf(statement, pending, asOfMs))
      : undefined
    if (ours) return ours
    const id = match.kind === 'known' ? match.id : newId()
    return newRecord(statement.record, id, statement.record === 'patient' ? null : patientId)
  }

  /** Our own booking, when news of it comes before the answer did. */
  #bookingOf(statement: Statement, patientId: string | null, pending: Pending): HeldRecord | undefined {
    const start = startOf(statement)
    if (pending.isEmpty || patientId === null || start === null) return undefined
    const key = naturalKey(this.#vault, patientId, start)
    const booking = pending.bookingOf(key, statement.fields['provider_id']?.value)
    return booking && this.#held.get(booking.recordId)
  }

  /** The person whom we are registering, when news of them comes before the answer did. */
  #registrationOf(statement: Statement, pending: Pending, asOfMs: number): HeldRecord | undefined {
    if (pending.isEmpty || statement.record !== 'patient') return undefined
    const key = personKey(this.#vault, (field) => statement.fields[field]?.value)
    const change = key === null ? undefined : pending.registrationOf(key, asOfMs)
    return change && this.#held.get(change.recordId)
  }

  /**
   * A change of the practice itself, to a record that is known. It is the newest there is, whatever clocks say.
   *
   * @returns what it changed
   */
  change(record: HeldRecord, statement: Statement, source: NewsSource): FieldEffect[] {
    const latest = Object.keys(statement.fields).map((field) => record.document.fields[field]?.[1] ?? 0)
    const asOfMs = Math.max(source.asOfMs, ...latest)
    const { document, decisions } = reconcile(record.document, statement, { ...source, asOfMs })
    return this.take(record, document, decisions)
  }

  /** Puts a document in the place of a held record's. */
  take(
    record: HeldRecord,
    document: RecordDocument,
    decisions: readonly Omit<FieldEffect, 'record'>[],
  ): FieldEffect[] {
    record.dirty ||= document !== record.document || record.version === 0
    record.document = document
    record.searchDirty ||= decisions.some(isSearched)
    this.#held.set(record.id, record)
    return decisions.map((decision) => ({ record: `${record.type}/${record.id}`, ...decision }))
  }

  /** Links an identifier of the other side to a record. */
  link(key: string, record: HeldRecord): void {
    if (this.#keys.get(key) === record.id) return
    this.#keys.set(key, record.id)
    this.#newKeys.set(key, { type: record.type, id: record.id })
  }

  /** What must be written, by table. */
  dirtyRecords(): Map<RecordType, HeldRecord[]> {
    const byType = new Map<RecordType, HeldRecord[]>()
    for (const record of this.#held.values()) {
      if (!record.dirty) continue
      const list = byType.get(record.type)
      if (list) list.push(record)
      else byType.set(record.type, [record])
    }
    return byType
  }

  newKeys(): { key: string; type: RecordType; id: string }[] {
    return [...this.#newKeys].map(([key, link]) => ({ key, ...link }))
  }

  /** Seals a record for its table. */
  rowOf(record: HeldRecord): RecordRow {
    return {
      id: record.id,
      version: record.version,
      sealed: this.#vault.seal(`${record.type}/${record.id}`, JSON.stringify(record.document)),
      columns: this.#columnsOf(record),
    }
  }

  #columnsOf({ type, document, patientId, searchDirty }: HeldRecord): RecordRow['columns'] {
    const text = (field: string): string | null => {
      const value = valueOf(document, field)
      return typeof value === 'string' ? value : null
    }
    const number = type === 'appointment' ? text('external_id') : null
    switch (type) {
      case 'patient':
        return {
          active: valueOf(document, 'active') !== false,
          tokens: searchDirty ? `{${tokensOf(this.#vault, searchableOf(document)).join(',')}}` : null,
        }
      case 'encounter':
        return {
          patient_id: patientId,
          status: text('status') ?? 'in-progress',
          start_at: timestampOf(text('start_time')),
          end_at: timestampOf(text('end_time')),
        }
      case 'appointment':
        return {
          patient_id: patientId,
          status: text('status') ?? 'booked',
          start_at: timestampOf(text('start_time')),
          end_at: timestampOf(text('end_time')),
          provider_id: text('provider_id'),
          location_id: text('location_id'),
          number_key:
            number === null ? null : `\\x${appointmentNumberKey(this.#vault, number).toString('hex')}`,
        }
      case 'report':
        return {
          patient_id: patientId,
          status: text('status') ?? 'final',
          effective_at: timestampOf(text('effective_at')),
        }
      case 'document':
        return {
          patient_id: patientId,
          status: text('status') ?? 'current',
          created_on: timestampOf(text('created_at')),
        }
    }
  }
}

/** A record that nobody has heard of before. */
export const newRecord = (type: RecordType, id: string, patientId: string | null): HeldRecord => ({
  id,
  type,
  version: 0,
  patientId,
  document: emptyDocument(),
  dirty: true,
  searchDirty: true,
})

const isSearched = ({ field, outcome }: Pick<FieldEffect, 'field' | 'outcome'>): boolean =>
  outcome === 'changed' && SEARCHED.has(field)

/** Start of an appointment that a statement makes; null for other statements. */
export function startOf({ record, effect, fields }: Statement): string | null {
  const start = fields['start_time']?.value
  return record === 'appointment' && effect === 'upsert' && typeof start === 'string' ? start : null
}

/** Visit and order numbers link within one patient only; appointments are known by their own number alone. */
export const scopeOf = (record: RecordType, patientId: string | null): string =>
  record === 'encounter' || record === 'report' || record === 'document' ? (patientId ?? '') : ''

const KEY_PLACES: Record<RecordType, string> = {
  patient: 'PID-3',
  encounter: 'PV1-19',
  appointment: 'SCH-2',
  report: 'OBR-3',
  document: 'TXA-12',
}
const placeOfKeys = (statement: Statement): string => KEY_PLACES[statement.record]

function searchableOf(document: RecordDocument) {
  const text = (field: string): string | null => valueOf(document, field) as string | null
  return {
    last_name: text('last_name'),
    first_name: text('first_name'),
    date_of_birth: text('date_of_birth'),
    phones: [text('phone_home'), text('phone_mobile'), text('phone_work')],
    identifiers: rowsOf<Identifier>(document, 'identifiers'),
  }
}

/** Range columns hold whole days and instants; a partial date (`1980-05`) has no place in a range. */
function timestampOf(value: string | null): string | null {
  return value !== null && /^\d{4}-\d{2}-\d{2}/.test(value) ? value : null
}
