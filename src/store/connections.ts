import type { ConnectionId } from '../kernel/ids.ts'
import type { Queryable } from './columns.ts'

export interface ConnectionRow {
  id: ConnectionId
  channel: string
  name: string
  enabled: boolean
  /** Without secrets. */
  settings: Record<string, unknown>
  sealed_secrets: Buffer | null
  version: number
  updated_at: string
}

export const LIST_CONNECTIONS = `
select id, channel, name, enabled, settings, sealed_secrets, version, updated_at
from connection where practice_id = current_practice() order by created_at, id`

export async function listConnections(client: Queryable): Promise<ConnectionRow[]> {
  return (await client.query<ConnectionRow>({ name: 'list-connections', text: LIST_CONNECTIONS, values: [] }))
    .rows
}

export const ADD_CONNECTION = `
insert into connection (practice_id, id, channel, name, settings, sealed_secrets)
values (current_practice(), $1, $2, $3, $4, $5)`

export async function addConnection(
  client: Queryable,
  row: Pick<ConnectionRow, 'id' | 'channel' | 'name' | 'settings' | 'sealed_secrets'>,
): Promise<void> {
  const values = [row.id, row.channel, row.name, JSON.stringify(row.settings), row.sealed_secrets]
  await client.query({ name: 'add-connection', text: ADD_CONNECTION, values })
}

export const UPDATE_CONNECTION = `
update connection set name = $3, enabled = $4, settings = $5, sealed_secrets = $6, version = version + 1, updated_at = now()
where practice_id = current_practice() and id = $1 and version = $2`

/** @returns false when somebody else changed the connection since `version` was read */
export async function updateConnection(
  client: Queryable,
  row: Omit<ConnectionRow, 'channel' | 'updated_at'>,
): Promise<boolean> {
  const values = [
    row.id,
    row.version,
    row.name,
    row.enabled,
    JSON.stringify(row.settings),
    row.sealed_secrets,
  ]
  return (await client.query({ name: 'update-connection', text: UPDATE_CONNECTION, values })).rowCount === 1
}
