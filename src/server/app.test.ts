import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InjectOptions, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SessionInfo } from '../contract/session.ts'
import { createLoginLink, createToken } from '../store/tokens.ts'
import { NOW, openTestApp } from './test-app.ts'
import type { TestApp } from './test-app.ts'

let world: TestApp
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Console</title>')
  await writeFile(join(folder, 'assets', 'app-4f2a.js'), 'export {}')
  world = await openTestApp({ consoleFolder: folder })
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

interface Browser {
  info: SessionInfo
  cookie: string
  send(request: InjectOptions): Promise<LightMyRequestResponse>
}

async function signIn(token: string): Promise<Browser> {
  const response = await world.app.inject({ method: 'POST', url: '/api/session', payload: { token } })
  expect(response.statusCode, response.body).toBe(200)
  const cookie = `practice_studio=${response.cookies[0]?.value ?? ''}`
  return {
    info: response.json(),
    cookie,
    send: (request) => world.app.inject({ ...request, headers: { cookie, ...request.headers } }),
  }
}

const tokenFor = async (role: string): Promise<string> =>
  (await createToken(world.database, { name: `Browser ${role}`, role, now: NOW })).token

test('signing in with a token gives a cookie that scripts cannot read, and what the role may do', async () => {
  const response = await world.app.inject({
    method: 'POST',
    url: '/api/session',
    payload: { token: await tokenFor('front-desk') },
  })
  const [cookie] = response.cookies
  expect(cookie).toMatchObject({ name: 'practice_studio', httpOnly: true, sameSite: 'Lax', path: '/' })
  expect(cookie?.secure).toBeUndefined()
  expect(response.json()).toMatchObject({
    role: 'front-desk',
    permissions: [
      'patients.read',
      'patients.write',
      'schedule.read',
      'schedule.write',
      'conflicts.read',
      'conflicts.resolve',
      'metrics.read',
    ],
    practice: { name: 'Test Practice', time_zone: 'America/Chicago' },
  })
  expect((await world.trail()).at(-1)).toBe('session.login session')
})

test('behind https the cookie travels on https only', async () => {
  await using secure = await openTestApp({ publicUrl: 'https://studio.example.org' })
  const { token } = await createToken(secure.database, { name: 'Test', role: 'analyst' })
  const response = await secure.app.inject({ method: 'POST', url: '/api/session', payload: { token } })
  expect(response.cookies[0]?.secure).toBe(true)
  expect(response.headers['strict-transport-security']).toBeDefined()
})

test('a session reads without the CSRF header and changes nothing without it', async () => {
  const browser = await signIn(await tokenFor('front-desk'))
  expect((await browser.send({ url: '/api/session' })).json()).toEqual(browser.info)
  const search: InjectOptions = { method: 'POST', url: '/api/patients/search', payload: {} }
  for (const headers of [
    {},
    { 'x-csrf-token': 'wrong' },
    { 'x-csrf-token': `${browser.info.csrf.slice(1)}x` },
  ]) {
    const refused = await browser.send({ ...search, headers })
    expect(refused.statusCode).toBe(403)
    expect(refused.json()).toMatchObject({ code: 'CSRF_MISSING' })
  }
  const taken = await browser.send({ ...search, headers: { 'x-csrf-token': browser.info.csrf } })
  expect(taken.statusCode).toBe(200)
})

test('signing out ends the session for good', async () => {
  const browser = await signIn(await tokenFor('front-desk'))
  const out = await browser.send({
    method: 'DELETE',
    url: '/api/session',
    headers: { 'x-csrf-token': browser.info.csrf },
  })
  expect(out.statusCode).toBe(200)
  expect((await browser.send({ url: '/api/session' })).statusCode).toBe(401)
})

test('a session ends with the token it was begun with', async () => {
  const { token } = await createToken(world.database, {
    name: 'Short',
    role: 'analyst',
    days: 1,
    now: NOW - 86_000_000,
  })
  const browser = await signIn(token)
  world.clock.advance(400_000)
  expect((await browser.send({ url: '/api/session' })).statusCode).toBe(401)
  world.clock.advance(-400_000)
})

