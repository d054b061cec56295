import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Conflict } from '../../contract/conflicts.ts'
import type { ClinicalDocument } from '../../contract/documents.ts'
import type { Patient } from '../../contract/patients.ts'
import type { AppointmentChange, SchedulingOptions, Slot } from '../../contract/scheduling.ts'
import { outboundServices } from '../../engine/outbound/outbound-services.ts'
import { openOutboundWorld, slotAt } from '../../engine/outbound/outbound.world.ts'
import type { OutboundWorld } from '../../engine/outbound/outbound.world.ts'
import { newId } from '../../kernel/ids.ts'
import { openTestApp } from '../test-app.ts'
import type { TestApp } from '../test-app.ts'

let world: OutboundWorld
let http: TestApp
let patient: string

const AT = '2026-03-10T15:00:00.000Z'
const json = (method: 'POST' | 'PATCH', url: string, payload: object) => ({ method, url, payload })
const booking = (start = AT) => ({ patient_id: patient, slot: slotAt(start), reason: 'Back pain' })

beforeAll(async () => {
  http = await openTestApp()
  world = await openOutboundWorld({ rules: { appointment: 'ask' } }, http)
  Object.assign(
    http.engine,
    outboundServices(world.parts, (_id, fields, rule) => {
      world.remembered.push({ fields, rule })
      return Promise.resolve()
    }),
  )
  const { id, name, settings } = world.connection
  http.engine.items = [
    { id, channel: 'cerner', name, enabled: true, version: 1, settings, listener: null, updated_at: AT },
  ]
  patient = await world.patient('1')
  world.worker()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await http[Symbol.asyncDispose]()
})

test('front desk and clinicians book; analysts, billers and auditors do not', async () => {
  for (const role of ['analyst', 'biller', 'auditor'] as const) {
    const ask = await http.as(role)
    expect((await ask(json('POST', '/api/appointments', booking()))).statusCode).toBe(403)
    expect(
      (await ask(json('PATCH', `/api/patients/${patient}`, { version: 1, changes: {} }))).statusCode,
    ).toBe(403)
  }
  const clinician = await http.as('clinician')
  expect(
    (await clinician(json('PATCH', `/api/patients/${patient}`, { version: 1, changes: {} }))).statusCode,
  ).toBe(403)
  const desk = await http.as('front-desk')
  const signs = { taken_at: AT, signs: [{ code: '8302-2', value: '180.0', unit: 'cm' }] }
  expect((await desk(json('POST', `/api/patients/${patient}/vital-signs`, signs))).statusCode).toBe(403)
})

test('what can be booked, free times, a booking and its steps, over HTTP', async () => {
  const ask = await http.as('front-desk')
  const options = (await ask('/api/scheduling/options')).json<SchedulingOptions>()
  expect(options.connections).toEqual([
    { id: world.connection.id, name: 'Cerner', can_book: true, reason: '' },
  ])
  expect(options.cancel_reasons.length).toBeGreaterThan(5)

  await world.rows(
    `insert into directory_entry (practice_id, connection_id, kind, id, name, detail) values
     (current_practice(), $1, 'location', '22', 'Lakeside Clinic', '{"time_zone":"America/New_York"}'),
     (current_practice(), $1, 'practitioner', '9', 'Careful, Ann', '{}')`,
    [world.connection.id],
  )
  const type = { system: 'https://fhir.cerner.com/tenant/codeSet/14249', code: '11', display: 'Follow up' }
  world.cerner.slots = [
    {
      resourceType: 'Slot',
      id: `S${AT}`,
      status: 'free',
      start: AT,
      end: slotAt(AT).end,
      serviceType: [{ coding: [type], text: 'Follow up' }],
      schedule: { reference: 'Schedule/11-22' },
      extension: [
        {
          url: 'https://fhir-ehr.cerner.com/r4/StructureDefinition/scheduling-location',
          valueReference: { reference: 'Location/22' },
        },
      ],
    },
    { resourceType: 'Schedule', id: '11-22', actor: [{ reference: 'Practitioner/9' }] },
  ]
  const search = new URLSearchParams({
    service_type: `${type.system}|11`,
    from: '2026-03-10T00:00:00Z',
    to: '2026-03-11T00:00:00Z',
  })
  const slots = (await ask(`/api/slots?${search.toString()}`)).json<{ items: Slot[] }>().items
  expect(slots).toMatchObject([
    {
      id: `S${AT}`,
      location: { id: '22', name: 'Lakeside Clinic' },
      practitioner: { id: '9', name: 'Careful, Ann' },
      time_zone: 'America/New_York',
      service_type: { code: '11' },
    },
  ])
  expect((await ask('/api/scheduling/options')).json<SchedulingOptions>().service_types).toEqual([
    { value: `${type.system}|11`, text: 'Follow up' },
  ])

  const [slot] = slots
  const answer = await ask(
    json('POST', '/api/appointments', { patient_id: patient, slot, request_id: newId() }),
  )
  expect(answer.statusCode).toBe(200)
  const { appointment, exchange_id } = answer.json<AppointmentChange>()
  expect(appointment).toMatchObject({
    status: 'pending',
    patient_name: 'Roe, Jane',
    location_id: '22',
    time_zone: 'America/New_York',
  })
  await world.becomes(exchange_id, 'accepted')
  const booked = (await ask(`/api/appointments/${appointment.id}`)).json<AppointmentChange['appointment']>()
  expect(booked.steps).toEqual(['move', 'cancel', 'arrived', 'checked-in'])
  const biller = await http.as('biller')
  expect((await biller(`/api/appointments/${appointment.id}`)).json<{ steps: string[] }>().steps).toEqual([])

  const bad = await ask(
    json('POST', `/api/appointments/${appointment.id}/status`, {
      version: booked.version,
      status: 'fulfilled',
    }),
  )
  expect(bad.statusCode).toBe(422)
  expect(bad.json<{ code: string }>().code).toBe('APPOINTMENT_TRANSITION')
  const reason = {
    code: 'pat',
    system: 'http://terminology.hl7.org/CodeSystem/appointment-cancellation-reason',
  }
  const cancelled = await ask(
    json('POST', `/api/appointments/${appointment.id}/cancel`, { version: booked.version, reason }),
  )
  expect(cancelled.json<AppointmentChange>().appointment).toMatchObject({
    status: 'cancelled',
    cancel_reason: { code: 'pat' },
  })
  await world.becomes(cancelled.json<AppointmentChange>().exchange_id, 'accepted')
  const trail = await http.trail()
  expect(trail).toContain(`appointment.book appointment/${appointment.id}`)
  expect(trail).toContain(`appointment.cancel appointment/${appointment.id}`)

  const log = (await (await http.as('analyst'))(`/api/exchanges/${exchange_id}`)).json<
    Record<string, unknown>
  >()
  expect(log).toMatchObject({
    direction: 'out',
    kind: 'book Appointment',
    state: 'accepted',
    channel: 'fhir',
  })
  const timeline = await (await http.as('analyst'))(`/api/exchanges/${exchange_id}/timeline`)
  expect(timeline.json<{ events: { event: string }[] }>().events.map(({ event }) => event)).toEqual([
    'made',
    'accepted',
  ])
})

