import type { ConnectionId } from '../kernel/ids.ts'
import type { Queryable } from './columns.ts'
import { plainArray, textArray } from './columns.ts'

/** A pull as it is stored. */
export interface RunRow {
  id: string
  connection_id: ConnectionId
  kind: 'delta' | 'full' | 'bulk' | 'compare'
  resources: string[]
  state: 'running' | 'done' | 'failed' | 'stopped'
  asked_by: string
  started_at: string
  finished_at: string | null
  stop_asked: boolean
  progress: Record<string, StepProgress>
  resume: Record<string, unknown>
  attempts: number
  error_code: string | null
  error_place: string | null
}

export interface StepProgress {
  state: 'waiting' | 'running' | 'done' | 'failed' | 'skipped'
  done: number
  total: number | null
  unit: string
  seen: number
  changed: number
  calls: number
  says: string
}

const COLUMNS = `id, connection_id, kind, resources, state, asked_by, started_at, finished_at, stop_asked, progress, resume, attempts,
  error_code, error_place`

const IS_SHORT = (run: string): string => `${run}.kind = 'delta' and ${run}.resources = array['Appointment']`

export const ADD_RUN = `
insert into sync_run (practice_id, id, connection_id, kind, resources, asked_by)
select current_practice(), $1, $2, $3, $4::text[], $5
where not exists (
  select from sync_run where practice_id = current_practice() and connection_id = $2 and state = 'running' and kind = $3 and resources = $4::text[]
)`

/** @returns false when such a run is under way already */
export async function addRun(
  client: Queryable,
  run: {
    id: string
    connectionId: ConnectionId
    kind: string
    resources: readonly string[]
    askedBy: string
  },
): Promise<boolean> {
  const values = [run.id, run.connectionId, run.kind, textArray(run.resources), run.askedBy]
  return (await client.query({ text: ADD_RUN, values })).rowCount === 1
}

// A connection has one long run at a time, the oldest first, so that two never compete for the calls it may make; the
// short pull of the near appointments goes on beside it, or the schedule would stand still while charts are read.
// prettier-ignore
export const LEASE_RUN = `
update sync_run set owner = $1, lease_until = now() + $2::interval
where practice_id = current_practice() and id = (
  select r.id from sync_run r
  where r.practice_id = current_practice() and r.state = 'running' and r.lease_until <= now() and r.due_at <= now()
    and r.connection_id <> all (case when ${IS_SHORT('r')} then $4::uuid[] else $3::uuid[] end)
    and not exists (
      select from sync_run o
      where o.practice_id = r.practice_id and o.connection_id = r.connection_id and o.state = 'running' and o.id <> r.id
        and o.lease_until > now() and (${IS_SHORT('o')}) = (${IS_SHORT('r')}))
  order by (r.kind = 'delta') desc, r.started_at limit 1 for update skip locked)
returning ${COLUMNS}`

/** @param busy connections this process already pulls: by long runs, and by short ones */
export async function leaseRun(
  client: Queryable,
  owner: string,
  seconds: number,
  busy: { long: readonly ConnectionId[]; short: readonly ConnectionId[] },
): Promise<RunRow | undefined> {
  const values = [owner, `${seconds} seconds`, plainArray(busy.long), plainArray(busy.short)]
  return (await client.query<RunRow>({ text: LEASE_RUN, values })).rows[0]
}

/** The frequent pull of the near appointments. */
export const isShort = ({ kind, resources }: Pick<RunRow, 'kind' | 'resources'>): boolean =>
  kind === 'delta' && resources.length === 1 && resources[0] === 'Appointment'

export const FREE_RUNS = `
update sync_run set lease_until = '-infinity' where practice_id = current_practice() and state = 'running'`

/** Takes all runs from whoever holds them, for an engine that has the database to itself. */
export async function freeRuns(client: Queryable): Promise<void> {
  await client.query({ text: FREE_RUNS, values: [] })
}

export const KEEP_RUN = `
update sync_run set lease_until = now() + $3::interval, progress = $4, resume = $5
where practice_id = current_practice() and id = $1 and owner = $2 and state = 'running'
returning stop_asked`

/** Renews the lease and tells how far it is. @returns undefined when the run is no longer ours */
export async function keepRun(
  client: Queryable,
  run: { id: string; owner: string; seconds: number; progress: unknown; resume: unknown },
): Promise<{ stop_asked: boolean } | undefined> {
  const values = [
    run.id,
    run.owner,
    `${run.seconds} seconds`,
    JSON.stringify(run.progress),
    JSON.stringify(run.resume),
  ]
  return (await client.query<{ stop_asked: boolean }>({ text: KEEP_RUN, values })).rows[0]
}

export const END_RUN = `
update sync_run set state = $3, finished_at = now(), lease_until = '-infinity', progress = $4, error_code = $5, error_place = $6
where practice_id = current_practice() and id = $1 and owner = $2`

