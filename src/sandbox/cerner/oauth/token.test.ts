import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  decodeJwt,
  decodeProtectedHeader,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
} from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { APPS, bearer, openDoors, STARTED_AT, TENANT, type TestDoors } from '../server.world.ts'

let doors: TestDoors
beforeEach(async () => {
  doors = await openDoors()
})
afterEach(() => doors[Symbol.asyncDispose]())

const SYSTEM = { grant_type: 'client_credentials', scope: 'system/Patient.read' }
const INVALID = 'urn:cerner:error:authorization-server:oauth2:'

/** Status, OAuth code and the tail of the URN; checks the shape on the way. */
async function refusal(answer: Response): Promise<[number, unknown, string]> {
  const body = (await answer.json()) as Record<string, string>
  expect(Object.keys(body).sort()).toEqual(['error', 'error_uri'])
  const uri = new URL(body['error_uri'] ?? '')
  const [, , urn = '', , instance] = uri.pathname.split('/')
  expect(answer.headers.get('cerner-correlation-id')).toBe(instance)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(decodeURIComponent(urn)).toMatch(new RegExp(`^${INVALID}`))
  return [answer.status, body['error'], decodeURIComponent(urn).slice(INVALID.length)]
}

test('a system account gets a token for its secret, without context and without a refresh token', async () => {
  const answer = await doors.token({ ...SYSTEM, scope: 'system/Patient.read system/Appointment.read' })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('pragma')).toBe('no-cache')
  const body = (await answer.json()) as Record<string, string>
  expect(Object.keys(body).sort()).toEqual(['access_token', 'expires_in', 'scope', 'token_type'])
  expect(body).toMatchObject({
    token_type: 'Bearer',
    expires_in: 570,
    scope: 'system/Patient.read system/Appointment.read',
  })
})

test('the access token is an ES256 JWT that outlives expires_in by thirty seconds', async () => {
  const token = await doors.systemToken()
  expect(decodeProtectedHeader(token)).toMatchObject({ alg: 'ES256', kid: '2026-03-04T15:00:00.000.ec' })
  const { iat = 0, exp = 0 } = decodeJwt(token)
  expect([iat, exp - iat]).toEqual([STARTED_AT / 1000, 600])
})

test('scopes that are not registered, or are of the other syntax, are cut; with none left the call fails', async () => {
  const cut = await doors.token({
    ...SYSTEM,
    scope: 'system/Patient.read system/Patient.rs system/Observation.read',
  })
  expect(await cut.json()).toMatchObject({ scope: 'system/Patient.read' })
  const none = ['invalid_scope', 'token:empty-scopes']
  for (const scope of [
    'system/Patient.rs',
    'system/*.read',
    'system/Patient.read,system/Appointment.read',
    '',
  ])
    expect(await refusal(await doors.token({ ...SYSTEM, scope }))).toEqual([400, ...none])
  const v2 = await doors.token({ ...SYSTEM, scope: 'system/Patient.rs system/Patient.read' }, APPS.systemV2)
  expect(await v2.json()).toMatchObject({ scope: 'system/Patient.rs' })
})

test('a wrong secret, an unknown client and a JWT as bearer are told apart by their URN', async () => {
  const wrong = await doors.token(SYSTEM, { id: 'sys', secret: 'not it' })
  expect(await refusal(wrong)).toEqual([401, 'invalid_client', 'token:invalid-client-credentials'])
  const unknown = await doors.token(SYSTEM, { id: 'nobody', secret: 'x' })
  expect(await refusal(unknown)).toEqual([401, 'invalid_client', 'token:invalid-client-credentials'])
  const form = new URLSearchParams(SYSTEM)
  const asBearer = await doors.post(doors.server.endpoints.token, form, { authorization: 'Bearer e30.e30.x' })
  expect(await refusal(asBearer)).toEqual([401, 'invalid_client', 'token:invalid-authorization-header'])
  const nobody = await doors.token(SYSTEM, null)
  expect(await refusal(nobody)).toEqual([401, 'invalid_client', 'token:invalid-authorization-header'])
})

test('a confidential client cannot get by with its id alone', async () => {
  const answer = await doors.token({ ...SYSTEM, client_id: 'sys' }, null)
  expect(await refusal(answer)).toEqual([401, 'invalid_client', 'token:invalid-client-credentials'])
})

