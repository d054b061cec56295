import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { DirectoryEntry } from '../model/values.ts'
import { plainArray, textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

export interface DirectoryRow extends DirectoryEntry {
  connectionId: ConnectionId
  exchangeId: ExchangeId
}

// prettier-ignore
export const PUT_ENTRIES = `
insert into directory_entry (practice_id, connection_id, kind, id, name, active, detail, exchange_id)
select current_practice(), connection_id, kind, id, name, active, detail::jsonb, exchange_id
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::uuid[])
  as t (connection_id, kind, id, name, active, detail, exchange_id)
on conflict (practice_id, connection_id, kind, id) do update set name = excluded.name, active = excluded.active,
  detail = excluded.detail, exchange_id = excluded.exchange_id, updated_at = now()`

/** Takes over people and places; of one that is given twice the last counts. */
export async function putDirectory(client: Queryable, entries: readonly DirectoryRow[]): Promise<void> {
  if (entries.length === 0) return
  const latest = [
    ...new Map(entries.map((one) => [`${one.connectionId}|${one.kind}|${one.id}`, one])).values(),
  ]
  await client.query({
    name: 'put-directory',
    text: PUT_ENTRIES,
    values: [
      plainArray(latest.map((one) => one.connectionId)),
      textArray(latest.map((one) => one.kind)),
      textArray(latest.map((one) => one.id)),
      textArray(latest.map((one) => one.name)),
      plainArray(latest.map((one) => one.active)),
      textArray(latest.map((one) => JSON.stringify(one.detail))),
      plainArray(latest.map((one) => one.exchangeId)),
    ],
  })
}

export const READ_DIRECTORY = `
select kind, id, name, active, detail from directory_entry
where practice_id = current_practice() and connection_id = $1 and ($2::text is null or kind = $2)
order by kind, name, id`

/** People and places of one connection, by name. */
export async function readDirectory(
  client: Queryable,
  id: ConnectionId,
  kind: DirectoryEntry['kind'] | null = null,
): Promise<DirectoryEntry[]> {
  const values = [id, kind]
  return (await client.query<DirectoryEntry>({ name: 'read-directory', text: READ_DIRECTORY, values })).rows
}
