import { afterAll, beforeAll, expect, test } from 'vitest'
import { fixedClock } from '../../kernel/clock.ts'
import { fhirRoutes } from './fhir-routes.ts'
import { openHospital } from './hospital.ts'
import { millenniumRoutes } from './millennium-routes.ts'
import { DEMO_CLIENTS } from './oauth/clients.ts'
import { openCernerServer, type CernerServer } from './server.ts'
import { basicOf, bearer } from './server.world.ts'
import { soapRoutes } from './soap-routes.ts'

/** The doors with the hospital's own records behind them, as the demo opens them. */

const clock = fixedClock(Date.parse('2026-03-04T15:00:00Z'))
let server: CernerServer
let token: string
beforeAll(async () => {
  const hospital = openHospital({ cast: { seed: 1, population: 300 }, clock })
  server = await openCernerServer({ hospital, clock, plugins: [fhirRoutes, millenniumRoutes, soapRoutes] })
  token = await systemToken()
})
afterAll(() => server?.close())

async function systemToken(): Promise<string> {
  const [app] = DEMO_CLIENTS
  const scope =
    'system/Patient.read system/Patient.write system/Appointment.read system/Slot.read system/Practitioner.read mws/Person.read'
  const answer = await fetch(server.endpoints.token, {
    method: 'POST',
    headers: { authorization: basicOf({ id: app?.id ?? '', secret: app?.secret ?? '' }) },
    body: new URLSearchParams({ grant_type: 'client_credentials', scope }),
  })
  return ((await answer.json()) as { access_token: string }).access_token
}

interface Entry {
  readonly resource: { readonly id: string; readonly [member: string]: unknown }
}

const get = (path: string): Promise<Response> =>
  fetch(server.endpoints.fhir + path, { headers: bearer(token) })
const json = async <T>(answer: Response): Promise<T> => {
  expect(answer.status).toBeLessThan(300)
  return (await answer.json()) as T
}
const atScreen = (method: string, path: string, body: unknown): Promise<Response> =>
  fetch(`${server.url}/_sandbox${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

test('a system account reads a patient of the population, and nobody does without a token', async () => {
  const id = server.oauth.hospital.patientId(3)
  expect((await fetch(`${server.endpoints.fhir}/Patient/${id}`)).status).toBe(401)
  expect(await json(await get(`/Patient/${id}`))).toMatchObject({ resourceType: 'Patient', id })
})

test('metadata needs no token and names the same addresses as the discovery document', async () => {
  const metadata = await (await fetch(`${server.endpoints.fhir}/metadata`)).text()
  expect(metadata).toContain(server.endpoints.token)
  expect(metadata).toContain(server.endpoints.authorize)
})

test('a clerk at a screen changes a telephone number, and the next read has it', async () => {
  const id = server.oauth.hospital.patientId(4)
  const before = (await get(`/Patient/${id}`)).headers.get('etag')
  await json(await atScreen('PATCH', `/patients/${id}`, { phoneHome: '+12175550142' }))
  const after = await get(`/Patient/${id}`)
  expect(after.headers.get('etag')).not.toBe(before)
  expect(await after.text()).toMatch(/217.*555.*0142/)
})

test('somebody at a screen moves and cancels an appointment that an app sees', async () => {
  const found = await get(
    `/Appointment?practitioner=9000002&date=ge2026-03-05T00:00:00Z&date=lt2026-03-12T00:00:00Z&_count=20`,
  )
  const { entry } = await json<{ entry: Entry[] }>(found)
  const booked = entry.find(({ resource }) => resource['status'] === 'booked')?.resource
  const id = booked?.id ?? ''
  const { resource } = await json<Entry>(await atScreen('POST', `/appointments/${id}/move`, {}))
  expect(Date.parse(String(resource['start']))).toBeGreaterThan(Date.parse(String(booked?.['start'])))
  expect(await json(await get(`/Appointment/${id}`))).toMatchObject({
    status: 'booked',
    start: resource['start'],
  })
  await json(await atScreen('POST', `/appointments/${id}/cancel`, {}))
  expect(await json(await get(`/Appointment/${id}`))).toMatchObject({ status: 'cancelled' })
})

test('Millennium services stand behind the same door', async () => {
  const search = (authorization: string): Promise<Response> =>
    fetch(`${server.endpoints.mws}/patient/v1/Patient/search`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({
        resourceType: 'Parameters',
        parameter: [
          { name: 'family', valueString: server.oauth.hospital.world.person(5).family },
          { name: 'given', valueString: server.oauth.hospital.world.person(5).given },
        ],
      }),
    })
  expect((await search('')).status).toBe(401)
  const { entry } = await json<{ entry: Entry[] }>(await search(`Bearer ${token}`))
  expect(entry.map(({ resource }) => resource.id)).toContain(server.oauth.hospital.patientId(5))
  expect(await (await fetch(`${server.endpoints.soap}?wsdl`)).text()).toContain(server.endpoints.soap)
})

test('everybody who can sign in is somebody the hospital knows', async () => {
  const unknown: string[] = []
  for (const { fhirUser } of server.oauth.users)
    if ((await get(`/${fhirUser}`)).status !== 200) unknown.push(fhirUser)
  expect(unknown).toEqual([])
})

test('faults reach records: a locked appointment, and pages that lead back', async () => {
  const add = (body: object): Promise<Response> => atScreen('POST', '/faults', body)
  await add({ kind: 'loop', match: { type: 'Slot' } })
  const slots = '/Slot?schedule.actor=9000002&start=ge2026-03-05T00:00:00Z&start=lt2026-03-06T00:00:00Z'
  const { link } = await json<{ link: { relation: string; url: string }[] }>(await get(slots))
  expect(link.find(({ relation }) => relation === 'next')?.url).toBe(server.endpoints.fhir + slots)
  await add({ kind: 'switch', member: 'locked', value: [`Patient/${server.oauth.hospital.patientId(6)}`] })
  const change = await atScreen('PATCH', `/patients/${server.oauth.hospital.patientId(6)}`, {
    gender: 'other',
  })
  expect(change.status).toBe(423)
  server.faults.clear()
})
