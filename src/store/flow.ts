import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { Blob, plainArray, textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** A job with the bytes it is about. */
export interface JobRow {
  id: ExchangeId
  connection_id: ConnectionId
  kind: string
  attempts: number
  order_key: Buffer
  /** Its next attempt is not due yet; later jobs of the same patient wait behind it. */
  waiting: boolean
  /** The exchange this one is a second try of. */
  replay_of: ExchangeId | null
  sealed_raw: Buffer
}

export const FETCH_JOBS = `
select id, connection_id, kind, attempts, order_key, waiting, replay_of, sealed_raw
from (
  select j.exchange_id as id, e.connection_id, e.kind, j.attempts, j.order_key, j.due_at > now() as waiting, e.replay_of, e.sealed_raw,
    e.size_bytes, sum(e.size_bytes) over (order by j.exchange_id) as running_bytes
  from (
    select exchange_id, attempts, order_key, due_at, practice_id
    from job
    where practice_id = current_practice() and exchange_id > $1 and lane = any ($2::smallint[])
    order by exchange_id
    limit $3
  ) j
  join exchange e on e.practice_id = j.practice_id and e.id = j.exchange_id
) queue
where running_bytes <= $4 or running_bytes = size_bytes
order by id`

/**
 * The oldest jobs of some lanes, in order of arrival.
 *
 * @param after jobs up to this id are known to be done, so that the dead index entries they left are not walked
 * @param limitBytes of payload; one larger message still comes alone
 */
export async function fetchJobs(
  client: Queryable,
  options: { after: string; lanes: readonly number[]; limit: number; limitBytes: number },
): Promise<JobRow[]> {
  const values = [options.after, plainArray(options.lanes), options.limit, options.limitBytes]
  // Planned anew each time: it brings two tables together whose sizes change by the second.
  return (await client.query<JobRow>({ text: FETCH_JOBS, values })).rows
}

export const HOLD_LANES = `
select lane from lane_lease
where practice_id = current_practice() and owner = $1 and expires_at > now() and lane = any ($2::smallint[])
for share`

/** Holds leases for the length of a transaction, so that no other process can take them over in it. */
export async function holdLanes(client: Queryable, owner: string, lanes: readonly number[]): Promise<number> {
  const values = [owner, plainArray(lanes)]
  return (await client.query({ name: 'hold-lanes', text: HOLD_LANES, values })).rows.length
}

export const LEASE_LANES = `
with seen as (
  insert into worker (practice_id, id, seen_at) values (current_practice(), $1, now())
  on conflict (practice_id, id) do update set seen_at = now()
), gone as (
  delete from worker where practice_id = current_practice() and seen_at < now() - interval '60 seconds'
), fair as (
  select ceil($3::numeric / greatest(1, count(*) filter (where id <> $1) + 1))::int as share
  from worker where practice_id = current_practice() and seen_at > now() - $2::interval
), mine as (
  select lane, row_number() over (order by lane) as nth from lane_lease
  where practice_id = current_practice() and owner = $1 and expires_at > now()
), free as (
  select lane from lane_lease
  where practice_id = current_practice() and expires_at <= now()
  order by lane
  limit greatest(0, (select share from fair) - (select count(*) from mine))
  for update skip locked
)
update lane_lease l
set owner = case when keep then $1::uuid end, expires_at = case when keep then now() + $2::interval else '-infinity' end
from (
  select lane, nth <= (select share from fair) as keep from mine union all select lane, true from free
) as wanted
where l.practice_id = current_practice() and l.lane = wanted.lane
returning l.lane, l.owner is not null as kept`

/**
 * Renews this process's leases, takes free ones up to a fair share among the processes alive, and gives back what is
 * above it.
 *
 * @returns the lanes now held
 */
export async function leaseLanes(
  client: Queryable,
  options: { owner: string; seconds: number; lanes: number },
): Promise<number[]> {
  const values = [options.owner, `${options.seconds} seconds`, options.lanes]
  const result = await client.query<{ lane: number; kept: boolean }>({
    name: 'lease-lanes',
    text: LEASE_LANES,
    values,
  })
  return result.rows.filter((row) => row.kept).map((row) => row.lane)
}

export const RELEASE_LANES = `
with gone as (delete from worker where practice_id = current_practice() and id = $1)
update lane_lease set owner = null, expires_at = '-infinity' where practice_id = current_practice() and owner = $1`

export async function releaseLanes(client: Queryable, owner: string): Promise<void> {
  await client.query({ name: 'release-lanes', text: RELEASE_LANES, values: [owner] })
}

export const FREE_LANES = `
with gone as (delete from worker where practice_id = current_practice())
update lane_lease set owner = null, expires_at = '-infinity' where practice_id = current_practice() and owner is not null`

/**
 * Takes all lanes from whoever holds them. For an engine that has the database to itself: leases it finds are those of
 * a process that was killed, and their work need not wait until they run out. Should the holder live after all, it
 * notices before it writes anything.
 */
export async function freeLanes(client: Queryable): Promise<void> {
  await client.query({ text: FREE_LANES, values: [] })
}

export const MAKE_LANES = `
insert into lane_lease (practice_id, lane) select current_practice(), lane from generate_series(0, $1::int - 1) lane
on conflict do nothing`

export async function makeLanes(client: Queryable, lanes: number): Promise<void> {
  await client.query({ text: MAKE_LANES, values: [lanes] })
}

export interface OutcomeRow {
  id: ExchangeId
  state: 'applied' | 'ignored' | 'parked' | 'retrying'
  attempts: number
  errorCode: string | null
  errorPlace: string | null
  records: readonly string[]
  sealedEffect: Buffer | null
}

export const WRITE_OUTCOMES = `
insert into exchange_outcome (practice_id, exchange_id, state, attempts, error_code, error_place, records, sealed_effect)
select current_practice(), id, state, attempts, code, place, coalesce(records::text[], '{}'),
  case when effect_length > 0 then substring($9::bytea from effect_at for effect_length) end
from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::int[], $8::int[])
  as t (id, state, attempts, code, place, records, effect_at, effect_length)
on conflict (practice_id, exchange_id) do update set state = excluded.state, at = now(), attempts = excluded.attempts,
  error_code = excluded.error_code, error_place = excluded.error_place, records = excluded.records,
  sealed_effect = excluded.sealed_effect`

export async function writeOutcomes(client: Queryable, rows: readonly OutcomeRow[]): Promise<void> {
  const blob = new Blob()
  const effectAt = rows.map((row) => (row.sealedEffect ? blob.add(row.sealedEffect) : 0))
  await client.query({
    name: 'write-outcomes',
    text: WRITE_OUTCOMES,
    values: [
      plainArray(rows.map((row) => row.id)),
      plainArray(rows.map((row) => row.state)),
      plainArray(rows.map((row) => row.attempts)),
      plainArray(rows.map((row) => row.errorCode)),
      textArray(rows.map((row) => row.errorPlace)),
      textArray(rows.map((row) => plainArray(row.records))),
      plainArray(effectAt),
      plainArray(rows.map((row) => row.sealedEffect?.length ?? 0)),
      blob.bytes(),
    ],
  })
}

export const RESOLVE_ORIGINALS = `
update exchange_outcome set state = 'resolved', at = now()
where practice_id = current_practice() and state in ('parked', 'ignored') and exchange_id = any (
  $1::uuid[] || array(select id from exchange where practice_id = current_practice() and replay_of = any ($1::uuid[])))`

/** Closes the errors of exchanges whose replay succeeded, and those of earlier tries that did not. */
export async function resolveOriginals(client: Queryable, ids: readonly ExchangeId[]): Promise<void> {
  await client.query({ name: 'resolve-originals', text: RESOLVE_ORIGINALS, values: [plainArray(ids)] })
}

export const FINISH_JOBS = `delete from job where practice_id = current_practice() and exchange_id = any ($1::uuid[])`

/** @returns how many of the jobs were still there: fewer means that another process did them */
export async function finishJobs(client: Queryable, ids: readonly ExchangeId[]): Promise<number> {
  const values = [plainArray(ids)]
  return (await client.query({ name: 'finish-jobs', text: FINISH_JOBS, values })).rowCount ?? 0
}

export const POSTPONE_JOB = `
update job set attempts = $2, due_at = now() + $3::interval
where practice_id = current_practice() and exchange_id = $1`

/** @returns false when the job is gone: it was done after all */
export async function postponeJob(
  client: Queryable,
  id: ExchangeId,
  attempts: number,
  delayMs: number,
): Promise<boolean> {
  const values = [id, attempts, `${Math.round(delayMs)} milliseconds`]
  return (await client.query({ name: 'postpone-job', text: POSTPONE_JOB, values })).rowCount === 1
}

export const COUNT_JOBS = `
select count(*)::int as waiting from (
  select from job where practice_id = current_practice() limit 1000000
) as counted`

export async function countJobs(client: Queryable): Promise<number> {
  return (
    (await client.query<{ waiting: number }>({ name: 'count-jobs', text: COUNT_JOBS })).rows[0]?.waiting ?? 0
  )
}

export const FIND_SETTLED = `
select exchange_id as id, state, error_code, error_place from exchange_outcome
where practice_id = current_practice() and exchange_id = any ($1::uuid[]) and state <> 'retrying'`

export interface SettledRow {
  id: ExchangeId
  state: 'applied' | 'ignored' | 'parked' | 'duplicate' | 'resolved'
  error_code: string | null
  error_place: string | null
}

/** Those of some exchanges that have come to an end. */
export async function findSettled(client: Queryable, ids: readonly ExchangeId[]): Promise<SettledRow[]> {
  const values = [plainArray(ids)]
  return (await client.query<SettledRow>({ name: 'find-settled', text: FIND_SETTLED, values })).rows
}
