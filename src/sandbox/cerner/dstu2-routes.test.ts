import { expect, test } from 'vitest'
import { entriesOf, freeSlot, idFrom, linkOf, openRoad, ORIGIN } from './hospital.world.ts'

const dstu2 = () => openRoad({ road: 'dstu2' })

test('a patient comes with a list of family names, a care provider and the Argonaut extensions', async () => {
  await using road = await dstu2()
  const answer = await road.get('/Patient/12345', { accept: 'application/json+fhir' })
  expect(answer.headers['content-type']).toContain('application/json+fhir')
  expect(answer.json).toMatchObject({
    name: [{ family: ['DOE'], given: ['JOHN'] }],
    careProvider: [{ reference: 'Practitioner/9876543' }],
    identifier: [{ type: { coding: [{}, { system: 'http://hl7.org/fhir/v2/0203', code: 'MR' }] } }, {}],
  })
  const text = answer.text
  expect(text).toContain('http://fhir.org/guides/argonaut/StructureDefinition/argo-race')
  expect(text).not.toContain('terminology.hl7.org')
  expect(text).not.toContain('us-core')
})

test('what is proposed with a slot is booked, and arrives or is cancelled by a PUT', async () => {
  await using road = await dstu2()
  const slots = await road.get(
    '/Slot?slot-type=24477854&start=ge2026-03-05T00:00:00Z&start=lt2026-03-20T00:00:00Z',
  )
  const [slot] = entriesOf(slots)
  expect(slot).toMatchObject({ freeBusyType: 'free', type: { text: 'Office Visit' } })
  const body = {
    resourceType: 'Appointment',
    status: 'proposed',
    slot: [{ reference: `Slot/${String(slot?.id)}` }],
    participant: [{ actor: { reference: 'Patient/12345' }, status: 'needs-action' }],
  }
  const made = await road.send('POST', '/Appointment', body)
  expect(made.status).toBe(201)
  expect(made.headers['location']).toMatch(new RegExp(`^${ORIGIN}/dstu2/`))
  expect((await road.get(`/Slot/${String(slot?.id)}`)).json).toMatchObject({ freeBusyType: 'busy' })
  expect((await road.send('POST', '/Appointment', body)).status).toBe(422)
  const path = `/Appointment/${idFrom(made)}`
  const read = await road.get(path)
  expect(read.json).toMatchObject({ status: 'booked', type: { text: 'Office Visit' } })
  const put = (status: string, version: string) =>
    road.send('PUT', path, { ...read.json, status }, { 'if-match': `W/"${version}"` })
  expect((await put('checked-in', '0')).status).toBe(422)
  expect((await put('arrived', '0')).status).toBe(200)
  expect((await put('cancelled', '0')).status).toBe(409)
  expect((await put('cancelled', '1')).status).toBe(200)
  expect((await road.get(`/Appointment?patient=12345&date=2026`)).status).toBe(200)
})

test('types that came later are unknown, and there is no PATCH', async () => {
  await using road = await dstu2()
  for (const path of ['/Location/21250403', '/Coverage?patient=12345', '/Organization'])
    expect([path, (await road.get(path)).status]).toEqual([path, 404])
  const patch = [{ op: 'replace', path: '/gender', value: 'other' }]
  expect((await road.send('PATCH', '/Patient/12345', patch, { 'if-match': 'W/"0"' })).status).toBe(404)
})

test('observations have one category and encounters a patient, and pages go on', async () => {
  await using road = await dstu2()
  const patient = road.hospital.patientId(1)
  const observations = await road.get(`/Observation?patient=${patient}&_count=3`)
  for (const one of entriesOf(observations)) expect(Array.isArray(one['category'])).toBe(false)
  const next = linkOf(observations, 'next')
  if (next !== undefined) expect(entriesOf(await road.get(next)).length).toBeGreaterThan(0)
  expect((await road.get('/Encounter?identifier=1')).status).toBe(400)
  expect((await road.get('/metadata')).json).toMatchObject({
    resourceType: 'Conformance',
    fhirVersion: '1.0.2',
  })
})

test('free slots of both roads are the same', async () => {
  await using road = await openRoad()
  const id = await freeSlot(road)
  const old = await road.app.inject({ method: 'GET', url: `/dstu2/${road.hospital.tenant}/Slot/${id}` })
  expect(JSON.parse(old.body)).toMatchObject({ id, freeBusyType: 'free' })
})
