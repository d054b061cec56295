import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Appointment } from '../../contract/appointments.ts'
import type { Observation, Report } from '../../contract/observations.ts'
import type { Encounter } from '../../contract/patients.ts'
import { newId } from '../../kernel/ids.ts'
import { openTestApp } from '../test-app.ts'
import type { TestApp } from '../test-app.ts'

let world: TestApp
let alice: string
let bertram: string
let visit: string
const appointment = { early: '', late: '', unplaced: '' }
const report = { older: '', newer: '', other: '' }

const glucose = (key: string, value: string) => ({
  key,
  code: { code: '2345-7', text: 'Glucose', system: 'LN' },
  status: 'final',
  value_type: 'NM',
  quantity: { value, unit: 'mg/dL' },
  interpretation: ['H'],
  performer: 'LAB',
})

beforeAll(async () => {
  world = await openTestApp()
  const { rows } = world
  alice = await rows.patient({ last_name: 'Testerson', first_name: 'Alice' })
  bertram = await rows.patient({ last_name: 'Testerson', first_name: 'Bertram' })
  visit = await rows.encounter(
    alice,
    {
      external_id: 'V1',
      status: 'in-progress',
      class: 'inpatient',
      location: { unit: '3W', room: '301', bed: 'A' },
      attending: { id: '1001', last_name: 'Careful', first_name: 'Ann' },
      start_time: '2026-03-04T10:00:00Z',
    },
    { diagnoses: [{ diagnosis: { code: 'J18.9', system: 'I10C' }, type: 'A' }] },
  )
  await rows.encounter(bertram, { status: 'planned' })
  appointment.late = await rows.appointment(alice, {
    external_id: 'A2',
    start_time: '2026-03-05T15:00:00Z',
    end_time: '2026-03-05T15:30:00Z',
    provider_id: '1001',
    location_id: 'CLINIC',
    status: 'booked',
    provider: { id: '1001', last_name: 'Careful' },
  })
  appointment.early = await rows.appointment(bertram, {
    start_time: '2026-03-05T14:00:00Z',
    provider_id: '1002',
    status: 'cancelled',
  })
  appointment.unplaced = await rows.appointment(null, { status: 'proposed' })
  report.older = await rows.report(
    alice,
    { code: { code: '24323-8' }, status: 'final', effective_at: '2026-03-01T10:00:00Z' },
    {
      observations: [glucose('a', '99'), { ...glucose('b', '7.0'), code: { code: '4548-4', text: 'HbA1c' } }],
    },
  )
  report.other = await rows.report(bertram, { status: 'final' }, { observations: [glucose('a', '80')] })
  report.newer = await rows.report(
    alice,
    { status: 'corrected', effective_at: '2026-03-02T10:00:00Z' },
    {
      observations: [
        {
          ...glucose('a', '120'),
          previous: [{ code: {}, status: 'final', quantity: { value: '210' }, performer: 'LAB' }],
        },
        {
          key: 'd',
          code: { text: 'Scan' },
          status: 'final',
          attachment: { title: 'Scan', media_type: 'application/pdf', size_bytes: 3, data_base64: 'AAAA' },
        },
      ],
    },
  )
})
afterAll(() => world[Symbol.asyncDispose]())

const idsOf = (body: { items: { id: string }[] }): string[] => body.items.map((item) => item.id)

test('visits are listed by patient and read one by one', async () => {
  const ask = await world.as('front-desk')
  expect((await ask('/api/encounters')).json<{ items: unknown[] }>().items).toHaveLength(2)
  expect(idsOf((await ask(`/api/encounters?patient_id=${alice}`)).json())).toEqual([visit])
  expect(idsOf((await ask(`/api/encounters?patient_id=${newId()}`)).json())).toEqual([])
  expect((await ask(`/api/encounters/${visit}`)).json<Encounter>()).toMatchObject({
    patient_id: alice,
    external_id: 'V1',
    status: 'in-progress',
    location: { unit: '3W', room: '301', bed: 'A' },
    diagnoses: [{ type: 'A' }],
    referring: null,
  })
  expect((await ask(`/api/encounters/${newId()}`)).statusCode).toBe(404)
  expect((await ask('/api/encounters?patient_id=x')).statusCode).toBe(400)
})

test('appointments are newest first, and a stretch of the schedule is in the order of the day', async () => {
  const ask = await world.as('front-desk')
  expect(idsOf((await ask('/api/appointments')).json())).toEqual([
    appointment.unplaced,
    appointment.early,
    appointment.late,
  ])
  const day = 'from=2026-03-05T00:00:00Z&to=2026-03-06T00:00:00Z'
  expect(idsOf((await ask(`/api/appointments?${day}`)).json())).toEqual([appointment.early, appointment.late])
  expect(idsOf((await ask('/api/appointments?from=2026-03-05T14:30:00Z')).json())).toEqual([appointment.late])
  expect(idsOf((await ask('/api/appointments?to=2026-03-05T15:00:00Z')).json())).toEqual([appointment.early])
})

test('the schedule pages in order, also from one instant to the next of the same time', async () => {
  const start = '2027-01-01T09:00:00Z'
  const same: string[] = []
  for (let n = 0; n < 3; n++) same.push(await world.rows.appointment(null, { start_time: start }))
  const ask = await world.as('front-desk')
  const seen: string[] = []
  let cursor = ''
  for (let pages = 0; pages < 5; pages++) {
    const url = `/api/appointments?from=${start}&limit=1${cursor}`
    const page = (await ask(url)).json<{ items: Appointment[]; next: string | null }>()
    seen.push(...idsOf(page))
    if (page.next === null) break
    cursor = `&cursor=${page.next}`
  }
  expect(seen).toEqual(same)
})

