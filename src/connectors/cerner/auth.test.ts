import { decodeProtectedHeader, importJWK, jwtVerify } from 'jose'
import { describe, expect, test } from 'vitest'
import { clientFor, farSide, rawFarSide, readRawRequest } from '../fhir/far-side.world.ts'
import type { Answering } from '../fhir/far-side.world.ts'
import { makeKeyPair, publicHalf } from './auth-keys.ts'
import { requestToken, systemProof } from './auth.ts'
import type { ClientProof, Grant } from './auth.ts'
import { cernerSettings } from './definition.ts'

const SECRET: ClientProof = { method: 'client_secret_basic', clientId: 'c1', clientSecret: 'p:ss w' }
const SYSTEM: Grant = {
  type: 'client_credentials',
  scopes: ['system/Patient.read', 'system/Appointment.read'],
}
const TOKEN = {
  access_token: 'eyJ.secret',
  token_type: 'Bearer',
  expires_in: 570,
  scope: 'system/Patient.read',
}
const NOW = Date.parse('2026-05-01T12:00:00Z')

const granting: Answering = (_, response) =>
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(TOKEN))

const errorUri = (urn: string): string =>
  `https://authorization.cerner.com/errors/${encodeURIComponent(`urn:cerner:error:authorization-server:oauth2:${urn}`)}/instances/0f9d?client=c1&tenant=t`

async function ask(answering: Answering, options: { proof?: ClientProof; grant?: Grant } = {}) {
  await using far = await farSide(answering)
  const { client, log, timer } = clientFor('http://127.0.0.1:1/r4/t')
  await using _ = client
  const tokenUrl = `${far.base}/token`
  const result: unknown = await requestToken({
    web: client.web,
    tokenUrl,
    proof: options.proof ?? SECRET,
    grant: options.grant ?? SYSTEM,
  }).catch((error: unknown) => error)
  return { result, asked: far.asked, calls: log.calls, tokenUrl, timer }
}

const formOf = (body: string | undefined): Record<string, string> =>
  Object.fromEntries(new URLSearchParams(body))

test('a system account with a secret asks by HTTP Basic, its scopes joined by one space', async () => {
  const { result, asked } = await ask(granting)
  expect(result).toMatchObject({
    token: {
      value: 'eyJ.secret',
      expiresAtMs: NOW + 570_000,
      scope: 'system/Patient.read',
      tokenType: 'Bearer',
    },
  })
  expect(asked[0]?.headers.authorization).toBe(`Basic ${Buffer.from('c1:p%3Ass%20w').toString('base64')}`)
  expect(asked[0]?.body).toBe(
    'grant_type=client_credentials&scope=system%2FPatient.read%20system%2FAppointment.read',
  )
})

test.each(['RS384', 'ES384'] as const)(
  'a key pair signs an assertion with %s that its public half proves',
  async (algorithm) => {
    const pair = await makeKeyPair(algorithm)
    const proof: ClientProof = {
      method: 'private_key_jwt',
      clientId: 'c1',
      privateKey: pair.privateKey,
      keyId: pair.keyId,
      algorithm,
    }
    const { asked, tokenUrl } = await ask(granting, { proof })
    expect(asked[0]?.headers.authorization).toBeUndefined()
    const form = formOf(asked[0]?.body)
    expect(form['client_assertion_type']).toBe('urn:ietf:params:oauth:client-assertion-type:jwt-bearer')
    const assertion = form['client_assertion'] ?? ''
    expect(decodeProtectedHeader(assertion)).toMatchObject({ alg: algorithm, kid: pair.keyId })
    const [key] = pair.jwks.keys
    if (!key) throw new Error('no key')
    const { payload } = await jwtVerify(assertion, await importJWK(key, algorithm), {
      currentDate: new Date(NOW),
    })
    expect(payload).toMatchObject({ iss: 'c1', sub: 'c1', aud: tokenUrl })
    expect((payload.exp ?? 0) - NOW / 1000).toBeLessThanOrEqual(300)
    expect(payload.jti).toMatch(/^[0-9a-f-]{36}$/)
  },
)

test('a clock that is off is set right by the far side, once', async () => {
  const pair = await makeKeyPair('ES384')
  const proof: ClientProof = {
    method: 'private_key_jwt',
    clientId: 'c1',
    privateKey: pair.privateKey,
    keyId: '',
    algorithm: 'ES384',
  }
  const issuedAt: number[] = []
  const { result } = await ask(
    (one, response) => {
      const claims = Buffer.from(
        formOf(one.body)['client_assertion']?.split('.')[1] ?? '',
        'base64url',
      ).toString()
      const { iat } = JSON.parse(claims) as { iat: number }
      issuedAt.push(iat * 1000 - NOW)
      response.setHeader('date', 'Fri, 01 May 2026 13:00:00 GMT')
      if (iat * 1000 > NOW + 3_000_000) response.end(JSON.stringify(TOKEN))
      else response.writeHead(401).end(JSON.stringify({ error: 'invalid_client' }))
    },
    { proof },
  )
  expect(result).toMatchObject({ token: { value: 'eyJ.secret' } })
  expect(issuedAt).toEqual([0, 3_600_000])
})

