import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { ExchangeEffect, FieldEffect } from '../model/document.ts'
import type { RecordType } from '../model/fields.ts'
import type { Vault } from '../vault/vault.ts'
import { plainArray, textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** A change of ours on its way to the other side, as it is stored. */
export interface OutboxRow {
  exchange_id: ExchangeId
  connection_id: ConnectionId
  action: string
  record_type: RecordType
  record_id: string
  patient_id: string | null
  fields: string[]
  base_version: string | null
  natural_key: Buffer | null
  sealed_intent: Buffer
  state: 'queued' | 'sent' | 'ambiguous' | 'parked'
  attempts: number
  sent_at: string | null
  /** Since it was sent, in milliseconds, by the one clock of the database. */
  waited_ms: string | null
  /** The worker that has it in hand now. */
  holder: string | null
}

const COLUMNS = `o.exchange_id, o.connection_id, o.action, o.record_type, o.record_id, o.patient_id, o.fields, o.base_version,
  o.natural_key, o.sealed_intent, o.state, o.attempts, o.sent_at,
  extract(epoch from now() - o.sent_at) * 1000 as waited_ms, case when o.lease_until > now() then o.owner end as holder`

export const ADD_OUTBOX = `
insert into outbox (practice_id, exchange_id, connection_id, action, record_type, record_id, patient_id, fields, base_version,
  natural_key, sealed_intent)
values (current_practice(), $1, $2, $3, $4, $5, $6, $7::text[], $8, $9, $10)`

export type NewOutboxRow = Omit<OutboxRow, 'state' | 'attempts' | 'sent_at' | 'waited_ms' | 'holder'>

export async function addOutbox(client: Queryable, row: NewOutboxRow): Promise<void> {
  const values = [
    row.exchange_id,
    row.connection_id,
    row.action,
    row.record_type,
    row.record_id,
    row.patient_id,
    textArray(row.fields),
    row.base_version,
    row.natural_key,
    row.sealed_intent,
  ]
  await client.query({ name: 'add-outbox', text: ADD_OUTBOX, values })
}

// Two ways in by index; nothing is locked, since most batches of news meet no change of ours.
export const FIND_OPEN = `
select exchange_id, record_id, natural_key from outbox
where practice_id = current_practice() and record_id = any ($1::uuid[])
union
select exchange_id, record_id, natural_key from outbox
where practice_id = current_practice() and natural_key = any ($2::bytea[])`

export interface OpenRef {
  exchange_id: ExchangeId
  record_id: string
  natural_key: Buffer | null
}

/** Changes under way for some records, and bookings under way by the blind name of patient and start. */
export async function findOpen(
  client: Queryable,
  recordIds: readonly string[],
  naturalKeys: readonly Buffer[] = [],
): Promise<OpenRef[]> {
  const keys = textArray(naturalKeys.map((key) => `\\x${key.toString('hex')}`))
  const values = [plainArray(recordIds), keys]
  return (await client.query<OpenRef>({ name: 'find-open', text: FIND_OPEN, values })).rows
}

export const LOCK_OPEN = `
select ${COLUMNS} from outbox o
where o.practice_id = current_practice() and o.record_id = any ($1::uuid[])
order by o.exchange_id for update`

/** Reads and locks all changes under way for some records, oldest first. Lock the records before. */
export async function lockOpen(client: Queryable, recordIds: readonly string[]): Promise<OutboxRow[]> {
  const values = [plainArray(recordIds)]
  return (await client.query<OutboxRow>({ name: 'lock-open', text: LOCK_OPEN, values })).rows
}

export const READ_OUTBOX = `
select ${COLUMNS} from outbox o where o.practice_id = current_practice() and o.exchange_id = $1`

export const LOCK_OUTBOX = `${READ_OUTBOX} for update`

/** One change under way, so that nothing meets it before the transaction ends. */
export async function lockOutbox(client: Queryable, id: ExchangeId): Promise<OutboxRow | undefined> {
  return (await client.query<OutboxRow>({ name: 'lock-outbox', text: LOCK_OUTBOX, values: [id] })).rows[0]
}

/** One change under way; undefined when it has come to its end. */
export async function readOutbox(client: Queryable, id: ExchangeId): Promise<OutboxRow | undefined> {
  return (await client.query<OutboxRow>({ name: 'read-outbox', text: READ_OUTBOX, values: [id] })).rows[0]
}

// Changes of one record go in the order they were made, one at a time.
// prettier-ignore
export const LEASE_DUE = `
update outbox o set owner = $1, lease_until = now() + $2::interval
where o.practice_id = current_practice() and o.exchange_id = any (array(
  select d.exchange_id from outbox d
  where d.practice_id = current_practice() and d.state <> 'parked' and d.due_at <= now() and d.lease_until <= now()
    and d.connection_id <> all ($4::uuid[])
    and not exists (
      select from outbox e
      where e.practice_id = current_practice() and e.record_id = d.record_id
        and (e.exchange_id < d.exchange_id or (e.exchange_id <> d.exchange_id and e.lease_until > now())))
  order by d.due_at, d.exchange_id limit $3
  for update skip locked))
returning ${COLUMNS}`

/** @param resting connections that are left alone for now */
export async function leaseDue(
  client: Queryable,
  options: { owner: string; seconds: number; limit: number; resting: readonly ConnectionId[] },
): Promise<OutboxRow[]> {
  const { owner, seconds, limit, resting } = options
  const values = [owner, `${seconds} seconds`, limit, plainArray(resting)]
  const { rows } = await client.query<OutboxRow>({ name: 'lease-due', text: LEASE_DUE, values })
  return rows.sort((a, b) => (a.exchange_id < b.exchange_id ? -1 : 1))
}

export const KEEP_LEASES = `
update outbox set lease_until = now() + $3::interval
where practice_id = current_practice() and owner = $1 and exchange_id = any ($2::uuid[])`

/** Renews the leases of rows whose calls are under way. */
export async function keepLeases(
  client: Queryable,
  owner: string,
  ids: readonly ExchangeId[],
  seconds: number,
): Promise<void> {
  const values = [owner, plainArray(ids), `${seconds} seconds`]
  await client.query({ name: 'keep-leases', text: KEEP_LEASES, values })
}

export const RELEASE_LEASES = `
update outbox set owner = null, lease_until = '-infinity'
where practice_id = current_practice() and owner = $1 and exchange_id = any ($2::uuid[])`

/** Gives rows back that were not worked on. */
export async function releaseLeases(
  client: Queryable,
  owner: string,
  ids: readonly ExchangeId[],
): Promise<void> {
  await client.query({ name: 'release-leases', text: RELEASE_LEASES, values: [owner, plainArray(ids)] })
}

export const SET_ASIDE = `
update outbox set state = $3, due_at = now() + interval '1 minute', owner = null, lease_until = '-infinity'
where practice_id = current_practice() and exchange_id = $1 and owner = $2`

/** Puts a row that cannot be opened out of the way of the others: parked, or until later. */
export async function setAside(
  client: Queryable,
  id: ExchangeId,
  owner: string,
  state: OutboxRow['state'],
): Promise<void> {
  await client.query({ name: 'set-aside', text: SET_ASIDE, values: [id, owner, state] })
}

export const HURRY = `
update outbox set due_at = now()
where practice_id = current_practice() and connection_id = $1 and state <> 'parked' and due_at > now()`

/** What waits for its next attempt at a connection is due now: its settings have changed. */
export async function hurry(client: Queryable, id: ConnectionId): Promise<void> {
  await client.query({ name: 'hurry-outbox', text: HURRY, values: [id] })
}

export const MARK_SENT = `
update outbox o set state = 'sent', sent_at = now(), attempts = attempts + 1
where o.practice_id = current_practice() and o.exchange_id = $1 and o.owner = $2 and o.lease_until > now() and o.state = 'queued'
returning ${COLUMNS}`

/**
 * Notes that a call is about to leave, before it does, so that a crash leaves a trace.
 *
 * @returns the change as it is now; undefined when it is no longer ours to send
 */
export async function markSent(
  client: Queryable,
  id: ExchangeId,
  owner: string,
): Promise<OutboxRow | undefined> {
  const values = [id, owner]
  return (await client.query<OutboxRow>({ name: 'mark-sent', text: MARK_SENT, values })).rows[0]
}

export const PUT_INTENT = `
update outbox set sealed_intent = $2 where practice_id = current_practice() and exchange_id = $1`

export async function putIntent(client: Queryable, id: ExchangeId, sealed: Buffer): Promise<void> {
  await client.query({ name: 'put-intent', text: PUT_INTENT, values: [id, sealed] })
}

export const CHANGE_OUTBOX = `
update outbox set state = $2, fields = $3::text[], base_version = $4, sealed_intent = $5,
  due_at = coalesce(now() + $6::interval, due_at),
  sent_at = case when $7 then null else sent_at end,
  owner = case when $8 then null else owner end, lease_until = case when $8 then '-infinity' else lease_until end
where practice_id = current_practice() and exchange_id = $1`

export interface OutboxChange {
  exchangeId: ExchangeId
  state: OutboxRow['state']
  fields: readonly string[]
  baseVersion: string | null
  sealedIntent: Buffer
  /** From now on; null leaves it as it is. */
  dueInMs: number | null
  /** It is surely not at the other side. */
  forgetSent?: boolean
  /** Gives the lease back. */
  release?: boolean
}

export async function changeOutbox(client: Queryable, change: OutboxChange): Promise<void> {
  const values = [
    change.exchangeId,
    change.state,
    textArray(change.fields),
    change.baseVersion,
    change.sealedIntent,
    change.dueInMs === null ? null : `${Math.round(change.dueInMs)} milliseconds`,
    change.forgetSent ?? false,
    change.release ?? false,
  ]
  await client.query({ name: 'change-outbox', text: CHANGE_OUTBOX, values })
}

export const END_OUTBOX = `delete from outbox where practice_id = current_practice() and exchange_id = $1`

export async function endOutbox(client: Queryable, id: ExchangeId): Promise<void> {
  await client.query({ name: 'end-outbox', text: END_OUTBOX, values: [id] })
}

export const REBASE_OUTBOX = `
update outbox set base_version = $3
where practice_id = current_practice() and record_id = $1 and connection_id = $2`

/** Later changes of the record stand on this version of the other side from now on. */
export async function rebaseOutbox(
  client: Queryable,
  recordId: string,
  connectionId: ConnectionId,
  version: string | null,
): Promise<void> {
  const values = [recordId, connectionId, version]
  await client.query({ name: 'rebase-outbox', text: REBASE_OUTBOX, values })
}

// What was done stays with the exchange; only how it stands changes.
export const SET_OUTCOME = `
update exchange_outcome set state = $2, at = now(), attempts = coalesce($3, attempts), error_code = $4, error_place = $5
where practice_id = current_practice() and exchange_id = $1`

export interface Standing {
  exchangeId: ExchangeId
  state: 'queued' | 'sent' | 'accepted' | 'retrying' | 'ambiguous' | 'parked' | 'cancelled'
  attempts?: number | undefined
  code?: string | null | undefined
  place?: string | null | undefined
}

/** Notes how an outbound exchange stands. */
export async function setOutcome(client: Queryable, standing: Standing): Promise<void> {
  const { exchangeId, state, attempts = null, code = null, place = null } = standing
  const values = [exchangeId, state, attempts, code, place]
  await client.query({ name: 'set-outcome', text: SET_OUTCOME, values })
}

export const LOCK_EFFECT = `
select sealed_effect, records from exchange_outcome
where practice_id = current_practice() and exchange_id = $1 for no key update`

export const PUT_EFFECT = `
update exchange_outcome set sealed_effect = $2, records = $3::text[]
where practice_id = current_practice() and exchange_id = $1`

/** Adds what an exchange did later to what it did at first. Nothing is added where retention has dropped it. */
export async function addEffects(
  client: Queryable,
  vault: Vault,
  exchangeId: ExchangeId,
  changes: readonly FieldEffect[],
): Promise<void> {
  if (changes.length === 0) return
  const { rows } = await client.query<{ sealed_effect: Buffer | null; records: string[] }>({
    name: 'lock-effect',
    text: LOCK_EFFECT,
    values: [exchangeId],
  })
  const [row] = rows
  if (!row) return
  const place = `exchange/effect/${exchangeId}`
  const known: ExchangeEffect = row.sealed_effect
    ? (JSON.parse(vault.openText(place, row.sealed_effect)) as ExchangeEffect)
    : { changes: [], warnings: [] }
  const effect = { ...known, changes: [...known.changes, ...changes] }
  const records = [...new Set([...row.records, ...changes.map(({ record }) => record)])]
  const values = [exchangeId, vault.seal(place, JSON.stringify(effect)), textArray(records)]
  await client.query({ name: 'put-effect', text: PUT_EFFECT, values })
}

export const READ_RULES = `
select id, settings -> 'rules' as rules from connection where practice_id = current_practice() and id = any ($1::uuid[])`

/** The settings of connections that say who is right, as they are stored. */
export async function readRuleSettings(
  client: Queryable,
  ids: readonly ConnectionId[],
): Promise<Map<ConnectionId, unknown>> {
  const values = [plainArray(ids)]
  const { rows } = await client.query<{ id: ConnectionId; rules: unknown }>({
    name: 'read-rules',
    text: READ_RULES,
    values,
  })
  return new Map(rows.map(({ id, rules }) => [id, rules]))
}

export const NEXT_DUE = `
select extract(epoch from d.due_at - now()) * 1000 as ms from outbox d
where d.practice_id = current_practice() and d.state <> 'parked' and d.lease_until <= now()
  and d.connection_id <> all ($1::uuid[])
  and not exists (
    select from outbox e
    where e.practice_id = current_practice() and e.record_id = d.record_id
      and (e.exchange_id < d.exchange_id or (e.exchange_id <> d.exchange_id and e.lease_until > now())))
order by d.due_at limit 1`

/** Milliseconds until something is due that waits for no other change; null when nothing is. */
export async function nextDueMs(client: Queryable, resting: readonly ConnectionId[]): Promise<number | null> {
  const values = [plainArray(resting)]
  const { rows } = await client.query<{ ms: string | null }>({ name: 'next-due', text: NEXT_DUE, values })
  const ms = rows[0]?.ms ?? null
  return ms === null ? null : Number(ms)
}

export const NOTIFY_PRACTICE = `
select pg_notify('practice_studio_' || replace(current_practice()::text, '-', ''), $1)`

/** Tells every process of the practice, when the transaction has committed. */
export async function hint(client: Queryable, event: Record<string, unknown>): Promise<void> {
  await client.query({ name: 'notify-practice', text: NOTIFY_PRACTICE, values: [JSON.stringify(event)] })
}