test('appointments are filtered by patient, provider, place and status, and show whose they are', async () => {
  const linked = await world.rows.appointment(bertram, { external_id: 'A3' })
  const ask = await world.as('front-desk')
  const query = `patient_id=${alice}&provider_id=1001&location_id=CLINIC&status=booked`
  const { items } = (await ask(`/api/appointments?${query}`)).json<{ items: Appointment[] }>()
  expect(items).toMatchObject([
    {
      id: appointment.late,
      patient_name: 'Testerson, Alice',
      start_time: '2026-03-05T15:00:00.000Z',
      provider: { id: '1001', last_name: 'Careful' },
    },
  ])
  expect(idsOf((await ask('/api/appointments?external_id=A2')).json())).toEqual([appointment.late])
  expect(idsOf((await ask(`/api/appointments?external_id=A3&patient_id=${bertram}`)).json())).toEqual([
    linked,
  ])
  expect(idsOf((await ask(`/api/appointments?external_id=A3&patient_id=${alice}`)).json())).toEqual([])
  expect(idsOf((await ask('/api/appointments?external_id=NONE')).json())).toEqual([])
  expect((await ask(`/api/appointments/${appointment.unplaced}`)).json()).toMatchObject({
    patient_id: null,
    patient_name: null,
    start_time: null,
  })
  expect((await ask(`/api/appointments/${newId()}`)).statusCode).toBe(404)
  expect((await ask('/api/appointments?from=tomorrow')).json<{ detail: string }>().detail).toContain(
    'query.from',
  )
  expect((await ask(`/api/appointments/${appointment.late}/history`)).json()).toEqual({
    items: [],
    next: null,
  })
  expect((await ask(`/api/appointments/${newId()}/history`)).statusCode).toBe(404)
})

test('results come newest report first, without the bytes of documents', async () => {
  const ask = await world.as('clinician')
  const response = await ask(`/api/observations?patient_id=${alice}`)
  const { items } = response.json<{ items: Observation[] }>()
  expect(idsOf({ items })).toEqual([
    `${report.newer}:a`,
    `${report.newer}:d`,
    `${report.older}:a`,
    `${report.older}:b`,
  ])
  expect(items[0]).toMatchObject({
    quantity: { value: '120' },
    previous: [{ status: 'final', quantity: { value: '210' } }],
  })
  expect(items[1]?.attachment).toEqual({ title: 'Scan', media_type: 'application/pdf', size_bytes: 3 })
  expect(response.body).not.toContain('AAAA')
})

test('results of one code, page by page, end with the last report', async () => {
  const ask = await world.as('clinician')
  const seen: string[] = []
  let cursor = ''
  for (let pages = 0; pages < 5; pages++) {
    const url = `/api/observations?patient_id=${alice}&code=2345-7&limit=1${cursor}`
    const page = (await ask(url)).json<{ items: Observation[]; next: string | null }>()
    seen.push(...idsOf(page))
    if (page.next === null) break
    cursor = `&cursor=${page.next}`
  }
  expect(seen).toEqual([`${report.newer}:a`, `${report.older}:a`])
  const all = (await ask('/api/observations')).json<{ items: Observation[] }>()
  expect(all.items).toHaveLength(5)
  expect((await ask('/api/observations?code=2345-7')).json<{ detail: string }>().detail).toContain(
    'patient_id',
  )
})

test('reports are listed by patient and read with their results', async () => {
  const ask = await world.as('clinician')
  expect(idsOf((await ask(`/api/reports?patient_id=${alice}`)).json())).toEqual([report.newer, report.older])
  const one = (await ask(`/api/reports/${report.older}`)).json<Report>()
  expect(one).toMatchObject({ status: 'final', code: { code: '24323-8' }, observations: [{}, {}] })
  expect((await ask(`/api/reports/${newId()}`)).statusCode).toBe(404)
  expect((await ask(`/api/reports/${report.older}/history`)).json()).toEqual({ items: [], next: null })
})

test('results are for clinicians, and the schedule is for those who keep it', async () => {
  const desk = await world.as('front-desk')
  for (const url of ['/api/observations', '/api/reports', `/api/reports/${report.older}`]) {
    expect((await desk(url)).statusCode, url).toBe(403)
    expect((await world.app.inject(url)).statusCode, url).toBe(401)
  }
  const auditor = await world.as('auditor')
  expect((await auditor('/api/appointments')).statusCode).toBe(403)
})

test('each look at a record is in the trail', async () => {
  const ask = await world.as('clinician')
  const before = (await world.trail()).length
  await ask(`/api/encounters/${visit}`)
  await ask(`/api/appointments?patient_id=${alice}`)
  await ask(`/api/appointments/${appointment.late}`)
  await ask(`/api/observations?patient_id=${alice}`)
  await ask(`/api/reports/${report.older}`)
  expect((await world.trail()).slice(before)).toEqual([
    `encounter.read encounter/${visit}`,
    `appointment.search patient/${alice}`,
    `appointment.read appointment/${appointment.late}`,
    `observation.search patient/${alice}`,
    `report.read report/${report.older}`,
  ])
})

test('a record that cannot be noted in the trail is not shown', async () => {
  await world.store.asOwner('revoke insert on audit from practice_studio_app')
  const ask = await world.as('clinician')
  const response = await ask(`/api/reports/${report.older}`)
  expect(response.statusCode).toBe(500)
  expect(response.json()).toMatchObject({ code: 'INTERNAL' })
  expect(response.body).not.toContain('Glucose')
  await world.store.asOwner('grant insert on audit to practice_studio_app')
})
