import { plainArray, textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** One cell of `flow_minute`, to be added to what is there. */
export interface CountCell {
  minuteMs: number
  connectionId: string
  direction: 'in' | 'out'
  kind: string
  received: number
  applied: number
  ignored: number
  parked: number
  duplicate: number
  retried: number
  bytes: number
  delay_ms: number
  delay_max_ms: number
}

const SUMMED = [
  'received',
  'applied',
  'ignored',
  'parked',
  'duplicate',
  'retried',
  'bytes',
  'delay_ms',
] as const

const MAX_INTEGER = 2 ** 31 - 1

export const ADD_COUNTS = `
insert into flow_minute as f (practice_id, minute, connection_id, direction, kind, ${SUMMED.join(', ')}, delay_max_ms)
select current_practice(), to_timestamp(minute / 1000), connection_id, direction, kind, ${SUMMED.join(', ')}, delay_max_ms
from unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], ${SUMMED.map((_, n) => `$${n + 5}::bigint[]`).join(', ')}, $13::int[])
  as t (minute, connection_id, direction, kind, ${SUMMED.join(', ')}, delay_max_ms)
order by 2, 3, 4, 5
on conflict (practice_id, minute, connection_id, direction, kind) do update set
  ${SUMMED.map((name) => `${name} = f.${name} + excluded.${name}`).join(', ')},
  delay_max_ms = greatest(f.delay_max_ms, excluded.delay_max_ms)`

/** Adds what was counted since the last time. */
export async function addCounts(client: Queryable, cells: readonly CountCell[]): Promise<void> {
  await client.query({
    name: 'add-counts',
    text: ADD_COUNTS,
    values: [
      plainArray(cells.map((cell) => cell.minuteMs)),
      plainArray(cells.map((cell) => cell.connectionId)),
      plainArray(cells.map((cell) => cell.direction)),
      textArray(cells.map((cell) => cell.kind)),
      ...SUMMED.map((name) => plainArray(cells.map((cell) => Math.round(cell[name])))),
      // After weeks of standstill the delay passes what the column holds.
      plainArray(cells.map((cell) => Math.min(Math.round(cell.delay_max_ms), MAX_INTEGER))),
    ],
  })
}

export const ENSURE_PARTITIONS = `select ensure_exchange_partitions((now() - interval '1 month')::date, 4)`

/** Makes the partitions of this month and the next ones; the default partition catches what a wrong clock sends. */
export async function ensurePartitions(client: Queryable): Promise<void> {
  await client.query({ text: ENSURE_PARTITIONS, values: [] })
}
