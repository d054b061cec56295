import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { noteOn } from '../request-log.ts'
import { provesChallenge } from './authorize.ts'
import type { Agreement, Authority } from './authority.ts'
import { authenticateClient, claimedClient } from './client-authentication.ts'
import type { Client } from './clients.ts'
import { errorUri, TOKEN_PROBLEMS, TokenRefusal } from './problems.ts'
import { cutScopes } from './scopes.ts'

const SMART = '/tenants/:tenant/protocols/oauth2/profiles/smart-v1'
const TOKEN = ['/tenants/:tenant/hosts/:host/protocols/oauth2/profiles/smart-v1/token', `${SMART}/token`]

/** Token, revocation and introspection (cerner-fhir-r4.md §2.3 to §2.6). */
export async function tokenRoutes(
  app: FastifyInstance,
  { authority }: { authority: Authority },
): Promise<void> {
  const token = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const form = formOf(request)
    const client = claimedClient(request.headers.authorization, form)
    const grantType = form.get('grant_type') ?? 'none'
    noteOn(request, { client })
    try {
      const answer = await grant(authority, request, form)
      authority.counts.add(client, grantType, 'granted')
      return neverStored(reply).send(answer)
    } catch (thrown) {
      authority.counts.add(client, grantType, 'refused')
      return refused(authority, request, reply, client, thrown)
    }
  }
  for (const path of TOKEN) app.post(path, token)

  app.post(`${SMART}/token/revoke`, async (request, reply) => {
    const form = formOf(request)
    try {
      const client = await authenticateClient(authority, request.headers.authorization, form)
      noteOn(request, { client: client.id })
      revoke(authority, client, form.get('token') ?? '')
      return neverStored(reply).send()
    } catch (thrown) {
      return refused(authority, request, reply, claimedClient(request.headers.authorization, form), thrown)
    }
  })

  app.post('/tokeninfo', async (request, reply) => {
    const form = formOf(request)
    try {
      const client = await authenticateClient(authority, request.headers.authorization, form)
      noteOn(request, { client: client.id })
      return neverStored(reply).send(introspect(authority, client, form.get('token') ?? ''))
    } catch (thrown) {
      return refused(authority, request, reply, claimedClient(request.headers.authorization, form), thrown)
    }
  })
}

// A wrong media type leaves no form to read.
function formOf({ body }: FastifyRequest): URLSearchParams {
  return body instanceof URLSearchParams ? body : new URLSearchParams()
}

const neverStored = (reply: FastifyReply): FastifyReply =>
  reply
    .header('cache-control', 'no-store')
    .header('pragma', 'no-cache')
    .header('cerner-correlation-id', randomUUID())

/** @throws anything that is not a {@link TokenRefusal} */
export function refused(
  authority: Authority,
  request: FastifyRequest,
  reply: FastifyReply,
  client: string | null,
  thrown: unknown,
): FastifyReply {
  if (!(thrown instanceof TokenRefusal)) throw thrown
  const [error, status, tail] = TOKEN_PROBLEMS[thrown.problem]
  noteOn(request, { note: thrown.reason })
  const instance = randomUUID()
  const { tenant = authority.tenant } = request.params as { tenant?: string }
  const error_uri = errorUri(authority.endpoints().origin, tail, { instance, client, tenant })
  if (status === 401) reply.header('www-authenticate', 'Basic realm="authorization"')
  return neverStored(reply).header('cerner-correlation-id', instance).code(status).send({ error, error_uri })
}

// --- grants ---

async function grant(
  authority: Authority,
  request: FastifyRequest,
  form: URLSearchParams,
): Promise<Record<string, unknown>> {
  const { tenant } = request.params as { tenant: string }
  if (tenant !== authority.tenant) throw new TokenRefusal('tenant', 'the tenant is unknown')
  if ([...form.keys()].some((name) => form.getAll(name).length > 1))
    throw new TokenRefusal('request', 'a parameter is repeated')
  const client = await authenticateClient(authority, request.headers.authorization, form)
  if (!client.enabled) throw new TokenRefusal('unauthorizedClient', 'the app is not enabled for this tenant')
  switch (form.get('grant_type')) {
    case 'client_credentials':
      return system(authority, client, form)
    case 'authorization_code':
      return code(authority, client, form)
    case 'refresh_token':
      return refresh(authority, client, form)
    case null:
      throw new TokenRefusal('request', 'grant_type is missing')
    default:
      throw new TokenRefusal('grantType', 'grant_type is not one of the three')
  }
}

/** §2.5: no refresh token and no context. */
async function system(
  authority: Authority,
  client: Client,
  form: URLSearchParams,
): Promise<Record<string, unknown>> {
  if (client.persona !== 'system')
    throw new TokenRefusal('unauthorizedClient', 'the app is not a system account')
  const scopes = cutScopes(client, form.get('scope') ?? '')
  if (scopes.length === 0)
    throw new TokenRefusal('emptyScopes', 'no scope asked for is registered in this syntax')
  const nobody = { user: null, patient: null, encounter: null, session: null, nonce: null }
  const issued = await authority.issueAccess({ client, persona: 'system', scopes, ...nobody })
  return {
    access_token: issued.token,
    scope: issued.scopes.join(' '),
    token_type: 'Bearer',
    expires_in: authority.tokenSeconds,
  }
}

