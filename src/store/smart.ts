import type { ConnectionId } from '../kernel/ids.ts'
import { hashOfSecret } from './tokens.ts'
import { instantOf, instantOrNull, rowsOf, statement } from './reading.ts'
import type { Queryable, Timestamp } from './reading.ts'

/** SMART launches under way, and sessions that stand on one (migration 0020). Secrets are hashes or sealed. */

export interface LaunchRow {
  id: string
  connection_id: ConnectionId
  sealed: Buffer
}

export const INSERT_LAUNCH = statement(
  'insert-smart-launch',
  `insert into smart_launch (practice_id, id, connection_id, state_hash, sealed, expires_at)
values (current_practice(), $1, $2, $3, $4, $5)`,
)

/** Keeps what a launch needs when its answer comes back. @param state as sent; only its hash is kept */
export async function insertLaunch(
  database: Queryable,
  launch: { id: string; connectionId: ConnectionId; state: string; sealed: Buffer; expiresAtMs: number },
): Promise<void> {
  const { id, connectionId, state, sealed, expiresAtMs } = launch
  await rowsOf(database, INSERT_LAUNCH, [
    id,
    connectionId,
    hashOfSecret(state),
    sealed,
    new Date(expiresAtMs),
  ])
}

// One statement, so that of two answers with one state only the first finds it.
export const TAKE_LAUNCH = statement(
  'take-smart-launch',
  `update smart_launch set used_at = $2
where practice_id = current_practice() and state_hash = $1 and used_at is null and expires_at > $2
returning id, connection_id, sealed`,
)

/** The launch of a state, once; undefined when it is unknown, was used or has run out. */
export async function takeLaunch(
  database: Queryable,
  state: string,
  nowMs: number,
): Promise<LaunchRow | undefined> {
  return (await rowsOf<LaunchRow>(database, TAKE_LAUNCH, [hashOfSecret(state), new Date(nowMs)]))[0]
}

export interface SmartSessionRow {
  session_id: string
  connection_id: ConnectionId
  patient_id: string | null
  sealed: Buffer
  scope: string
  /** When the access token ends. */
  expires_at: string
  ended_at: string | null
}

export const INSERT_SMART_SESSION = statement(
  'insert-smart-session',
  `insert into smart_session (practice_id, session_id, connection_id, patient_id, sealed, scope, expires_at)
values (current_practice(), $1, $2, $3, $4, $5, $6)`,
)

export async function insertSmartSession(
  client: Queryable,
  session: {
    sessionId: string
    connectionId: ConnectionId
    patientId: string | null
    sealed: Buffer
    scope: string
    expiresAtMs: number
  },
): Promise<void> {
  const { sessionId, connectionId, patientId, sealed, scope, expiresAtMs } = session
  const values = [sessionId, connectionId, patientId, sealed, scope, new Date(expiresAtMs)]
  await rowsOf(client, INSERT_SMART_SESSION, values)
}

export const READ_SMART_SESSION = statement(
  'read-smart-session',
  `select session_id, connection_id, patient_id, sealed, scope, expires_at, ended_at from smart_session
where practice_id = current_practice() and session_id = $1`,
)

export async function readSmartSession(
  database: Queryable,
  sessionId: string,
): Promise<SmartSessionRow | undefined> {
  type Stored = Omit<SmartSessionRow, 'expires_at' | 'ended_at'> & {
    expires_at: Timestamp
    ended_at: Timestamp | null
  }
  const [row] = await rowsOf<Stored>(database, READ_SMART_SESSION, [sessionId])
  return row && { ...row, expires_at: instantOf(row.expires_at), ended_at: instantOrNull(row.ended_at) }
}

export const EXTEND_SMART_SESSION = statement(
  'extend-smart-session',
  `update smart_session set scope = $2, expires_at = $3
where practice_id = current_practice() and session_id = $1 and ended_at is null`,
)

