import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { Blob, plainArray, textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** One arrival, ready to be stored. All that can be read by anybody is plain; the rest is sealed or blind. */
export interface AcceptRow {
  id: ExchangeId
  connectionId: ConnectionId
  channel: string
  kind: string
  lane: number
  remote: string
  sizeBytes: number
  parentId: ExchangeId | null
  replayOf: ExchangeId | null
  /** 8 bytes, or null when the message names no patient. */
  patientKey: Buffer | null
  /** 8 bytes: what is applied in order; the patient, or the appointment or message where none is named. */
  orderKey: Buffer
  /** 16 bytes: blind index of the control id. */
  controlKey: Buffer
  /** 24 bytes: 8 for the sender, 16 for the content. */
  fingerprint: Buffer
  sealedHead: Buffer
  sealedRaw: Buffer
  /** Null when work is owed; else the state it ends in at once. */
  verdict: { state: 'parked' | 'ignored'; code: string; place: string | null } | null
}

export interface AckRow {
  exchangeId: ExchangeId
  outcome: 'sent' | 'unsent'
  sealedReply: Buffer | null
}

export interface AcceptedRow {
  id: ExchangeId
  /** The same sender used this control id before, for other content. */
  reused: boolean
}

// Control key, fingerprint and order key stand before the sealed bytes of each row.
const KEYS_BYTES = 48

// prettier-ignore
export const ACCEPT = `
with input as materialized (
  select *, substring($10::bytea from key_at for 16) as control_key, substring($10 from key_at + 16 for 24) as fingerprint,
    substring($10 from key_at + 40 for 8) as order_key, substring($10 from key_at + ${KEYS_BYTES} for head_length) as sealed_head,
    substring($10 from key_at + ${KEYS_BYTES} + head_length for raw_length) as sealed_raw
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::text[], $7::int[], $8::int[], $9::int[], $11::int[],
    $12::boolean[], $13::text[], $14::text[], $15::text[], $16::uuid[], $17::uuid[])
    as t (id, connection_id, channel, kind, lane, remote, size_bytes, key_at, head_length, raw_length,
      has_patient, verdict, code, place, parent_id, replay_of)
), fresh as (
  insert into exchange_key (practice_id, control_key, fingerprint, exchange_id)
  select current_practice(), control_key, fingerprint, id from input order by id
  on conflict do nothing
  returning exchange_id, control_key, fingerprint
), stored as (
  insert into exchange (practice_id, id, connection_id, channel, direction, kind, lane, patient_key, replay_of, parent_id,
    size_bytes, remote, sealed_head, sealed_raw)
  select current_practice(), id, connection_id, channel, 'in', kind, lane, case when has_patient then order_key end, replay_of,
    parent_id, size_bytes, remote, sealed_head, sealed_raw
  from input where id in (select exchange_id from fresh)
), owed as (
  insert into job (practice_id, exchange_id, lane, order_key)
  select current_practice(), id, lane, order_key from input where verdict is null and id in (select exchange_id from fresh)
), ended as (
  insert into exchange_outcome (practice_id, exchange_id, state, error_code, error_place)
  select current_practice(), id, verdict, code, place from input where verdict is not null and id in (select exchange_id from fresh)
), acknowledged as (
  insert into exchange_ack (practice_id, exchange_id, outcome)
  select current_practice(), id, outcome from unnest($18::uuid[], $19::text[]) as t (id, outcome)
  on conflict do nothing
)
select exchange_id as id, coalesce((
  -- With a limit, so that each row is looked up by the index and the table is never read whole.
  select true from exchange_key k
  where k.practice_id = current_practice() and k.control_key = fresh.control_key
    and substring(k.fingerprint for 8) = substring(fresh.fingerprint for 8)
  limit 1
), false) as reused
from fresh`

/**
 * Stores a batch in one statement and one commit. Rows that are not in the answer are repeats of a message stored
 * before: nothing was written for them.
 */
export async function acceptBatch(
  client: Queryable,
  rows: readonly AcceptRow[],
  acks: readonly AckRow[],
): Promise<AcceptedRow[]> {
  const blob = new Blob()
  const keyAt = rows.map((row) => {
    const at = blob.add(row.controlKey)
    blob.add(row.fingerprint)
    blob.add(row.orderKey)
    blob.add(row.sealedHead)
    blob.add(row.sealedRaw)
    return at
  })
  const result = await client.query<AcceptedRow>({
    name: 'accept',
    text: ACCEPT,
    values: [
      plainArray(rows.map((row) => row.id)),
      plainArray(rows.map((row) => row.connectionId)),
      plainArray(rows.map((row) => row.channel)),
      textArray(rows.map((row) => row.kind)),
      plainArray(rows.map((row) => row.lane)),
      textArray(rows.map((row) => row.remote)),
      plainArray(rows.map((row) => row.sizeBytes)),
      plainArray(keyAt),
      plainArray(rows.map((row) => row.sealedHead.length)),
      blob.bytes(),
      plainArray(rows.map((row) => row.sealedRaw.length)),
      plainArray(rows.map((row) => row.patientKey !== null)),
      plainArray(rows.map((row) => row.verdict?.state ?? null)),
      plainArray(rows.map((row) => row.verdict?.code ?? null)),
      textArray(rows.map((row) => row.verdict?.place ?? null)),
      plainArray(rows.map((row) => row.parentId)),
      plainArray(rows.map((row) => row.replayOf)),
      plainArray(acks.map((ack) => ack.exchangeId)),
      plainArray(acks.map((ack) => ack.outcome)),
    ],
  })
  return result.rows
}

export const FIND_FIRST = `
select k.exchange_id as id, e.sealed_head, a.sealed_reply
from exchange_key k
left join exchange e on e.practice_id = k.practice_id and e.id = k.exchange_id
left join exchange_ack a on a.practice_id = k.practice_id and a.exchange_id = k.exchange_id
where k.practice_id = current_practice() and k.control_key = $1 and k.fingerprint = $2`

export interface FirstCopy {
  id: ExchangeId
  /** Null when retention has dropped the first copy; its key is kept longer. */
  sealed_head: Buffer | null
  sealed_reply: Buffer | null
}

/** The first copy of a repeated message, with the reply it was given. */
export async function findFirst(client: Queryable, row: AcceptRow): Promise<FirstCopy | undefined> {
  const values = [row.controlKey, row.fingerprint]
  return (await client.query<FirstCopy>({ name: 'find-first', text: FIND_FIRST, values })).rows[0]
}

export const ACCEPT_REPEAT = `
with stored as (
  insert into exchange (practice_id, id, connection_id, channel, direction, kind, lane, patient_key, duplicate_of,
    size_bytes, remote, sealed_head, sealed_raw, parent_id)
  values (current_practice(), $1, $2, $3, 'in', $4, $5, $6, $7, $8, $9, $10, $11, $12)
)
insert into exchange_outcome (practice_id, exchange_id, state) values (current_practice(), $1, 'duplicate')`

/** Keeps a repeat in the log, pointing at the first copy; nothing is owed for it. */
export async function acceptRepeat(client: Queryable, row: AcceptRow, first: ExchangeId): Promise<void> {
  await client.query({
    name: 'accept-repeat',
    text: ACCEPT_REPEAT,
    values: [
      row.id,
      row.connectionId,
      row.channel,
      row.kind,
      row.lane,
      row.patientKey,
      first,
      row.sizeBytes,
      row.remote,
      row.sealedHead,
      row.sealedRaw,
      row.parentId,
    ],
  })
}

export const KEEP_REPLY = `
insert into exchange_ack (practice_id, exchange_id, outcome, sealed_reply)
values (current_practice(), $1, $2, $3) on conflict do nothing`

/** Keeps a reply that was decided after the exchange was stored (`on_apply`). */
export async function keepReply(client: Queryable, ack: AckRow): Promise<void> {
  await client.query({
    name: 'keep-reply',
    text: KEEP_REPLY,
    values: [ack.exchangeId, ack.outcome, ack.sealedReply],
  })
}

export const NOTE_EVENT = `
insert into exchange_event (practice_id, exchange_id, id, event, actor, detail)
values (current_practice(), $1, $2, $3, $4, $5)`

/** Notes a rare event of an exchange's life: a reused control id, a retry, a replay. */
export async function noteEvent(
  client: Queryable,
  note: { exchangeId: ExchangeId; id: string; event: string; actor: string; detail: Record<string, unknown> },
): Promise<void> {
  await client.query({
    name: 'note-event',
    text: NOTE_EVENT,
    values: [note.exchangeId, note.id, note.event, note.actor, JSON.stringify(note.detail)],
  })
}
