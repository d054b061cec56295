import { expect, test } from 'vitest'
import { fixedClock } from '../../kernel/clock.ts'
import { openHospital } from './hospital.ts'
import { millenniumRoutes } from './millennium-routes.ts'
import { APP } from './millennium-routes.world.ts'
import { openCernerServer } from './server.ts'
import { GUIDE_SEARCH, GUIDE_BOOKING } from '../../standards/mws/guide.setup.ts'

// The same services on the hospital of the whole sandbox, with its generated people and days.
async function openDoors(startMs: number) {
  const clock = fixedClock(startMs)
  const hospital = openHospital({ cast: { seed: 7, population: 400 }, clock })
  const server = await openCernerServer({ hospital, clock, clients: [APP], plugins: [millenniumRoutes] })
  const form = new URLSearchParams({ grant_type: 'client_credentials', scope: APP.scopes.join(' ') })
  const basic = Buffer.from(`${APP.id}:${APP.secret ?? ''}`).toString('base64')
  const answer = await fetch(server.endpoints.token, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}` },
    body: form,
  })
  const { access_token: token } = (await answer.json()) as { access_token: string }
  const call = async (method: string, path: string, body?: string, headers: Record<string, string> = {}) => {
    const got = await fetch(new URL(path, server.url), {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    })
    const text = await got.text()
    return {
      status: got.status,
      etag: got.headers.get('etag') ?? '',
      text,
      body: (text.startsWith('{') ? JSON.parse(text) : {}) as Bundle,
    }
  }
  return { hospital, clock, call, [Symbol.asyncDispose]: async () => server.close() }
}

interface Bundle {
  id?: string
  status?: string
  start?: string
  entry?: { resource: Bundle & { name?: { family: string; given: string[] }[]; birthDate?: string } }[]
}

test('the guide’s search finds the guide’s patient among everyone', async () => {
  await using doors = await openDoors(Date.parse('2026-03-04T15:00:00Z'))
  const { status, body } = await doors.call('POST', '/patient/v1/Patient/search', GUIDE_SEARCH)
  expect(status).toBe(200)
  expect(body.entry?.map(({ resource }) => resource.id)).toContain('1234567')
})

test('a name with a mark is found without it', async () => {
  await using doors = await openDoors(Date.parse('2026-03-04T15:00:00Z'))
  const { world } = doors.hospital
  const marked = Array.from({ length: 400 }, (_, n) => world.person(n)).find(({ family }) =>
    /['-]/.test(family),
  )
  if (marked === undefined) throw new Error('the population of this test needs a name with a mark')
  const family = marked.family.replaceAll(/[^A-Za-z]/g, '').toLowerCase()
  const parameter = [
    { name: 'family', valueString: family },
    { name: 'given', valueString: marked.given.slice(0, 3) },
  ]
  const { body } = await doors.call(
    'POST',
    '/patient/v1/Patient/search',
    JSON.stringify({ resourceType: 'Parameters', parameter }),
  )
  expect(body.entry?.map(({ resource }) => resource.id)).toContain(marked.personId)
})

test('a free slot is booked, moved and cancelled, and the hospital knows', async () => {
  await using doors = await openDoors(Date.parse('2026-03-04T15:00:00Z'))
  const slots = await doors.call(
    'GET',
    '/scheduling/v1/slots?practitioner=9876543&start=ge2026-03-09T00:00:00Z&start=lt2026-03-12T00:00:00Z&_count=200',
  )
  const free = slots.body.entry?.map(({ resource }) => resource) ?? []
  const [first] = free
  const later = free.find(
    ({ start = '' }) => start > (first?.start ?? '') && start.slice(0, 10) !== first?.start?.slice(0, 10),
  )
  const body = JSON.stringify({ ...(JSON.parse(GUIDE_BOOKING) as object), start: undefined, end: undefined })
  const booked = await doors.call('POST', `/scheduling/v1/slots/${first?.id ?? ''}/book`, body)
  expect(booked.status).toBe(201)
  expect((await doors.call('GET', `/scheduling/v1/slots/${first?.id ?? ''}`)).body.status).toBe('busy')
  const path = `/scheduling/v1/appointments/${booked.body.id ?? ''}`
  const moved = await doors.call('POST', `${path}/reschedule`, JSON.stringify({ slot: later?.id }), {
    'if-match': booked.etag,
  })
  expect(moved.body).toMatchObject({ id: booked.body.id, start: later?.start })
  const done = await doors.call('POST', `${path}/cancel`, JSON.stringify({ reason: 'Patient request' }), {
    'if-match': moved.etag,
  })
  expect(done.body.status).toBe('cancelled')
  expect((await doors.call('GET', `/scheduling/v1/slots/${later?.id ?? ''}`)).body.status).toBe('free')
})

test('results, reports, documents, practitioners and places of the hospital are served', async () => {
  await using doors = await openDoors(Date.parse('2026-03-04T15:00:00Z'))
  const id = doors.hospital.patientId(3)
  const statuses = await Promise.all(
    [
      `/clinical/v1/results?patient=${id}&category=laboratory`,
      `/clinical/v1/reports?patient=${id}`,
      `/documents/v1/documents?patient=${id}`,
      '/reference/v1/practitioners?_id=9876543',
      '/reference/v1/locations',
      `/scheduling/v1/appointments?patient=${id}&start=ge2026-01-01T00:00:00Z&start=lt2026-12-01T00:00:00Z`,
    ].map(async (path) => (await doors.call('GET', path)).status),
  )
  expect(statuses).toEqual([200, 200, 200, 200, 200, 200])
})
