import { IntegrationError } from '../../kernel/errors.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import { rowsOf } from '../../model/document.ts'
import type { FieldEffect, RecordDocument } from '../../model/document.ts'
import type { Said, SaidSet, Statement } from '../../model/statement.ts'
import { STUDIO_CONNECTION_ID, STUDIO_NAME } from '../../model/studio.ts'
import type { Identifier } from '../../model/values.ts'
import { appendAudit } from '../../store/audit.ts'
import { patientKey } from '../../store/blind-keys.ts'
import type { Queryable } from '../../store/columns.ts'
import { addOutbox, hint } from '../../store/outbox.ts'
import { addExchange } from '../../store/outbox-exchanges.ts'
import { noteChanges } from '../../store/write-records.ts'
import { holdRecords, writeFold } from '../apply.ts'
import { Fold } from '../fold.ts'
import type { HeldRecord } from '../fold.ts'
import type { Actor } from '../services.ts'
import { knownOf, newIntent, sealIntent } from './intent.ts'
import type { OutboundAction, OutboundRequest } from './intent.ts'
import type { OutboundParts } from './parts.ts'

/** A change that a user makes, ready to be recorded. */
export interface NewChange {
  exchangeId: ExchangeId
  connectionId: ConnectionId
  channel: 'fhir' | 'millennium'
  action: OutboundAction
  /** `book Appointment`: what the log shows. */
  kind: string
  record: HeldRecord
  patient: HeldRecord | null
  /** Values of the fields that it sets. */
  values: Readonly<Record<string, unknown>>
  sets?: Readonly<Record<string, SaidSet>>
  /** Those of them that decide whether it meets a change of the other side. */
  decisive: readonly string[]
  request: OutboundRequest
  baseVersion: string | null
  naturalKey?: string
  controlId?: string
  actor: Actor
  /** What is written to the audit trail: `appointment.book`. */
  audit: string
}

/** Our own words stand nowhere in a message: they were entered here. */
const ENTERED = 'entered'

/**
 * Records a change of ours in the transaction of its caller: the exchange that carries it, the work that is owed for
 * it, and the record as it stands from now on, all together (DESIGN §6).
 */
export async function recordChange(
  client: Queryable,
  { vault, clock }: OutboundParts,
  fold: Fold,
  change: NewChange,
): Promise<void> {
  const { exchangeId, record, values, actor } = change
  const before = Object.fromEntries(
    Object.keys(values).map((field) => [field, knownOf(record.document, field)]),
  )
  const atMs = clock.now()
  const source = { exchangeId, connectionId: STUDIO_CONNECTION_ID, asOfMs: atMs }
  const effects = fold.change(record, statementOf(change), source)
  await writeFold(client, fold)
  const intent = newIntent({ atMs, by: actor.name, ours: { ...values }, before, request: change.request })
  await addExchange(client, vault, {
    id: exchangeId,
    connectionId: change.connectionId,
    channel: change.channel,
    direction: 'out',
    kind: change.kind,
    state: 'queued',
    head: {
      controlId: change.controlId ?? exchangeId,
      sender: STUDIO_NAME,
      version: '',
      reply: null,
      ackCode: null,
    },
    raw: Buffer.from(JSON.stringify(shownOf(change), null, 2)),
    patientKey: patientKeyOf(vault, change.patient),
    parentId: null,
    records: [`${record.type}/${record.id}`],
    effect: { changes: effects, warnings: [] },
  })
  await noteEffects(client, exchangeId, effects, fold)
  await addOutbox(client, {
    exchange_id: exchangeId,
    connection_id: change.connectionId,
    action: change.action,
    record_type: record.type,
    record_id: record.id,
    patient_id: change.patient?.id ?? null,
    fields: [...change.decisive],
    base_version: change.baseVersion,
    natural_key: change.naturalKey === undefined ? null : Buffer.from(change.naturalKey, 'hex'),
    sealed_intent: sealIntent(vault, exchangeId, intent),
  })
  const detail = { exchange: exchangeId, fields: Object.keys(values), patient: change.patient?.id ?? null }
  const object = `${record.type}/${record.id}`
  await hint(client, { type: 'outbox' })
  await hint(client, { type: 'records', types: [record.type] })
  await appendAudit(
    client,
    [{ actor: actor.name, role: actor.role, action: change.audit, object, detail }],
    clock,
  )
}

function statementOf({ record, values, sets = {} }: NewChange): Statement {
  const fields: Record<string, Said> = {}
  for (const [field, value] of Object.entries(values)) fields[field] = { value, place: ENTERED }
  return { record: record.type, keys: [], fields, sets, effect: 'upsert' }
}

/** The bytes of the exchange: what was asked for, as people read it. The calls that carry it are kept beside it. */
const shownOf = ({ kind, request, values }: NewChange): Record<string, unknown> => ({
  change: kind,
  values,
  request: 'body' in request ? { ...request, body: undefined } : request,
})

export async function noteEffects(
  client: Queryable,
  exchangeId: ExchangeId,
  effects: readonly FieldEffect[],
  fold: Fold,
): Promise<void> {
  const changed = new Set(effects.filter((one) => one.outcome === 'changed').map((one) => one.record))
  const rows = [...changed].flatMap((name) => {
    const record = fold.held(name.split('/')[1] ?? '')
    return record ? [{ recordId: record.id, exchangeId, type: record.type, version: record.version + 1 }] : []
  })
  if (rows.length > 0) await noteChanges(client, rows)
}

/** Everything the log finds a patient's exchanges by. */
export function patientKeyOf(vault: OutboundParts['vault'], patient: HeldRecord | null): Buffer | null {
  if (!patient) return null
  const rows = rowsOf<Identifier>(patient.document, 'identifiers')
  const number = rows.find((row) => row.type === 'MR') ?? rows[0]
  return number ? patientKey(vault, number.value) : null
}

/** Reads and locks a record, and its patient before it, so that everybody locks in one order. */
export async function holdWithPatient(
  client: Queryable,
  parts: Pick<OutboundParts, 'vault'>,
  ids: { recordId: string; patientId: string | null },
): Promise<{ fold: Fold; record: HeldRecord; patient: HeldRecord | null }> {
  const fold = new Fold(parts.vault)
  const wanted = [...(ids.patientId === null ? [] : [ids.patientId]), ids.recordId]
  await holdRecords(client, fold, parts.vault, wanted)
  const record = fold.held(ids.recordId)
  if (!record) throw new IntegrationError('NOT_FOUND', { what: 'record' })
  return { fold, record, patient: ids.patientId === null ? null : (fold.held(ids.patientId) ?? null) }
}

/** The logical id of a patient at Cerner, where a message has told it; null where none has. */
export function farPatientId(document: RecordDocument, source: string): string | null {
  const rows = rowsOf<Identifier>(document, 'identifiers')
  const found = rows.find(
    ({ type, authority }) => type === 'FHIR' && authority.toUpperCase() === source.toUpperCase(),
  )
  return found?.value ?? null
}
