import { STUDIO_CONNECTION_ID, STUDIO_NAME } from '../model/studio.ts'
import { rowsOf, statement } from './reading.ts'
import type { Queryable } from './reading.ts'

/** What other reads need of a connection: what it is called. */
export interface ConnectionName {
  name: string
  channel: string
}

export interface ConnectionNames {
  of(id: string): ConnectionName
}

export const LIST_CONNECTION_NAMES = statement(
  'list-connection-names',
  `select id, name, channel from connection where practice_id = current_practice() order by id`,
)

interface Row extends ConnectionName {
  id: string
}

const KEEP_MS = 5000
const UNKNOWN: ConnectionName = { name: 'unknown', channel: 'unknown' }
// What users of the practice say comes over no connection, and is shown as theirs.
const STUDIO: ConnectionName = { name: STUDIO_NAME, channel: 'studio' }
const kept = new WeakMap<Queryable, { until: number; names: Promise<ConnectionNames> }>()

/** The connections by id. Kept for five seconds: a new name may be shown that much later. */
export function connectionNames(database: Queryable): Promise<ConnectionNames> {
  const known = kept.get(database)
  if (known && known.until > performance.now()) return known.names
  const names = readNames(database)
  kept.set(database, { until: performance.now() + KEEP_MS, names })
  names.catch(() => kept.delete(database))
  return names
}

async function readNames(database: Queryable): Promise<ConnectionNames> {
  const rows = await rowsOf<Row>(database, LIST_CONNECTION_NAMES, [])
  const byId = new Map<string, ConnectionName>(rows.map(({ id, name, channel }) => [id, { name, channel }]))
  byId.set(STUDIO_CONNECTION_ID, STUDIO)
  return { of: (id) => byId.get(id) ?? UNKNOWN }
}
