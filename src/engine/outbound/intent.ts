import type { PendingChange } from '../../contract/outbound.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import type { FieldState, RecordDocument } from '../../model/document.ts'
import type { RecordType } from '../../model/fields.ts'
import type { Coded } from '../../model/values.ts'
import type { OutboxRow } from '../../store/outbox.ts'
import { compact } from '../../sync/reconcile.ts'
import type { RuleSettings } from '../../sync/rules.ts'
import type { Vault } from '../../vault/vault.ts'

export type OutboundAction = PendingChange['action']

/** The value of a field as one side last had it, with where it was said. */
export interface Known {
  value: unknown
  asOfMs: number
  exchangeId: ExchangeId
  connectionId: ConnectionId
  place: string
}

/** What to send, by action, beside the fields that the change sets. */
export type OutboundRequest =
  | {
      action: 'book'
      slotId: string
      start: string
      end: string
      patient: { id: string; display: string }
      practitioner?: { id: string; display: string }
      reason?: string
      comment?: string
    }
  | { action: 'reschedule'; farId: string; slotId: string; reason?: string }
  | { action: 'cancel'; farId: string; code: string; system: string; comment?: string }
  | { action: 'check_in'; farId: string; status: 'arrived' | 'checked-in' | 'fulfilled' }
  | { action: 'person_update'; farId: string }
  /** `alone`: nobody who may be the same was known, so that news of such a person is the echo of this. */
  | { action: 'person_create'; alone: boolean }
  /** The body as it is sent; decimals keep their digits, so it is text. */
  | { action: 'vital_signs'; body: string; code: Coded }
  /** Without its content, which is kept with the document and put in when it is sent. */
  | { action: 'document_create'; body: Record<string, unknown>; documentId: string }

/** A change as the outbox keeps it, sealed. */
export interface Intent {
  /** When it was made here, and by whom. */
  atMs: number
  by: string
  /** Field to the value we set; null clears it. */
  ours: Record<string, unknown>
  /** What Cerner had when the change was made, by field; null where it had nothing. */
  before: Record<string, Known | null>
  /** What Cerner was heard to have since. While the change is open it is kept here and not in the record. */
  theirs: Record<string, Known>
  request: OutboundRequest
  /** It was sent, and whether it arrived is not known. */
  uncertain: boolean
  /** How often it was sent again after it was found to be absent. */
  resends: number
  /** How often both sides were compared since the last attempt that went through. */
  rounds: number
  /** How often the record was found locked in a row. */
  locked: number
  /** Its own message came before the answer did, or Cerner has answered already: its number there. */
  joined: string | null
}

export const newIntent = (parts: Pick<Intent, 'atMs' | 'by' | 'ours' | 'before' | 'request'>): Intent => ({
  ...parts,
  theirs: {},
  uncertain: false,
  resends: 0,
  rounds: 0,
  locked: 0,
  joined: null,
})

/** A change under way, opened. */
export interface OpenChange {
  exchangeId: ExchangeId
  connectionId: ConnectionId
  action: OutboundAction
  recordType: RecordType
  recordId: string
  patientId: string | null
  /** Those of `ours` that decide whether two changes meet; the others follow them. */
  fields: readonly string[]
  baseVersion: string | null
  naturalKey: string | null
  state: OutboxRow['state']
  attempts: number
  sentAtMs: number | null
  /** Since it was sent. */
  waitedMs: number
  intent: Intent
}

/** Actions that are done whole or not at all. */
export const isWhole = (action: OutboundAction): boolean => action !== 'person_update'

/** Actions that make a record which Cerner does not have. */
export const isNew = (action: OutboundAction): boolean =>
  action === 'book' || action === 'person_create' || action === 'vital_signs' || action === 'document_create'

/** True while a call may be under way, or may have arrived: what Cerner has then is known only afterwards. */
export const isOut = ({ state }: Pick<OpenChange, 'state'>): boolean =>
  state === 'sent' || state === 'ambiguous'

const placeOfIntent = (exchangeId: string): string => `outbox/${exchangeId}`

export const sealIntent = (vault: Vault, exchangeId: string, intent: Intent): Buffer =>
  vault.seal(placeOfIntent(exchangeId), JSON.stringify(intent))

/** @throws SEAL_BROKEN when the row was changed or moved */
export function openChange(vault: Vault, row: OutboxRow): OpenChange {
  return {
    exchangeId: row.exchange_id,
    connectionId: row.connection_id,
    action: row.action as OutboundAction,
    recordType: row.record_type,
    recordId: row.record_id,
    patientId: row.patient_id,
    fields: row.fields,
    baseVersion: row.base_version,
    naturalKey: row.natural_key?.toString('hex') ?? null,
    state: row.state,
    attempts: row.attempts,
    sentAtMs: row.sent_at === null ? null : Date.parse(row.sent_at),
    waitedMs: Number(row.waited_ms ?? 0),
    intent: JSON.parse(vault.openText(placeOfIntent(row.exchange_id), row.sealed_intent)) as Intent,
  }
}

/** How a field stands in a document; null when nothing was ever said of it. */
export function knownOf(document: RecordDocument, field: string): Known | null {
  const state = document.fields[field]
  if (!state) return null
  const source = document.sources[state[2]]
  if (!source) return null
  return {
    value: state[0],
    asOfMs: state[1],
    exchangeId: source[0],
    connectionId: source[1],
    place: state[3],
  }
}

/** True when the field stands as this exchange left it. */
export const isFrom = (document: RecordDocument, field: string, exchangeId: ExchangeId): boolean =>
  knownOf(document, field)?.exchangeId === exchangeId

/** The document with some fields as they were known; null takes the field away. The given document stays as it is. */
export function withKnown(
  document: RecordDocument,
  values: Readonly<Record<string, Known | null>>,
): RecordDocument {
  if (Object.keys(values).length === 0) return document
  const sources = [...document.sources]
  const fields = { ...document.fields }
  for (const [field, known] of Object.entries(values)) {
    if (known === null) delete fields[field]
    else fields[field] = stateOf(known, sources)
  }
  return compact({ fields, sets: document.sets, sources })
}

function stateOf(known: Known, sources: RecordDocument['sources']): FieldState {
  const found = sources.findIndex(
    ([exchange, connection]) => exchange === known.exchangeId && connection === known.connectionId,
  )
  const index = found >= 0 ? found : sources.push([known.exchangeId, known.connectionId]) - 1
  return [known.value, known.asOfMs, index, known.place]
}

export type RulesOf = (connectionId: ConnectionId) => RuleSettings
