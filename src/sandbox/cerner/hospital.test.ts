import { expect, test } from 'vitest'
import { decode } from '../../standards/hl7v2/decode.ts'
import type { Hl7Message } from '../../standards/hl7v2/message.ts'
import { openCalendar } from '../day.ts'
import type { ResultEvent, SandboxEvent, SchedulingEvent, VisitEvent } from '../events.ts'
import { historyUntil } from '../history.ts'
import { storiesIn } from '../hospital.ts'
import { messageFor } from '../messages.ts'
import { STYLE_251 } from '../wire.ts'
import { all, booking, CAST, entriesOf, freeSlot, idFrom, NOW, openRoad, SYSTEM } from './hospital.world.ts'

const events = [...historyUntil({ cast: CAST, storiesPerMinute: 0, count: 120 }, NOW, openCalendar(CAST))]

function told(
  road: { hospital: { world: Parameters<typeof messageFor>[0] } },
  event: SandboxEvent,
): Hl7Message {
  const decoded = decode(messageFor(road.hospital.world, STYLE_251, event).bytes)
  if (decoded.kind !== 'message') throw new Error('not a message')
  return decoded.message
}

const isResult = (event: SandboxEvent): event is ResultEvent => event.kind === 'result'
const lastReports = (): ResultEvent[] => {
  const byOrder = new Map<string, ResultEvent>()
  for (const event of events.filter(isResult)) byOrder.set(event.order.placer, event)
  return [...byOrder.values()]
}

test('a result that an ORU told is there as DiagnosticReport and Observations, value for value', async () => {
  await using road = await openRoad()
  const reports = lastReports().filter((_, i) => i % 6 === 0)
  expect(reports.length).toBeGreaterThan(10)
  for (const event of reports) {
    const message = told(road, event)
    const { json: report } = await road.get(`/DiagnosticReport/${message.get('OBR-2.1') ?? ''}`)
    expect(report).toMatchObject({
      status: { P: 'preliminary', F: 'final', C: 'corrected' }[event.status],
      subject: { reference: `Patient/${road.hospital.patientId(event.patient)}` },
      encounter: { reference: `Encounter/${event.order.visit.encounterId}` },
      identifier: [{}, { value: message.get('OBR-3.1') }, { value: message.get('OBR-2.1') }],
    })
    const lines = message.segments.filter(({ name }) => name === 'OBX')
    const results = report['result'] as { reference: string }[]
    expect(results).toHaveLength(lines.length)
    for (const [i, line] of lines.entries()) {
      const { json } = await road.get(`/${results[i]?.reference ?? ''}`)
      const quantity = json['valueQuantity'] as { value: number; comparator?: string } | undefined
      const value =
        quantity === undefined ? json['valueString'] : `${quantity.comparator ?? ''}${quantity.value}`
      const text = String(line.get(5, 1, 1) ?? '') + String(line.get(5, 1, 2) ?? '')
      expect(Number.isNaN(Number(text)) ? text : String(Number(text))).toBe(String(value))
      const codes = (json['code'] as { coding: { code: string }[] }).coding.map(({ code }) => code)
      expect(codes).toContain(line.get(3, 1, 1))
    }
  }
})

test('an appointment that an SIU told is there under its SCH-2, with its place, doctor and state', async () => {
  await using road = await openRoad()
  const isScheduling = (event: SandboxEvent): event is SchedulingEvent => 'appointment' in event
  const latest = new Map<string, SchedulingEvent>()
  for (const event of events.filter(isScheduling)) latest.set(event.appointment.id, event)
  const states = new Set<string>()
  for (const event of [...latest.values()].filter((_, i) => i % 9 === 0)) {
    const message = told(road, event)
    const { json } = await road.get(`/Appointment/${message.get('SCH-2.1') ?? ''}`)
    const status = {
      Booked: 'booked',
      Started: 'checked-in',
      Complete: 'fulfilled',
      Cancelled: 'cancelled',
      Noshow: 'noshow',
    }[event.status]
    states.add(status)
    expect(json).toMatchObject({
      status,
      start: new Date(event.slot.start).toISOString(),
      minutesDuration: event.slot.minutes,
      participant: [
        { actor: { reference: `Location/${event.slot.clinic.locationCd}` } },
        { actor: { reference: `Practitioner/${message.get('AIP-3.1') ?? ''}` } },
        { actor: { reference: `Patient/${road.hospital.patientId(event.patient)}` } },
      ],
    })
    expect(json['comment'] ?? null).toBe(event.notes)
  }
  expect([...states].sort()).toEqual(['booked', 'cancelled', 'checked-in', 'fulfilled', 'noshow'])
})