test('the error names the client, the tenant and an instance, and never a secret', async () => {
  const answer = await doors.token(SYSTEM, { id: 'sys', secret: 'not it' })
  const { error_uri = '' } = (await answer.json()) as Record<string, string>
  const uri = new URL(error_uri)
  expect(uri.searchParams.get('client')).toBe('sys')
  expect(uri.searchParams.get('tenant')).toBe(TENANT)
  expect(error_uri).not.toContain('not it')
})

test('the older token address without a host in it is still taken', async () => {
  const older = doors.server.endpoints.token.replace('/hosts/127.0.0.1', '')
  const credentials = Buffer.from(`sys2:s2`).toString('base64')
  const answer = await doors.post(older, new URLSearchParams({ ...SYSTEM, scope: 'system/Patient.rs' }), {
    authorization: `Basic ${credentials}`,
  })
  expect(answer.status).toBe(200)
})

test('a typing error in the tenant is an invalid grant', async () => {
  const elsewhere = doors.server.endpoints.token.replace(TENANT, 'another')
  const answer = await doors.post(elsewhere, new URLSearchParams(SYSTEM))
  expect(await refusal(answer)).toEqual([400, 'invalid_grant', 'token:invalid-tenant'])
})

test('an app that is not enabled here, or is no system account, is unauthorized', async () => {
  await fetch(`${doors.server.url}/_sandbox/clients/sys`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ enabled: false }),
  })
  expect((await refusal(await doors.token(SYSTEM)))[1]).toBe('unauthorized_client')
  expect((await refusal(await doors.token(SYSTEM, APPS.launched)))[1]).toBe('unauthorized_client')
})

test('a missing or unknown grant type and a repeated parameter are refused', async () => {
  expect((await refusal(await doors.token({ scope: 'x' })))[1]).toBe('invalid_request')
  expect((await refusal(await doors.token({ grant_type: 'password' })))[1]).toBe('unsupported_grant_type')
  const twice = new URLSearchParams([...Object.entries(SYSTEM), ['scope', 'system/Patient.read']])
  expect((await refusal(await doors.post(doors.server.endpoints.token, twice)))[1]).toBe('invalid_request')
})

test('calls of the token address are counted for each client', async () => {
  await doors.systemToken()
  await doors.systemToken()
  await doors.token(SYSTEM, { id: 'sys', secret: 'wrong' })
  await doors.token({ ...SYSTEM, scope: 'system/Patient.rs' }, APPS.systemV2)
  expect(doors.server.stats().tokenCalls).toMatchObject({
    sys: { granted: 2, refused: 1, byGrantType: { client_credentials: 3 } },
    sys2: { granted: 1, refused: 0 },
  })
})

// --- private_key_jwt ---

const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'
const BAD_ASSERTION = [401, 'invalid_client', 'client-assertion:jwt-bearer:invalid-signature']

async function signed(
  key: CryptoKey,
  claims: Record<string, unknown> = {},
  header: { alg?: string; kid?: string } = {},
): Promise<string> {
  const now = STARTED_AT / 1000
  return new SignJWT({
    iss: 'keyed',
    sub: 'keyed',
    aud: doors.server.endpoints.token,
    iat: now,
    exp: now + 300,
    jti: crypto.randomUUID(),
    ...claims,
  })
    .setProtectedHeader({ alg: 'RS384', kid: 'k1', ...header })
    .sign(key)
}

const withAssertion = (client_assertion: string): Promise<Response> =>
  doors.token({ ...SYSTEM, client_assertion_type: ASSERTION, client_assertion }, null)

const register = (more: object): unknown =>
  doors.server.oauth.clients.put({ id: 'keyed', persona: 'system', scopes: ['system/Patient.read'], ...more })

async function registerKey(alg = 'RS384'): Promise<CryptoKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  register({ jwks: { keys: [{ ...(await exportJWK(publicKey)), kty: kindOf(alg), kid: 'k1', alg }] } })
  return privateKey
}
const kindOf = (alg: string): string => (alg.startsWith('ES') ? 'EC' : 'RSA')

test.each(['RS384', 'ES384'])('an assertion signed with %s proves the client', async (alg) => {
  const key = await registerKey(alg)
  expect((await withAssertion(await signed(key, {}, { alg }))).status).toBe(200)
})

