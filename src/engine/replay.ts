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
import { previewEffect } from './apply.ts'
import { reasonOf } from './read-job.ts'
import type { Connections } from './connections.ts'
import { sentenceOf } from './exchange-view.ts'
import type { Recorder } from './record.ts'
import type { Reader } from './reader.ts'
import type { Actor } from './services.ts'

export interface ReplayContext {
  database: Database
  vault: Vault
  clock: Clock
  connections: Connections
  recorder: Recorder
  /** Stores the copy of a FHIR resource to be applied again. */
  recordResource(copy: { bytes: Uint8Array; remote: string }, replayOf: ExchangeId): Promise<ExchangeId>
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
  // A change of ours is sent again from the outbox, and a call is not made again for its own sake.
  if (raw.direction === 'out')
    throw new IntegrationError('NOT_FOUND', { what: 'exchange that can be replayed' })
  const reader = connections.reader(raw.connection_id)
  const original = vault.open(`exchange/raw/${id}`, raw.sealed_raw)
  const bytes = edit(original, input.edits, reader)

  if (input.preview) return preview(context, raw.connection_id, bytes, instantOfId(raw.replay_of ?? id))
  const arrival = { connectionId: raw.connection_id, bytes, remote: `replay by ${actor.name}` }
  const replayOf = raw.replay_of ?? id
  const copy =
    reader.channel === 'cerner'
      ? await context.recordResource(arrival, replayOf)
      : await recorder.recordReplay(arrival, replayOf)
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
    const mapped =
      reader.channel === 'cerner'
        ? reader.map(Buffer.from(bytes).toString('utf8'), receivedAt)
        : reader.map(reader.decode(bytes), receivedAt)
    if (mapped.kind === 'ignored') return failed(mapped.code, mapped.place)
    // A person or place of the directory is no record with a history.
    if (mapped.kind === 'directory') return { exchange_id: null, changes: [], warnings: [], problem: null }
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

function edit(bytes: Uint8Array, edits: ReplayInput['edits'], reader: Reader): Uint8Array {
  let edited = bytes
  for (const { place, value } of edits) {
    if (reader.channel === 'cerner') edited = withMember(edited, place, value)
    else {
      if (!readPlace(place)) throw badPlace('write a place such as PID-8 or IN1[2]-36')
      edited = withField(reader.decode(edited), place, value)
    }
  }
  return edited
}

/** Sets one member of a resource: `Patient.birthDate`, `Patient.telecom[0].value`. */
function withMember(bytes: Uint8Array, place: string, value: string): Uint8Array {
  const resource = JSON.parse(Buffer.from(bytes).toString('utf8')) as { resourceType?: string }
  const steps = place.split(/[.[\]]+/).filter((step) => step !== '')
  const last = steps.pop()
  if (steps.shift() !== resource.resourceType || last === undefined)
    throw badPlace('write a place such as Patient.birthDate')
  let node: unknown = resource
  for (const step of steps) {
    node = (node as Record<string, unknown>)[step]
    if (typeof node !== 'object' || node === null) throw badPlace('the resource has no such place')
  }
  const parent = node as Record<string, unknown>
  const before = parent[last]
  if (typeof before === 'object' && before !== null) throw badPlace('write the place of a single value')
  parent[last] =
    typeof before === 'number' ? Number(value) : typeof before === 'boolean' ? value === 'true' : value
  return Buffer.from(JSON.stringify(resource))
}

const badPlace = (reason: string): IntegrationError =>
  new IntegrationError('REQUEST_INVALID', { place: 'edits', reason })

export function viewOf(effect: ExchangeEffect): Pick<ReplayResult, 'changes' | 'warnings'> {
  const changes = effect.changes.map((change) => {
    const [type = '', recordId = ''] = change.record.split('/')
    const known = RECORD_TYPES.find((one) => one === type) ?? 'patient'
    return { ...change, record: { type: known, id: recordId } }
  })
  return { changes, warnings: effect.warnings }
}