test('a visit that an ADT told is there under its encounter id and its FIN', async () => {
  await using road = await openRoad()
  const visits = events.filter(
    (event): event is VisitEvent => event.kind === 'discharge' || event.kind === 'arrive',
  )
  for (const event of visits.filter((_, i) => i % 11 === 0)) {
    const message = told(road, event)
    const { json } = await road.get(`/Encounter/${message.get('PV1-50.1') ?? ''}`)
    expect(json).toMatchObject({
      identifier: [{ value: message.get('PV1-19.1'), type: { coding: [{ display: 'FIN NBR' }, {}] } }],
      subject: { reference: `Patient/${road.hospital.patientId(event.patient)}` },
      period: { start: new Date(event.visit.startedAt).toISOString() },
    })
    const byFin = await road.get(`/Encounter?identifier=${message.get('PV1-19.1') ?? ''}`)
    expect(entriesOf(byFin).map(({ id }) => id)).toEqual([event.visit.encounterId])
  }
})

test('what lies in the future is not known yet, and becomes known as time passes', async () => {
  await using road = await openRoad()
  const calendar = openCalendar(CAST)
  const coming = calendar
    .week(Math.floor((NOW / 86_400_000 - 4) / 7) + 1)
    .find((one) => one.bookedAt > NOW && one.outcome === 'seen' && one.panels.length > 0)
  if (coming === undefined) throw new Error('nobody is booked later')
  expect((await road.get(`/Appointment/${coming.id}`)).status).toBe(404)
  road.clock.advance(coming.bookedAt - NOW)
  expect((await road.get(`/Appointment/${coming.id}`)).json).toMatchObject({ status: 'booked' })
  expect((await road.get(`/Encounter/97${coming.id}`)).status).toBe(404)
  road.clock.advance(coming.slot.start + 6 * 3_600_000 + 3_600_000 - road.clock.now())
  const done = await road.get(`/Appointment/${coming.id}`)
  expect(done.json).toMatchObject({ status: 'fulfilled' })
  expect(done.headers['etag']).not.toBe('W/"0"')
  expect((await road.get(`/Encounter/97${coming.id}`)).json).toMatchObject({ status: 'finished' })
  const reports = entriesOf(
    await road.get(
      `/DiagnosticReport?patient=${road.hospital.patientId(coming.patient)}&encounter=97${coming.id}`,
    ),
  )
  expect(reports).toHaveLength(coming.panels.length)
})

test('a change that the HL7 day told gives the Patient a new version with the new value', async () => {
  await using road = await openRoad()
  const id = road.hospital.patientId(3)
  const before = await road.get(`/Patient/${id}`)
  const event: SandboxEvent = {
    kind: 'update',
    at: NOW,
    key: 'test:update',
    patient: 3,
    change: { phoneMobile: '+12175550161' },
    visit: null,
  }
  messageFor(road.hospital.world, STYLE_251, event)
  road.hospital.hear(event)
  const after = await road.get(`/Patient/${id}`)
  expect(after.headers['etag']).not.toBe(before.headers['etag'])
  expect(JSON.stringify(after.json)).toContain('2175550161')
  expect(entriesOf(await road.get('/Patient?phone=2175550161')).map((one) => one.id)).toContain(id)
})