test('an assertion is good once', async () => {
  const assertion = await signed(await registerKey())
  expect((await withAssertion(assertion)).status).toBe(200)
  expect(await refusal(await withAssertion(assertion))).toEqual(BAD_ASSERTION)
})

test('without a registered key, no assertion is good', async () => {
  const key = await registerKey()
  register({ secret: 'only a secret' })
  expect(await refusal(await withAssertion(await signed(key)))).toEqual(BAD_ASSERTION)
})

test.each([
  ['for another address', { aud: 'https://elsewhere.example/token' }, /"aud"/],
  ['of another issuer', { iss: 'somebody else' }, /"iss"/],
  ['that has run out', { exp: STARTED_AT / 1000 - 60 }, /"exp"/],
  ['that lives longer than five minutes', { exp: STARTED_AT / 1000 + 3600 }, /five minutes/],
  ['without an end', { exp: undefined }, /exp is missing/],
  ['without an id', { jti: undefined }, /jti is missing/],
])('an assertion %s is refused, and the log of the sandbox says why', async (_what, claims, why) => {
  const key = await registerKey()
  expect(await refusal(await withAssertion(await signed(key, claims)))).toEqual(BAD_ASSERTION)
  expect(doors.server.log.calls().at(-1)?.note).toMatch(why)
})

test('an assertion for the issuer instead of the token address is refused', async () => {
  const key = await registerKey()
  const aud = doors.server.endpoints.issuer
  expect(await refusal(await withAssertion(await signed(key, { aud })))).toEqual(BAD_ASSERTION)
})

test('an assertion signed with another key or with RS256 is refused', async () => {
  const key = await registerKey()
  const other = await generateKeyPair('RS384')
  expect(await refusal(await withAssertion(await signed(other.privateKey)))).toEqual(BAD_ASSERTION)
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  register({ jwks: { keys: [{ ...(await exportJWK(publicKey)), kty: 'RSA', kid: 'k1' }] } })
  expect(await refusal(await withAssertion(await signed(privateKey, {}, { alg: 'RS256' })))).toEqual(
    BAD_ASSERTION,
  )
  expect(key.type).toBe('private')
})

test('a key registered as PEM is as good as a set', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true })
  register({ pem: await exportSPKI(publicKey) })
  expect((await withAssertion(await signed(privateKey, {}, { alg: 'ES384' }))).status).toBe(200)
})

test('keys are fetched from the registered address', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES384', { extractable: true })
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES384' }
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    register({ jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json` })
    expect((await withAssertion(await signed(privateKey, {}, { alg: 'ES384' }))).status).toBe(200)
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

// --- introspection and revocation ---

test('introspection tells a client about its own live tokens only', async () => {
  const token = await doors.systemToken()
  const introspect = async (app: { id: string; secret: string }): Promise<unknown> =>
    (
      await doors.post('/tokeninfo', new URLSearchParams({ token }), {
        authorization: `Basic ${Buffer.from(`${app.id}:${encodeURIComponent(app.secret)}`).toString('base64')}`,
      })
    ).json()
  expect(await introspect(APPS.system)).toMatchObject({
    active: true,
    client_id: 'sys',
    scope: 'system/Patient.read',
  })
  expect(await introspect(APPS.systemV2)).toEqual({ active: false })
  doors.clock.advance(600_000)
  expect(await introspect(APPS.system)).toEqual({ active: false })
  const nobody = await doors.post('/tokeninfo', new URLSearchParams({ token }))
  expect(nobody.status).toBe(401)
})

test('a client can take its own access token back, and no other', async () => {
  const token = await doors.systemToken()
  const revoke = (app: { id: string; secret: string }): Promise<Response> =>
    doors.post(doors.server.endpoints.revoke, new URLSearchParams({ token }), {
      authorization: `Basic ${Buffer.from(`${app.id}:${encodeURIComponent(app.secret)}`).toString('base64')}`,
    })
  const read = (): Promise<Response> =>
    doors.get(`/r4/${TENANT}/Patient/${doors.hospital.patientId(0)}`, bearer(token))
  expect((await revoke(APPS.systemV2)).status).toBe(200)
  expect((await read()).status).toBe(200)
  expect((await revoke(APPS.system)).status).toBe(200)
  expect((await read()).status).toBe(401)
})