test('a conflict is listed for who may see it, resolved once, and asked for again it is gone', async () => {
  const ask = await http.as('front-desk')
  await world.patient('2')
  const id = await world.booked('2', 'X9', '2026-04-01T15:00:00.000Z')
  const version = (await world.appointment(id))?.version ?? 0
  world.cerner.edit('Appointment/X9', {
    start: '2026-04-03T15:00:00.000Z',
    end: slotAt('2026-04-03T15:00:00.000Z').end,
  })
  const moved = await ask(
    json('POST', `/api/appointments/${id}/move`, { version, slot: slotAt('2026-04-02T15:00:00.000Z') }),
  )
  const { exchange_id } = moved.json<AppointmentChange>()
  await world.becomes(exchange_id, 'parked')
  const open = (await ask('/api/conflicts?state=open')).json<{ items: Conflict[] }>().items
  expect(open).toMatchObject([
    {
      title: 'Appointment, Roe, Jane',
      action: 'reschedule',
      record: { type: 'appointment', id },
      ours: { by: 'Test front-desk', exchange_id },
      state: 'open',
    },
  ])
  const [conflict] = open
  expect((await (await http.as('clinician'))('/api/conflicts')).statusCode).toBe(403)
  const resolve = json('POST', `/api/conflicts/${conflict?.id ?? ''}/resolve`, {
    choice: 'cerner',
    remember: true,
  })
  expect((await ask(resolve)).statusCode).toBe(200)
  expect((await ask(resolve)).statusCode).toBe(409)
  expect(world.remembered).toEqual([{ fields: ['end_time', 'start_time'], rule: 'cerner' }])
  expect((await ask(`/api/conflicts/${conflict?.id ?? ''}`)).json<Conflict>()).toMatchObject({
    state: 'resolved',
    choice: 'cerner',
    resolved_by: 'Test front-desk',
  })
  expect(await http.trail()).toContain(`conflict.resolve conflict/${conflict?.id ?? ''}`)
})

test('a change that waits is taken back by who may make such changes', async () => {
  world.cerner.fail('book', 'FHIR_FORBIDDEN')
  const ask = await http.as('front-desk')
  const { exchange_id } = (
    await ask(json('POST', '/api/appointments', booking('2026-05-05T15:00:00.000Z')))
  ).json<AppointmentChange>()
  await world.becomes(exchange_id, 'parked')
  const analyst = await http.as('analyst')
  expect((await analyst(json('POST', `/api/outbound/${exchange_id}/withdraw`, {}))).statusCode).toBe(403)
  expect((await ask(json('POST', `/api/outbound/${exchange_id}/withdraw`, {}))).statusCode).toBe(200)
  expect((await ask(json('POST', `/api/outbound/${exchange_id}/withdraw`, {}))).statusCode).toBe(404)
})

test('a document is filed, listed, and its content is given so that no browser runs it', async () => {
  const ask = await http.as('clinician')
  const filed = await ask(
    json('POST', `/api/patients/${patient}/documents`, {
      title: 'Letter',
      type_code: '34133-9',
      media_type: 'text/html',
      data_base64: Buffer.from('<script>alert(1)</script>').toString('base64'),
      period_end: AT,
    }),
  )
  expect(filed.statusCode).toBe(200)
  const list = (await ask(`/api/documents?patient_id=${patient}`)).json<{ items: ClinicalDocument[] }>()
  expect(list.items).toMatchObject([{ title: 'Letter', content: 'here', size_bytes: 25 }])
  const shown = await ask(`/api/patients/${patient}`)
  const pending = shown.json<Patient>().pending
  expect(pending.every(({ action }) => action === 'document_create')).toBe(true)
  const content = await ask(`/api/documents/${list.items[0]?.id ?? ''}/content`)
  expect(content.statusCode).toBe(200)
  expect(content.body).toBe('<script>alert(1)</script>')
  expect(content.headers).toMatchObject({
    'content-type': 'text/html',
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "sandbox; default-src 'none'",
  })
  const desk = await http.as('front-desk')
  expect((await desk(`/api/documents?patient_id=${patient}`)).statusCode).toBe(403)
  expect(await http.trail()).toContain(`document.read-content document/${list.items[0]?.id ?? ''}`)
})
