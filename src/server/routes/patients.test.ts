import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Patient, PatientSummary } from '../../contract/patients.ts'
import { newId } from '../../kernel/ids.ts'
import { openTestApp } from '../test-app.ts'
import type { TestApp } from '../test-app.ts'

let world: TestApp
let connection: string
let exchange: string
let alice: string
let bertram: string

beforeAll(async () => {
  world = await openTestApp()
  const { rows } = world
  connection = await rows.connection({ name: 'Cerner ADT' })
  alice = newId()
  exchange = newId()
  alice = await rows.patient(
    {
      last_name: 'Testerson',
      first_name: 'Alice',
      date_of_birth: '1956-03-14',
      gender: 'F',
      phone_home: '+15555550100',
      ssn: '123-45-6789',
      'address.city': 'Springfield',
      deceased: false,
    },
    {
      identifiers: [
        { value: '900001', authority: 'CERNER', type: 'MR' },
        { value: '123-45-6789', authority: 'USSSA', type: 'SS' },
      ],
      allergies: [{ type: 'DA', substance: { code: '70618', text: 'Penicillin' } }],
    },
    { exchange, connection },
  )
  bertram = await rows.patient(
    { last_name: 'Testersonovich', first_name: 'Bertram', date_of_birth: '1980-01-02' },
    { identifiers: [{ value: '900002', authority: 'CERNER', type: 'MR' }] },
    { exchange, connection },
  )
  const record = `patient/${alice}`
  await rows.exchange({
    id: exchange,
    connection,
    mrn: '900001',
    effect: {
      changes: [
        {
          record,
          field: 'address.city',
          before: null,
          after: 'Springfield',
          place: 'PID-11.3',
          outcome: 'changed',
        },
        { record, field: 'ssn', before: null, after: '123-45-6789', place: 'PID-19', outcome: 'changed' },
        { record, field: 'gender', before: 'F', after: 'M', place: 'PID-8', outcome: 'older' },
        {
          record: `patient/${bertram}`,
          field: 'gender',
          before: null,
          after: 'M',
          place: 'PID-8',
          outcome: 'changed',
        },
      ],
      warnings: [],
    },
  })
  await rows.change(alice, exchange, 'patient')
})
afterAll(() => world[Symbol.asyncDispose]())

const idsOf = (body: { items: PatientSummary[] }): string[] => body.items.map((item) => item.id)

test('the patient list is newest first and pages by cursor without counting', async () => {
  const ask = await world.as('front-desk')
  const first = (await ask('/api/patients?limit=1')).json<{ items: PatientSummary[]; next: string }>()
  expect(idsOf(first)).toEqual([bertram])
  const second = (await ask(`/api/patients?limit=1&cursor=${first.next}`)).json<{
    items: PatientSummary[]
    next: null
  }>()
  expect(idsOf(second)).toEqual([alice])
  expect(second.next).toBeNull()
})

test('a patient is found by MRN, by beginning of the name, by date of birth and by phone', async () => {
  const ask = await world.as('front-desk')
  for (const query of [
    'mrn=900001',
    'name=alice',
    'name=ali%20test',
    'date_of_birth=1956-03-14',
    'phone=(555)%20555-0100',
  ]) {
    const page = (await ask(`/api/patients?${query}`)).json<{ items: PatientSummary[] }>()
    expect(idsOf(page), query.split('=')[0]).toEqual([alice])
  }
})

test('a name longer than its tokens is compared to its end', async () => {
  const ask = await world.as('front-desk')
  expect(idsOf((await ask('/api/patients?name=testersono')).json())).toEqual([bertram])
  expect(idsOf((await ask('/api/patients?name=testerson')).json())).toEqual([bertram, alice])
})

test('a search that finds nobody is an empty page', async () => {
  const ask = await world.as('front-desk')
  const response = await ask('/api/patients?mrn=777')
  expect(response.statusCode).toBe(200)
  expect(response.json()).toEqual({ items: [], next: null })
})

test('a search in the body finds the same, and nothing of it is logged', async () => {
  const ask = await world.as('front-desk')
  const response = await ask({
    method: 'POST',
    url: '/api/patients/search',
    payload: { name: 'Alice', mrn: '900001' },
  })
  expect(idsOf(response.json())).toEqual([alice])
  await ask('/api/patients?name=Alice&date_of_birth=1956-03-14')
  await ask('/api/patients?name=Alice&limit=nonsense')
  expect(world.logged.join('\n')).not.toMatch(/Alice|1956-03-14|900001/)
})

test('a patient tells of each field where it came from', async () => {
  const ask = await world.as('clinician')
  const patient = (await ask(`/api/patients/${alice}`)).json<Patient>()
  expect(patient).toMatchObject({
    mrn: '900001',
    last_name: 'Testerson',
    address: { city: 'Springfield', line1: null },
    deceased: false,
    allergies: [{ substance: { text: 'Penicillin' } }],
  })
  expect(patient.provenance['last_name']).toEqual({
    as_of: '2026-03-04T10:00:00.000Z',
    exchange_id: exchange,
    connection_id: connection,
    connection_name: 'Cerner ADT',
    channel: 'hl7v2',
    place: 'TEST-last_name',
  })
})

