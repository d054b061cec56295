import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Clock } from '../../../kernel/clock.ts'
import type { CernerEndpoints, Grant, Hospital } from '../contract.ts'
import type { Client, ClientRegistry } from './clients.ts'
import { openKeyRing, type KeyRing } from './keys.ts'
import { TokenRefusal } from './problems.ts'
import { withoutScopes } from './scopes.ts'
import { openSessions, type Sessions } from './sessions.ts'
import { openTokenCounts, type TokenCounts } from './token-counts.ts'
import type { SandboxUser } from './users.ts'

/** What was agreed to: by a person at the authorize page, or by registration alone for the system persona. */
export interface Agreement {
  readonly client: Client
  readonly persona: Grant['persona']
  readonly scopes: readonly string[]
  readonly user: SandboxUser | null
  readonly patient: string | null
  readonly encounter: string | null
  /** The user's session, with which online access ends. */
  readonly session: string | null
  readonly nonce: string | null
}

export interface Code {
  readonly agreement: Agreement
  /** As sent to the authorize address; null when it was left out there. */
  readonly redirectUri: string | null
  readonly challenge: string | null
  readonly state: string | null
  readonly expiresAt: number
}

export interface AccessToken {
  readonly agreement: Agreement
  readonly grant: Grant
  readonly tenant: string
  readonly issuedAt: number
  /** When the gate stops taking it: a little after `expires_in` (§2.3). */
  readonly expiresAt: number
  revoked: boolean
}

export interface RefreshToken {
  readonly agreement: Agreement
  readonly kind: 'online' | 'offline'
  readonly id: string
  usedAt: number
  revoked: boolean
}

/** How the authorization server misbehaves; set through faults. */
export interface AuthorityMischief {
  /** Scopes or types that are no longer granted. */
  removedScopes: readonly string[]
  /** Whether tokens that are already out lose them as well. */
  removedFromIssued: boolean
  /** New tokens are made for another tenant. */
  wrongAudience: boolean
  /** `/jwk` does not show the newest keys yet. */
  newestKeyMissing: boolean
}

export interface Authority {
  readonly clock: Clock
  readonly tenant: string
  readonly tokenSeconds: number
  readonly clients: ClientRegistry
  readonly users: readonly SandboxUser[]
  readonly hospital: Hospital
  readonly keys: KeyRing
  readonly sessions: Sessions
  readonly counts: TokenCounts
  readonly mischief: AuthorityMischief
  endpoints(): CernerEndpoints
  issueCode(code: Omit<Code, 'expiresAt'>): string
  /** A code is good once and for five minutes. @throws TokenRefusal `code` */
  redeemCode(code: string): Code
  issueAccess(agreement: Agreement): Promise<{ token: string; scopes: readonly string[] }>
  issueRefresh(agreement: Agreement): string | null
  /** @throws TokenRefusal `refreshToken`, `session` */
  useRefresh(token: string, client: Client): RefreshToken
  access(token: string): AccessToken | undefined
  refresh(token: string): RefreshToken | undefined
  refreshTokens(): readonly RefreshToken[]
  /** Every access token that is out stops working; refresh tokens too when asked. */
  revokeAll(refreshToo: boolean): void
  /** Whether this assertion id of the client was seen before while it was valid. */
  isReplay(clientId: string, jti: string, expiresAt: number): boolean
}

export interface AuthorityOptions {
  readonly hospital: Hospital
  readonly clock: Clock
  readonly clients: ClientRegistry
  readonly users: readonly SandboxUser[]
  readonly tokenSeconds: number
  endpoints(): CernerEndpoints
}

export const MINUTE = 60_000
const CODE_LIVES_MS = 5 * MINUTE
const OFFLINE_LIVES_MS = 90 * 24 * 60 * MINUTE
// Tokens outlive what expires_in says by this much (§2.3: 570 and 600).
const GRACE_SECONDS = 30
// Kept a while after they expired, so that the gate can say so.
const REMEMBERED_MS = 60 * MINUTE

