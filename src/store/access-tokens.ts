import type { ConnectionId } from '../kernel/ids.ts'
import type { Queryable } from './columns.ts'

/** The token of a connection as it is stored. Times are milliseconds since 1970, by the clock of the processes. */
export interface TokenRow {
  version: number
  sealed: Buffer | null
  scope: string
  asked_scope: string
  obtained_at_ms: number | null
  expires_at_ms: number
  error_code: string | null
  /** Somebody is getting a new one now. */
  renewing: boolean
}

// prettier-ignore
export const READ_TOKEN = `
select version, sealed, scope, asked_scope, error_code, (extract(epoch from obtained_at) * 1000)::float8 as obtained_at_ms,
  case when expires_at = '-infinity' then 0 else (extract(epoch from expires_at) * 1000)::float8 end as expires_at_ms,
  renewing_until > now() as renewing
from access_token where practice_id = current_practice() and connection_id = $1 and purpose = $2`

export async function readToken(
  client: Queryable,
  id: ConnectionId,
  purpose: string,
): Promise<TokenRow | undefined> {
  return (await client.query<TokenRow>({ name: 'read-token', text: READ_TOKEN, values: [id, purpose] }))
    .rows[0]
}

// One process takes the turn: of two that ask at once the second finds the lease taken. The version that was seen is
// asked for again, so that whoever waited for a token which was renewed meanwhile does not renew it once more.
// prettier-ignore
export const TAKE_TURN = `
insert into access_token as t (practice_id, connection_id, purpose, renewing_by, renewing_until)
select current_practice(), $1, $2, $3, now() + $5::interval where $4::int = 0
on conflict (practice_id, connection_id, purpose) do nothing`
export const TAKE_TURN_AGAIN = `
update access_token set renewing_by = $3, renewing_until = now() + $5::interval
where practice_id = current_practice() and connection_id = $1 and purpose = $2 and version = $4::int and renewing_until <= now()`

/**
 * Takes the turn to get a new token.
 *
 * @param seen version of the token that is to be replaced; 0 when there is none
 * @param seconds after which another may take it, should this process die
 * @returns false when another process has the turn, or has done it already
 */
export async function takeTurn(
  client: Queryable,
  turn: { id: ConnectionId; purpose: string; owner: string; seen: number; seconds: number },
): Promise<boolean> {
  const values = [turn.id, turn.purpose, turn.owner, turn.seen, `${turn.seconds} seconds`]
  const made = await client.query({ text: TAKE_TURN, values })
  if (made.rowCount === 1) return true
  return (await client.query({ text: TAKE_TURN_AGAIN, values })).rowCount === 1
}

// prettier-ignore
export const STORE_TOKEN = `
update access_token set version = version + 1, sealed = $4, scope = $5, asked_scope = $6, obtained_at = to_timestamp($7::float8 / 1000),
  expires_at = to_timestamp($8::float8 / 1000), renewing_by = null, renewing_until = '-infinity', error_code = null
where practice_id = current_practice() and connection_id = $1 and purpose = $2 and renewing_by = $3
returning version`

/** @returns the new version; undefined when the turn was lost to another process */
export async function storeToken(
  client: Queryable,
  token: {
    id: ConnectionId
    purpose: string
    owner: string
    sealed: Buffer
    scope: string
    asked: string
    obtainedAtMs: number
    expiresAtMs: number
  },
): Promise<number | undefined> {
  const values = [
    token.id,
    token.purpose,
    token.owner,
    token.sealed,
    token.scope,
    token.asked,
    token.obtainedAtMs,
    token.expiresAtMs,
  ]
  return (await client.query<{ version: number }>({ text: STORE_TOKEN, values })).rows[0]?.version
}

// prettier-ignore
export const GIVE_UP_TURN = `
update access_token set renewing_by = null, renewing_until = case when $5::float8 > 0 then now() + $5 * interval '1 millisecond' else '-infinity'::timestamptz end,
  error_code = $4
where practice_id = current_practice() and connection_id = $1 and purpose = $2 and renewing_by = $3`

/** @param waitMs for how long nobody tries again, so that a refused secret does not lock the account */
export async function giveUpTurn(
  client: Queryable,
  turn: { id: ConnectionId; purpose: string; owner: string; code: string; waitMs: number },
): Promise<void> {
  const values = [turn.id, turn.purpose, turn.owner, turn.code, turn.waitMs]
  await client.query({ text: GIVE_UP_TURN, values })
}

export const EXPIRE_TOKEN = `
update access_token set expires_at = '-infinity'
where practice_id = current_practice() and connection_id = $1 and purpose = $2 and version = $3`

/** The far side refused this version; a newer one stays as it is. */
export async function expireToken(
  client: Queryable,
  id: ConnectionId,
  purpose: string,
  version: number,
): Promise<void> {
  await client.query({ text: EXPIRE_TOKEN, values: [id, purpose, version] })
}

export const FORGET_TOKENS = `delete from access_token where practice_id = current_practice() and connection_id = $1`

/** After the settings changed, the old token may be for another tenant or account. */
export async function forgetTokens(client: Queryable, id: ConnectionId): Promise<void> {
  await client.query({ text: FORGET_TOKENS, values: [id] })
}
