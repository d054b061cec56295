import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { Blob, plainArray, textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** One HTTP call of ours that has ended, ready for the log. */
export interface CallRow {
  id: ExchangeId
  connectionId: ConnectionId
  channel: string
  kind: string
  /** The outbound change it belongs to. */
  parentId: ExchangeId | null
  state: 'accepted' | 'retrying' | 'ambiguous' | 'parked' | 'ignored'
  attempts: number
  errorCode: string | null
  errorPlace: string | null
  remote: string
  sizeBytes: number
  /** 8 bytes, or null. */
  patientKey: Buffer | null
  controlKey: Buffer
  fingerprint: Buffer
  sealedHead: Buffer
  sealedRaw: Buffer
}

// patient key 8, control key 16 and fingerprint 24 stand before the sealed parts.
// prettier-ignore
export const ACCEPT_CALLS = `
with input as materialized (
  select *, substring($13::bytea from at for 8) as patient_key, substring($13 from at + 8 for 16) as control_key,
    substring($13 from at + 24 for 24) as fingerprint, substring($13 from at + 48 for head_length) as sealed_head,
    substring($13 from at + 48 + head_length for raw_length) as sealed_raw
  from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::int[], $8::text[], $9::text[], $10::text[],
    $11::int[], $12::int[], $14::int[], $15::int[], $16::boolean[])
    as t (id, connection_id, channel, kind, parent_id, state, attempts, code, place, remote, size_bytes, at, head_length, raw_length, has_patient)
), named as (
  insert into exchange_key (practice_id, control_key, fingerprint, exchange_id)
  select current_practice(), control_key, fingerprint, id from input on conflict do nothing
), stored as (
  insert into exchange (practice_id, id, connection_id, channel, direction, kind, lane, patient_key, parent_id, size_bytes, remote,
    sealed_head, sealed_raw)
  select current_practice(), id, connection_id, channel, 'out', kind, 0, case when has_patient then patient_key end, parent_id, size_bytes,
    remote, sealed_head, sealed_raw
  from input
)
insert into exchange_outcome (practice_id, exchange_id, state, attempts, error_code, error_place)
select current_practice(), id, state, attempts, code, place from input`

/** Writes calls to the log, many in one statement. */
export async function acceptCalls(client: Queryable, rows: readonly CallRow[]): Promise<void> {
  if (rows.length === 0) return
  const blob = new Blob()
  const nobody = Buffer.alloc(8)
  const at = rows.map((row) => {
    const start = blob.add(row.patientKey ?? nobody)
    for (const part of [row.controlKey, row.fingerprint, row.sealedHead, row.sealedRaw]) blob.add(part)
    return start
  })
  await client.query({
    name: 'accept-calls',
    text: ACCEPT_CALLS,
    values: [
      plainArray(rows.map((row) => row.id)),
      plainArray(rows.map((row) => row.connectionId)),
      plainArray(rows.map((row) => row.channel)),
      textArray(rows.map((row) => row.kind)),
      plainArray(rows.map((row) => row.parentId)),
      plainArray(rows.map((row) => row.state)),
      plainArray(rows.map((row) => row.attempts)),
      textArray(rows.map((row) => row.errorCode)),
      textArray(rows.map((row) => row.errorPlace)),
      textArray(rows.map((row) => row.remote)),
      plainArray(rows.map((row) => row.sizeBytes)),
      plainArray(at),
      blob.bytes(),
      plainArray(rows.map((row) => row.sealedHead.length)),
      plainArray(rows.map((row) => row.sealedRaw.length)),
      plainArray(rows.map((row) => row.patientKey !== null)),
    ],
  })
}
