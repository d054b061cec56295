import type { ConnectionId } from '../kernel/ids.ts'
import { plainArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** What a full compare counted for one resource type. */
export interface DriftCount {
  resource: string
  same: number
  only_here: number
  only_there: number
  differs: number
}

export interface DriftRow {
  id: string
  run_id: string
  connection_id: ConnectionId
  at: string
  counts: DriftCount[]
  sealed_items: Buffer
}

export const ADD_DRIFT = `
insert into drift_report (practice_id, id, run_id, connection_id, counts, sealed_items)
values (current_practice(), $1, $2, $3, $4, $5)`

export async function addDrift(
  client: Queryable,
  report: {
    id: string
    runId: string
    connectionId: ConnectionId
    counts: readonly DriftCount[]
    sealed: Buffer
  },
): Promise<void> {
  const values = [report.id, report.runId, report.connectionId, JSON.stringify(report.counts), report.sealed]
  await client.query({ text: ADD_DRIFT, values })
}

export const LIST_DRIFT = `
select id, run_id, connection_id, at, counts, sealed_items from drift_report
where practice_id = current_practice() and ($1::uuid is null or connection_id = $1) and ($2::uuid is null or id < $2)
order by id desc limit $3`

export async function listDrift(
  client: Queryable,
  query: { connectionId: string | null; before: string | null; limit: number },
): Promise<DriftRow[]> {
  const values = [query.connectionId, query.before, query.limit]
  return (await client.query<DriftRow>({ text: LIST_DRIFT, values })).rows
}

export const READ_DRIFT = `
select id, run_id, connection_id, at, counts, sealed_items from drift_report where practice_id = current_practice() and id = $1`

export async function readDrift(client: Queryable, id: string): Promise<DriftRow | undefined> {
  return (await client.query<DriftRow>({ text: READ_DRIFT, values: [id] })).rows[0]
}

export const DRIFT_OF_RUNS = `
select run_id, id from drift_report where practice_id = current_practice() and run_id = any ($1::uuid[])`

/** The reports of some runs, by run. */
export async function driftOfRuns(client: Queryable, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map()
  const { rows } = await client.query<{ run_id: string; id: string }>({
    text: DRIFT_OF_RUNS,
    values: [plainArray(ids)],
  })
  return new Map(rows.map((row) => [row.run_id, row.id]))
}
