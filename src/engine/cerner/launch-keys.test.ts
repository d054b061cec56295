import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { CryptoKey, JSONWebKeySet, JWTPayload } from 'jose'
import { beforeAll, expect, test } from 'vitest'
import type { Answer } from '../../connectors/fhir/client.ts'
import { checkIdToken } from './launch-keys.ts'
import type { IdTokenCheck } from './launch-keys.ts'
import { issuersOf } from './launch-complete.ts'

const NOW = Date.parse('2026-03-04T18:00:00Z')
const SECONDS = NOW / 1000
const ISSUER = 'https://authorization.example/tenants/t'
let signer: { key: CryptoKey; set: JSONWebKeySet }
let stranger: CryptoKey

beforeAll(async () => {
  const { publicKey, privateKey } = await generateKeyPair('RS256', { extractable: true })
  signer = { key: privateKey, set: { keys: [{ ...(await exportJWK(publicKey)), kid: 'new', alg: 'RS256' }] } }
  stranger = (await generateKeyPair('RS256')).privateKey
})

const claims = (changes: JWTPayload = {}): JWTPayload => ({
  iss: `${ISSUER}/oidc/idsps/t/`,
  aud: 'app',
  sub: 'JDOE',
  nonce: 'n-1',
  iat: SECONDS,
  exp: SECONDS + 600,
  ...changes,
})

const signed = (payload: JWTPayload, key = signer.key, kid = 'new'): Promise<string> =>
  new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid }).sign(key)

/** A server of keys that answers these sets in turn, the last one for ever. */
function serverOf(...sets: JSONWebKeySet[]) {
  let asked = 0
  const answer = (): Promise<Answer> => {
    const set = sets[Math.min(asked, sets.length - 1)]
    asked += 1
    return Promise.resolve({
      bytes: Buffer.from(JSON.stringify(set)),
      headers: {},
      status: 200,
    } as unknown as Answer)
  }
  return { web: { answer }, asked: () => asked }
}

const check = (token: string, changes: Partial<IdTokenCheck> = {}) =>
  checkIdToken({
    web: serverOf(signer.set).web,
    keys: new Map(),
    jwksUrl: 'https://authorization.example/jwk',
    token,
    issuers: issuersOf(ISSUER, 't'),
    clientId: 'app',
    nonce: 'n-1',
    nowMs: NOW,
    pause: () => Promise.resolve(),
    ...changes,
  })

test('an id token of the server or of its identity provider tells who is signed in', async () => {
  for (const iss of [ISSUER, `${ISSUER}/`, `${ISSUER}/oidc/idsps/t`, `${ISSUER}/oidc/idsps/t/`])
    expect(await check(await signed(claims({ iss })))).toMatchObject({ sub: 'JDOE' })
})

test('an id token that is not for us, or not of this launch, is refused by the name of its claim', async () => {
  const cases: [JWTPayload, string][] = [
    [{ iss: 'https://elsewhere.example' }, 'id_token.iss'],
    [{ iss: `${ISSUER}/oidc/idsps/other/` }, 'id_token.iss'],
    [{ aud: 'another-app' }, 'id_token.aud'],
    [{ nonce: 'n-2' }, 'id_token.nonce'],
    [{ nonce: undefined }, 'id_token.nonce'],
    [{ exp: SECONDS - 61 }, 'id_token.exp'],
  ]
  for (const [changes, place] of cases)
    await expect(check(await signed(claims(changes)))).rejects.toMatchObject({
      code: 'LAUNCH_INVALID',
      at: { place },
    })
})

test('a clock that is off by less than a minute does not matter', async () => {
  expect(await check(await signed(claims({ exp: SECONDS - 59 })))).toMatchObject({ sub: 'JDOE' })
})

test('a signature of somebody else, or none, is refused', async () => {
  await expect(check(await signed(claims(), stranger))).rejects.toMatchObject({
    at: { place: 'id_token.signature' },
  })
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims())).toString('base64url')}.`
  await expect(check(unsigned)).rejects.toMatchObject({ code: 'LAUNCH_INVALID' })
})

test('keys that are known are not asked for again, until one is missing', async () => {
  const token = await signed(claims())
  const keys = new Map()
  const server = serverOf(signer.set)
  await check(token, { keys, web: server.web })
  await check(token, { keys, web: server.web })
  expect(server.asked()).toBe(1)
  const renamed = { keys: signer.set.keys.map((one) => ({ ...one, kid: 'newer' })) }
  // A fresh key may be missing at first.
  const late = serverOf(signer.set, renamed)
  const newer = await signed(claims(), signer.key, 'newer')
  expect(await check(newer, { keys, web: late.web })).toMatchObject({ sub: 'JDOE' })
  expect(late.asked()).toBe(2)
})

test('a key that never comes is named', async () => {
  const server = serverOf(signer.set)
  const token = await signed(claims(), signer.key, 'unheard-of')
  await expect(check(token, { web: server.web })).rejects.toMatchObject({ at: { place: 'id_token.kid' } })
  expect(server.asked()).toBe(3)
})
