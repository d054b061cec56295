import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { IntegrationError } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import { insertSmartSession } from '../store/smart.ts'
import { createSession } from '../store/tokens.ts'
import { NOW, openTestApp } from './test-app.ts'
import type { TestApp } from './test-app.ts'

let world: TestApp
let mine: string
let other: string
let kept: string[]

beforeAll(async () => {
  world = await openTestApp()
  mine = await world.rows.patient({ last_name: 'Testerson', first_name: 'Alice' })
  other = await world.rows.patient({ last_name: 'Otherson', first_name: 'Bob' })
  world.engine.launch.keep = (id) => {
    kept.push(id)
    return Promise.resolve()
  }
  world.engine.launch.frameOrigins = () => Promise.resolve(['https://ehr.example'])
})
beforeEach(() => {
  kept = []
})
afterAll(() => world[Symbol.asyncDispose]())

/** A session that a launch opened, with a token that lives this long from now. */
async function launched(
  livesMs = 570_000,
  patientId: string | null = mine,
): Promise<{ cookie: string; sessionId: string }> {
  const sessionId = newId()
  const { database } = world
  const expiresAt = NOW + 3_600_000
  const secret = await createSession(database, {
    id: sessionId,
    name: 'Dr. Test',
    role: 'clinician',
    expiresAt,
  })
  const connectionId = newId<ConnectionId>()
  const rest = { connectionId, patientId, sealed: Buffer.of(0), scope: '', expiresAtMs: NOW + livesMs }
  await insertSmartSession(database, { sessionId, ...rest })
  return { cookie: `practice_studio=${secret}`, sessionId }
}

const get = (url: string, cookie: string) => world.app.inject({ url, headers: { cookie } })

test('a launch opens records of its patient by any route that names whose they are', async () => {
  const { cookie } = await launched()
  const encounter = await world.rows.encounter(mine, {})
  const report = await world.rows.report(mine, {})
  const appointment = await world.rows.appointment(mine, { start_time: '2026-03-05T10:00:00Z' })
  for (const url of [
    `/api/encounters/${encounter}`,
    `/api/reports/${report}`,
    `/api/appointments/${appointment}`,
    `/api/reports/${report}/history`,
  ])
    expect([url, (await get(url, cookie)).statusCode]).toEqual([url, 200])
})

test('records of another patient, or of nobody, are closed to it', async () => {
  const { cookie } = await launched()
  const encounter = await world.rows.encounter(other, {})
  const report = await world.rows.report(other, {})
  const nobodys = await world.rows.appointment(null, { start_time: '2026-03-05T10:00:00Z' })
  for (const url of [
    `/api/encounters/${encounter}`,
    `/api/reports/${report}`,
    `/api/appointments/${nobodys}`,
    `/api/reports/${newId()}`,
    '/api/appointments?from=2026-03-01T00:00:00Z',
  ]) {
    const answer = await get(url, cookie)
    expect([url, answer.statusCode, answer.json()]).toEqual([
      url,
      403,
      expect.objectContaining({ code: 'LAUNCH_OTHER_PATIENT' }),
    ])
  }
})

test('a launch without a patient sees nobody', async () => {
  const { cookie } = await launched(570_000, null)
  expect((await get(`/api/patients/${mine}`, cookie)).statusCode).toBe(403)
  expect((await get('/api/appointments', cookie)).statusCode).toBe(403)
  expect((await get('/fhir/R4/Patient', cookie)).json()).not.toHaveProperty('entry')
})

test('every route of the API is closed to a launch unless it is known to be of one patient', async () => {
  const { cookie } = await launched()
  const { csrf } = (await get('/api/session', cookie)).json<{ csrf: string }>()
  const document = (await world.app.inject('/api/openapi.json')).json<{
    paths: Record<string, Record<string, unknown>>
  }>()
  const opened: string[] = []
  for (const [path, methods] of Object.entries(document.paths))
    for (const method of Object.keys(methods)) {
      // An event stream has no end, and looking for ids of others is what this is about.
      if (path === '/api/events' || !path.startsWith('/api/')) continue
      const url = path.replaceAll(/\{[^}]+\}/g, newId())
      const answer = await world.app.inject({
        method: method.toUpperCase() as 'GET',
        url,
        ...(method === 'get' ? {} : { payload: {} }),
        headers: { cookie, 'x-csrf-token': csrf },
      })
      if (answer.statusCode < 400) opened.push(`${method} ${path}`)
    }
  // The last one ends the session it is asked with.
  expect(opened.toSorted()).toEqual(expect.arrayContaining(['get /api/session']))
  const allowed = new Set([
    'get /api/session',
    'delete /api/session',
    'get /api/launch',
    'post /api/launch/end',
    'post /api/session',
  ])
  expect(opened.filter((one) => !allowed.has(one))).toEqual([])
})

