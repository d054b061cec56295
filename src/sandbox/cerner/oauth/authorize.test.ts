import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  allow,
  APPS,
  bearer,
  CALLBACK,
  openDoors,
  redirectOf,
  TENANT,
  VERIFIER,
  type TestDoors,
} from '../server.world.ts'

let doors: TestDoors
beforeEach(async () => {
  doors = await openDoors()
})
afterEach(() => doors[Symbol.asyncDispose]())

const MINUTE = 60_000
type Answer = Record<string, string>

async function startLaunch(changes: object = {}): Promise<string> {
  const patient = doors.hospital.patientId(0)
  const answer = await doors.post('/_sandbox/launch', { user: '9000001', patient, client: 'app', ...changes })
  return ((await answer.json()) as { launch: string }).launch
}

/** An EHR launch up to the code. */
async function ehrCode(changes: Record<string, string | null> = {}, launch: object = {}): Promise<string> {
  const scope = 'launch openid fhirUser patient/Patient.read online_access'
  const url = doors.authorizeUrl({ launch: await startLaunch(launch), scope, ...changes })
  return redirectOf(await doors.get(url)).searchParams.get('code') ?? ''
}

const redeem = (
  code: string,
  changes: Record<string, string> = {},
  app: Parameters<TestDoors['token']>[1] = APPS.launched,
) =>
  doors.token(
    { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: VERIFIER, ...changes },
    app,
  )

const refresh = (refresh_token: string, more: Record<string, string> = {}): Promise<Response> =>
  doors.token({ grant_type: 'refresh_token', refresh_token, ...more }, APPS.launched)

const tailOf = (uri: string | null): string =>
  decodeURIComponent(/errors\/([^/]+)/.exec(uri ?? '')?.[1] ?? '').replace(/^.*:oauth2:/, '')

const json = async (answer: Response): Promise<Answer> => (await answer.json()) as Answer
const problemOf = async (answer: Response): Promise<[string | undefined, string]> => {
  const { error, error_uri = '' } = await json(answer)
  return [error, tailOf(error_uri)]
}

// --- the whole way ---

test('an EHR launch goes straight to the app and gives it user, patient and encounter', async () => {
  const url = doors.authorizeUrl({
    launch: await startLaunch({ encounter: '97954261' }),
    scope: 'launch openid fhirUser profile patient/Patient.read online_access',
  })
  const back = await doors.get(url)
  expect(back.status).toBe(302)
  expect(redirectOf(back).href).toContain(`${CALLBACK}?code=`)
  expect(redirectOf(back).searchParams.get('state')).toBe('opaque state')
  const answer = await json(await redeem(redirectOf(back).searchParams.get('code') ?? ''))
  expect(answer).toMatchObject({
    token_type: 'Bearer',
    expires_in: 570,
    scope: 'launch openid fhirUser profile patient/Patient.read online_access',
    patient: doors.hospital.patientId(0),
    encounter: '97954261',
    user: '9000001',
    username: 'JJOHNSON',
    tenant: TENANT,
    need_patient_banner: false,
    state: 'opaque state',
  })
  expect(answer['refresh_token']).toMatch(/^[\w-]{32}$/)
  expect((await doors.get(answer['smart_style_url'] ?? '')).status).toBe(200)
})

test('the id_token is RS256, signed with a published key, and says who signed in', async () => {
  const { id_token = '' } = await json(await redeem(await ehrCode({ nonce: 'once' })))
  const keys = (await (await doors.get('/jwk')).json()) as JSONWebKeySet
  const issuer = `${doors.server.endpoints.issuer}/oidc/idsps/${TENANT}/`
  const { payload, protectedHeader } = await jwtVerify(id_token, createLocalJWKSet(keys), {
    issuer,
    audience: 'app',
    currentDate: new Date(doors.clock.now()),
  })
  expect(protectedHeader.alg).toBe('RS256')
  expect(payload['fhirUser']).toBe(`${doors.server.endpoints.fhir}/Practitioner/9000001`)
  expect(payload['nonce']).toBe('once')
  expect((await doors.get(`${issuer}.well-known/openid-configuration`)).status).toBe(200)
})

test('a standalone launch asks who signs in and which patient is meant', async () => {
  const scope = 'launch/patient openid fhirUser patient/Patient.read user/Appointment.read'
  const page = await (await doors.get(doors.authorizeUrl({ scope }))).text()
  expect(page).toContain('JOHNSON, JANE')
  const patient = doors.hospital.patientId(1)
  const back = await allow(doors, page, { user: '9000002', patient })
  const answer = await json(await redeem(redirectOf(back).searchParams.get('code') ?? ''))
  expect(answer).toMatchObject({ patient, user: '9000002', need_patient_banner: true })
})

