import { request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FAULT_STATUSES } from './fault-schema.ts'
import { bearer, openDoors, TENANT, type TestDoors } from './server.world.ts'

let doors: TestDoors
let patient: string
let headers: { authorization: string }
beforeEach(async () => {
  doors = await openDoors()
  patient = `/r4/${TENANT}/Patient/${doors.hospital.patientId(0)}`
  headers = bearer(await doors.systemToken('system/Patient.read system/Patient.write'))
})
afterEach(() => doors[Symbol.asyncDispose]())

const read = (): Promise<Response> => doors.get(patient, headers)
const statuses = async (calls: number): Promise<number[]> => {
  const seen: number[] = []
  for (let i = 0; i < calls; i += 1) seen.push((await read()).status)
  return seen
}
const clear = (id = ''): Promise<Response> =>
  fetch(`${doors.server.url}/_sandbox/faults${id}`, { method: 'DELETE' })

test.each(FAULT_STATUSES.map((status) => [status]))(
  'a call can be answered %d, with the body Cerner gives it',
  async (status) => {
    expect((await doors.fault({ kind: 'status', status })).status).toBe(201)
    const answer = await read()
    expect(answer.status).toBe(status)
    const text = await answer.text()
    if (status === 406) expect(text).toBe('')
    else if (status > 500) expect(text).toContain('<html>')
    else expect(JSON.parse(text)).toMatchObject({ resourceType: 'OperationOutcome', issue: [{}] })
    expect(doors.hospital.told).toHaveLength(0)
  },
)

test('429 comes without Retry-After, as at Cerner, unless one is asked for', async () => {
  await doors.fault({ kind: 'status', status: 429, times: 1 })
  const plain = await read()
  expect([plain.status, plain.headers.get('retry-after')]).toEqual([429, null])
  await doors.fault({ kind: 'status', status: 429, retryAfter: 7, times: 1 })
  expect((await read()).headers.get('retry-after')).toBe('7')
})

test('500 names the type whose stored record is bad', async () => {
  await doors.fault({ kind: 'status', status: 500 })
  expect(await (await read()).json()).toMatchObject({
    issue: [{ severity: 'fatal', code: 'required', location: ['/f:Patient/f:status'] }],
  })
})

test('a fault strikes so many times, after so many calls', async () => {
  await doors.fault({ kind: 'status', status: 503, after: 1, times: 2 })
  expect(await statuses(5)).toEqual([200, 503, 503, 200, 200])
  const { faults } = (await (await doors.get('/_sandbox/faults')).json()) as { faults: object[] }
  expect(faults).toMatchObject([{ id: 1, matched: 5, fired: 2 }])
})

test('a storm repeats: one seed strikes the same calls, another seed others', async () => {
  const storm = async (seed: number): Promise<number[]> => {
    await clear()
    await doors.fault({ kind: 'status', status: 429, probability: 0.5, seed })
    return statuses(40)
  }
  const first = await storm(7)
  expect(await storm(7)).toEqual(first)
  expect(await storm(8)).not.toEqual(first)
  expect(first).toContain(200)
  expect(first).toContain(429)
})

test('a fault can be aimed at a method, a path, a pattern or a type', async () => {
  const strikes = async (match: object): Promise<boolean> => {
    await clear()
    await doors.fault({ kind: 'status', status: 504, match })
    return (await read()).status === 504
  }
  expect(await strikes({ method: 'get', type: 'Patient' })).toBe(true)
  expect(await strikes({ method: 'POST' })).toBe(false)
  expect(await strikes({ type: 'Appointment' })).toBe(false)
  expect(await strikes({ path: '/Patient/' })).toBe(true)
  expect(await strikes({ path: '/Appointment/' })).toBe(false)
  expect(await strikes({ pattern: '/Patient/\\d+$' })).toBe(true)
  expect(await strikes({ pattern: '^/dstu2/' })).toBe(false)
})

test('faults end one at a time or all together', async () => {
  await doors.fault({ kind: 'status', status: 503, match: { type: 'Patient' } })
  await doors.fault({ kind: 'status', status: 404 })
  expect((await read()).status).toBe(503)
  expect((await clear('/1')).status).toBe(204)
  expect((await read()).status).toBe(404)
  await clear()
  expect((await read()).status).toBe(200)
})