/** A new access token was given. */
export async function extendSmartSession(
  database: Queryable,
  session: { sessionId: string; scope: string; expiresAtMs: number },
): Promise<void> {
  const { sessionId, scope, expiresAtMs } = session
  await rowsOf(database, EXTEND_SMART_SESSION, [sessionId, scope, new Date(expiresAtMs)])
}

export const PLACE_PATIENT = statement(
  'place-smart-patient',
  `update smart_session set patient_id = $2
where practice_id = current_practice() and session_id = $1 and ended_at is null`,
)

/** Our record of the patient in context came, or was merged into another, after the session began. */
export async function placePatient(database: Queryable, sessionId: string, patientId: string): Promise<void> {
  await rowsOf(database, PLACE_PATIENT, [sessionId, patientId])
}

export const launchPurpose = (sessionId: string): string => `launch/${sessionId}`

// The tokens go with it: what is ended can never be renewed by anybody.
export const END_SMART_SESSION = statement(
  'end-smart-session',
  `with ended as (
  update smart_session set ended_at = $2, sealed = $3, patient_id = null
  where practice_id = current_practice() and session_id = $1 and ended_at is null
  returning connection_id, session_id
), forgotten as (
  delete from access_token t using ended e
  where t.practice_id = current_practice() and t.connection_id = e.connection_id
    and t.purpose = 'launch/' || e.session_id
)
select session_id from ended`,
)

/**
 * Ends the launch under a session; the session itself stays for a while, so that its page can be told why.
 *
 * @param sealed what is known of it from now on, without its refresh token
 * @returns false when it had ended before
 */
export async function endSmartSession(
  database: Queryable,
  sessionId: string,
  { nowMs, sealed }: { nowMs: number; sealed: Buffer },
): Promise<boolean> {
  return (await rowsOf(database, END_SMART_SESSION, [sessionId, new Date(nowMs), sealed])).length > 0
}

export const CLEAR_LAUNCHES = statement(
  'clear-smart-launches',
  `with launches as (
  delete from smart_launch where practice_id = current_practice() and expires_at <= $1
), gone as (
  delete from smart_session l where l.practice_id = current_practice()
    and not exists (select from session s where s.practice_id = l.practice_id and s.id = l.session_id and s.expires_at > $1)
  returning connection_id, session_id
)
delete from access_token t using gone g
where t.practice_id = current_practice() and t.connection_id = g.connection_id and t.purpose = 'launch/' || g.session_id`,
)

/** Clears away launches that have run out, and what hung on sessions that are over. */
export async function clearLaunches(database: Queryable, nowMs: number): Promise<void> {
  await rowsOf(database, CLEAR_LAUNCHES, [new Date(nowMs)])
}

export const FIND_BY_KEY = statement(
  'find-record-by-key',
  `select k.record_id, coalesce(p.merged_into, k.record_id) as id
from record_key k left join patient p on p.practice_id = k.practice_id and p.id = k.record_id
where k.practice_id = current_practice() and k.key = $1 and k.record_type = $2`,
)

/** Our record that a number of the other side names; of a patient who was merged, the one that stands. */
export async function findByKey(
  database: Queryable,
  type: 'patient' | 'encounter',
  key: Buffer,
): Promise<string | undefined> {
  return (await rowsOf<{ id: string }>(database, FIND_BY_KEY, [key, type]))[0]?.id
}

export const READ_FAR_OUTCOME = statement(
  'read-far-outcome',
  `select o.state from far_record f
left join exchange_outcome o on o.practice_id = f.practice_id and o.exchange_id = f.exchange_id
where f.practice_id = current_practice() and f.connection_id = $1 and f.key = $2`,
)

/** What became of the last version of a resource that was stored: null while it waits; undefined when none is known. */
export async function readFarOutcome(
  database: Queryable,
  connectionId: ConnectionId,
  key: Buffer,
): Promise<string | null | undefined> {
  const rows = await rowsOf<{ state: string | null }>(database, READ_FAR_OUTCOME, [connectionId, key])
  return rows[0]?.state
}