test('a patient id that nobody has is asked for again', async () => {
  const scope = 'launch/patient patient/Patient.read'
  const page = await (await doors.get(doors.authorizeUrl({ scope }))).text()
  const again = await (await allow(doors, page, { patient: '1' })).text()
  expect(again).toContain('There is no patient with this id.')
  expect((await allow(doors, again, { patient: doors.hospital.patientId(0) })).status).toBe(302)
})

test('scopes that the person unticks are not granted', async () => {
  const scope = 'openid user/Patient.read user/Appointment.read online_access'
  const page = await (await doors.get(doors.authorizeUrl({ scope }))).text()
  const back = await allow(doors, page, { scopes: ['openid', 'user/Appointment.read'] })
  const answer = await json(await redeem(redirectOf(back).searchParams.get('code') ?? ''))
  expect(answer['scope']).toBe('openid user/Appointment.read')
  expect(answer).not.toHaveProperty('refresh_token')
})

test('to deny, or to untick every record, sends the app away with access_denied', async () => {
  for (const choice of [{ decision: 'deny' }, { scopes: ['openid'] }]) {
    const page = await (await doors.get(doors.authorizeUrl())).text()
    const { searchParams } = redirectOf(await allow(doors, page, choice))
    expect(searchParams.get('error')).toBe('access_denied')
    expect(searchParams.get('state')).toBe('opaque state')
    expect(tailOf(searchParams.get('error_uri'))).toBe('grant:denied-by-server')
    expect(searchParams.has('code')).toBe(false)
  }
})

test('a page is good once', async () => {
  const page = await (await doors.get(doors.authorizeUrl())).text()
  expect((await allow(doors, page)).status).toBe(302)
  expect((await allow(doors, page)).status).toBe(400)
})

test('the patient persona signs in to its own record and gets no other', async () => {
  const { fhir, issuer } = doors.server.endpoints
  const authorize = `${issuer}/protocols/oauth2/profiles/smart-v1/personas/patient/authorize`
  const query = new URL(
    doors.authorizeUrl({ client_id: 'portal', scope: 'launch/patient openid patient/Patient.rs', aud: fhir }),
  ).search
  const page = await (await doors.get(authorize + query)).text()
  const stranger = await (await allow(doors, page, { patient: doors.hospital.patientId(1) })).text()
  expect(stranger).toContain('This is not your record.')
  const back = await allow(doors, stranger, { patient: '' })
  const code = redirectOf(back).searchParams.get('code') ?? ''
  const answer = await json(await redeem(code, { client_id: 'portal' }, null))
  expect(answer['patient']).toBe(doors.hospital.patientId(0))
  await doors.get(
    `/r4/${TENANT}/Patient/${doors.hospital.patientId(0)}`,
    bearer(answer['access_token'] ?? ''),
  )
  expect(doors.hospital.told.at(-1)?.grant).toMatchObject({
    persona: 'patient',
    patient: doors.hospital.patientId(0),
    user: `Patient/${doors.hospital.patientId(0)}`,
  })
})

test('authorization may be asked for by POST', async () => {
  const url = new URL(doors.authorizeUrl())
  const page = await doors.post(url.pathname, url.searchParams)
  expect(page.status).toBe(200)
  expect(await page.text()).toContain('Sign in and allow access')
})

test('an app whose registration says so asks users inside PowerChart too', async () => {
  doors.server.oauth.clients.put({ ...APPS.launched, consent: 'always' })
  const page = await doors.get(
    doors.authorizeUrl({ launch: await startLaunch(), scope: 'launch patient/Patient.read' }),
  )
  expect(page.status).toBe(200)
  const back = await allow(doors, await page.text())
  expect(redirectOf(back).searchParams.has('code')).toBe(true)
})

// --- what is refused at the authorize address ---

test.each([
  ['an unknown client', { client_id: 'nobody' }, 'unknown-client'],
  ['another redirect address', { redirect_uri: 'http://127.0.0.1:9/elsewhere' }, 'invalid-redirect-uri'],
  ['a slash more at the end', { redirect_uri: `${CALLBACK}/` }, 'invalid-redirect-uri-trailing-slash'],
])('%s gets a page and is sent nowhere', async (_what, changes, tail) => {
  const answer = await doors.get(doors.authorizeUrl(changes))
  expect(answer.status).toBe(400)
  expect(answer.headers.get('location')).toBeNull()
  expect(tailOf(await answer.text())).toBe(tail)
})

test('an unknown tenant gets a page', async () => {
  const answer = await doors.get(doors.authorizeUrl().replace(TENANT, 'another'))
  expect([answer.status, tailOf(await answer.text())]).toEqual([400, 'unknown-tenant'])
})

