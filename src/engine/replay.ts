import type { Instant } from '../kernel/calendar-date.ts'
import { ERRORS, IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { ReplayResult } from '../contract/exchanges.ts'
import type { ExchangeEffect } from '../model/document.ts'
import { RECORD_TYPES } from '../model/fields.ts'
import { withField } from '../standards/hl7v2/encode.ts'
import { readPlace } from '../standards/hl7v2/problem.ts'
import { noteEvent } from '../store/accept.ts'
import { instantOfId } from '../store/reading.ts'
import { appendAudit } from '../store/audit.ts'
import type { Database } from '../store/database.ts'
import { loadRaw } from '../store/exchange-raw.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Vault } from '../vault/vault.ts'
import { previewEffect, reasonOf } from './apply.ts'
import type { Connections } from './connections.ts'
import { sentenceOf } from './exchange-view.ts'
import type { Recorder } from './record.ts'
import type { Actor } from './services.ts'

export interface ReplayContext {
  database: Database
  vault: Vault
  clock: Clock
  connections: Connections
  recorder: Recorder
}

export interface ReplayInput {
  preview: boolean
  edits: readonly { place: string; value: string }[]
}

/**
 * Plays an exchange again, as it was or edited. The original never changes: the copy is an exchange of its own that
 * points at it, and when the copy is applied the original's error closes. News keeps the time it was true, so a
 * replay never overwrites what came later (DESIGN §2.4).
 */
export async function replayExchange(
  context: ReplayContext,
  id: ExchangeId,
  input: ReplayInput,
  actor: Actor,
): Promise<ReplayResult> {
  const { database, vault, clock, connections, recorder } = context
  const raw = await loadRaw(database, id)
  if (!raw) throw new IntegrationError('NOT_FOUND', { what: 'exchange' })
  const reader = connections.reader(raw.connection_id)
  const original = vault.open(`exchange/raw/${id}`, raw.sealed_raw)
  const bytes = edit(original, input.edits, (one) => reader.decode(one))

  if (input.preview) return preview(context, raw.connection_id, bytes, instantOfId(raw.replay_of ?? id))
  const copy = await recorder.recordReplay(
    { connectionId: raw.connection_id, bytes, remote: `replay by ${actor.name}` },
    raw.replay_of ?? id,
  )
  await database.tx(async (client) => {
    const places = input.edits.map((one) => one.place)
    const detail = { copy, edited: places }
    await noteEvent(client, { exchangeId: id, id: newId(), event: 'replayed', actor: actor.name, detail })
    const entry = { actor: actor.name, role: actor.role, action: 'exchange.replay', object: `exchange/${id}` }
    await appendAudit(client, [{ ...entry, detail }], clock)
  })
  return { exchange_id: copy, changes: [], warnings: [], problem: null }
}

async function preview(
  { database, vault, connections }: ReplayContext,
  connectionId: ConnectionId,
  bytes: Uint8Array,
  receivedAt: Instant,
): Promise<ReplayResult> {
  try {
    const reader = connections.reader(connectionId)
    const mapped = reader.map(reader.decode(bytes), receivedAt)
    if (mapped.kind === 'ignored') return failed(mapped.code, mapped.place)
    const input = { exchangeId: newId<ExchangeId>(), connectionId, message: mapped.message }
    const effect = await database.tx((client) => previewEffect(client, input, vault))
    return { exchange_id: null, ...viewOf(effect), problem: null }
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    const { code, place } = reasonOf(error)
    return failed(code, place)
  }
}

function failed(code: ErrorCode, place: string | null): ReplayResult {
  const problem = { code, kind: ERRORS[code].kind, place, ...sentenceOf(code, place) }
  return { exchange_id: null, changes: [], warnings: [], problem }
}

function edit(
  bytes: Uint8Array,
  edits: ReplayInput['edits'],
  decode: (bytes: Uint8Array) => Parameters<typeof withField>[0],
): Uint8Array {
  let edited = bytes
  for (const { place, value } of edits) {
    if (!readPlace(place)) {
      throw new IntegrationError('REQUEST_INVALID', {
        place: 'edits',
        reason: 'write a place such as PID-8 or IN1[2]-36',
      })
    }
    edited = withField(decode(edited), place, value)
  }
  return edited
}

export function viewOf(effect: ExchangeEffect): Pick<ReplayResult, 'changes' | 'warnings'> {
  const changes = effect.changes.map((change) => {
    const [type = '', recordId = ''] = change.record.split('/')
    const known = RECORD_TYPES.find((one) => one === type) ?? 'patient'
    return { ...change, record: { type: known, id: recordId } }
  })
  return { changes, warnings: effect.warnings }
}
