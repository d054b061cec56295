import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { Vault } from '../vault/vault.ts'
import { farKey } from './blind-keys.ts'
import type { Queryable } from './columns.ts'

/** What is known of one resource of the other side. */
export interface FarRecord {
  /** ETag or meta.versionId, opaque; null when the resource has none. */
  version: string | null
  exchange_id: ExchangeId
}

export const READ_FAR = `
select version, exchange_id from far_record
where practice_id = current_practice() and connection_id = $1 and key = $2`

export async function readFar(
  client: Queryable,
  vault: Vault,
  far: { connectionId: ConnectionId; type: string; id: string },
): Promise<FarRecord | undefined> {
  const values = [far.connectionId, farKey(vault, far.type, far.id)]
  return (await client.query<FarRecord>({ name: 'read-far', text: READ_FAR, values })).rows[0]
}

// prettier-ignore
export const PUT_FAR = `
insert into far_record as f (practice_id, connection_id, key, type, version, as_of, content, sealed_id, patient_key, exchange_id)
values (current_practice(), $1, $2, $3, $4, $5::timestamptz, $6, $7, $8, $9)
on conflict (practice_id, connection_id, key) do update set version = excluded.version,
  as_of = coalesce(excluded.as_of, f.as_of), content = excluded.content, updated_at = now(),
  patient_key = coalesce(excluded.patient_key, f.patient_key), exchange_id = excluded.exchange_id`

export interface FarVersion {
  connectionId: ConnectionId
  type: string
  id: string
  version: string | null
  asOfMs: number | null
  /** 16 bytes: the content where it was read; what was only written is known by its exchange. */
  content: Buffer
  patientKey: Buffer | null
  exchangeId: ExchangeId
}

/** Notes the version of a resource that a write of ours made, or that was read to compare. */
export async function putFar(client: Queryable, vault: Vault, far: FarVersion): Promise<void> {
  const key = farKey(vault, far.type, far.id)
  const values = [
    far.connectionId,
    key,
    far.type,
    far.version,
    far.asOfMs === null ? null : new Date(far.asOfMs).toISOString(),
    far.content,
    vault.seal(`far/${key.toString('hex')}`, far.id),
    far.patientKey,
    far.exchangeId,
  ]
  await client.query({ name: 'put-far', text: PUT_FAR, values })
}