test('a code is exchanged with its verifier, by a client that proves itself by PKCE alone', async () => {
  const { asked } = await ask(granting, {
    proof: { method: 'none', clientId: 'public' },
    grant: {
      type: 'authorization_code',
      code: 'k',
      redirectUri: 'https://app.example/smart/callback',
      verifier: 'v',
    },
  })
  expect(asked[0]?.headers.authorization).toBeUndefined()
  expect(formOf(asked[0]?.body)).toEqual({
    grant_type: 'authorization_code',
    code: 'k',
    redirect_uri: 'https://app.example/smart/callback',
    code_verifier: 'v',
    client_id: 'public',
  })
})

describe('a refusal', () => {
  test('names the OAuth code and what the URN says, and is not asked again', async () => {
    const { result, asked } = await ask((_, response) =>
      response.writeHead(401).end(
        JSON.stringify({
          error: 'invalid_client',
          error_uri: errorUri('token:invalid-client-credentials'),
        }),
      ),
    )
    expect(result).toMatchObject({
      code: 'FHIR_TOKEN_REFUSED',
      at: { error: 'invalid_client', urn: 'token:invalid-client-credentials' },
    })
    expect(asked).toHaveLength(1)
  })

  test('of a gateway that knows no OAuth is told by its status', async () => {
    const { result } = await ask((_, response) => response.writeHead(404).end('<html>'))
    expect(result).toMatchObject({ code: 'FHIR_TOKEN_REFUSED', at: { error: 'HTTP 404' } })
  })
})

describe('when nobody decides', () => {
  test.each<[string, Answering]>([
    ['503', (_, response) => response.writeHead(503).end()],
    ['429', (_, response) => response.writeHead(429).end()],
    ['a broken connection', (_, response) => response.destroy()],
    ['HTML with status 200', (_, response) => response.end('<html>')],
  ])('a system token is asked for again after %s', async (_name, fault) => {
    const { result, asked } = await ask((one, response, nth) =>
      nth < 3 ? fault(one, response, nth) : granting(one, response, nth),
    )
    expect(result).toMatchObject({ token: { value: 'eyJ.secret' } })
    expect(asked).toHaveLength(3)
  })

  test('a code is sent once only', async () => {
    const { result, asked } = await ask((_, response) => response.writeHead(503).end(), {
      grant: { type: 'authorization_code', code: 'k', redirectUri: 'https://app.example/' },
    })
    expect(result).toMatchObject({ code: 'FHIR_TOKEN_UNAVAILABLE', kind: 'transient', at: { reason: '503' } })
    expect(asked).toHaveLength(1)
  })
})

test('the log of a token call has no secret, code, assertion or token', async () => {
  const { calls } = await ask(
    (_, response) =>
      response.end(JSON.stringify({ ...TOKEN, refresh_token: 'refresh-secret', id_token: 'id-secret' })),
    { grant: { type: 'refresh_token', refreshToken: 'refresh-secret' } },
  )
  const shown = calls.map((call) => ({
    ...call,
    requestBody: Buffer.from(call.requestBody ?? []).toString(),
    responseBody: Buffer.from(call.responseBody ?? []).toString(),
  }))
  expect(shown).toMatchObject([
    { kind: 'POST token', requestHeaders: { Authorization: 'Basic …' }, status: 200 },
  ])
  expect(shown[0]?.requestBody).toBe('grant_type=refresh_token&refresh_token=…')
  expect(shown[0]?.responseBody).toContain('"scope":"system/Patient.read"')
  expect(JSON.stringify(shown)).not.toMatch(/eyJ|refresh-secret|id-secret|c1:p/)
})

test('the token call goes over the wire as the vendor documents it', async () => {
  const body = JSON.stringify(TOKEN)
  await using far = await rawFarSide(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  const { client } = clientFor('http://127.0.0.1:1/r4/t')
  await using _ = client
  await requestToken({
    web: client.web,
    tokenUrl: `${far.origin}/tenants/t/token`,
    proof: SECRET,
    grant: SYSTEM,
  })
  const { line, headers } = readRawRequest(far.requests[0])
  expect(line).toBe('POST /tenants/t/token HTTP/1.1')
  expect(headers).toEqual(
    expect.arrayContaining(['Content-Type: application/x-www-form-urlencoded', 'Accept: application/json']),
  )
})

test('the proof of the system account is what the settings say', () => {
  const settings = cernerSettings.parse({ auth: { method: 'private_key_jwt', clientId: 'c1', keyId: 'k1' } })
  expect(systemProof(settings)).toMatchObject({
    method: 'private_key_jwt',
    clientId: 'c1',
    keyId: 'k1',
    algorithm: 'RS384',
  })
})

describe('a key', () => {
  test('shows a public half with nothing private in it, under the same name each time', async () => {
    const pair = await makeKeyPair('RS384')
    const again = await publicHalf(pair.privateKey, 'RS384')
    expect(again).toEqual({ keyId: pair.keyId, jwks: pair.jwks, pem: pair.pem })
    expect(Object.keys(pair.jwks.keys[0] ?? {}).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
    expect(pair.pem).toMatch(/^-----BEGIN PUBLIC KEY-----/)
    expect(pair.privateKey).toMatch(/^-----BEGIN PRIVATE KEY-----/)
  })

  test('for another algorithm, or none at all, is refused without being quoted', async () => {
    const pair = await makeKeyPair('ES384')
    await expect(publicHalf(pair.privateKey, 'RS384')).rejects.toMatchObject({ code: 'TLS_MATERIAL_INVALID' })
    const error: unknown = await publicHalf('hunter2', 'RS384').catch((thrown: unknown) => thrown)
    expect(String(error) + String((error as Error).cause)).not.toContain('hunter2')
  })
})
