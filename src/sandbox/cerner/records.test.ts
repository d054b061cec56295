import { expect, test } from 'vitest'
import type { Grant } from './contract.ts'
import {
  all,
  booking,
  entriesOf,
  fixture,
  freeSlot,
  idFrom,
  linkOf,
  openRoad,
  SYSTEM,
} from './hospital.world.ts'

const WEEK = '/Appointment?location=21250403&date=ge2026-03-02T00:00:00Z&date=lt2026-03-09T00:00:00Z'

test('a page may be smaller than asked for, repeat a row, or lead back to the first', async () => {
  await using road = await openRoad()
  const { switches } = road.hospital
  switches.pageSize = 4
  const first = await road.get(`${WEEK}&_count=100`)
  expect(entriesOf(first)).toHaveLength(4)
  switches.duplicateAcrossPages = true
  const second = entriesOf(await road.get(linkOf(first, 'next') ?? ''))
  expect(second[0]?.id).toBe(entriesOf(first)[3]?.id)
  switches.loopPages = true
  const whole = await all(road, '/Encounter?_id=1').catch(() => 'never ends')
  expect(whole).toHaveLength(0)
})

test('one bad record fails the whole search, and the total is told when the hospital is told to', async () => {
  await using road = await openRoad()
  road.hospital.switches.withTotal = true
  expect((await road.get(`${WEEK}&_count=5`)).json['total']).toBeGreaterThan(20)
  road.hospital.switches.badRecord = 'Condition'
  const answer = await road.get('/Condition?patient=12345')
  expect([answer.status, answer.json['issue']]).toEqual([
    500,
    [{ severity: 'fatal', code: 'required', location: ['/f:Condition/f:status'] }],
  ])
})

test('a search sees a write after the delay; a read sees it at once', async () => {
  await using road = await openRoad()
  road.hospital.switches.visibilityDelayMs = 30_000
  const made = await road.send('POST', '/Appointment', booking(await freeSlot(road)))
  const search = '/Appointment?patient=12345&date=ge2026-01-01T00:00:00Z'
  expect(entriesOf(await road.get(search))).toEqual([])
  expect((await road.get(`/Appointment/${idFrom(made)}`)).status).toBe(200)
  await road.send('PATCH', '/Patient/12345', [{ op: 'replace', path: '/gender', value: 'other' }], {
    'if-match': 'W/"0"',
  })
  expect(entriesOf(await road.get('/Patient?_id=12345'))).toMatchObject([{ gender: 'male' }])
  road.clock.advance(30_001)
  expect(entriesOf(await road.get(search))).toHaveLength(1)
  expect(entriesOf(await road.get('/Patient?_id=12345'))).toMatchObject([{ gender: 'other' }])
})

test('an unknown parameter beside a good one is refused only by a strict hospital', async () => {
  await using road = await openRoad()
  expect((await road.get('/Patient?family=doe&shoe=44')).status).toBe(200)
  road.hospital.switches.strictParameters = true
  expect((await road.get('/Patient?family=doe&shoe=44')).status).toBe(400)
})

test('a type may come without its versions', async () => {
  await using road = await openRoad()
  road.hospital.switches.versionless = 'Patient'
  expect((await road.get('/Patient/12345')).json['meta']).toBeUndefined()
})

test('_id stands alone, takes a list, and leaves out what is not there', async () => {
  await using road = await openRoad()
  expect((await road.get('/Encounter?_id=1&patient=12345')).status).toBe(400)
  const found = entriesOf(await road.get('/Practitioner?_id=9000001,9000002,5&_count=1'))
  expect(found.map(({ id }) => id)).toEqual(['9000001', '9000002'])
})

test('provenance comes along when it is asked for', async () => {
  await using road = await openRoad()
  await road.send('POST', '/Observation', fixture('guide-observation-create'))
  const answer = await road.get('/Observation?patient=12345&_revinclude=Provenance:target')
  const [observation, provenance] = entriesOf(answer)
  expect(provenance).toMatchObject({
    resourceType: 'Provenance',
    target: [{ reference: `Observation/${String(observation?.id)}` }],
  })
})

test('a patient sees their own records, and others are hidden or forbidden', async () => {
  const grant: Grant = { ...SYSTEM, persona: 'patient', patient: '12345' }
  await using road = await openRoad({ gate: { admit: () => grant } })
  expect((await road.get('/Patient/12345')).status).toBe(200)
  expect((await road.get('/Patient/1234567')).status).toBe(404)
  expect((await road.get('/Observation?patient=1234567')).status).toBe(403)
  expect(entriesOf(await road.get('/Patient?family=d&birthdate=ge1930-01-01')).map(({ id }) => id)).toEqual([
    '12345',
  ])
  expect(entriesOf(await road.get(`${WEEK}&_count=200`))).toEqual([])
  expect((await road.get('/Location/21250403')).status).toBe(200)
})

test('a merged record is read by id, points to the one that remains, and is found by no search', async () => {
  await using road = await openRoad()
  const { world } = road.hospital
  let merged = 0
  for (let n = 0; n < 400; n += 1) {
    const twin = world.twinRecord(n)
    const answer = await road.get(`/Patient/${twin.personId}`)
    if (answer.status !== 200 || answer.json['active'] !== false) continue
    merged += 1
    expect(answer.json).toMatchObject({
      link: [{ other: { reference: `Patient/${world.person(n).personId}` }, type: 'replaced-by' }],
    })
    expect(entriesOf(await road.get(`/Patient?_id=${twin.personId}`))).toEqual([])
  }
  expect(merged).toBeGreaterThan(0)
})