test('a slow answer is late and whole', async () => {
  await doors.fault({ kind: 'slow', ms: 80 })
  const startedAt = performance.now()
  expect((await read()).status).toBe(200)
  expect(performance.now() - startedAt).toBeGreaterThan(75)
})

test('a call that hangs gets no answer, and closing the sandbox ends it', async () => {
  const other = await openDoors()
  await other.fault({ kind: 'hang', match: { path: '/jwk' } })
  const hanging = other.get('/jwk').then(
    () => 'answered',
    () => 'ended',
  )
  expect(await Promise.race([hanging, sleep(80, 'nothing')])).toBe('nothing')
  await other.server.close()
  expect(await hanging).toBe('ended')
})

const create = (): Promise<Response> =>
  doors.post(`/r4/${TENANT}/Patient`, { resourceType: 'Patient' }, headers)

test('a dropped call was not processed', async () => {
  await doors.fault({ kind: 'drop' })
  await expect(create()).rejects.toThrow()
  expect(doors.hospital.told).toHaveLength(0)
})

test('a call whose answer is lost was processed', async () => {
  await doors.fault({ kind: 'drop-after', times: 1 })
  await expect(create()).rejects.toThrow()
  expect(doors.hospital.told).toMatchObject([{ verb: 'create', type: 'Patient' }])
  expect((await create()).status).toBe(201)
})

test('half an answer announces the whole length and breaks off', async () => {
  const whole = (await (await read()).text()).length
  await doors.fault({ kind: 'half' })
  const got = await new Promise<{ announced: number; received: number; complete: boolean }>(
    (resolve, reject) => {
      httpRequest(doors.server.url + patient, { headers }, (answer) => {
        let received = 0
        answer.on('data', (bytes: Buffer) => (received += bytes.length))
        answer.on('error', () => undefined)
        answer.on('close', () =>
          resolve({
            announced: Number(answer.headers['content-length']),
            received,
            complete: answer.complete,
          }),
        )
      })
        .on('error', reject)
        .end()
    },
  )
  expect(got).toEqual({ announced: whole, received: Math.floor(whole / 2), complete: false })
})

test('a page of HTML with status 200, and JSON that breaks off', async () => {
  await doors.fault({ kind: 'wrong-type', times: 1 })
  const page = await read()
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  await doors.fault({ kind: 'malformed', times: 1 })
  const broken = await read()
  expect([broken.status, broken.headers.get('content-type')]).toEqual([200, 'application/fhir+json'])
  await expect(broken.json()).rejects.toThrow(SyntaxError)
  expect((await read()).status).toBe(200)
})

test('pages can lead back to themselves', async () => {
  await doors.fault({ kind: 'loop' })
  const address = `/r4/${TENANT}/Patient?_id=1&-pageContext=x`
  const { link } = (await (await doors.get(address, headers)).json()) as {
    link: { relation: string; url: string }[]
  }
  expect(link.find(({ relation }) => relation === 'next')?.url).toBe(doors.server.url + address)
})

// --- the authorization server ---

const SYSTEM = { grant_type: 'client_credentials', scope: 'system/Patient.read' }

test('the token address can be down while the records answer', async () => {
  await doors.fault({ kind: 'token-down', times: 1 })
  expect((await doors.token(SYSTEM)).status).toBe(503)
  expect((await read()).status).toBe(200)
  await doors.fault({ kind: 'token-down', problem: 'tenantTerminated', times: 1 })
  const answer = await doors.token(SYSTEM)
  expect([answer.status, await answer.json()]).toMatchObject([400, { error: 'invalid_grant' }])
  await doors.fault({ kind: 'status', status: 401, match: { path: '/token' }, times: 1 })
  expect(await (await doors.token(SYSTEM)).json()).toMatchObject({ error: 'invalid_client' })
  expect((await doors.token(SYSTEM)).status).toBe(200)
})

