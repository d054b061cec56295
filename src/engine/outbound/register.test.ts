import { expect, test } from 'vitest'
import { patientRegisterRequest } from '../../contract/outbound.ts'
import { newId } from '../../kernel/ids.ts'
import type { ExchangeId } from '../../kernel/ids.ts'
import { rowsOf } from '../../model/document.ts'
import { STUDIO_CONNECTION_ID } from '../../model/studio.ts'
import type { Identifier } from '../../model/values.ts'
import type { MappedMessage } from '../../model/statement.ts'
import { readPatient } from '../../store/read-patients.ts'
import { actor, openOutboundWorld, slotAt } from './outbound.world.ts'
import type { OutboundWorld } from './outbound.world.ts'

const ENROL = { enrolAt: '675844' }
const WHO = {
  first_name: 'Nora',
  last_name: 'Newman',
  date_of_birth: '1991-02-03',
  gender: 'F',
  phone_mobile: '(816) 555-0142',
  address: { line1: '1 Main St', city: 'Kansas City', state: 'MO', postal_code: '64108' },
}
const ask = (more: object = {}) => patientRegisterRequest.parse({ ...WHO, ...more })
const register = (world: OutboundWorld, more: object = {}) => world.registration.register(ask(more), actor)
const numbersOf = async (world: OutboundWorld, id: string) =>
  rowsOf<Identifier>(await world.documentOf('patient', id), 'identifiers').map(({ type, value }) => [
    type,
    value,
  ])
const patients = async (world: OutboundWorld) => (await world.rows('select id from patient')).length
const shown = async (world: OutboundWorld, id: string) => {
  const found = await readPatient(world.parts, id)
  if (!found) throw new Error('there is no such patient')
  return found
}

/** Somebody at Cerner of this family name and date of birth. */
const known = (world: OutboundWorld, id: string, given: string) =>
  world.cerner.put({
    resourceType: 'Patient',
    id,
    name: [{ use: 'official', family: 'Newman', given: [given] }],
    birthDate: WHO.date_of_birth,
    gender: 'female',
  })

/** An ADT message of the hospital about the person, at the instant of the test's clock. */
const adt = (mrn: string): MappedMessage => {
  const keys: Identifier[] = [{ value: mrn, authority: 'CERNER', type: 'MR' }]
  const said = { last_name: 'NEWMAN', first_name: 'NORA', date_of_birth: '1991-02-03', gender: 'F' }
  const fields = Object.fromEntries(
    Object.entries(said).map(([field, value]) => [field, { value, place: 'PID' }]),
  )
  const sets = { identifiers: { rows: keys, place: 'PID-3' } }
  return {
    kind: 'ADT^A28',
    asOf: new Date(Date.now()).toISOString(),
    warnings: [],
    statements: [{ record: 'patient', keys, fields, sets, effect: 'upsert' }],
  }
}

test('a registered patient is here at once, and has the number of Cerner when Cerner has answered', async () => {
  await using world = await openOutboundWorld(ENROL)
  const { patient_id: id, exchange_id } = await register(world)
  const before = await shown(world, id)
  expect(before).toMatchObject({ last_name: 'Newman', mrn: null, phone_mobile: '+18165550142', active: true })
  expect(before.pending).toMatchObject([{ action: 'person_create', state: 'queued', exchange_id }])
  expect(before.provenance['last_name']).toMatchObject({ connection_id: STUDIO_CONNECTION_ID })
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  const after = await shown(world, id)
  expect(after).toMatchObject({ last_name: 'Newman', mrn: 'M1', pending: [], active: true })
  expect(await numbersOf(world, id)).toEqual(
    expect.arrayContaining([
      ['PI', id],
      ['FHIR', 'N1'],
      ['MR', 'M1'],
    ]),
  )
  expect(world.cerner.calls).toEqual(['searchPersons', 'createPerson', 'readPerson Patient/N1'])
  expect(await patients(world)).toBe(1)
  expect(await world.rows('select version from far_record')).toEqual([{ version: 'v1' }])
  expect(await world.rows('select * from outbox')).toEqual([])
  expect(world.problems).toEqual([])
  // The next pull reads the same, and it stays one record.
  await world.pulled('Patient/N1')
  expect(await patients(world)).toBe(1)
})