test.each([
  ['no audience', { aud: null }, 'invalid_request', 'audience-required'],
  ['another audience', { aud: 'https://fhir.example/r4/x' }, 'invalid_request', 'audience-required'],
  ['a made-up launch code', { launch: 'x' }, 'invalid_request', 'smart-v1:grant:launch:invalid-launch-code'],
  [
    'patient scopes without a patient',
    { scope: 'patient/Patient.read' },
    'invalid_request',
    'patient-scope-requires-one-patient-id',
  ],
  ['no scope that is registered', { scope: 'user/Patient.rs' }, 'invalid_scope', 'token:empty-scopes'],
  [
    'another response type',
    { response_type: 'token' },
    'unsupported_response_type',
    'grant:unsupported-response-type',
  ],
  ['a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request', 'grant:invalid-request'],
  [
    'an app of another persona',
    { client_id: 'portal' },
    'unauthorized_client',
    'unauthorized-client-for-tenant',
  ],
])('%s is told to the app by redirect, with its state', async (_what, changes, error, tail) => {
  const answer = await doors.get(doors.authorizeUrl(changes))
  expect(answer.status).toBe(302)
  const { searchParams, origin } = redirectOf(answer)
  expect(origin).toBe('http://127.0.0.1:9')
  expect([searchParams.get('error'), tailOf(searchParams.get('error_uri'))]).toEqual([error, tail])
  expect(searchParams.get('state')).toBe('opaque state')
  const uri = new URL(searchParams.get('error_uri') ?? '')
  expect(uri.searchParams.get('tenant')).toBe(TENANT)
  expect(['app', 'portal']).toContain(uri.searchParams.get('client'))
  expect(uri.pathname).toContain(answer.headers.get('cerner-correlation-id') ?? 'no id')
})

test('the audience may be written with a slash at the end, as published bases are', async () => {
  const { fhir, dstu2 } = doors.server.endpoints
  for (const aud of [`${fhir}/`, dstu2])
    expect((await doors.get(doors.authorizeUrl({ aud }))).status).toBe(200)
})

test('a launch code is good once, for one app, and for ten minutes', async () => {
  const scope = 'launch patient/Patient.read'
  const launch = await startLaunch()
  const first = redirectOf(await doors.get(doors.authorizeUrl({ launch, scope })))
  expect(first.searchParams.has('code')).toBe(true)
  const tail = async (code: string, changes = {}): Promise<string> => {
    const { searchParams } = redirectOf(
      await doors.get(doors.authorizeUrl({ launch: code, scope, ...changes })),
    )
    return tailOf(searchParams.get('error_uri'))
  }
  expect(await tail(launch)).toMatch(/invalid-launch-code$/)
  expect(await tail(await startLaunch(), { client_id: 'public-app' })).toMatch(/invalid-launch-code$/)
  const old = await startLaunch()
  doors.clock.advance(11 * MINUTE)
  expect(await tail(old)).toMatch(/invalid-launch-code$/)
})

// --- the code ---

test('a code is good once and for five minutes', async () => {
  const code = await ehrCode()
  expect((await redeem(code)).status).toBe(200)
  expect(await problemOf(await redeem(code))).toEqual(['invalid_grant', 'token:code-invalid-or-expired'])
  const late = await ehrCode()
  doors.clock.advance(5 * MINUTE + 1)
  expect(await problemOf(await redeem(late))).toEqual(['invalid_grant', 'token:code-invalid-or-expired'])
})

test.each([
  ['another verifier', { code_verifier: 'b'.repeat(50) }],
  ['another redirect address', { redirect_uri: 'http://127.0.0.1:9/other/' }],
])('a code with %s is worth nothing', async (_what, changes) => {
  expect(await problemOf(await redeem(await ehrCode(), changes))).toEqual([
    'invalid_grant',
    'token:code-invalid-or-expired',
  ])
})

test('a code without its verifier is worth nothing, and one that came without a challenge needs none', async () => {
  const form = { grant_type: 'authorization_code', redirect_uri: CALLBACK }
  const missing = await doors.token({ ...form, code: await ehrCode() }, APPS.launched)
  expect((await problemOf(missing))[0]).toBe('invalid_grant')
  const plain = await ehrCode({ code_challenge: null, code_challenge_method: null })
  expect((await doors.token({ ...form, code: plain }, APPS.launched)).status).toBe(200)
})

test('a code of another client is worth nothing', async () => {
  const code = await ehrCode()
  expect((await problemOf(await redeem(code, { client_id: 'public-app' }, null)))[0]).toBe('invalid_grant')
})

test('a redirect address left out at first must be left out again', async () => {
  const form = { grant_type: 'authorization_code', code_verifier: VERIFIER }
  const code = await ehrCode({ redirect_uri: null })
  expect((await doors.token({ ...form, code }, APPS.launched)).status).toBe(200)
  const other = await ehrCode({ redirect_uri: null })
  expect((await redeem(other)).status).toBe(400)
})