export async function endRun(
  client: Queryable,
  run: {
    id: string
    owner: string
    state: string
    progress: unknown
    code: string | null
    place: string | null
  },
): Promise<void> {
  const values = [run.id, run.owner, run.state, JSON.stringify(run.progress), run.code, run.place]
  await client.query({ text: END_RUN, values })
}

export const POSTPONE_RUN = `
update sync_run set lease_until = '-infinity', due_at = now() + $3 * interval '1 millisecond', attempts = attempts + 1, progress = $4,
  resume = $5, error_code = $6, error_place = $7
where practice_id = current_practice() and id = $1 and owner = $2`

/** The far side cannot answer now: the run goes on later from where it is. */
export async function postponeRun(
  client: Queryable,
  run: {
    id: string
    owner: string
    delayMs: number
    progress: unknown
    resume: unknown
    code: string
    place: string | null
  },
): Promise<void> {
  const values = [
    run.id,
    run.owner,
    run.delayMs,
    JSON.stringify(run.progress),
    JSON.stringify(run.resume),
    run.code,
    run.place,
  ]
  await client.query({ text: POSTPONE_RUN, values })
}

// A run that nobody has in hand ends at once; one under way is told, and ends itself.
export const ASK_STOP = `
update sync_run set stop_asked = true, due_at = now(),
  state = case when lease_until <= now() then 'stopped' else state end,
  finished_at = case when lease_until <= now() then now() end
where practice_id = current_practice() and id = $1 and state = 'running'`

export async function askStop(client: Queryable, id: string): Promise<boolean> {
  return (await client.query({ text: ASK_STOP, values: [id] })).rowCount === 1
}

export interface CursorRow {
  resource: string
  pulled_to: string | null
  next_at: string
}

export const READ_CURSORS = `
select resource, pulled_to, next_at from sync_cursor where practice_id = current_practice() and connection_id = $1 order by resource`

export async function readCursors(client: Queryable, id: ConnectionId): Promise<CursorRow[]> {
  return (await client.query<CursorRow>({ text: READ_CURSORS, values: [id] })).rows
}

export const MOVE_CURSOR = `
insert into sync_cursor (practice_id, connection_id, resource, pulled_to, next_at)
values (current_practice(), $1, $2, $3::timestamptz, now() + $4 * interval '1 second')
on conflict (practice_id, connection_id, resource) do update set
  pulled_to = greatest(sync_cursor.pulled_to, excluded.pulled_to), next_at = excluded.next_at`

export async function moveCursor(
  client: Queryable,
  id: ConnectionId,
  resource: string,
  to: string | null,
  everySeconds: number,
): Promise<void> {
  await client.query({ text: MOVE_CURSOR, values: [id, resource, to, everySeconds] })
}

export const ENSURE_CURSOR = `
insert into sync_cursor (practice_id, connection_id, resource, next_at)
values (current_practice(), $1, $2, now() + $3 * interval '1 second') on conflict do nothing`

/** Makes a clock for work that comes again; one that runs already goes on. @param firstSeconds until it is due first */
export async function ensureDue(
  client: Queryable,
  id: ConnectionId,
  resource: string,
  firstSeconds: number,
): Promise<void> {
  await client.query({ text: ENSURE_CURSOR, values: [id, resource, firstSeconds] })
}

// Of several processes that look at the same time one finds it due: the others wait for the row, and it is not due then.
export const TAKE_DUE = `
update sync_cursor set next_at = now() + $3 * interval '1 second'
where practice_id = current_practice() and connection_id = $1 and resource = $2 and next_at <= now()`

/** @returns true once each time it is due, over all processes */
export async function takeDue(
  client: Queryable,
  id: ConnectionId,
  resource: string,
  everySeconds: number,
): Promise<boolean> {
  return (await client.query({ text: TAKE_DUE, values: [id, resource, everySeconds] })).rowCount === 1
}

export const FORGET_RUNS = `
delete from sync_run where practice_id = current_practice() and state <> 'running' and (
  finished_at < now() - interval '90 days' or (kind = 'delta' and asked_by = 'schedule' and finished_at < now() - interval '1 day'))`

/** Frequent pulls are kept for a day, all others for a season. */
export async function forgetRuns(client: Queryable): Promise<void> {
  await client.query({ text: FORGET_RUNS, values: [] })
}

export const READ_RUNS = `
select ${COLUMNS} from sync_run
where practice_id = current_practice() and ($1::uuid is null or connection_id = $1) and ($2::text is null or state = $2)
  and ($3::uuid is null or id < $3)
order by id desc limit $4`

export async function readRuns(
  client: Queryable,
  query: { connectionId: string | null; state: string | null; before: string | null; limit: number },
): Promise<RunRow[]> {
  const values = [query.connectionId, query.state, query.before, query.limit]
  return (await client.query<RunRow>({ text: READ_RUNS, values })).rows
}

export const READ_RUN = `select ${COLUMNS} from sync_run where practice_id = current_practice() and id = $1`

export async function readRun(client: Queryable, id: string): Promise<RunRow | undefined> {
  return (await client.query<RunRow>({ text: READ_RUN, values: [id] })).rows[0]
}
