import { createHash, randomBytes } from 'node:crypto'
import { newId } from '../kernel/ids.ts'
import { instantOf, instantOrNull, rowsOf, statement } from './reading.ts'
import type { Queryable, Timestamp } from './reading.ts'

/** Bearer tokens, browser sessions and one-time log-in links. Only hashes are kept: a dump lets nobody in. */
export interface TokenRow {
  id: string
  name: string
  role: string
  created_at: string
  expires_at: string | null
  revoked_at: string | null
  /** With scopes a token opens the FHIR façade alone; null: what its role opens. */
  scopes: string[] | null
}

/** Who a secret belongs to. */
export interface Bearer {
  id: string
  name: string
  role: string
  expires_at: string | null
  /** SMART scopes of a token; null for a session, and for a token that has none. */
  scopes: string[] | null
  /** Set for a session that stands on a SMART launch. */
  launch: BearerLaunch | null
}

/** The launch under a session: it sees the patient of the launch alone. */
export interface BearerLaunch {
  /** Null while we have no record of the patient in context. */
  patient_id: string | null
  /** When the access token ends, and should have been renewed. */
  expires_at: string
  ended: boolean
}

const SECRET_BYTES = 32
const DAY_MS = 86_400_000
const MINUTE_MS = 60_000

const newSecret = (prefix: string): string => prefix + randomBytes(SECRET_BYTES).toString('base64url')

// The secrets have 256 bits of randomness, so one round of SHA-256 is enough: there is nothing to guess.
export const hashOfSecret = (secret: string): Buffer => createHash('sha256').update(secret).digest()

export const INSERT_TOKEN = statement(
  'insert-token',
  `insert into api_token (practice_id, id, name, role, hash, expires_at, scopes) values (current_practice(), $1, $2, $3, $4, $5, $6)
returning id, name, role, created_at, expires_at, revoked_at, scopes`,
)

/** Makes a bearer token `pst_…`. It is in the answer and nowhere else. */
export async function createToken(
  database: Queryable,
  options: {
    name: string
    role: string
    days?: number | undefined
    now?: number
    scopes?: readonly string[] | undefined
  },
): Promise<TokenRow & { token: string }> {
  const { name, role, days, now = Date.now(), scopes } = options
  const token = newSecret('pst_')
  const expiresAt = days === undefined ? null : new Date(now + days * DAY_MS).toISOString()
  const [row] = await rowsOf<StoredToken>(database, INSERT_TOKEN, [
    newId(),
    name,
    role,
    hashOfSecret(token),
    expiresAt,
    scopes === undefined || scopes.length === 0 ? null : [...scopes],
  ])
  if (!row) throw new Error('the token was not stored')
  return { ...viewOf(row), token }
}

export const FIND_TOKEN = statement(
  'find-token',
  `select id, name, role, expires_at, scopes from api_token
where practice_id = current_practice() and hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)`,
)

export async function findToken(
  database: Queryable,
  token: string,
  now: number,
): Promise<Bearer | undefined> {
  return bearer(await rowsOf<StoredBearer>(database, FIND_TOKEN, [hashOfSecret(token), new Date(now)]))
}

export const LIST_TOKENS = statement(
  'list-tokens',
  `select id, name, role, created_at, expires_at, revoked_at, scopes from api_token where practice_id = current_practice() order by id desc`,
)

export async function listTokens(database: Queryable): Promise<TokenRow[]> {
  return (await rowsOf<StoredToken>(database, LIST_TOKENS, [])).map(viewOf)
}

// A session does not know the token it came from, so revoking ends every session of that name and role.
export const REVOKE_TOKEN = statement(
  'revoke-token',
  `with revoked as (
  update api_token set revoked_at = coalesce(revoked_at, $2) where practice_id = current_practice() and id = $1
  returning id, name, role, created_at, expires_at, revoked_at, scopes
), ended as (
  delete from session s using revoked r where s.practice_id = current_practice() and s.name = r.name and s.role = r.role
)
select * from revoked`,
)

/** Takes a token back and ends the sessions begun with it; undefined when there is no such token. */
export async function revokeToken(
  database: Queryable,
  id: string,
  now: number,
): Promise<TokenRow | undefined> {
  const [row] = await rowsOf<StoredToken>(database, REVOKE_TOKEN, [id, new Date(now)])
  return row && viewOf(row)
}

export const INSERT_SESSION = statement(
  'insert-session',
  `insert into session (practice_id, id, name, role, hash, link_hash, expires_at)
values (current_practice(), $1, $2, $3, $4, $5, $6)`,
)

