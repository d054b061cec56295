import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ExchangeId } from '../../kernel/ids.ts'
import type { FieldEffect } from '../../model/document.ts'
import { rowsOf } from '../../model/document.ts'
import type { SaidSet, Statement } from '../../model/statement.ts'
import { STUDIO_CONNECTION_ID } from '../../model/studio.ts'
import type { Observation } from '../../model/values.ts'
import { noteEvent } from '../../store/accept.ts'
import type { Queryable } from '../../store/columns.ts'
import { addEffects, endOutbox, hint, lockOpen, readOutbox, setOutcome } from '../../store/outbox.ts'
import { writeFold } from '../apply.ts'
import type { Fold, HeldRecord } from '../fold.ts'
import { handOver, Pending } from '../pending.ts'
import { isNew, isWhole, openChange } from './intent.ts'
import type { OpenChange } from './intent.ts'
import { allFields, release, withoutFields } from './judge.ts'
import type { OutboundParts } from './parts.ts'
import { readRules } from './read-rules.ts'
import { holdWithPatient, noteEffects } from './record-change.ts'
import { putChange, writeTurns } from './write-turns.ts'

/** A change of ours about which a person decides, locked with its record. */
export interface Decided {
  fold: Fold
  record: HeldRecord
  change: OpenChange
  /** Other changes of the record, in order. */
  rest: OpenChange[]
}

/** @throws NOT_FOUND when the change has come to its end */
export async function takeForDecision(
  client: Queryable,
  parts: OutboundParts,
  exchangeId: ExchangeId,
): Promise<Decided> {
  const seen = await readOutbox(client, exchangeId)
  if (!seen) throw new IntegrationError('NOT_FOUND', { what: 'change under way' })
  const ids = { recordId: seen.record_id, patientId: seen.patient_id }
  const { fold, record } = await holdWithPatient(client, parts, ids)
  const changes = (await lockOpen(client, [record.id])).map((row) => openChange(parts.vault, row))
  const change = changes.find((one) => one.exchangeId === exchangeId)
  if (!change) throw new IntegrationError('NOT_FOUND', { what: 'change under way' })
  return { fold, record, change, rest: changes.filter((one) => one !== change) }
}

/**
 * Gives fields of a change up: the record shows what the other side has, and a change that has nothing left ends.
 *
 * @param by who decided, for the timeline
 */
export async function giveUp(
  client: Queryable,
  parts: OutboundParts,
  { fold, record, change, rest }: Decided,
  given: { fields: readonly string[]; by: string; event: string; says: string },
): Promise<void> {
  const { vault, clock } = parts
  const { exchangeId } = change
  const left = isWhole(change.action) ? null : withoutFields(change, given.fields)
  const lost = left ? given.fields : allFields(change)
  const next = handOver(change, lost, rest)
  const freed = lost.filter((field) => !next.some((one) => field in one.intent.ours))
  const effects: FieldEffect[] = []
  if (isNew(change.action)) {
    const source = { exchangeId, connectionId: STUDIO_CONNECTION_ID, asOfMs: clock.now() }
    effects.push(...fold.change(record, inError(record), source))
  } else {
    const released = release(record.document, change, freed)
    effects.push(...fold.take(record, released.document, released.effects))
  }
  const rules = await readRules(
    client,
    next.map((one) => one.connectionId),
  )
  const judged = new Pending(next, rules).reconsider(record.id, record.document)
  effects.push(...fold.take(record, judged.document, judged.effects))
  await writeFold(client, fold)
  await writeTurns(client, vault, judged.turns)
  if (left) {
    await putChange(client, vault, { ...left, state: 'queued', baseVersion: null }, 0, { release: true })
    await setOutcome(client, { exchangeId, state: 'queued' })
  } else {
    await endOutbox(client, exchangeId)
    await setOutcome(client, { exchangeId, state: 'cancelled', code: 'OUTBOUND_CANCELLED' })
  }
  await addEffects(client, vault, exchangeId, effects)
  await noteEffects(client, exchangeId, effects, fold)
  const { by: actor, event, says } = given
  await noteEvent(client, { exchangeId, id: newId(), event, actor, detail: { says } })
  await hint(client, { type: 'outbox' })
  await hint(client, { type: 'records', types: [record.type] })
}

/** It never was: it shows as entered in error, with its results. A person stays, and is no longer active. */
function inError(record: HeldRecord): Statement {
  if (record.type === 'patient') {
    const active = { value: false, place: 'withdrawn' }
    return { record: 'patient', keys: [], fields: { active }, sets: {}, effect: 'upsert' }
  }
  const status = { value: 'entered-in-error', place: 'withdrawn' }
  const rows = rowsOf<Observation>(record.document, 'observations').map((row) => ({
    ...row,
    status: 'entered-in-error' as const,
  }))
  const sets: Record<string, SaidSet> = rows.length > 0 ? { observations: { rows, place: 'withdrawn' } } : {}
  return { record: record.type, keys: [], fields: { status }, sets, effect: 'cancel' }
}
