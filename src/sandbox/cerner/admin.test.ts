import { afterEach, beforeEach, expect, test } from 'vitest'
import { INTERNAL_GRANT } from './contract.ts'
import { bearer, CALLBACK, openDoors, redirectOf, TENANT, type TestDoors } from './server.world.ts'

let doors: TestDoors
beforeEach(async () => {
  doors = await openDoors()
})
afterEach(() => doors[Symbol.asyncDispose]())

const send = (method: string, path: string, body: unknown): Promise<Response> =>
  fetch(doors.server.url + path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
const json = async <T>(answer: Response | Promise<Response>): Promise<T> => (await (await answer).json()) as T

/** An appointment of the first patient, and two places in the same provider's day. */
function addAppointment(status = 'booked'): void {
  const type = [{ coding: [{ system: 'https://fhir.cerner.com/x/codeSet/14249', code: 'FU' }] }]
  const put = (resourceType: string, id: string, more: object): unknown =>
    doors.hospital.store.set(`${resourceType}/${id}`, {
      resource: { resourceType, id, ...more },
      version: '4',
      lastUpdated: doors.clock.now(),
    })
  put('Appointment', '77', {
    status,
    start: '2026-03-05T15:00:00Z',
    serviceType: type,
    participant: [{ actor: { display: 'Room 1' } }, { actor: { reference: 'Practitioner/9000001' } }],
  })
  put('Slot', 'early', { start: '2026-03-05T14:00:00Z', serviceType: type })
  put('Slot', 'other-kind', { start: '2026-03-05T16:00:00Z', serviceType: [{ coding: [{ code: 'OB' }] }] })
  put('Slot', 'next', { start: '2026-03-05T17:00:00Z', serviceType: type })
}

type Patched = { version: string; resource: { patchedWith: object[] } }

test('the state tells where everything is and how much was asked', async () => {
  await doors.systemToken()
  expect(await json(doors.get('/_sandbox/state'))).toMatchObject({
    status: 'up',
    tenant: TENANT,
    endpoints: { fhir: doors.server.endpoints.fhir, token: doors.server.endpoints.token },
    population: 2,
    requests: 1,
    tokenCalls: { sys: { granted: 1 } },
  })
})

test('a demo reads its clients and registers its own addresses', async () => {
  const { clients } = await json<{ clients: { id: string; secret: string }[] }>(
    doors.get('/_sandbox/clients'),
  )
  expect(clients.find(({ id }) => id === 'sys')?.secret).toBe('sys: secret+%')
  const launchUrl = 'http://127.0.0.1:4001/smart/launch'
  const changed = await json<object>(send('PUT', '/_sandbox/clients/app', { launchUrl }))
  expect(changed).toMatchObject({ id: 'app', launchUrl, redirectUris: [CALLBACK] })
  const fresh = await send('PUT', '/_sandbox/clients/new', {
    persona: 'system',
    scopes: ['system/Slot.read'],
    secret: 'x',
  })
  expect(fresh.status).toBe(200)
  const wrong = await send('PUT', '/_sandbox/clients/app', { persona: 'robot' })
  expect([wrong.status, (await json<{ error: string }>(wrong)).error]).toEqual([
    400,
    expect.stringMatching(/^persona: /),
  ])
})

test('a launch is the address of the app with iss and launch', async () => {
  const asked = { user: 'JJOHNSON', patient: doors.hospital.patientId(0), encounter: '5', client: 'app' }
  const { url, iss, launch } = await json<Record<string, string>>(doors.post('/_sandbox/launch', asked))
  const address = new URL(url ?? '')
  expect(address.origin + address.pathname).toBe('http://127.0.0.1:9/smart/launch')
  expect([address.searchParams.get('iss'), address.searchParams.get('launch')]).toEqual([iss, launch])
  expect(iss).toBe(doors.server.endpoints.fhir)
  const back = await doors.get(
    doors.authorizeUrl({ launch: launch ?? '', scope: 'launch patient/Patient.read' }),
  )
  expect(redirectOf(back).searchParams.has('code')).toBe(true)
})

test.each([
  [{ user: 'nobody' }, 400],
  [{ client: 'nobody' }, 400],
  [{ patient: '1' }, 404],
  [{ patients: '1' }, 400],
])('a launch with %j is refused', async (changes, status) => {
  const asked = { user: '9000001', patient: doors.hospital.patientId(0), client: 'app', ...changes }
  expect((await doors.post('/_sandbox/launch', asked)).status).toBe(status)
})

test('somebody at a screen moves an appointment to the next free place of the same kind', async () => {
  addAppointment()
  const { version, resource } = await json<Patched>(doors.post('/_sandbox/appointments/77/move', {}))
  expect(version).toBe('5')
  expect(resource.patchedWith).toEqual([
    { op: 'replace', path: '/slot', value: [{ reference: 'Slot/next' }] },
  ])
  expect(doors.hospital.told.at(-1)?.grant).toEqual(INTERNAL_GRANT)
  const named = await json<Patched>(doors.post('/_sandbox/appointments/77/move', { slot: 'early' }))
  expect(named.resource.patchedWith).toEqual([
    { op: 'replace', path: '/slot', value: [{ reference: 'Slot/early' }] },
  ])
})

test('somebody at a screen cancels, checks in and books', async () => {
  addAppointment('proposed')
  const patched = async (step: string, body: object = {}): Promise<object[]> =>
    (await json<Patched>(doors.post(`/_sandbox/appointments/77/${step}`, body))).resource.patchedWith
  expect(await patched('cancel')).toMatchObject([
    { path: '/status', value: 'cancelled' },
    { op: 'add', path: '/cancelationReason', value: { coding: [{ code: 'pat' }] } },
  ])
  expect(await patched('check-in')).toEqual([{ op: 'replace', path: '/status', value: 'checked-in' }])
  expect(await patched('book', { slot: 'next' })).toMatchObject([
    { path: '/slot' },
    { path: '/status', value: 'booked' },
  ])
  const patient = doors.hospital.patientId(1)
  const made = await json<Patched>(
    doors.post('/_sandbox/appointments', { patient, slot: 'next', reason: 'Cough' }),
  )
  expect(made.resource).toMatchObject({
    status: 'booked',
    slot: [{ reference: 'Slot/next' }],
    participant: [{ actor: { reference: `Patient/${patient}` }, status: 'accepted' }],
    reasonCode: [{ text: 'Cough' }],
  })
  expect((await doors.post('/_sandbox/appointments/1/cancel', {})).status).toBe(404)
  expect((await doors.post('/_sandbox/appointments/77/book', {})).status).toBe(400)
})

test('a clerk changes particulars: each changed element is tested by its id', async () => {
  const id = doors.hospital.patientId(0)
  const change = {
    family: 'NEWNAME',
    phoneHome: '+12175550199',
    phoneMobile: '+12175550198',
    gender: 'female',
  }
  const { resource } = await json<Patched>(send('PATCH', `/_sandbox/patients/${id}`, change))
  expect(resource.patchedWith).toEqual([
    { op: 'test', path: '/name/0/id', value: `CI-${id}-0` },
    { op: 'replace', path: '/name/0/family', value: 'NEWNAME' },
    { op: 'replace', path: '/gender', value: 'female' },
    { op: 'test', path: '/telecom/0/id', value: 'CI-PH-1-0' },
    { op: 'replace', path: '/telecom/0/value', value: '+12175550199' },
    { op: 'add', path: '/telecom/-', value: { system: 'phone', use: 'mobile', value: '+12175550198' } },
  ])
  const patch = [{ op: 'replace', path: '/gender', value: 'male' }]
  const verbatim = await json<Patched>(send('PATCH', `/_sandbox/patients/${id}`, patch))
  expect(verbatim.resource.patchedWith).toEqual(patch)
  expect((await send('PATCH', `/_sandbox/patients/${id}`, {})).status).toBe(400)
  expect((await send('PATCH', `/_sandbox/patients/${id}`, { shoeSize: 9 })).status).toBe(400)
})

test('the request log keeps method, path, parameter names, status, client and fault, and no values', async () => {
  const token = await doors.systemToken()
  await doors.get(`/r4/${TENANT}/Patient?name=SECRETNAME&_count=5`, bearer(token))
  await doors.fault({ kind: 'drop', match: { path: '/jwk' } })
  await expect(doors.get('/jwk')).rejects.toThrow()
  const { requests } = await json<{ requests: object[] }>(doors.get('/_sandbox/requests'))
  expect(requests).toMatchObject([
    { method: 'POST', status: 200, client: 'sys', fault: null },
    {
      method: 'GET',
      path: `/r4/${TENANT}/Patient`,
      parameters: ['name', '_count'],
      status: 200,
      client: 'sys',
    },
    { method: 'GET', path: '/jwk', status: null, client: null, fault: 'drop' },
  ])
  expect(JSON.stringify(requests)).not.toContain('SECRETNAME')
  expect((await fetch(`${doors.server.url}/_sandbox/requests`, { method: 'DELETE' })).status).toBe(204)
  expect(await json(doors.get('/_sandbox/requests'))).toEqual({ requests: [] })
})

test('the log keeps the last five hundred calls', async () => {
  for (let i = 0; i < 505; i += 1) await doors.get(`/jwk?n${i}`)
  const { requests } = await json<{ requests: { parameters: string[] }[] }>(doors.get('/_sandbox/requests'))
  expect(requests).toHaveLength(500)
  expect(requests.at(-1)?.parameters).toEqual(['n504'])
  expect(doors.server.stats().requests).toBe(505)
})