test('a log-in link signs in once and leads to the console', async () => {
  const link = await createLoginLink(world.database, { name: 'Demo', role: 'administrator', now: NOW })
  const first = await world.app.inject(`/login?link=${link}`)
  expect(first.statusCode).toBe(303)
  expect(first.headers.location).toBe('/')
  const cookie = `practice_studio=${first.cookies[0]?.value ?? ''}`
  const session = await world.app.inject({ url: '/api/session', headers: { cookie } })
  expect(session.json()).toMatchObject({ name: 'Demo', role: 'administrator' })
  const again = await world.app.inject(`/login?link=${link}`)
  expect(again.headers.location).toBe('/login?problem=LOGIN_REFUSED')
  expect(again.cookies).toEqual([])
})

test('a token that is none is refused, noted, and after ten tries a minute not even looked at', async () => {
  await using fresh = await openTestApp()
  const attempt = () =>
    fresh.app.inject({ method: 'POST', url: '/api/session', payload: { token: 'pst_wrong_wrong' } })
  const refused = await attempt()
  expect(refused.statusCode).toBe(401)
  expect(refused.json()).toMatchObject({ code: 'LOGIN_REFUSED' })
  expect(await fresh.trail()).toEqual(['session.refuse session'])
  let last = refused
  for (let n = 0; n < 10; n++) last = await attempt()
  expect(last.statusCode).toBe(429)
  expect(last.json()).toMatchObject({ code: 'TOO_MANY_REQUESTS', status: 429 })
})

test('a role that is no longer in the table lets nobody in', async () => {
  const token = await tokenFor('wizard')
  const response = await world.app.inject({
    url: '/api/session',
    headers: { authorization: `Bearer ${token}` },
  })
  expect(response.statusCode).toBe(401)
})

test('an address of the API that does not exist is a problem document', async () => {
  const response = await world.app.inject({ url: '/api/nothing', headers: { accept: 'text/html' } })
  expect(response.statusCode).toBe(404)
  expect(response.headers['content-type']).toContain('application/problem+json')
  expect(response.json()).toMatchObject({
    code: 'NOT_FOUND',
    title: 'Not found',
    todo: expect.any(String),
    trace_id: response.headers['x-request-id'],
  })
})

test('every other address is the console, kept fresh, and its assets are kept for ever', async () => {
  for (const url of ['/', '/settings/integrations/logs?state=parked', '/login']) {
    const page = await world.app.inject({ url, headers: { accept: 'text/html' } })
    expect(page.statusCode, url).toBe(200)
    expect(page.body).toContain('<title>Console</title>')
    expect(page.headers['cache-control']).toBe('no-cache')
  }
  const asset = await world.app.inject('/assets/app-4f2a.js')
  expect(asset.headers['cache-control']).toBe('public, max-age=31536000, immutable')
  expect((await world.app.inject('/assets/gone.js')).statusCode).toBe(404)
})

test('a console that is not built says how to build it', async () => {
  await using bare = await openTestApp()
  const page = await bare.app.inject('/')
  expect(page.statusCode).toBe(503)
  expect(page.body).toContain('npm run build:console')
})

test('pages run only their own scripts and are framed by nobody', async () => {
  const { headers } = await world.app.inject('/')
  const policy = String(headers['content-security-policy'])
  expect(policy).toContain(`script-src 'self';`)
  expect(policy).toContain(`frame-ancestors 'none'`)
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['x-frame-options']).toBeDefined()
})

test('answers of the API stay in no cache', async () => {
  const ask = await world.as('front-desk')
  expect((await ask('/api/patients')).headers['cache-control']).toBe('no-store')
})

