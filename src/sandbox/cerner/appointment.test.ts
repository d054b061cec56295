import { expect, test } from 'vitest'
import {
  all,
  booking,
  entriesOf,
  freeSlot,
  idFrom,
  openRoad,
  type Answer,
  type Road,
} from './hospital.world.ts'

const REASON = {
  coding: [
    { system: 'http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason', code: 'oth-err' },
  ],
}
const CERNER = 'https://fhir-ehr.cerner.com/r4/StructureDefinition'

async function patch(road: Road, id: string, ...operations: unknown[]): Promise<Answer> {
  const now = await road.get(`/Appointment/${id}`)
  return road.send('PATCH', `/Appointment/${id}`, operations, { 'if-match': String(now.headers['etag']) })
}
const replace = (path: string, value: unknown) => ({ op: 'replace', path, value })
const add = (path: string, value: unknown) => ({ op: 'add', path, value })
const status = (value: string) => replace('/status', value)

async function booked(road: Road): Promise<{ id: string; slot: string }> {
  const slot = await freeSlot(road)
  const made = await road.send('POST', '/Appointment', booking(slot))
  expect(made.status).toBe(201)
  return { id: idFrom(made), slot }
}

test('a booked slot gives the appointment its time, doctor and place', async () => {
  await using road = await openRoad()
  const { id, slot } = await booked(road)
  const { json: place } = await road.get(`/Slot/${slot}`)
  const { json } = await road.get(`/Appointment/${id}`)
  expect(json).toMatchObject({
    status: 'booked',
    start: place['start'],
    end: place['end'],
    serviceType: place['serviceType'],
    participant: [
      { actor: { reference: expect.stringMatching(/^Location\//) as string } },
      {
        actor: { reference: expect.stringMatching(/^Practitioner\//) as string },
        type: [{}, { coding: [{ code: 'PPRF' }] }],
      },
      { actor: { reference: 'Patient/12345' }, status: 'accepted' },
    ],
  })
  expect(json['slot']).toBeUndefined()
})

test('booking takes the slot and all that overlap it; cancelling frees them', async () => {
  await using road = await openRoad()
  const slot = await freeSlot(road, '24477850')
  const { json: place } = await road.get(`/Slot/${slot}`)
  const actor = (await road.get(`/${(place['schedule'] as { reference: string }).reference}`)).json[
    'actor'
  ] as { reference: string }[]
  const doctor = actor[0]?.reference.split('/')[1] ?? ''
  const window = `/Slot?schedule.actor=${doctor}&start=ge${String(place['start'])}&start=lt${String(place['end'])}`
  const before = (await all(road, window)).map((one) => one.id)
  const made = await road.send('POST', '/Appointment', booking(slot))
  expect((await road.get(`/Slot/${slot}`)).json).toMatchObject({ status: 'busy' })
  expect(await all(road, window)).toEqual([])
  expect((await road.send('POST', '/Appointment', booking(slot))).status).toBe(422)
  await patch(road, idFrom(made), status('cancelled'))
  expect((await all(road, window)).map((one) => one.id)).toEqual(before)
  expect(before.length).toBeGreaterThan(3)
})

test('the slot of an appointment that a patient has already is never offered', async () => {
  await using road = await openRoad()
  const range = 'ge2026-03-05T00:00:00Z&start=lt2026-03-20T00:00:00Z'
  const free = await all(road, `/Slot?-location=21250403&start=${range}&_count=200`)
  const taken = await all(
    road,
    '/Appointment?location=21250403&date=ge2026-03-05T00:00:00Z&date=lt2026-03-20T00:00:00Z&status=booked&_count=200',
  )
  const doctors = new Map<string, string>()
  for (const one of taken) {
    const [, doctor] = one['participant'] as unknown as { actor: { reference: string } }[]
    doctors.set(`${doctor?.actor.reference ?? ''} ${String(one['start'])}`, String(one.id))
  }
  expect(doctors.size).toBeGreaterThan(50)
  for (const slot of free) {
    const schedule = (await road.get(`/${(slot['schedule'] as unknown as { reference: string }).reference}`))
      .json
    const [actor] = schedule['actor'] as { reference: string }[]
    expect(doctors.get(`${actor?.reference ?? ''} ${String(slot['start'])}`)).toBeUndefined()
  }
})

test('the next booking may find its slot just taken', async () => {
  await using road = await openRoad()
  road.hospital.switches.slotRace = true
  const slot = await freeSlot(road)
  expect((await road.send('POST', '/Appointment', booking(slot))).status).toBe(422)
  expect((await road.send('POST', '/Appointment', booking(slot))).status).toBe(201)
})

test('a booking breaks no rule: one slot, one patient who accepted, no participant type, a reason of 255 characters', async () => {
  await using road = await openRoad()
  const slot = await freeSlot(road)
  const participant = [{ actor: { reference: 'Patient/12345' }, status: 'accepted' }]
  const tries: [number, Record<string, unknown>][] = [
    [422, { slot: [] }],
    [422, { slot: [{ reference: 'Slot/1-2-3-4' }] }],
    [
      422,
      { participant: [...participant, { actor: { reference: 'Practitioner/9876543' }, status: 'accepted' }] },
    ],
    [422, { participant: [{ ...participant[0], status: 'needs-action' }] }],
    [422, { participant: [{ ...participant[0], type: [{ text: 'Patient' }] }] }],
    [422, { participant: [{ actor: { reference: 'Patient/1' }, status: 'accepted' }] }],
    [422, { status: 'arrived' }],
    [422, { reasonCode: [{ text: 'a' }, { text: 'b' }] }],
    [400, { reasonCode: [{ text: 'x'.repeat(256) }] }],
  ]
  for (const [code, more] of tries)
    expect([more, (await road.send('POST', '/Appointment', booking(slot, '12345', more))).status]).toEqual([
      more,
      code,
    ])
  const longest = { reasonCode: [{ text: 'x'.repeat(255) }] }
  expect((await road.send('POST', '/Appointment', booking(slot, '12345', longest))).status).toBe(201)
})

test('an appointment walks from booked over arrived and checked-in to fulfilled, and no other way', async () => {
  await using road = await openRoad()
  const { id } = await booked(road)
  expect((await patch(road, id, status('fulfilled'))).status).toBe(422)
  for (const step of ['arrived', 'checked-in', 'fulfilled'])
    expect((await patch(road, id, status(step))).status).toBe(200)
  for (const step of ['booked', 'cancelled', 'noshow', 'arrived'])
    expect((await patch(road, id, status(step))).status).toBe(422)
})

test('a cancellation takes one coded reason and, with it, a comment', async () => {
  await using road = await openRoad()
  const first = await booked(road)
  const comment = replace('/extension', [{ url: `${CERNER}/action-comment`, valueString: 'not needed' }])
  expect((await patch(road, first.id, status('cancelled'), comment)).status).toBe(422)
  expect(
    (await patch(road, first.id, status('cancelled'), add('/cancelationReason', { coding: [] }))).status,
  ).toBe(422)
  const done = await patch(road, first.id, comment, status('cancelled'), add('/cancelationReason', REASON))
  expect(done.status).toBe(200)
  const { json } = await road.get(`/Appointment/${first.id}`)
  expect(json).toMatchObject({
    status: 'cancelled',
    cancelationReason: { coding: [{ code: '2191414725' }, { code: 'oth-err' }] },
    extension: [{ valueString: 'not needed' }, { valueBoolean: false }, { valueBoolean: false }],
  })
  const second = await booked(road)
  await patch(road, second.id, status('cancelled'))
  const plain = (await road.get(`/Appointment/${second.id}`)).json
  expect(plain).toMatchObject({ cancelationReason: { coding: [{ code: '0' }] } })
})

test('a new slot alone is a reschedule: the old time is free and the new one taken', async () => {
  await using road = await openRoad()
  const { id, slot } = await booked(road)
  const other = await freeSlot(road, '24477854', 7)
  const why = add('/extension', [{ url: `${CERNER}/reschedule-reason`, valueCodeableConcept: REASON }])
  const moved = await patch(
    road,
    id,
    replace('/slot', [{ reference: `Slot/${other}` }]),
    why,
    replace('/comment', 'later'),
  )
  expect(moved.status).toBe(200)
  const { json } = await road.get(`/Appointment/${id}`)
  expect(json).toMatchObject({ comment: 'later', start: (await road.get(`/Slot/${other}`)).json['start'] })
  expect((await road.get(`/Slot/${slot}`)).json).toMatchObject({ status: 'free' })
  expect((await road.get(`/Slot/${other}`)).json).toMatchObject({ status: 'busy' })
  expect(
    (await patch(road, id, replace('/slot', [{ reference: `Slot/${slot}` }]), status('arrived'))).status,
  ).toBe(422)
})

test('a request is found by its wished period, booked with a slot, and by no date before', async () => {
  await using road = await openRoad()
  const body = {
    resourceType: 'Appointment',
    status: 'proposed',
    serviceType: [{ coding: [{ system: 'http://snomed.info/sct', code: '408443003' }] }],
    participant: [
      { actor: { reference: 'Patient/12345' }, status: 'needs-action' },
      { actor: { reference: 'Location/21250403' }, status: 'needs-action' },
    ],
    requestedPeriod: [{ start: '2026-03-10T13:00:00-05:00', end: '2026-03-12T13:00:00-05:00' }],
    comment: 'mornings',
  }
  const made = await road.send('POST', '/Appointment', body)
  expect(made.status).toBe(201)
  const range = 'ge2026-03-09T00:00:00Z'
  const search = (name: string) =>
    road.get(`/Appointment?patient=12345&${name}=${range}&${name}=lt2026-03-11T00:00:00Z`)
  expect(entriesOf(await search('date'))).toEqual([])
  expect(entriesOf(await search('-date-or-req-period'))).toMatchObject([
    { status: 'proposed', comment: 'mornings' },
  ])
  const slot = [{ reference: `Slot/${await freeSlot(road)}` }]
  expect((await patch(road, idFrom(made), status('booked'))).status).toBe(422)
  const done = await patch(
    road,
    idFrom(made),
    add('/slot', slot),
    status('booked'),
    add('/reasonCode', [{ text: 'headache' }]),
  )
  expect(done.status).toBe(200)
  expect((await road.get(`/Appointment/${idFrom(made)}`)).json).toMatchObject({
    status: 'booked',
    reasonCode: [{ text: 'headache' }],
  })
  expect((await road.send('POST', '/Appointment', { ...body, requestedPeriod: [] })).status).toBe(422)
})

test('the four links of a video visit come together, and adding them again is a conflict', async () => {
  await using road = await openRoad()
  const { id } = await booked(road)
  const links = (op: string) => [
    { op, path: '/contained/0/telecom/0/value', value: 'https://doctor.example/1' },
    { op, path: '/contained/1/telecom/0/value', value: 'https://patient.example/1' },
    { op, path: '/contained/0/telecom/0/period/start', value: '2026-03-05T08:00:00.000Z' },
    { op, path: '/contained/0/telecom/0/period/end', value: '2026-03-05T08:10:00.000Z' },
  ]
  expect((await patch(road, id, ...links('replace'))).status).toBe(422)
  expect((await patch(road, id, ...links('add').slice(0, 3))).status).toBe(422)
  expect((await patch(road, id, ...links('add').slice(0, 2), ...links('replace').slice(2))).status).toBe(422)
  expect((await patch(road, id, ...links('add'))).status).toBe(200)
  expect((await patch(road, id, ...links('add'))).status).toBe(409)
  expect((await patch(road, id, ...links('replace'))).status).toBe(200)
  expect((await road.get(`/Appointment/${id}`)).json).toMatchObject({
    contained: [
      { telecom: [{ value: 'https://doctor.example/1' }] },
      { telecom: [{ value: 'https://patient.example/1' }] },
    ],
  })
})

test('a search takes one of patient, practitioner and location, and a date', async () => {
  await using road = await openRoad()
  const date = 'date=ge2026-03-02T00:00:00Z&date=lt2026-03-09T00:00:00Z'
  for (const query of [
    'patient=12345',
    `patient=12345&location=21250403&${date}`,
    date,
    `patient=12345&date=ne2026-03-02`,
  ])
    expect([query, (await road.get(`/Appointment?${query}`)).status]).toEqual([query, 400])
  const mine = await all(road, `/Appointment?practitioner=9000001,9000002&${date}&status=fulfilled,booked`)
  expect(mine.length).toBeGreaterThan(10)
  expect(new Set(mine.map((one) => String(one['status'])))).toEqual(new Set(['fulfilled', 'booked']))
})

test('a date finds what begins or ends in the range', async () => {
  await using road = await openRoad()
  const { id } = await booked(road)
  const { json } = await road.get(`/Appointment/${id}`)
  const [start, end] = [Date.parse(String(json['start'])), Date.parse(String(json['end']))]
  const at = (ms: number): string => new Date(ms).toISOString()
  const within = async (from: number, to: number): Promise<number> =>
    entriesOf(await road.get(`/Appointment?patient=12345&date=ge${at(from)}&date=lt${at(to)}`)).length
  expect(await within(start - 1000, start + 1)).toBe(1)
  expect(await within(end - 1000, end + 1)).toBe(1)
  expect(await within(end + 1, end + 5000)).toBe(0)
  expect(await within(start - 5000, start)).toBe(0)
})
