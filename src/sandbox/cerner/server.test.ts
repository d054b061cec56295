import { afterEach, beforeEach, expect, test } from 'vitest'
import { Refusal, type CernerPlugin } from './contract.ts'
import { bearer, openDoors, TENANT, type TestDoors } from './server.world.ts'

let doors: TestDoors
beforeEach(async () => {
  doors = await openDoors()
})
afterEach(() => doors[Symbol.asyncDispose]())

/** A part that says what it was given. */
const echo: CernerPlugin = async (app, { baseUrl, endpoints }) => {
  app.post('/echo', async ({ body }) => ({
    kind: body instanceof URLSearchParams ? 'form' : typeof body,
    body: body instanceof URLSearchParams ? [...body] : (body ?? null),
    base: baseUrl(),
    mws: endpoints().mws,
  }))
  app.get('/refuse', async () => {
    throw new Refusal(423, { resourceType: 'OperationOutcome', issue: [] }, { 'x-why': 'locked' })
  })
  app.get('/fail', async () => {
    throw new Error('a detail that stays inside')
  })
}

const send = (server: string, type: string, body: string): Promise<Response> =>
  fetch(`${server}/echo`, { method: 'POST', headers: { 'content-type': type }, body })

test('parts are handed the addresses that are really listened on', async () => {
  await using other = await openDoors({ plugins: [echo] })
  const { base, mws } = (await (await send(other.server.url, 'application/json', '{}')).json()) as Record<
    string,
    string
  >
  expect([base, mws]).toEqual([`${other.server.url}/r4/${TENANT}`, other.server.url])
  expect(new URL(other.server.url).port).not.toBe('0')
})

test('bodies are read by their media type', async () => {
  await using other = await openDoors({ plugins: [echo] })
  const sent = async (type: string, body: string): Promise<unknown> => {
    const { kind, body: read } = (await (await send(other.server.url, type, body)).json()) as Record<
      string,
      unknown
    >
    return [kind, read]
  }
  for (const type of ['application/fhir+json', 'application/json+fhir', 'application/json; charset=utf-8'])
    expect(await sent(type, '{"a":1}')).toEqual(['object', { a: 1 }])
  expect(await sent('application/json-patch+json', '[{"op":"test"}]')).toEqual(['object', [{ op: 'test' }]])
  expect(await sent('application/x-www-form-urlencoded', 'a=1&a=2')).toEqual(['form', [['a', '1'], ['a', '2']]]) // prettier-ignore
  expect(await sent('text/xml; charset=utf-8', '<a/>')).toEqual(['string', '<a/>'])
  expect(await sent('application/fhir+json', '')).toEqual(['undefined', null])
})

test('a body that is not JSON is an invalid request, and an unknown media type is refused', async () => {
  await using other = await openDoors({ plugins: [echo] })
  const broken = await send(other.server.url, 'application/fhir+json', '{"a":')
  expect(broken.status).toBe(400)
  expect(await broken.json()).toEqual({
    resourceType: 'OperationOutcome',
    issue: [{ severity: 'error', code: 'invalid', details: { text: 'Invalid request' } }],
  })
  expect((await send(other.server.url, 'image/png', 'x')).status).toBe(415)
})

test('a refusal becomes its status, body and headers; a failure says nothing of its cause', async () => {
  await using other = await openDoors({ plugins: [echo] })
  const refused = await other.get('/refuse')
  expect([refused.status, refused.headers.get('x-why'), refused.headers.get('content-type')]).toEqual([
    423,
    'locked',
    'application/fhir+json',
  ])
  const failed = await other.get('/fail')
  expect([failed.status, await failed.text()]).toEqual([500, ''])
})

test('every answer carries the ids that support asks for, also a refusal', async () => {
  for (const path of [`/r4/${TENANT}/Patient/1`, '/jwk', '/no/such/place']) {
    const { headers } = await doors.get(path)
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(headers.get('opc-request-id')).toMatch(/^\/[0-9A-F]{32}\/[0-9A-F]{32}$/)
    expect(headers.get('vary')).toContain('Origin')
  }
})

test('a request id that was sent comes back', async () => {
  const id = '7f0c6f0e-2a0e-4a62-b7a1-50cbb0d1f0aa'
  expect((await doors.get('/jwk', { 'x-request-id': id })).headers.get('x-request-id')).toBe(id)
})

test('browsers of any origin may call FHIR by every method, and the token address by POST', async () => {
  const preflight = async (path: string): Promise<Headers> => {
    const answer = await fetch(doors.server.url + path, {
      method: 'OPTIONS',
      headers: { origin: 'http://app.example', 'access-control-request-method': 'PATCH' },
    })
    expect(answer.status).toBe(200)
    return answer.headers
  }
  const fhir = await preflight(`/r4/${TENANT}/Patient/1`)
  expect(fhir.get('access-control-allow-origin')).toBe('*')
  expect(fhir.get('access-control-allow-methods')).toBe('DELETE, GET, POST, PUT, PATCH, OPTIONS, HEAD')
  const token = await preflight(new URL(doors.server.endpoints.token).pathname)
  expect(token.get('access-control-allow-methods')).toBe('OPTIONS, POST')
  expect(token.get('access-control-allow-headers')).toBe(
    'Content-Type, Authorization, Accept, Cerner-Correlation-Id',
  )
  const read = await doors.get('/jwk', { origin: 'http://app.example' })
  expect(read.headers.get('access-control-allow-origin')).toBe('*')
})

test('a host without a tenant is 502, and an unknown place is not found', async () => {
  for (const path of ['/r4', '/r4/', '/dstu2/']) expect((await doors.get(path)).status).toBe(502)
  const nowhere = await doors.get('/no/such/place')
  expect(nowhere.status).toBe(404)
  expect(((await nowhere.json()) as { issue: object[] }).issue[0]).toMatchObject({ code: 'not-found' })
})

test('records answer under a host name in the path and with a slash at the end', async () => {
  const headers = bearer(await doors.systemToken())
  const path = `/r4/${TENANT}/Patient/${doors.hospital.patientId(0)}`
  for (const one of [path, `${path}/`, `/fhir-ehr.cerner.com${path}`])
    expect((await doors.get(one, headers)).status).toBe(200)
})

test('after closing, nothing listens any more', async () => {
  const other = await openDoors()
  const { url } = other.server
  await other.server.close()
  await expect(fetch(`${url}/jwk`)).rejects.toThrow()
})