test('what goes to Cerner says where to enrol, and gives no number of ours', async () => {
  await using world = await openOutboundWorld(ENROL)
  let sent: unknown
  const create = world.cerner.createPerson
  world.cerner.createPerson = (resource, how) => {
    sent = resource
    return create(resource, how)
  }
  const { exchange_id } = await register(world)
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(sent).toMatchObject({
    identifier: [{ assigner: { reference: 'Organization/675844' } }],
    name: [{ use: 'official', family: 'Newman', given: ['Nora'] }],
    birthDate: '1991-02-03',
    gender: 'female',
  })
})

test('the same request twice registers one patient', async () => {
  await using world = await openOutboundWorld(ENROL)
  const request_id = newId()
  const first = await register(world, { request_id })
  expect(await register(world, { request_id })).toEqual(first)
  expect(await patients(world)).toBe(1)
  const other = newId()
  const [one, two] = await Promise.all([
    register(world, { request_id: other, first_name: 'Olga', override: true }),
    register(world, { request_id: other, first_name: 'Olga', override: true }),
  ])
  expect(one).toEqual(two)
  expect(await patients(world)).toBe(2)
})

test('somebody who may be the same, there or here, stops it until a person has looked', async () => {
  await using world = await openOutboundWorld(ENROL)
  known(world, 'P77', 'Leonora')
  await expect(register(world)).rejects.toMatchObject({ code: 'PATIENT_MAY_EXIST' })
  const ours = await world.patient('5', { ...WHO, address: undefined, first_name: 'N.' })
  const found = await world.registration.candidates({
    first_name: 'Nora',
    last_name: 'Newman',
    date_of_birth: WHO.date_of_birth,
  })
  expect(found).toMatchObject([
    { cerner_id: 'P77', patient_id: null, first_name: 'Leonora' },
    { cerner_id: null, patient_id: ours, mrn: '5' },
  ])
  expect(await world.rows('select * from outbox')).toEqual([])
  const { exchange_id } = await register(world, { override: true })
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.reviewed).toEqual([true])
})

test('one person whom Cerner and we know both is one candidate', async () => {
  await using world = await openOutboundWorld(ENROL)
  known(world, 'P5', 'Nora')
  const ours = await world.patient('5', { last_name: 'Newman', date_of_birth: WHO.date_of_birth })
  const found = await world.registration.candidates(ask())
  expect(found).toMatchObject([{ cerner_id: 'P5', patient_id: ours }])
  expect(found).toHaveLength(1)
})

test('two desks that register one person at the same moment make one patient', async () => {
  await using world = await openOutboundWorld(ENROL)
  const both = await Promise.allSettled([register(world), register(world)])
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  expect(await patients(world)).toBe(1)
})

test('where Cerner cannot be asked who may be the same, nobody is registered', async () => {
  await using world = await openOutboundWorld(ENROL)
  world.cerner.searchPersons = () => world.cerner.readPerson('nobody').then(() => [])
  await expect(register(world)).rejects.toMatchObject({ code: 'FHIR_NOT_FOUND' })
  expect(await patients(world)).toBe(0)
})

test('without an enrolling organization, or with a phone that is none, it is refused before anything is kept', async () => {
  await using without = await openOutboundWorld()
  await expect(register(without)).rejects.toMatchObject({ code: 'ENROLMENT_NOT_SET' })
  await using world = await openOutboundWorld(ENROL)
  await expect(register(world, { phone_mobile: '12' })).rejects.toThrow('body.phone_mobile')
  await expect(register(world, { date_of_birth: '1991-02-30' })).rejects.toThrow('body.date_of_birth')
  expect(await patients(world)).toBe(0)
})

test('a registration whose answer was lost is found at Cerner and not made twice', async () => {
  await using world = await openOutboundWorld(ENROL)
  world.cerner.fault('createPerson', { kind: 'lose' })
  const { patient_id: id, exchange_id } = await register(world)
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls.filter((call) => call === 'createPerson')).toHaveLength(1)
  expect((await shown(world, id)).mrn).toBe('M1')
})

test('when only reading back fails, the patient is read again, and neither looked for nor sent again', async () => {
  await using world = await openOutboundWorld(ENROL)
  world.cerner.fail('readPerson', 'FHIR_UNREACHABLE', 2)
  const { patient_id: id, exchange_id } = await register(world)
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect((await shown(world, id)).mrn).toBe('M1')
  expect(world.cerner.calls).toEqual([
    'searchPersons',
    'createPerson',
    ...Array<string>(3).fill('readPerson Patient/N1'),
  ])
})

