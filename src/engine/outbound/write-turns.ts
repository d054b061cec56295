import { newId } from '../../kernel/ids.ts'
import { noteEvent } from '../../store/accept.ts'
import type { Queryable } from '../../store/columns.ts'
import { findOpenConflict, putConflict, resolveConflictOf, sealSides } from '../../store/conflicts.ts'
import type { ConflictSides } from '../../store/conflicts.ts'
import { changeOutbox, endOutbox, hint, setOutcome } from '../../store/outbox.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Turn } from '../pending.ts'
import { sealIntent } from './intent.ts'
import type { OpenChange } from './intent.ts'

/** Writes what became of changes of ours when news met them, in the transaction of the news. */
export async function writeTurns(client: Queryable, vault: Vault, turns: readonly Turn[]): Promise<void> {
  if (turns.length === 0) return
  let asked = false
  for (const turn of turns) asked = (await writeTurn(client, vault, turn)) || asked
  await hint(client, { type: 'outbox' })
  if (asked) await hint(client, { type: 'conflicts' })
}

/** @returns whether a conflict was opened, renewed or closed */
async function writeTurn(client: Queryable, vault: Vault, turn: Turn): Promise<boolean> {
  switch (turn.kind) {
    case 'kept':
      return keep(client, vault, turn.change)
    case 'asked':
      await ask(client, vault, turn)
      return true
    case 'ended':
      return end(client, turn.change)
    default:
      return turn.kind satisfies never
  }
}

async function keep(client: Queryable, vault: Vault, change: OpenChange): Promise<boolean> {
  // The other side came back to what it was: nobody needs to decide any more.
  const isFree =
    change.state === 'parked' && (await resolveConflictOf(client, change.exchangeId, 'studio', 'engine'))
  await putChange(client, vault, isFree ? { ...change, state: 'queued' } : change, isFree ? 0 : null)
  if (isFree) await setOutcome(client, { exchangeId: change.exchangeId, state: 'queued' })
  return isFree
}

/** Writes a change back as it stands. */
export function putChange(
  client: Queryable,
  vault: Vault,
  change: OpenChange,
  dueInMs: number | null,
  flags: { forgetSent?: boolean; release?: boolean } = {},
): Promise<void> {
  const { exchangeId, state, fields, baseVersion, intent } = change
  const sealedIntent = sealIntent(vault, exchangeId, intent)
  return changeOutbox(client, { exchangeId, state, fields, baseVersion, sealedIntent, dueInMs, ...flags })
}

async function ask(client: Queryable, vault: Vault, { change, asks }: Turn): Promise<void> {
  const { exchangeId, connectionId, recordType, recordId, patientId, baseVersion, intent } = change
  await putChange(client, vault, { ...change, state: 'parked' }, null, { release: true })
  const place = asks[0]?.field ?? null
  await setOutcome(client, { exchangeId, state: 'parked', code: 'CONFLICT_WAITS', place })
  const id = (await findOpenConflict(client, exchangeId)) ?? newId()
  const heard = asks.flatMap(({ field }) => intent.theirs[field] ?? []).sort((a, b) => b.asOfMs - a.asOfMs)[0]
  const sides: ConflictSides = {
    action: change.action,
    fields: asks,
    ours: { at: new Date(intent.atMs).toISOString(), by: intent.by, exchange_id: exchangeId },
    theirs: {
      at: heard ? new Date(heard.asOfMs).toISOString() : null,
      by: '',
      exchange_id: heard?.exchangeId ?? null,
    },
  }
  await putConflict(client, {
    id,
    connection_id: connectionId,
    record_type: recordType,
    record_id: recordId,
    patient_id: patientId,
    exchange_id: exchangeId,
    far_exchange_id: heard?.exchangeId ?? null,
    fields: asks.map(({ field }) => field),
    sealed_sides: sealSides(vault, id, sides),
    far_version: baseVersion,
  })
}

/** The other side stands, by rule: ours is not sent. */
async function end(client: Queryable, { exchangeId }: OpenChange): Promise<boolean> {
  await endOutbox(client, exchangeId)
  await setOutcome(client, { exchangeId, state: 'cancelled', code: 'OUTBOUND_CANCELLED' })
  const detail = { says: 'The other side changed the same, and its value stands by rule.' }
  await noteEvent(client, { exchangeId, id: newId(), event: 'cancelled', actor: 'engine', detail })
  return resolveConflictOf(client, exchangeId, 'cerner', 'engine')
}