/** Begins a session; the secret goes into the cookie. */
export async function createSession(
  database: Queryable,
  options: { name: string; role: string; expiresAt: number; id?: string },
): Promise<string> {
  const secret = newSecret('pss_')
  const { name, role, expiresAt, id = newId() } = options
  const values = [id, name, role, hashOfSecret(secret), null, new Date(expiresAt)]
  await rowsOf(database, INSERT_SESSION, values)
  return secret
}

export const FIND_SESSION = statement(
  'find-session',
  `select s.id, s.name, s.role, s.expires_at, l.session_id is not null as launched, l.patient_id as launch_patient,
  l.expires_at as launch_expires_at, l.ended_at is not null as launch_ended
from session s left join smart_session l on l.practice_id = s.practice_id and l.session_id = s.id
where s.practice_id = current_practice() and s.hash = $1 and s.link_hash is null and s.expires_at > $2`,
)

export async function findSession(
  database: Queryable,
  secret: string,
  now: number,
): Promise<Bearer | undefined> {
  return bearer(await rowsOf<StoredBearer>(database, FIND_SESSION, [hashOfSecret(secret), new Date(now)]))
}

// What a SMART launch hung on a session goes with it, its tokens too.
export const END_SESSION = statement(
  'end-session',
  `with gone as (
  delete from session where practice_id = current_practice() and (hash = $1 or expires_at <= $2) returning id
), launches as (
  delete from smart_session l using gone g where l.practice_id = current_practice() and l.session_id = g.id
  returning l.connection_id, l.session_id
)
delete from access_token t using launches l
where t.practice_id = current_practice() and t.connection_id = l.connection_id and t.purpose = 'launch/' || l.session_id`,
)

/** Ends a session, and clears away those that have run out. */
export async function endSession(database: Queryable, secret: string, now: number): Promise<void> {
  await rowsOf(database, END_SESSION, [hashOfSecret(secret), new Date(now)])
}

/**
 * Makes a log-in link: `/login?link=…` opens one session in one browser, once, within `minutes`.
 *
 * @returns the secret of the link
 */
export async function createLoginLink(
  database: Queryable,
  options: { name: string; role: string; minutes?: number; now?: number },
): Promise<string> {
  const { name, role, minutes = 60, now = Date.now() } = options
  const link = newSecret('psl_')
  // The hash of a session that has not begun is that of a secret nobody has.
  const nobody = hashOfSecret(newSecret(''))
  const values = [newId(), name, role, nobody, hashOfSecret(link), new Date(now + minutes * MINUTE_MS)]
  await rowsOf(database, INSERT_SESSION, values)
  return link
}

export const REDEEM_LINK = statement(
  'redeem-link',
  `update session set hash = $2, link_hash = null, expires_at = $3
where practice_id = current_practice() and link_hash = $1 and expires_at > $4
returning id, name, role, expires_at`,
)

/** Turns a log-in link into a session, once; undefined when it was used or has run out. */
export async function redeemLoginLink(
  database: Queryable,
  options: { link: string; expiresAt: number; now: number },
): Promise<(Bearer & { secret: string }) | undefined> {
  const secret = newSecret('pss_')
  const { link, expiresAt, now } = options
  const values = [hashOfSecret(link), hashOfSecret(secret), new Date(expiresAt), new Date(now)]
  const found = bearer(await rowsOf<StoredBearer>(database, REDEEM_LINK, values))
  return found && { ...found, secret }
}

interface StoredToken {
  id: string
  name: string
  role: string
  created_at: Timestamp
  expires_at: Timestamp | null
  revoked_at: Timestamp | null
  scopes: string[] | null
}

interface StoredBearer {
  id: string
  name: string
  role: string
  expires_at: Timestamp | null
  scopes?: string[] | null
  launched?: boolean
  launch_patient?: string | null
  launch_expires_at?: Timestamp | null
  launch_ended?: boolean
}

const viewOf = (row: StoredToken): TokenRow => ({
  ...row,
  created_at: instantOf(row.created_at),
  expires_at: instantOrNull(row.expires_at),
  revoked_at: instantOrNull(row.revoked_at),
})

function bearer([row]: StoredBearer[]): Bearer | undefined {
  if (!row) return undefined
  const { id, name, role, scopes = null } = row
  return { id, name, role, expires_at: instantOrNull(row.expires_at), scopes, launch: launchOf(row) }
}

function launchOf(row: StoredBearer): BearerLaunch | null {
  if (row.launched !== true) return null
  return {
    patient_id: row.launch_patient ?? null,
    expires_at: instantOf(row.launch_expires_at ?? new Date(0)),
    ended: row.launch_ended === true,
  }
}