/** The state of the authorization server: in memory, and gone when the sandbox stops. */
export async function openAuthority(options: AuthorityOptions): Promise<Authority> {
  const { clock, hospital, clients, tokenSeconds, endpoints } = options
  const { tenant } = hospital
  const keys = await openKeyRing(clock)
  const sessions = openSessions(clock)
  const codes = new Map<string, Code>()
  const accessTokens = new Map<string, AccessToken>()
  const refreshTokens = new Map<string, RefreshToken>()
  const assertions = new Map<string, number>()
  const mischief: AuthorityMischief = {
    removedScopes: [],
    removedFromIssued: false,
    wrongAudience: false,
    newestKeyMissing: false,
  }

  const issueAccess: Authority['issueAccess'] = async (agreement) => {
    const now = clock.now()
    dropExpired(accessTokens, ({ expiresAt }) => expiresAt + REMEMBERED_MS < now)
    const scopes = withoutScopes(agreement.scopes, mischief.removedScopes)
    if (scopes.length === 0) throw new TokenRefusal('emptyScopes', 'no scope is left')
    const forTenant = mischief.wrongAudience ? randomUUID() : tenant
    const issuedAt = Math.floor(now / 1000)
    const expires = issuedAt + tokenSeconds + GRACE_SECONDS
    const claims = accessClaims(agreement, scopes, forTenant)
    const token = await keys.sign('ES256', {
      ...claims,
      iss: `${endpoints().origin}/`,
      iat: issuedAt,
      exp: expires,
      jti: randomUUID(),
    })
    const grant = grantOf(agreement, scopes)
    accessTokens.set(token, {
      agreement,
      grant,
      tenant: forTenant,
      issuedAt: now,
      expiresAt: expires * 1000,
      revoked: false,
    })
    return { token, scopes }
  }

  return {
    clock,
    tenant,
    tokenSeconds,
    clients,
    users: options.users,
    hospital,
    keys,
    sessions,
    counts: openTokenCounts(),
    mischief,
    endpoints,
    issueCode(code) {
      const secret = randomUUID()
      dropExpired(codes, ({ expiresAt }) => expiresAt < clock.now())
      codes.set(secret, { ...code, expiresAt: clock.now() + CODE_LIVES_MS })
      return secret
    },
    redeemCode(secret) {
      const code = codes.get(secret)
      codes.delete(secret)
      if (code === undefined) throw new TokenRefusal('code', 'the code is unknown or was used')
      if (code.expiresAt < clock.now()) throw new TokenRefusal('code', 'the code has run out')
      return code
    },
    issueAccess,
    issueRefresh(agreement) {
      const kind = refreshKind(agreement)
      if (kind === null) return null
      const secret = randomBytes(24).toString('base64url')
      const id = randomUUID()
      refreshTokens.set(secret, { agreement, kind, id, usedAt: clock.now(), revoked: false })
      return secret
    },
    useRefresh(secret, client) {
      const token = refreshTokens.get(secret)
      if (token === undefined || token.agreement.client.id !== client.id)
        throw new TokenRefusal('refreshToken', 'the refresh token is unknown or of another client')
      if (token.revoked) throw new TokenRefusal('refreshToken', 'the refresh token was revoked')
      if (token.kind === 'offline' && token.usedAt + OFFLINE_LIVES_MS < clock.now())
        throw new TokenRefusal('refreshToken', 'the refresh token was not used for three months')
      if (token.kind === 'online' && !sessions.isLive(token.agreement.session))
        throw new TokenRefusal('session', 'the session of the user is over')
      token.usedAt = clock.now()
      return token
    },
    access: (token) => accessTokens.get(token),
    refresh: (token) => refreshTokens.get(token),
    refreshTokens: () => [...refreshTokens.values()],
    revokeAll(refreshToo) {
      for (const token of accessTokens.values()) token.revoked = true
      if (refreshToo) for (const token of refreshTokens.values()) token.revoked = true
    },
    isReplay(clientId, jti, expiresAt) {
      dropExpired(assertions, (until) => until < clock.now())
      const key = `${clientId} ${jti}`
      if (assertions.has(key)) return true
      assertions.set(key, expiresAt)
      return false
    },
  }
}

/** Entries are in the order they were made, so those that are over stand first. */
function dropExpired<T>(map: Map<string, T>, isOver: (value: T) => boolean): void {
  for (const [key, value] of map) {
    if (!isOver(value)) return
    map.delete(key)
  }
}

const refreshKind = ({ scopes, user }: Agreement): RefreshToken['kind'] | null => {
  if (user === null) return null
  if (scopes.includes('offline_access')) return 'offline'
  return scopes.includes('online_access') ? 'online' : null
}

const grantOf = ({ client, persona, patient, user }: Agreement, scopes: readonly string[]): Grant => ({
  clientId: client.id,
  persona,
  scopes,
  patient,
  user: user?.fhirUser ?? null,
})

/** The claims of a real token, beside the registered ones; clients have no business in here. */
function accessClaims(
  agreement: Agreement,
  scopes: readonly string[],
  tenant: string,
): Record<string, unknown> {
  const { client, user, persona, patient, session } = agreement
  return {
    'urn:cerner:authorization:claims:version:1': {
      ver: '1.0',
      profiles: {
        'smart-v1': { azs: scopes.join(' '), ...(patient === null ? {} : { patients: [patient] }) },
      },
      client: { name: client.name, id: client.id },
      ...(user === null
        ? {}
        : { user: { principal: user.username, persona, idsp: tenant, sessionId: session } }),
      tenant,
    },
  }
}

/** What PKCE compares: base64url of SHA-256 (RFC 7636 §4.6). */
export const challengeOf = (verifier: string): string =>
  createHash('sha256').update(verifier).digest('base64url')