test('a social security number is never shown whole, wherever it stands', async () => {
  const ask = await world.as('administrator')
  const patient = await ask(`/api/patients/${alice}`)
  expect(patient.json<Patient>().ssn).toBe('***-**-6789')
  const history = await ask(`/api/patients/${alice}/history`)
  const detail = await ask(`/api/exchanges/${exchange}`)
  for (const { body } of [patient, history, detail]) expect(body).not.toContain('123-45')
})

test('the history of a patient shows what changed it, and not what was older or of somebody else', async () => {
  const ask = await world.as('clinician')
  const { items } = (await ask(`/api/patients/${alice}/history`)).json<{ items: { changes: unknown[] }[] }>()
  expect(items).toMatchObject([
    {
      exchange_id: exchange,
      kind: 'ADT^A08',
      connection_name: 'Cerner ADT',
      record: { type: 'patient', id: alice },
      changes: [
        { field: 'address.city', before: null, after: 'Springfield', place: 'PID-11.3' },
        { field: 'ssn', before: null, after: '***-**-6789', place: 'PID-19' },
      ],
    },
  ])
})

test('patients that do not exist are not found, with or without history', async () => {
  const ask = await world.as('clinician')
  for (const end of ['', '/history']) {
    const response = await ask(`/api/patients/${newId()}${end}`)
    expect(response.statusCode).toBe(404)
    expect(response.json()).toMatchObject({ code: 'NOT_FOUND', status: 404 })
    expect(response.headers['content-type']).toContain('application/problem+json')
  }
})

test('bad input is refused by naming the place and never the value', async () => {
  const ask = await world.as('clinician')
  const id = await ask('/api/patients/Testerson')
  expect(id.statusCode).toBe(400)
  expect(id.json()).toMatchObject({ code: 'REQUEST_INVALID', detail: expect.stringContaining('params.id') })
  const limit = await ask('/api/patients?limit=Testerson')
  expect(limit.json<{ detail: string }>().detail).toContain('query.limit')
  const cursor = await ask('/api/patients?cursor=Testerson')
  expect(cursor.statusCode).toBe(400)
  for (const { body } of [id, limit, cursor]) expect(body).not.toContain('Testerson')
})

test('without an account there is nothing to see, and an auditor sees no patients', async () => {
  const { statusCode, headers } = await world.app.inject(`/api/patients/${alice}`)
  expect(statusCode).toBe(401)
  expect(headers['www-authenticate']).toBe('Bearer')
  const ask = await world.as('auditor')
  for (const url of [
    '/api/patients',
    `/api/patients/${alice}`,
    `/api/patients/${alice}/history`,
    '/api/encounters',
  ]) {
    const response = await ask(url)
    expect(response.statusCode, url).toBe(403)
    expect(response.json()).toMatchObject({
      code: 'FORBIDDEN',
      detail: expect.stringContaining('patients.read'),
    })
  }
})

test('each look at a patient is in the trail, a search with its keys and no values', async () => {
  const ask = await world.as('front-desk')
  await ask(`/api/patients/${alice}`)
  await ask('/api/patients?name=Alice&date_of_birth=1956-03-14')
  await ask(`/api/patients/${alice}/history`)
  expect((await world.trail()).slice(-3)).toEqual([
    `patient.read patient/${alice}`,
    'patient.search patient',
    `patient.read-history patient/${alice}`,
  ])
  const { rows } = await world.database.query<{ actor: string; role: string; detail: unknown }>(
    `select actor, role, detail from audit where action = 'patient.search' order by seq desc limit 1`,
  )
  expect(rows).toEqual([
    { actor: 'Test front-desk', role: 'front-desk', detail: { keys: ['name', 'date_of_birth'], count: 1 } },
  ])
})

test('a patient of another practice is neither listed nor found', async () => {
  const other = '01900000-0000-7000-8000-0000000000ff'
  const stranger = newId()
  await world.store.asOwner(
    'insert into practice (practice_id, name, country, time_zone) values ($1, $2, $3, $4)',
    [other, 'Other Practice', 'US', 'UTC'],
  )
  await world.store.asOwner(
    `insert into patient (practice_id, id, version, tokens, sealed)
    select $1, $2, 1, tokens, sealed from patient where id = $3`,
    [other, stranger, alice],
  )
  const ask = await world.as('administrator')
  expect((await ask(`/api/patients/${stranger}`)).statusCode).toBe(404)
  expect(idsOf((await ask('/api/patients')).json())).toEqual([bertram, alice])
  expect(idsOf((await ask('/api/patients?mrn=900001')).json())).toEqual([alice])
})
