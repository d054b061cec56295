import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { ExchangeEffect, ExchangeHead } from '../model/document.ts'
import type { Vault } from '../vault/vault.ts'
import { controlKey, laneOf } from './blind-keys.ts'
import { textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** An exchange that the engine itself makes: a change of ours, or a resource that was read to compare. */
export interface OwnExchange {
  id: ExchangeId
  connectionId: ConnectionId
  channel: string
  direction: 'in' | 'out'
  /** `book Appointment`, `update Patient`; of a resource that was read its type. */
  kind: string
  state: 'queued' | 'applied'
  head: ExchangeHead
  raw: Uint8Array
  /** 8 bytes, or null. */
  patientKey: Buffer | null
  parentId: ExchangeId | null
  records: readonly string[]
  effect: ExchangeEffect | null
}

export const ADD_EXCHANGE = `
with stored as (
  insert into exchange (practice_id, id, connection_id, channel, direction, kind, lane, patient_key, parent_id, size_bytes, sealed_head,
    sealed_raw)
  values (current_practice(), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
)
insert into exchange_outcome (practice_id, exchange_id, state, attempts, records, sealed_effect)
values (current_practice(), $1, $12, $13, $14::text[], $15)`

export async function addExchange(client: Queryable, vault: Vault, own: OwnExchange): Promise<void> {
  const { id } = own
  const values = [
    id,
    own.connectionId,
    own.channel,
    own.direction,
    own.kind,
    own.patientKey ? laneOf(own.patientKey) : 0,
    own.patientKey,
    own.parentId,
    own.raw.length,
    vault.seal(`exchange/head/${id}`, JSON.stringify(own.head)),
    vault.seal(`exchange/raw/${id}`, own.raw),
    own.state,
    own.state === 'queued' ? 0 : 1,
    textArray(own.records),
    own.effect ? vault.seal(`exchange/effect/${id}`, JSON.stringify(own.effect)) : null,
  ]
  await client.query({ name: 'add-exchange', text: ADD_EXCHANGE, values })
}

export const CLAIM_CONTROL = `
insert into exchange_key (practice_id, control_key, fingerprint, exchange_id)
values (current_practice(), $1, $2, $3) on conflict do nothing`

export const FIND_CONTROL = `
select k.exchange_id as id, o.records from exchange_key k
left join exchange_outcome o on o.practice_id = current_practice() and o.exchange_id = k.exchange_id
where k.practice_id = current_practice() and k.control_key = $1 and k.fingerprint = $2`

// A request is known by its id alone, whatever it says the second time.
const fingerprintOf = (vault: Vault, controlId: string): Buffer =>
  Buffer.concat([vault.blind('request', controlId), Buffer.alloc(8)])

/**
 * Makes an exchange the one of a control id. Waits for another transaction that claims the same.
 *
 * @returns the exchange that has it already, with the records it is about; null when it is ours now
 */
export async function claimControl(
  client: Queryable,
  vault: Vault,
  controlId: string,
  id: ExchangeId,
): Promise<{ id: ExchangeId; records: string[] } | null> {
  const key = controlKey(vault, controlId)
  const fingerprint = fingerprintOf(vault, controlId)
  const claimed = await client.query({
    name: 'claim-control',
    text: CLAIM_CONTROL,
    values: [key, fingerprint, id],
  })
  if (claimed.rowCount === 1) return null
  return findControl(client, vault, controlId)
}

/** The exchange that has a control id, with the records it is about; null when none has. */
export async function findControl(
  client: Queryable,
  vault: Vault,
  controlId: string,
): Promise<{ id: ExchangeId; records: string[] } | null> {
  const { rows } = await client.query<{ id: ExchangeId; records: string[] | null }>({
    name: 'find-control',
    text: FIND_CONTROL,
    values: [controlKey(vault, controlId), fingerprintOf(vault, controlId)],
  })
  const [first] = rows
  return first ? { id: first.id, records: first.records ?? [] } : null
}

export const MOVE_KEYS = `
update record_key set record_id = $2 where practice_id = current_practice() and record_id = $1`

/** Every identifier that named one record names another from now on. */
export async function moveKeys(client: Queryable, from: string, to: string): Promise<void> {
  await client.query({ name: 'move-keys', text: MOVE_KEYS, values: [from, to] })
}
