import { createPublicKey, timingSafeEqual, createHash } from 'node:crypto'
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  decodeJwt,
  jwtVerify,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose'
import type { Authority } from './authority.ts'
import { isPublic, type Client } from './clients.ts'
import { olderTokenAddress } from './endpoints.ts'
import { TokenRefusal } from './problems.ts'

const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const ASSERTION_LIVES_SECONDS = 300
const SKEW_SECONDS = 30

/**
 * Who calls the token endpoint: HTTP Basic, a signed assertion (RS384, ES384), or for public clients the id alone.
 *
 * @throws TokenRefusal `authorizationHeader`, `clientCredentials`, `assertion` (cerner-fhir-r4.md §2.3, §2.6)
 */
export async function authenticateClient(
  authority: Authority,
  authorization: string | undefined,
  form: URLSearchParams,
): Promise<Client> {
  const client = await whoever(authority, authorization, form)
  const said = form.get('client_id')
  if (said !== null && said !== client.id)
    throw new TokenRefusal('clientCredentials', 'client_id is of another client')
  return client
}

/** The client a call claims to come from, for counting; nothing is proven. */
export function claimedClient(authorization: string | undefined, form: URLSearchParams): string | null {
  const basic = basicOf(authorization)
  if (basic !== null) return basic.id
  return form.get('client_id') ?? subjectOf(form.get('client_assertion'))
}

async function whoever(
  authority: Authority,
  authorization: string | undefined,
  form: URLSearchParams,
): Promise<Client> {
  const assertion = form.get('client_assertion')
  if (authorization !== undefined) return byBasic(authority, authorization)
  if (assertion !== null) return byAssertion(authority, form.get('client_assertion_type'), assertion)
  return byIdAlone(authority, form)
}

function byBasic({ clients }: Authority, authorization: string): Client {
  const basic = basicOf(authorization)
  if (basic === null) throw new TokenRefusal('authorizationHeader', 'the Authorization header is not Basic')
  const client = clients.get(basic.id)
  if (client === undefined) throw new TokenRefusal('clientCredentials', 'the client is unknown')
  if (client.secret === null || !isSame(client.secret, basic.secret))
    throw new TokenRefusal('clientCredentials', 'the secret is wrong')
  return client
}

function byIdAlone({ clients }: Authority, form: URLSearchParams): Client {
  const id = form.get('client_id')
  if (id === null) throw new TokenRefusal('authorizationHeader', 'nobody says who is calling')
  const client = clients.get(id)
  if (client === undefined) throw new TokenRefusal('clientCredentials', 'the client is unknown')
  if (!isPublic(client))
    throw new TokenRefusal('clientCredentials', 'a confidential client must prove itself')
  return client
}

/** Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1). */
function basicOf(authorization: string | undefined): { id: string; secret: string } | null {
  const [, encoded] = /^Basic +([A-Za-z0-9+/=_-]+)$/i.exec(authorization ?? '') ?? []
  if (encoded === undefined) return null
  const joined = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = joined.indexOf(':')
  if (colon < 0) return null
  try {
    return { id: formDecoded(joined.slice(0, colon)), secret: formDecoded(joined.slice(colon + 1)) }
  } catch {
    return null
  }
}

const formDecoded = (text: string): string => decodeURIComponent(text.replaceAll('+', ' '))

// Hashed first, so that the comparison does not tell the length either.
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}

// --- private_key_jwt (RFC 7523) ---

async function byAssertion(authority: Authority, type: string | null, assertion: string): Promise<Client> {
  if (type !== ASSERTION_TYPE) throw new TokenRefusal('assertion', 'client_assertion_type is not jwt-bearer')
  const client = authority.clients.get(subjectOf(assertion) ?? '')
  if (client === undefined) throw new TokenRefusal('assertion', 'sub names no client')
  const claims = await verified(authority, client, assertion)
  const now = authority.clock.now() / 1000
  if (claims.exp === undefined || claims.exp > now + ASSERTION_LIVES_SECONDS + SKEW_SECONDS)
    throw new TokenRefusal('assertion', 'exp is missing or more than five minutes away')
  if (typeof claims.jti !== 'string' || claims.jti === '')
    throw new TokenRefusal('assertion', 'jti is missing')
  if (authority.isReplay(client.id, claims.jti, claims.exp * 1000 + SKEW_SECONDS * 1000))
    throw new TokenRefusal('assertion', 'jti was used before')
  return client
}

async function verified(authority: Authority, client: Client, assertion: string): Promise<JWTPayload> {
  const { issuer, token } = authority.endpoints()
  const options = {
    algorithms: ['RS384', 'ES384'],
    issuer: client.id,
    subject: client.id,
    audience: [token, olderTokenAddress(issuer)],
    currentDate: new Date(authority.clock.now()),
    clockTolerance: SKEW_SECONDS,
  }
  try {
    const keys = keysOf(client)
    const { payload } = await jwtVerify(assertion, keys, options)
    return payload
  } catch (cause) {
    throw new TokenRefusal(
      'assertion',
      cause instanceof Error ? cause.message : 'the assertion cannot be verified',
    )
  }
}

function keysOf(client: Client): JWTVerifyGetKey {
  const { jwks, jwksUrl, pem } = client
  if (jwks !== null) return createLocalJWKSet(jwks)
  if (jwksUrl !== null) return remoteSet(client, jwksUrl)
  if (pem === null) throw new Error('no key is registered for this client')
  const key = createPublicKey(pem)
  return async () => key
}

const remoteSets = new WeakMap<Client, JWTVerifyGetKey>()

// Fetched once for each registration. A key that is not in the set is looked for again after a second, as keys change.
function remoteSet(client: Client, url: string): JWTVerifyGetKey {
  const known = remoteSets.get(client) ?? createRemoteJWKSet(new URL(url), { cooldownDuration: 1000 })
  remoteSets.set(client, known)
  return known
}

function subjectOf(assertion: string | null): string | null {
  if (assertion === null) return null
  try {
    return decodeJwt(assertion).sub ?? null
  } catch {
    return null
  }
}