async function code(
  authority: Authority,
  client: Client,
  form: URLSearchParams,
): Promise<Record<string, unknown>> {
  const { agreement, redirectUri, challenge, state } = authority.redeemCode(form.get('code') ?? '')
  if (agreement.client.id !== client.id) throw new TokenRefusal('code', 'the code is of another client')
  if (form.get('redirect_uri') !== redirectUri)
    throw new TokenRefusal('code', 'redirect_uri differs from the first')
  if (!provesChallenge(challenge, form.get('code_verifier')))
    throw new TokenRefusal('code', 'code_verifier does not fit the challenge')
  const answer = await answerFor(authority, agreement)
  const refreshToken = authority.issueRefresh(agreement)
  return {
    ...answer,
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    ...(state === null ? {} : { state }),
  }
}

/** §2.4: the answer has no refresh token; the first one goes on. */
async function refresh(
  authority: Authority,
  client: Client,
  form: URLSearchParams,
): Promise<Record<string, unknown>> {
  const { agreement } = authority.useRefresh(form.get('refresh_token') ?? '', client)
  const asked = form.get('scope')
  if (asked === null) return answerFor(authority, agreement)
  const scopes = cutScopes({ syntax: client.syntax, scopes: agreement.scopes, offline: true }, asked)
  if (scopes.length === 0) throw new TokenRefusal('emptyScopes', 'no scope asked for was granted before')
  return answerFor(authority, { ...agreement, scopes })
}

/** The answer of §2.3; context stands in it only when known. */
async function answerFor(authority: Authority, agreement: Agreement): Promise<Record<string, unknown>> {
  const { token, scopes } = await authority.issueAccess(agreement)
  const { patient, encounter, user } = agreement
  const { origin } = authority.endpoints()
  return {
    access_token: token,
    token_type: 'Bearer',
    expires_in: authority.tokenSeconds,
    scope: scopes.join(' '),
    ...(patient === null ? {} : { patient, need_patient_banner: !scopes.includes('launch') }),
    ...(encounter === null ? {} : { encounter }),
    ...(user === null ? {} : { user: user.id, username: user.username }),
    tenant: authority.tenant,
    smart_style_url: `${origin}/styles/smart-v1.json`,
    ...(scopes.includes('openid') ? { id_token: await idToken(authority, agreement, scopes) } : {}),
  }
}

async function idToken(
  authority: Authority,
  agreement: Agreement,
  scopes: readonly string[],
): Promise<string> {
  const { issuer, fhir } = authority.endpoints()
  const { user, client, nonce } = agreement
  const issuedAt = Math.floor(authority.clock.now() / 1000)
  const address = `${fhir}/${user?.fhirUser ?? ''}`
  return authority.keys.sign('RS256', {
    iss: oidcIssuer(issuer, authority.tenant),
    sub: user?.username ?? '',
    aud: client.id,
    iat: issuedAt,
    exp: issuedAt + authority.tokenSeconds + 30,
    ...(nonce === null ? {} : { nonce }),
    ...(scopes.includes('fhirUser') ? { fhirUser: address } : {}),
    ...(scopes.includes('profile') ? { profile: address, name: user?.name } : {}),
  })
}

/** It ends in a slash, and `.well-known/openid-configuration` follows it. */
export const oidcIssuer = (issuer: string, tenant: string): string => `${issuer}/oidc/idsps/${tenant}/`

// --- what comes after ---

/** Taking back a refresh token leaves the access tokens that are out (§2.4); an unknown token is no error (RFC 7009). */
function revoke(authority: Authority, client: Client, token: string): void {
  const found = authority.refresh(token) ?? authority.access(token)
  if (found !== undefined && found.agreement.client.id === client.id) found.revoked = true
}

/** RFC 7662 §2.2: nothing is said about a token that is not good, or not the caller's. */
function introspect(authority: Authority, client: Client, token: string): Record<string, unknown> {
  const found = authority.access(token)
  const isLive = found !== undefined && !found.revoked && found.expiresAt > authority.clock.now()
  if (!isLive || found.agreement.client.id !== client.id) return { active: false }
  const { grant, agreement, issuedAt, expiresAt } = found
  return {
    active: true,
    scope: grant.scopes.join(' '),
    client_id: grant.clientId,
    token_type: 'Bearer',
    iat: Math.floor(issuedAt / 1000),
    exp: Math.floor(expiresAt / 1000),
    iss: `${authority.endpoints().origin}/`,
    sub: agreement.user?.username ?? client.id,
    tenant: found.tenant,
    ...(grant.patient === null ? {} : { patient: grant.patient }),
  }
}