test('the description of the API names every route with its answers', async () => {
  const { statusCode, body } = await world.app.inject('/api/openapi.json')
  expect(statusCode).toBe(200)
  const document = JSON.parse(body) as { paths: Record<string, unknown>; components: { schemas: object } }
  // prettier-ignore
  expect(Object.keys(document.paths).sort()).toEqual([
    '/api/appointments', '/api/appointments/{id}', '/api/appointments/{id}/cancel', '/api/appointments/{id}/history',
    '/api/appointments/{id}/move', '/api/appointments/{id}/status',
    '/api/audit', '/api/audit/verify',
    '/api/cerner/discover',
    '/api/conflicts', '/api/conflicts/{id}', '/api/conflicts/{id}/resolve',
    '/api/connections', '/api/connections/{id}', '/api/connections/{id}/cerner', '/api/connections/{id}/keys',
    '/api/connections/{id}/probe', '/api/connections/{id}/schema', '/api/connections/{id}/sync',
    '/api/documents', '/api/documents/{id}', '/api/documents/{id}/content',
    '/api/drift', '/api/drift/{id}',
    '/api/encounters', '/api/encounters/{id}',
    '/api/events',
    '/api/exchanges',
    '/api/exchanges.csv',
    '/api/exchanges/search', '/api/exchanges/{id}', '/api/exchanges/{id}/decoded', '/api/exchanges/{id}/raw', '/api/exchanges/{id}/replay',
    '/api/exchanges/{id}/timeline',
    '/api/launch', '/api/launch/end',
    '/api/metrics/summary',
    '/api/observations',
    '/api/outbound/{exchange_id}/retry', '/api/outbound/{exchange_id}/withdraw',
    '/api/patients', '/api/patients/candidates', '/api/patients/search', '/api/patients/{id}', '/api/patients/{id}/documents', '/api/patients/{id}/history',
    '/api/patients/{id}/vital-signs',
    '/api/reports', '/api/reports/{id}', '/api/reports/{id}/history',
    '/api/scheduling/options',
    '/api/search',
    '/api/session',
    '/api/slots',
    '/api/sync-runs', '/api/sync-runs/{id}', '/api/sync-runs/{id}/stop',
    '/api/tokens', '/api/tokens/{id}',
    '/health/live',
    '/health/ready',
  ])
  const names = new Set(Object.keys(document.components.schemas))
  const pointers = [...body.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(
    (found) => found[1] ?? '',
  )
  expect(pointers.filter((name) => !names.has(name))).toEqual([])
})

test('the readable docs open', async () => {
  const page = await world.app.inject('/api/docs/')
  expect(page.statusCode).toBe(200)
  expect(page.headers['content-type']).toContain('text/html')
})

test('health says what is well, and that a listener which failed stops only itself', async () => {
  expect((await world.app.inject('/health/live')).json()).toEqual({ status: 'ok', checks: [] })
  const ready = await world.app.inject('/health/ready')
  expect(ready.json()).toMatchObject({
    status: 'ok',
    checks: [{ name: 'database', status: 'ok' }, { name: 'listeners' }],
  })
})

test('a database that is away is a problem with a name, and readiness says so', async () => {
  await using away = await openTestApp()
  const ask = await away.as('front-desk')
  await away.database.close()
  const response = await ask('/api/patients')
  expect(response.statusCode).toBeGreaterThanOrEqual(500)
  expect(response.json()).toHaveProperty('code')
  const ready = await away.app.inject('/health/ready')
  expect(ready.statusCode).toBe(503)
  expect(ready.json()).toMatchObject({ status: 'down', checks: [{ name: 'database', status: 'down' }] })
})

test('prometheus reads times by route and what waits, and never an address', async () => {
  const ask = await world.as('front-desk')
  await ask('/api/patients?name=Testerson')
  const { body, headers } = await world.app.inject('/metrics')
  expect(headers['content-type']).toContain('text/plain')
  expect(body).toMatch(
    /practice_studio_http_request_duration_seconds_count\{method="GET",route="\/api\/patients",status="200"\}/,
  )
  expect(body).toContain('practice_studio_queue_waiting 0')
  expect(body).toContain('practice_studio_open_errors 0')
  expect(body).not.toContain('Testerson')
})

test('a body that is no JSON, or too large, is refused by name', async () => {
  const ask = await world.as('front-desk')
  const url = '/api/patients/search'
  const headers = { 'content-type': 'application/json' }
  const broken = await ask({ method: 'POST', url, headers, payload: '{"name": "Testerson' })
  expect(broken.statusCode).toBe(400)
  expect(broken.body).not.toContain('Testerson')
  const large = await ask({
    method: 'POST',
    url,
    headers,
    payload: JSON.stringify({ name: 'x'.repeat(2_000_000) }),
  })
  expect(large.statusCode).toBe(413)
  expect(large.json()).toMatchObject({ code: 'REQUEST_TOO_LARGE' })
  const other = await ask({ method: 'POST', url, headers: { 'content-type': 'text/xml' }, payload: '<a/>' })
  expect(other.statusCode).toBe(400)
})
