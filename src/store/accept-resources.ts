import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { Blob, plainArray, textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** One resource of the other side, ready to be stored. Bytes are sealed or blind. */
export interface ResourceRow {
  id: ExchangeId
  /** `Patient`, `Observation`: what the log shows as its kind. */
  type: string
  /** 16 bytes: type and logical id. */
  key: Buffer
  /** Opaque; null when the resource has none. */
  version: string | null
  /** meta.lastUpdated, in milliseconds since 1970; null when it says none. */
  asOfMs: number | null
  /** 16 bytes. */
  content: Buffer
  /** 16 bytes: for the search of the log. */
  controlKey: Buffer
  /** 8 bytes; null where the resource is about nobody. */
  patientKey: Buffer | null
  /** 8 bytes: what is applied in order. */
  orderKey: Buffer
  lane: number
  sizeBytes: number
  sealedId: Buffer
  sealedHead: Buffer
  sealedRaw: Buffer
}

export interface ResourceOrigin {
  connectionId: ConnectionId
  channel: string
  /** The call that brought them. */
  parentId: ExchangeId | null
  remote: string
}

// key 16, content 16, control key 16, order key 8 stand before the sealed parts of each row.
// prettier-ignore
export const ACCEPT_RESOURCES = `
with input as materialized (
  select id, type, version, as_of, lane, size_bytes, has_patient,
    substring($9::bytea from at for 16) as key, substring($9 from at + 16 for 16) as content,
    substring($9 from at + 32 for 16) as control_key, substring($9 from at + 48 for 8) as order_key,
    substring($9 from at + 56 for id_length) as sealed_id,
    substring($9 from at + 56 + id_length for head_length) as sealed_head,
    substring($9 from at + 56 + id_length + head_length for raw_length) as sealed_raw
  from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::int[], $7::boolean[], $8::int[], $10::int[], $11::int[], $12::int[])
    as t (id, type, version, as_of, lane, size_bytes, has_patient, at, id_length, head_length, raw_length)
), known as (
  insert into far_record as f (practice_id, connection_id, key, type, version, as_of, content, sealed_id, patient_key, exchange_id)
  select current_practice(), $13::uuid, key, type, version, as_of, content, sealed_id, case when has_patient then order_key end, id
  from input order by key
  on conflict (practice_id, connection_id, key) do update set
    version = excluded.version, as_of = excluded.as_of, content = excluded.content, updated_at = now(),
    patient_key = coalesce(excluded.patient_key, f.patient_key),
    exchange_id = case when f.content = excluded.content then f.exchange_id else excluded.exchange_id end
  where (f.content is distinct from excluded.content or f.version is distinct from excluded.version)
    and (f.as_of is null or excluded.as_of is null or excluded.as_of >= f.as_of)
  returning exchange_id
), fresh as materialized (
  select input.* from input where id in (select exchange_id from known)
), named as (
  insert into exchange_key (practice_id, control_key, fingerprint, exchange_id)
  select current_practice(), control_key, substring(key for 8) || content, id from fresh order by id
  on conflict do nothing
), stored as (
  insert into exchange (practice_id, id, connection_id, channel, direction, kind, lane, patient_key, parent_id, size_bytes, remote,
    sealed_head, sealed_raw)
  select current_practice(), id, $13, $14, 'in', type, lane, case when has_patient then order_key end, $15::uuid, size_bytes, $16,
    sealed_head, sealed_raw
  from fresh
), owed as (
  insert into job (practice_id, exchange_id, lane, order_key)
  select current_practice(), id, lane, order_key from fresh
)
select id from fresh`

/**
 * Stores the resources of a page in one statement and one commit: those whose content is new become exchanges with
 * work owed; a repeat changes nothing, and neither does a version older than the one already known.
 *
 * @param rows no two with the same key
 * @returns ids of those that were new or changed
 */
export async function acceptResources(
  client: Queryable,
  rows: readonly ResourceRow[],
  origin: ResourceOrigin,
): Promise<Set<ExchangeId>> {
  if (rows.length === 0) return new Set()
  const blob = new Blob()
  const at = rows.map((row) => {
    const start = blob.add(row.key)
    for (const part of [
      row.content,
      row.controlKey,
      row.orderKey,
      row.sealedId,
      row.sealedHead,
      row.sealedRaw,
    ])
      blob.add(part)
    return start
  })
  const result = await client.query<{ id: ExchangeId }>({
    name: 'accept-resources',
    text: ACCEPT_RESOURCES,
    values: [
      plainArray(rows.map((row) => row.id)),
      textArray(rows.map((row) => row.type)),
      textArray(rows.map((row) => row.version)),
      textArray(rows.map((row) => (row.asOfMs === null ? null : new Date(row.asOfMs).toISOString()))),
      plainArray(rows.map((row) => row.lane)),
      plainArray(rows.map((row) => row.sizeBytes)),
      plainArray(rows.map((row) => row.patientKey !== null)),
      plainArray(at),
      blob.bytes(),
      plainArray(rows.map((row) => row.sealedId.length)),
      plainArray(rows.map((row) => row.sealedHead.length)),
      plainArray(rows.map((row) => row.sealedRaw.length)),
      origin.connectionId,
      origin.channel,
      origin.parentId,
      origin.remote,
    ],
  })
  return new Set(result.rows.map((row) => row.id))
}

// prettier-ignore
export const ACCEPT_COPY = `
with stored as (
  insert into exchange (practice_id, id, connection_id, channel, direction, kind, lane, patient_key, replay_of, size_bytes, remote,
    sealed_head, sealed_raw)
  select current_practice(), $1, e.connection_id, e.channel, 'in', e.kind, e.lane, e.patient_key, e.id, $3, $4, $5, $6
  from exchange e where e.practice_id = current_practice() and e.id = $2
  returning lane, patient_key
)
insert into job (practice_id, exchange_id, lane, order_key)
select current_practice(), $1, lane, coalesce(patient_key, $7) from stored`

/** Stores a copy of a resource to be applied again; it points at the original. */
export async function acceptCopy(
  client: Queryable,
  copy: {
    id: ExchangeId
    of: ExchangeId
    sizeBytes: number
    remote: string
    sealedHead: Buffer
    sealedRaw: Buffer
    orderKey: Buffer
  },
): Promise<void> {
  const values = [
    copy.id,
    copy.of,
    copy.sizeBytes,
    copy.remote,
    copy.sealedHead,
    copy.sealedRaw,
    copy.orderKey,
  ]
  await client.query({ name: 'accept-copy', text: ACCEPT_COPY, values })
}