test('when Cerner does not let us read the patient, it is registered all the same', async () => {
  await using world = await openOutboundWorld(ENROL)
  world.cerner.fail('readPerson', 'FHIR_FORBIDDEN')
  const { patient_id: id, exchange_id } = await register(world)
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(await numbersOf(world, id)).toContainEqual(['FHIR', 'N1'])
})

test('the message of the hospital that comes before the answer joins our record', async () => {
  await using world = await openOutboundWorld(ENROL)
  let go = (): void => undefined
  world.cerner.fault('createPerson', { kind: 'hold', until: new Promise((resolve) => (go = resolve)) })
  const { patient_id: id, exchange_id } = await register(world)
  world.worker()
  await world.becomes(exchange_id, 'sent')
  await world.news(adt('M1'))
  expect(await patients(world)).toBe(1)
  go()
  await world.becomes(exchange_id, 'accepted')
  expect(await patients(world)).toBe(1)
  expect(await shown(world, id)).toMatchObject({ mrn: 'M1', pending: [] })
})

test('somebody of the same name whom the user set apart does not become our patient', async () => {
  await using world = await openOutboundWorld(ENROL)
  known(world, 'P77', 'Nora')
  let go = (): void => undefined
  world.cerner.fault('createPerson', { kind: 'hold', until: new Promise((resolve) => (go = resolve)) })
  const { patient_id: id, exchange_id } = await register(world, { override: true })
  world.worker()
  await world.becomes(exchange_id, 'sent')
  await world.news(adt('OTHER'))
  expect(await patients(world)).toBe(2)
  expect(await numbersOf(world, id)).toEqual([['PI', id]])
  go()
  await world.becomes(exchange_id, 'accepted')
})

test('what Cerner refuses waits for a person, goes once more, or is taken back and leaves nobody active', async () => {
  await using world = await openOutboundWorld(ENROL)
  world.cerner.fail('createPerson', 'FHIR_RULE_BROKEN', 2)
  const { patient_id: id, exchange_id } = await register(world)
  world.worker()
  await world.becomes(exchange_id, 'parked')
  expect((await shown(world, id)).pending).toMatchObject([
    { action: 'person_create', state: 'parked', error: { code: 'FHIR_RULE_BROKEN' } },
  ])
  await world.decisions.retry(exchange_id as ExchangeId, actor)
  await expect.poll(() => world.cerner.calls.filter((call) => call === 'createPerson').length).toBe(2)
  await world.becomes(exchange_id, 'parked')
  await world.decisions.withdraw(exchange_id as ExchangeId, actor)
  expect(await world.outcome(exchange_id)).toMatchObject({ state: 'cancelled' })
  expect(await shown(world, id)).toMatchObject({ active: false, last_name: 'Newman', pending: [] })
  // And nobody stands in the way of the next try.
  const again = await register(world)
  await world.becomes(again.exchange_id, 'accepted')
})

test('a booking for a patient who is being registered is refused until the registration has arrived', async () => {
  await using world = await openOutboundWorld(ENROL)
  const { patient_id: id, exchange_id } = await register(world)
  const booking = {
    patient_id: id,
    slot: slotAt('2026-03-10T15:00:00.000Z'),
    service_type: {},
    reason: '',
    comment: '',
  }
  await expect(world.scheduling.book(booking, actor)).rejects.toMatchObject({
    code: 'PATIENT_NOT_YET_AT_CERNER',
  })
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  const booked = await world.scheduling.book(booking, actor)
  await world.becomes(booked.exchange_id, 'accepted')
  expect(world.cerner.records.get('Appointment/A2')?.resource['participant']).toMatchObject([
    { actor: { reference: 'Patient/N1' } },
  ])
})

test('news that was true before our call is of somebody else, whatever the name', async () => {
  await using world = await openOutboundWorld(ENROL)
  let go = (): void => undefined
  world.cerner.fault('createPerson', { kind: 'hold', until: new Promise((resolve) => (go = resolve)) })
  const { exchange_id } = await register(world)
  world.worker()
  await world.becomes(exchange_id, 'sent')
  await world.news({ ...adt('OLD'), asOf: '2020-01-01T00:00:00Z' })
  expect(await patients(world)).toBe(2)
  go()
  await world.becomes(exchange_id, 'accepted')
})
