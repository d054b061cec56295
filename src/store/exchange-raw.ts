import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { Queryable } from './columns.ts'

export interface RawExchange {
  id: ExchangeId
  connection_id: ConnectionId
  channel: string
  direction: 'in' | 'out'
  kind: string
  remote: string
  replay_of: ExchangeId | null
  sealed_raw: Buffer
  error_code: string | null
  error_place: string | null
}

export const LOAD_RAW = `
select e.id, e.connection_id, e.channel, e.direction, e.kind, e.remote, e.replay_of, e.sealed_raw, o.error_code, o.error_place
from exchange e
left join exchange_outcome o on o.practice_id = e.practice_id and o.exchange_id = e.id
where e.practice_id = current_practice() and e.id = $1`

/** One exchange with its bytes, for the exchange page and for replay. */
export async function loadRaw(client: Queryable, id: ExchangeId): Promise<RawExchange | undefined> {
  return (await client.query<RawExchange>({ name: 'load-raw', text: LOAD_RAW, values: [id] })).rows[0]
}