test('tokens that are out can be revoked at a stroke, and new ones are good', async () => {
  expect((await read()).status).toBe(200)
  await doors.fault({ kind: 'revoke' })
  expect((await read()).status).toBe(401)
  headers = bearer(await doors.systemToken())
  expect((await read()).status).toBe(200)
})

test('scopes can be narrowed under a running app, and come back', async () => {
  await doors.fault({ kind: 'narrow', scopes: ['system/Patient.read'] })
  expect((await read()).status).toBe(403)
  const next = await doors.token({ ...SYSTEM, scope: 'system/Patient.read system/Appointment.read' })
  expect(await next.json()).toMatchObject({ scope: 'system/Appointment.read' })
  expect(await (await doors.token(SYSTEM)).json()).toMatchObject({ error: 'invalid_scope' })
  await clear()
  expect((await read()).status).toBe(200)
})

test('tokens that are out may keep scopes that nobody is granted any more', async () => {
  await doors.fault({ kind: 'narrow', scopes: ['Patient'], issuedToo: false })
  expect((await read()).status).toBe(200)
  expect(await (await doors.token(SYSTEM)).json()).toMatchObject({ error: 'invalid_scope' })
})

test('new tokens can be made for another tenant', async () => {
  await doors.fault({ kind: 'wrong-audience' })
  const wrong = await doors.get(patient, bearer(await doors.systemToken()))
  expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringContaining('tenant-mismatch'),
  ])
  expect((await read()).status).toBe(200)
})

test('after a change of keys the newest may be missing from the set at first', async () => {
  const kids = async (): Promise<string[]> =>
    ((await (await doors.get('/jwk')).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid)
  const before = await kids()
  await doors.fault({ kind: 'jwks-missing', rotate: true })
  expect(await kids()).toEqual(before)
  await clear()
  expect(await kids()).toHaveLength(6)
  expect((await kids()).slice(3)).toEqual(before)
})

// --- the hospital ---

test('switches of the hospital move, and go back when the fault ends', async () => {
  const { switches } = doors.hospital
  await doors.fault({ kind: 'switch', member: 'locked', value: ['Appointment/1'] })
  await doors.fault({ kind: 'switch', member: 'visibilityDelayMs', value: 500 })
  await doors.fault({ kind: 'switch', member: 'badRecord', value: 'Observation' })
  expect(switches).toMatchObject({
    locked: new Set(['Appointment/1']),
    visibilityDelayMs: 500,
    badRecord: 'Observation',
  })
  await clear('/2')
  expect(switches).toMatchObject({ visibilityDelayMs: 0, badRecord: 'Observation' })
  await clear()
  expect(switches).toMatchObject({ locked: new Set(), badRecord: null })
})

test.each([
  [{ kind: 'no such kind' }, /^kind: /],
  [{}, /^kind: /],
  [{ kind: 'status', status: 418 }, /^status: /],
  [{ kind: 'slow' }, /^ms: /],
  [{ kind: 'status', status: 503, times: 0 }, /^times: /],
  [{ kind: 'status', status: 503, probability: 2 }, /^probability: /],
  [{ kind: 'status', status: 503, match: { pattern: '(' } }, /^match\.pattern: is not a regular expression/],
  [{ kind: 'status', status: 503, match: { paths: 'x' } }, /^match\.paths: is not a member/],
  [{ kind: 'hang', ms: 5 }, /^ms: is not a member/],
  [{ kind: 'switch', member: 'slotRace', value: 'yes' }, /^value: /],
  [
    { kind: 'switch', member: 'locked', value: ['Appointment 1'] },
    /^value\.0: must be like Appointment\/123/,
  ],
  [{ kind: 'certificate', cert: 'x', key: 'y' }, /plain HTTP/],
])('%j is refused, naming the member', async (fault, expected) => {
  const answer = await doors.fault(fault)
  expect(answer.status).toBe(400)
  expect(((await answer.json()) as { error: string }).error).toMatch(expected)
  expect(doors.server.faults.list()).toEqual([])
})

test('faults never strike the sandbox itself', async () => {
  await doors.fault({ kind: 'drop' })
  expect((await doors.get('/_sandbox/state')).status).toBe(200)
})
