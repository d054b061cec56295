import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Problem } from '../../contract/common.ts'
import type { PatientCandidate, PatientRegistered } from '../../contract/outbound.ts'
import type { Patient } from '../../contract/patients.ts'
import { outboundServices } from '../../engine/outbound/outbound-services.ts'
import { openOutboundWorld } from '../../engine/outbound/outbound.world.ts'
import type { OutboundWorld } from '../../engine/outbound/outbound.world.ts'
import { newId } from '../../kernel/ids.ts'
import { openTestApp } from '../test-app.ts'
import type { TestApp } from '../test-app.ts'

let world: OutboundWorld
let http: TestApp

const WHO = { first_name: 'Nora', last_name: 'Newman', date_of_birth: '1991-02-03', gender: 'F' }
const post = (url: string, payload: object) => ({ method: 'POST' as const, url, payload })

beforeAll(async () => {
  http = await openTestApp()
  world = await openOutboundWorld({ enrolAt: '675844' }, http)
  Object.assign(
    http.engine,
    outboundServices(world.parts, () => Promise.resolve()),
  )
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await http[Symbol.asyncDispose]()
})

test('front desk and administrators register; others do not, and auditors see no candidates', async () => {
  for (const role of ['analyst', 'biller', 'clinician', 'auditor'] as const) {
    const ask = await http.as(role)
    expect((await ask(post('/api/patients', WHO))).statusCode, role).toBe(403)
  }
  const auditor = await http.as('auditor')
  expect((await auditor(post('/api/patients/candidates', WHO))).statusCode).toBe(403)
  expect(await world.rows('select id from patient')).toEqual([])
})

test('a patient is registered over HTTP, once for each request id, and the trail names who did it', async () => {
  const ask = await http.as('front-desk')
  const request = { ...WHO, request_id: newId(), address: { city: 'Kansas City', state: 'MO' } }
  const first = (await ask(post('/api/patients', request))).json<PatientRegistered>()
  expect((await ask(post('/api/patients', request))).json()).toEqual(first)
  const shown = (await ask(`/api/patients/${first.patient_id}`)).json<Patient>()
  expect(shown).toMatchObject({
    last_name: 'Newman',
    address: { city: 'Kansas City', line1: null },
    pending: [{ action: 'person_create', state: 'queued' }],
  })
  expect(await http.trail()).toContain(`patient.register patient/${first.patient_id}`)
})

test('who may be the same is a problem without a name in it, and a list of its own for who may read', async () => {
  const ask = await http.as('front-desk')
  const refused = await ask(post('/api/patients', WHO))
  expect(refused.statusCode).toBe(409)
  expect(refused.json<Problem>().code).toBe('PATIENT_MAY_EXIST')
  expect(refused.body).not.toMatch(/newman|nora|1991/i)
  const found = await ask(post('/api/patients/candidates', WHO))
  expect(found.json<{ items: PatientCandidate[] }>().items).toMatchObject([
    { first_name: 'Nora', last_name: 'Newman', cerner_id: null },
  ])
  expect((await http.trail()).at(-1)).toBe('patient.search patient')
  expect((await ask(post('/api/patients', { ...WHO, override: true }))).statusCode).toBe(200)
})

test('what is missing or wrong is named by its place', async () => {
  const ask = await http.as('front-desk')
  for (const [body, place] of [
    [{ ...WHO, gender: undefined }, 'body.gender'],
    [{ ...WHO, last_name: ' ' }, 'body.last_name'],
    [{ ...WHO, date_of_birth: '1991-02-30' }, 'body.date_of_birth'],
    [{ ...WHO, race: 'blue' }, 'body.race'],
  ] as const) {
    const refused = await ask(post('/api/patients', body))
    expect(refused.statusCode).toBe(400)
    expect(refused.json<Problem>().detail).toContain(place)
  }
})
