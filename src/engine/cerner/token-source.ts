import { setTimeout as sleep } from 'node:timers/promises'
import type { AccessToken, TokenSource } from '../../connectors/cerner/port.ts'
import type { Clock } from '../../kernel/clock.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { expireToken, giveUpTurn, readToken, storeToken, takeTurn } from '../../store/access-tokens.ts'
import type { TokenRow } from '../../store/access-tokens.ts'
import type { Database } from '../../store/database.ts'
import type { Vault } from '../../vault/vault.ts'

/** Gets a new token from the authorization server. */
export type AskToken = (signal?: AbortSignal) => Promise<{ token: AccessToken; asked: string }>

export interface TokenSourceOptions {
  database: Database
  vault: Vault
  clock: Clock
  connectionId: ConnectionId
  /** One token per account: `system`. */
  purpose: string
  /** The scopes that are needed now: a token that was asked for with others is not used. Not said: any will do. */
  wanted?: string
  ask: AskToken
}

/** A token that lives shorter than this is not handed out. */
const LAST_SECONDS_MS = 20_000
/** From here on the next caller renews it, while the others go on with the old one. */
const RENEW_BEFORE_MS = 75_000
const TURN_SECONDS = 30
const LOOK_AGAIN_MS = 100
/** After a refusal nobody asks again for this long: a wrong secret must not lock the account. */
const REFUSED_PAUSE_MS = 15_000

/** A token with the version it has in the database, so that a refusal names the one that was refused. */
interface HeldToken extends AccessToken {
  version: number
}

/**
 * The one token of a connection, shared by all work and all processes through the database (cerner-fhir-r4.md §2.5):
 * renewed early, and by one process once. Whoever finds the turn taken goes on with the token that still lives, or
 * waits for the new one.
 */
export function openTokenSource(options: TokenSourceOptions): TokenSource {
  const { database, vault, clock, connectionId, purpose, wanted, ask } = options
  const owner = newId()
  const place = `access_token/${connectionId}/${purpose}`
  let held: HeldToken | null = null
  let getting: Promise<HeldToken> | null = null

  const open = (row: TokenRow): HeldToken | null => {
    if (!row.sealed || (wanted !== undefined && row.asked_scope !== wanted)) return null
    const value = vault.openText(place, row.sealed)
    return {
      value,
      expiresAtMs: row.expires_at_ms,
      scope: row.scope,
      tokenType: 'Bearer',
      version: row.version,
    }
  }
  const livesFor = (token: AccessToken): number => token.expiresAtMs - clock.now()

  const renew = async (seen: number, signal?: AbortSignal): Promise<HeldToken> => {
    try {
      const { token, asked } = await ask(signal)
      const sealed = vault.seal(place, token.value)
      const stored = { id: connectionId, purpose, owner, sealed, scope: token.scope, asked }
      const times = { obtainedAtMs: clock.now(), expiresAtMs: token.expiresAtMs }
      const version = await storeToken(database, { ...stored, ...times })
      return { ...token, version: version ?? seen }
    } catch (error) {
      const code = error instanceof IntegrationError ? error.code : 'INTERNAL'
      const waitMs = error instanceof IntegrationError && error.kind === 'permanent' ? REFUSED_PAUSE_MS : 0
      await giveUpTurn(database, { id: connectionId, purpose, owner, code, waitMs })
      throw error
    }
  }

  const get = async (signal?: AbortSignal): Promise<HeldToken> => {
    for (;;) {
      signal?.throwIfAborted()
      const row = await readToken(database, connectionId, purpose)
      const known = row ? open(row) : null
      if (known && livesFor(known) > RENEW_BEFORE_MS) return known
      const seen = row?.version ?? 0
      const turn = { id: connectionId, purpose, owner, seen, seconds: TURN_SECONDS }
      if (!row?.renewing && (await takeTurn(database, turn))) {
        const renewed = renew(seen, signal)
        if (!known || livesFor(known) <= LAST_SECONDS_MS) return renewed
        // The old one still lives: nobody waits for the new one, and should it fail, a later caller tries again.
        return renewed.catch(() => known)
      }
      if (known && livesFor(known) > LAST_SECONDS_MS) return known
      if (row?.renewing && row.error_code !== null) throw refusedBefore(row.error_code)
      await sleep(LOOK_AGAIN_MS, undefined, signal ? { signal } : {})
    }
  }

  return {
    async token(signal) {
      if (held && livesFor(held) > RENEW_BEFORE_MS) return held
      // Work of this process that needs it at the same time asks once.
      getting ??= get(signal).finally(() => (getting = null))
      held = await getting
      return held
    },
    async discard(token) {
      const { version } = token as HeldToken
      if (held?.version === version) held = null
      await expireToken(database, connectionId, purpose, version)
    },
  }
}

// The server said no a moment ago; what it said is told again without asking it.
function refusedBefore(code: string): IntegrationError {
  if (code === 'FHIR_TOKEN_UNAVAILABLE')
    return new IntegrationError('FHIR_TOKEN_UNAVAILABLE', {
      host: 'asked a moment ago',
      reason: 'it is tried again',
    })
  return new IntegrationError('FHIR_TOKEN_REFUSED', {
    error: 'refused a moment ago',
    urn: 'not asked again yet',
  })
}