test('a public client needs nothing but its id and the verifier', async () => {
  const page = await (
    await doors.get(doors.authorizeUrl({ client_id: 'public-app', scope: 'user/Patient.read' }))
  ).text()
  const code = redirectOf(await allow(doors, page)).searchParams.get('code') ?? ''
  expect((await redeem(code, { client_id: 'public-app' }, null)).status).toBe(200)
})

// --- refresh (§2.4) ---

test('a refresh gives a new access token and no new refresh token, and can be repeated', async () => {
  const first = await json(await redeem(await ehrCode()))
  doors.clock.advance(9 * MINUTE)
  for (const _time of [1, 2]) {
    const next = await json(await refresh(first['refresh_token'] ?? ''))
    expect(next).not.toHaveProperty('refresh_token')
    expect(next['access_token']).not.toBe(first['access_token'])
    expect(next['patient']).toBe(first['patient'])
  }
})

test('a refresh may ask for less, never for more', async () => {
  const scope = 'launch openid patient/Patient.read online_access'
  const { refresh_token = '' } = await json(await redeem(await ehrCode({ scope })))
  const less = await json(await refresh(refresh_token, { scope: 'patient/Patient.read' }))
  expect(less['scope']).toBe('patient/Patient.read')
  const more = await refresh(refresh_token, { scope: 'user/Appointment.read' })
  expect((await problemOf(more))[0]).toBe('invalid_scope')
})

test('online access ends with the session of the user', async () => {
  const { refresh_token = '' } = await json(await redeem(await ehrCode()))
  expect((await refresh(refresh_token)).status).toBe(200)
  await doors.post('/_sandbox/sessions/end', { user: '9000001' })
  expect(await problemOf(await refresh(refresh_token))).toEqual([
    'invalid_grant',
    'refresh-token:session-invalid',
  ])
})

test('offline access outlives the session, and ends after three months without use', async () => {
  const scope = 'launch patient/Patient.read offline_access'
  const { refresh_token = '' } = await json(await redeem(await ehrCode({ scope })))
  await doors.post('/_sandbox/sessions/end', {})
  const DAY = 24 * 60 * MINUTE
  doors.clock.advance(80 * DAY)
  expect((await refresh(refresh_token)).status).toBe(200)
  doors.clock.advance(80 * DAY)
  expect((await refresh(refresh_token)).status).toBe(200)
  doors.clock.advance(91 * DAY)
  expect(await problemOf(await refresh(refresh_token))).toEqual([
    'invalid_grant',
    'refresh-token:token-invalid',
  ])
})

test('offline access is not granted to an app registered for online use', async () => {
  const asked = { client_id: 'public-app', scope: 'user/Patient.read offline_access' }
  const page = await (await doors.get(doors.authorizeUrl(asked))).text()
  const code = redirectOf(await allow(doors, page)).searchParams.get('code') ?? ''
  const answer = await json(await redeem(code, { client_id: 'public-app' }, null))
  expect(answer['scope']).toBe('user/Patient.read')
  expect(answer).not.toHaveProperty('refresh_token')
})

test('a refresh token belongs to one client', async () => {
  const { refresh_token = '' } = await json(await redeem(await ehrCode()))
  const stolen = await doors.token(
    { grant_type: 'refresh_token', refresh_token, client_id: 'public-app' },
    null,
  )
  expect(await problemOf(stolen)).toEqual(['invalid_grant', 'refresh-token:token-invalid'])
})

test('to revoke a refresh token leaves the access token that is out', async () => {
  const { refresh_token = '', access_token = '' } = await json(await redeem(await ehrCode()))
  const answer = await doors.post(
    doors.server.endpoints.revoke,
    new URLSearchParams({ token: refresh_token }),
    {
      authorization: `Basic ${Buffer.from('app:app-secret').toString('base64')}`,
    },
  )
  expect(answer.status).toBe(200)
  expect((await refresh(refresh_token)).status).toBe(400)
  const read = await doors.get(`/r4/${TENANT}/Patient/${doors.hospital.patientId(0)}`, bearer(access_token))
  expect(read.status).toBe(200)
})

test('the user can take access back on the page for it', async () => {
  const { refresh_token = '' } = await json(await redeem(await ehrCode()))
  const { manage } = doors.server.endpoints
  const id =
    /name="id" value="([^"]*)"/.exec((await (await doors.get(manage)).text()).replaceAll(/\s+/g, ' '))?.[1] ??
    ''
  expect((await doors.post(manage, new URLSearchParams({ id }))).status).toBe(303)
  expect((await refresh(refresh_token)).status).toBe(400)
  expect(await (await doors.get(manage)).text()).toContain('No app has lasting access.')
})