test("an emergency of the hospital's own day is there once it was heard, and only once", async () => {
  await using road = await openRoad()
  const options = { cast: CAST, perMinute: 40, week: openCalendar(CAST).week }
  const story = storiesIn(options, NOW / 60_000 - 600).find(
    (one) => one[0]?.kind === 'arrive' && one.some(isResult),
  )
  const [arrival] = story ?? []
  if (story === undefined || arrival?.kind !== 'arrive') throw new Error('no emergency')
  const path = `/Encounter/${arrival.visit.encounterId}`
  expect((await road.get(path)).status).toBe(404)
  for (const event of [...story, ...story]) road.hospital.hear(event)
  expect((await road.get(path)).status).toBe(200)
  const reports = await all(
    road,
    `/DiagnosticReport?patient=${road.hospital.patientId(arrival.patient)}&encounter=${arrival.visit.encounterId}`,
  )
  expect(reports).toHaveLength(new Set(story.filter(isResult).map(({ order }) => order.placer)).size)
})

test('notes edited by the day show on the appointment', async () => {
  await using road = await openRoad()
  const calendar = openCalendar(CAST)
  const appointment = calendar
    .week(Math.floor((NOW / 86_400_000 - 4) / 7))
    .find(
      (one) =>
        one.bookedAt < NOW && one.slot.start > NOW && one.original === null && one.outcome !== 'cancelled',
    )
  if (appointment === undefined) throw new Error('nobody comes')
  const before = await road.get(`/Appointment/${appointment.id}`)
  const { slot, patient } = appointment
  road.hospital.hear({
    kind: 'change',
    at: NOW,
    key: 'H1:note',
    patient,
    appointment,
    slot,
    status: 'Booked',
    notes: 'Labs before the visit',
  })
  const after = await road.get(`/Appointment/${appointment.id}`)
  expect(after.json).toMatchObject({ comment: 'Labs before the visit' })
  expect(after.headers['etag']).not.toBe(before.headers['etag'])
})

test('a visit that was cancelled over FHIR does not take place, and the day is told to skip it', async () => {
  await using road = await openRoad()
  const calendar = openCalendar(CAST)
  const appointment = calendar
    .week(Math.floor((NOW / 86_400_000 - 4) / 7))
    .find(
      (one) => one.bookedAt < NOW && one.slot.start > NOW && one.outcome === 'seen' && one.original === null,
    )
  if (appointment === undefined) throw new Error('nobody comes')
  const path = `/Appointment/${appointment.id}`
  const now = await road.get(path)
  const cancel = [{ op: 'replace', path: '/status', value: 'cancelled' }]
  const done = await road.send('PATCH', path, cancel, { 'if-match': String(now.headers['etag']) })
  expect(done.status).toBe(200)
  const { slot, patient } = appointment
  const visit: SandboxEvent = {
    kind: 'change',
    at: slot.start,
    key: 'x',
    patient,
    appointment,
    slot,
    status: 'Started',
    notes: null,
  }
  expect(road.hospital.holds(visit)).toBe(false)
  road.clock.advance(5 * 86_400_000)
  expect((await road.get(`/Encounter/97${appointment.id}`)).status).toBe(404)
  expect((await road.get(path)).json).toMatchObject({ status: 'cancelled' })
})

test('a listener hears of every write with what was there before', async () => {
  await using road = await openRoad()
  const heard: string[] = []
  const stop = road.hospital.onChange(({ type, id, verb, before }) => {
    heard.push(`${verb} ${type} ${before === null ? 'new' : before.version}`)
    expect(road.hospital.records.read(type, id, SYSTEM).resource.resourceType).toBe(type)
  })
  const made = await road.send('POST', '/Appointment', booking(await freeSlot(road)))
  await road.send(
    'PATCH',
    `/Appointment/${idFrom(made)}`,
    [{ op: 'replace', path: '/status', value: 'arrived' }],
    { 'if-match': 'W/"0"' },
  )
  await road.send('PATCH', '/Patient/12345', [{ op: 'replace', path: '/birthDate', value: '1980-05-16' }], {
    'if-match': 'W/"0"',
  })
  stop()
  await road.send('PATCH', '/Patient/12345', [{ op: 'replace', path: '/gender', value: 'female' }], {
    'if-match': 'W/"1"',
  })
  expect(heard).toEqual(['create Appointment new', 'update Appointment 0', 'update Patient 0'])
})
