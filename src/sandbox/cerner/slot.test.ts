import { expect, test } from 'vitest'
import { all, entriesOf, freeSlot, openRoad } from './hospital.world.ts'

const search = (query: string): string => `/Slot?${query}&_count=200`

/** The hour on the wall at a place. */
const hourAt = (instant: unknown, zone: string): number =>
  Temporal.Instant.from(String(instant)).toZonedDateTimeISO(zone).hour

test('slots lie in the hours of the clinic on both sides of the change to summer time, in both zones', async () => {
  await using road = await openRoad({ now: Date.parse('2026-03-02T14:00:00Z') })
  const range = 'start=ge2026-03-03T00:00:00Z&start=lt2026-03-21T00:00:00Z'
  for (const [location, zone, offsets] of [
    ['21250403', 'America/Chicago', ['-06:00', '-05:00']],
    ['21250427', 'America/Indiana/Indianapolis', ['-05:00', '-04:00']],
  ] as const) {
    const slots = await all(road, search(`-location=${location}&${range}`))
    const seen = new Set<string>()
    for (const { start } of slots) {
      expect(hourAt(start, zone)).toBeGreaterThanOrEqual(7)
      expect(hourAt(start, zone)).toBeLessThan(19)
      seen.add(Temporal.Instant.from(String(start)).toZonedDateTimeISO(zone).offset)
    }
    expect([...seen].sort().reverse()).toEqual([...offsets].sort().reverse())
  }
})

test('slots are free, in the future, and ordered by start', async () => {
  await using road = await openRoad()
  const slots = await all(
    road,
    search('service-type=24477854&start=ge2026-03-01T00:00:00Z&start=lt2026-03-12T00:00:00Z'),
  )
  expect(slots.length).toBeGreaterThan(20)
  const starts = slots.map(({ start }) => String(start))
  expect(starts).toEqual([...starts].sort())
  for (const slot of slots) {
    expect(slot['status']).toBe('free')
    expect(Date.parse(String(slot['start']))).toBeGreaterThan(road.clock.now())
    expect(slot.id).toMatch(/^\d+-\d+-\d+-\d+$/)
  }
})

test('a search needs both ends of its range, each with a time, and what to look for', async () => {
  await using road = await openRoad()
  const range = 'start=ge2026-03-05T00:00:00Z&start=lt2026-03-07T00:00:00Z'
  for (const query of [
    range,
    'service-type=24477854',
    'service-type=24477854&start=ge2026-03-05T00:00:00Z',
    'service-type=24477854&start=ge2026-03-05&start=lt2026-03-07',
    `service-type=https://fhir.cerner.com/${road.hospital.tenant}/codeSet/14249|24477854,http://snomed.info/sct|408443003&${range}`,
    `service-type=24477854&${range}&_count=4`,
  ])
    expect([query, (await road.get(`/Slot?${query}`)).status]).toEqual([query, 400])
})

test('a service type is found by the code of the site or by its SNOMED code', async () => {
  await using road = await openRoad()
  const range = 'start=ge2026-03-05T00:00:00Z&start=lt2026-03-07T00:00:00Z'
  const own = encodeURIComponent(`https://fhir.cerner.com/${road.hospital.tenant}/codeSet/14249|24477854`)
  const standard = encodeURIComponent('http://snomed.info/sct|408443003')
  const first = await all(road, search(`service-type=${own}&${range}`))
  expect((await all(road, search(`service-type=${standard}&${range}`))).map(({ id }) => id)).toEqual(
    first.map(({ id }) => id),
  )
  expect(first.length).toBeGreaterThan(0)
})

test('schedules and practitioners come along when they are asked for', async () => {
  await using road = await openRoad()
  const answer = await road.get(
    '/Slot?service-type=24477854&schedule.actor=9000002&start=ge2026-03-05T00:00:00Z&start=lt2026-03-25T00:00:00Z&_include=Slot:schedule,Schedule:actor:Practitioner',
  )
  const types = new Set(entriesOf(answer).map(({ resourceType }) => resourceType))
  expect([...types].sort()).toEqual(['Practitioner', 'Schedule', 'Slot'])
  const doctors = entriesOf(answer).filter((one) => one.resourceType === 'Practitioner')
  expect(doctors.map(({ id }) => id)).toEqual(['9000002'])
  expect((await road.get('/Slot?_id=1&_include=Slot:nothing')).status).toBe(400)
})

test('a soft hold takes a slot out of the search until it is free again', async () => {
  await using road = await openRoad()
  const id = await freeSlot(road)
  const set = async (value: string): Promise<number> => {
    const now = await road.get(`/Slot/${id}`)
    const body = [{ op: 'replace', path: '/status', value }]
    return (await road.send('PATCH', `/Slot/${id}`, body, { 'if-match': String(now.headers['etag']) })).status
  }
  expect(await set('busy-tentative')).toBe(200)
  expect((await road.get(`/Slot/${id}`)).json).toMatchObject({ status: 'busy-tentative' })
  expect(await freeSlot(road)).not.toBe(id)
  expect(await set('busy')).toBe(422)
  expect(await set('free')).toBe(200)
  expect(await freeSlot(road)).toBe(id)
})
