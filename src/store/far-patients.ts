import type { ConnectionId } from '../kernel/ids.ts'
import { textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** Patients of the other side, as the pull walks over them. */
export interface FarPatient {
  key: Buffer
  sealed_id: Buffer
  /** The chart was read up to here; null when it never was. */
  pulled_at: string | null
}

// prettier-ignore
export const NEXT_FAR_PATIENTS = `
select key, sealed_id, pulled_at from far_record
where practice_id = current_practice() and connection_id = $1 and type = 'Patient' and key > $2
  and (pulled_at is null or pulled_at < $3::timestamptz)
order by key limit $4`

/**
 * The next patients whose chart was not read since a moment, in a fixed order.
 *
 * @param after key of the last one of the page before; empty for the first page
 */
export async function nextFarPatients(
  client: Queryable,
  query: { connectionId: ConnectionId; after: Buffer; since: string; limit: number },
): Promise<FarPatient[]> {
  const values = [query.connectionId, query.after, query.since, query.limit]
  return (await client.query<FarPatient>({ name: 'next-far-patients', text: NEXT_FAR_PATIENTS, values })).rows
}

export const COUNT_FAR_PATIENTS = `
select count(*)::int as total, count(*) filter (where pulled_at >= $2::timestamptz)::int as done from far_record
where practice_id = current_practice() and connection_id = $1 and type = 'Patient'`

export async function countFarPatients(
  client: Queryable,
  id: ConnectionId,
  since: string,
): Promise<{ total: number; done: number }> {
  const values = [id, since]
  const { rows } = await client.query<{ total: number; done: number }>({ text: COUNT_FAR_PATIENTS, values })
  return rows[0] ?? { total: 0, done: 0 }
}

export const MARK_PULLED = `
update far_record set pulled_at = $3::timestamptz
where practice_id = current_practice() and connection_id = $1 and key = any ($2::bytea[])`

/** The charts of these patients were read up to a moment; told after what was read is stored. */
export async function markPulled(
  client: Queryable,
  id: ConnectionId,
  keys: readonly Buffer[],
  to: string,
): Promise<void> {
  await client.query({ name: 'mark-pulled', text: MARK_PULLED, values: [id, literals(keys), to] })
}

export const MARK_ALL_PULLED = `
update far_record set pulled_at = $2::timestamptz
where practice_id = current_practice() and connection_id = $1 and type = 'Patient' and pulled_at is null`

/** A bulk export brought the charts of everybody who was not read before. */
export async function markAllPulled(client: Queryable, id: ConnectionId, to: string): Promise<void> {
  await client.query({ text: MARK_ALL_PULLED, values: [id, to] })
}

export const MARK_SEEN = `
update far_record set seen_run = $3
where practice_id = current_practice() and connection_id = $1 and key = any ($2::bytea[])`

/** A full compare saw these. */
export async function markSeen(
  client: Queryable,
  id: ConnectionId,
  keys: readonly Buffer[],
  runId: string,
): Promise<void> {
  if (keys.length === 0) return
  await client.query({ name: 'mark-seen', text: MARK_SEEN, values: [id, literals(keys), runId] })
}

export const UNSEEN = `
select key, type, sealed_id from far_record
where practice_id = current_practice() and connection_id = $1 and type = $2 and seen_run is distinct from $3::uuid
order by key limit $4`

/** Resources that a full compare of their type did not see any more. */
export async function findUnseen(
  client: Queryable,
  query: { connectionId: ConnectionId; type: string; runId: string; limit: number },
): Promise<{ key: Buffer; type: string; sealed_id: Buffer }[]> {
  const values = [query.connectionId, query.type, query.runId, query.limit]
  return (await client.query<{ key: Buffer; type: string; sealed_id: Buffer }>({ text: UNSEEN, values })).rows
}

export const FIND_KNOWN = `
select encode(key, 'hex') as key from far_record
where practice_id = current_practice() and connection_id = $1 and key = any ($2::bytea[])`

/** Which of these the log has seen before; keys in hexadecimal. */
export async function findKnown(
  client: Queryable,
  id: ConnectionId,
  keys: readonly Buffer[],
): Promise<Set<string>> {
  if (keys.length === 0) return new Set()
  const values = [id, literals(keys)]
  const { rows } = await client.query<{ key: string }>({ name: 'find-known', text: FIND_KNOWN, values })
  return new Set(rows.map((row) => row.key))
}

export const COUNT_KNOWN = `
select type, count(*)::int as count from far_record where practice_id = current_practice() and connection_id = $1
group by type order by type`

export async function countKnown(
  client: Queryable,
  id: ConnectionId,
): Promise<{ type: string; count: number }[]> {
  return (await client.query<{ type: string; count: number }>({ text: COUNT_KNOWN, values: [id] })).rows
}

export const KNOWN_DIRECTORY = `
select kind, id from directory_entry
where practice_id = current_practice() and connection_id = $1 and (kind, id) in (
  select kind, id from unnest($2::text[], $3::text[]) as t (kind, id))`

/** Which of these people and places the directory has: `practitioner/123`. */
export async function knownInDirectory(
  client: Queryable,
  id: ConnectionId,
  wanted: readonly { kind: string; id: string }[],
): Promise<Set<string>> {
  if (wanted.length === 0) return new Set()
  const values = [id, textArray(wanted.map((one) => one.kind)), textArray(wanted.map((one) => one.id))]
  const { rows } = await client.query<{ kind: string; id: string }>({ text: KNOWN_DIRECTORY, values })
  return new Set(rows.map((row) => `${row.kind}/${row.id}`))
}

// prettier-ignore
export const NEXT_PATIENTS = `
select id, sealed from patient where practice_id = current_practice() and active and id > $1 order by id limit $2`

/** Our patients, in the order of their ids. */
export async function nextPatients(
  client: Queryable,
  after: string,
  limit: number,
): Promise<{ id: string; sealed: Buffer }[]> {
  const values = [after, limit]
  return (
    await client.query<{ id: string; sealed: Buffer }>({ name: 'next-patients', text: NEXT_PATIENTS, values })
  ).rows
}

const literals = (keys: readonly Buffer[]): string =>
  textArray(keys.map((key) => `\\x${key.toString('hex')}`))