test('a token that soon ends is renewed on the way, and a launch that is over opens nothing', async () => {
  const fresh = await launched()
  await get(`/api/patients/${mine}`, fresh.cookie)
  expect(kept).toEqual([])
  const old = await launched(60_000)
  expect((await get(`/api/patients/${mine}`, old.cookie)).statusCode).toBe(200)
  expect(kept).toEqual([old.sessionId])
  world.engine.launch.keep = () => Promise.reject(new IntegrationError('LAUNCH_ENDED', {}))
  const answer = await get(`/api/patients/${mine}`, old.cookie)
  expect(answer.statusCode).toBe(401)
  expect(answer.json()).toMatchObject({ code: 'LAUNCH_ENDED' })
  world.engine.launch.keep = (id) => Promise.resolve(void kept.push(id))
})

test('whoever was not launched is told that there is none', async () => {
  const ask = await world.as('clinician')
  expect((await ask('/api/launch')).statusCode).toBe(404)
})

test('in the frame of a chart the cookie is for that site alone, over https', async () => {
  await using secure = await openTestApp({ publicUrl: 'https://studio.example.org' })
  secure.engine.launch.begin = () =>
    Promise.resolve({ url: 'https://auth.example/authorize', state: 's', browser: 'b' })
  secure.engine.launch.complete = () =>
    Promise.resolve({
      secret: 'pss_test',
      expiresAtMs: NOW + 1000,
      kind: 'ehr',
      name: 'Dr. Test',
      patientId: null,
    })
  const begun = await secure.app.inject('/smart/launch?iss=x&launch=1')
  expect(begun.statusCode).toBe(302)
  expect(begun.headers['set-cookie']).toMatch(
    /^practice_studio_launch_[0-9a-f]{12}=b;.*Path=\/smart\/callback.*HttpOnly; Secure; Partitioned; SameSite=None/,
  )
  const done = await secure.app.inject('/smart/callback?state=s&code=c')
  const cookie = [done.headers['set-cookie']].flat().find((one) => one?.startsWith('practice_studio='))
  expect(cookie).toMatch(/HttpOnly; Secure; Partitioned; SameSite=None/)
  expect(done.headers['location']).toBe('/launch')
  expect(done.headers['referrer-policy']).toBe('no-referrer')
  secure.engine.launch.complete = () =>
    Promise.resolve({
      secret: 'pss_test',
      expiresAtMs: NOW + 1000,
      kind: 'standalone',
      name: 'Dr. Test',
      patientId: null,
    })
  const alone = await secure.app.inject('/smart/callback?state=s&code=c')
  expect([alone.headers['set-cookie']].flat().find((one) => one?.startsWith('practice_studio='))).toMatch(
    /HttpOnly; Secure; SameSite=Lax/,
  )
})

test('a launch that fails is a page for people, and in the trail', async () => {
  world.engine.launch.complete = () =>
    Promise.reject(
      new IntegrationError('LAUNCH_REFUSED', { reason: 'access_denied, grant:denied-by-server' }),
    )
  const answer = await world.app.inject('/smart/callback?state=s&error=access_denied')
  expect(answer.statusCode).toBe(403)
  expect(answer.headers['content-type']).toContain('text/html')
  expect(answer.body).toContain('Access was declined on the page of Cerner.')
  expect(answer.headers['content-security-policy']).toContain("frame-ancestors 'self' https://ehr.example")
  expect((await world.trail()).at(-1)).toBe('launch.refuse launch')
})

test('our public keys are there for everybody, and nothing but them', async () => {
  world.engine.cerner.publicKeys = () => Promise.resolve([{ kty: 'RSA', kid: 'k1', n: 'AQ', e: 'AQAB' }])
  const answer = await world.app.inject('/.well-known/jwks.json')
  expect(answer.json()).toEqual({ keys: [{ kty: 'RSA', kid: 'k1', n: 'AQ', e: 'AQAB' }] })
  expect(answer.headers['cache-control']).toBe('public, max-age=300')
})
