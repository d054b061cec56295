import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { Appointment } from '../src/contract/appointments.ts'
import { patientRegisterRequest } from '../src/contract/outbound.ts'
import type { Slot } from '../src/contract/scheduling.ts'
import { INTERNAL_GRANT } from '../src/sandbox/cerner/contract.ts'
import { moveAppointment } from '../src/sandbox/cerner/millennium-user.ts'
import { ORGANIZATIONS } from '../src/sandbox/cerner/organizations.ts'
import { openSandbox } from '../src/sandbox/sandbox.ts'
import { readAppointment } from '../src/store/read-appointments.ts'
import { readPatient } from '../src/store/read-patients.ts'
import { ACTOR, openCernerWorld } from './cerner-world.ts'
import type { CernerWorld } from './cerner-world.ts'

const LOCATIONS = ['21250403', '21250411', '21250427']
const PULL = { enabled: false, locations: LOCATIONS, daysBack: 1, daysAhead: 10 }

let world: CernerWorld
afterEach(() => world[Symbol.asyncDispose]())

const open = async (more: Record<string, unknown> = {}): Promise<void> => {
  world = await openCernerWorld(
    { pull: PULL, limits: { requestsPerSecond: 2000 }, ...more },
    { population: 80 },
  )
  await world.pull('full', ['Appointment'])
  await world.studio.settled()
}

const store = () => ({ database: world.studio.store.database, vault: world.studio.vault })
const read = async (id: string): Promise<Appointment> => {
  const found = await readAppointment(store(), id, { showNames: true })
  if (!found) throw new Error('there is no such appointment')
  return found
}
const until = async <T>(what: () => Promise<T | undefined | false | null>, ms = 4000): Promise<T> => {
  const end = Date.now() + ms
  for (;;) {
    const found = await what()
    if (found) return found
    if (Date.now() > end) throw new Error('it did not come to pass in time')
    await sleep(20)
  }
}
const settled = (id: string) => until(async () => ((await read(id)).pending === null ? read(id) : null))
const atCerner = (id: string) => world.hospital.records.read('Appointment', id, INTERNAL_GRANT).resource

const days = (n: number): string => new Date(Date.now() + n * 86_400_000).toISOString()
async function freeSlots(): Promise<Slot[]> {
  const { scheduling } = world.studio.engine.services
  const { service_types: types } = await scheduling.options()
  for (const { value } of types) {
    const found = await scheduling.slots({ service_type: value, from: days(1), to: days(9) })
    if (found.length > 3) return found
  }
  throw new Error('nothing is free')
}
const chosen = ({ id, start, end, location, practitioner }: Slot) => ({
  id,
  start,
  end,
  location,
  practitioner,
})

async function book(): Promise<{ appointment: Appointment; slots: Slot[] }> {
  const { scheduling } = world.studio.engine.services
  const slots = await freeSlots()
  const [patient] = await world.studio.records('patient')
  const { appointment } = await scheduling.book(
    {
      patient_id: patient?.id ?? '',
      slot: chosen(slots[0] as Slot),
      service_type: slots[0]?.service_type ?? {},
      reason: 'Back pain',
      comment: '',
    },
    ACTOR,
  )
  return { appointment, slots }
}

test('an appointment booked here is booked at Cerner, moved with it and cancelled with it', async () => {
  await open()
  const { scheduling } = world.studio.engine.services
  const { appointment, slots } = await book()
  expect(appointment).toMatchObject({ status: 'pending', pending: { action: 'book' } })
  const booked = await settled(appointment.id)
  expect(booked.status).toBe('booked')
  expect(atCerner(booked.external_id ?? '')).toMatchObject({
    status: 'booked',
    start: expect.stringContaining(slots[0]?.start.slice(0, 16) ?? '-') as string,
  })

  const other = slots.find((one) => one.start.slice(0, 10) !== slots[0]?.start.slice(0, 10)) as Slot
  await scheduling.move(booked.id, { version: booked.version, slot: chosen(other), reason: '' }, ACTOR)
  const moved = await settled(booked.id)
  expect(moved.start_time).toBe(other.start)
  expect(String(atCerner(booked.external_id ?? '')['start']).slice(0, 16)).toBe(other.start.slice(0, 16))

  const { cancel_reasons: reasons } = await scheduling.options()
  await scheduling.cancel(
    moved.id,
    { version: moved.version, reason: reasons[0] as (typeof reasons)[0], comment: '' },
    ACTOR,
  )
  const cancelled = await settled(moved.id)
  expect(cancelled.status).toBe('cancelled')
  expect(atCerner(booked.external_id ?? '')['status']).toBe('cancelled')
})

test('our own booking comes back by the next pull and changes nothing', async () => {
  await open()
  const before = (await world.studio.records('appointment')).length
  const { appointment } = await book()
  const booked = await settled(appointment.id)
  await world.pull('full', ['Appointment'])
  await world.studio.settled()
  expect((await world.studio.records('appointment')).length).toBe(before + 1)
  const after = await read(booked.id)
  expect({ status: after.status, start: after.start_time, number: after.external_id }).toEqual({
    status: 'booked',
    start: booked.start_time,
    number: booked.external_id,
  })
})

test('when both sides move it, a card shows both, and one click on either side ends it there and here', async () => {
  for (const choice of ['studio', 'cerner'] as const) {
    await open()
    const { scheduling, conflicts } = world.studio.engine.services
    const { appointment, slots } = await book()
    const booked = await settled(appointment.id)
    const number = booked.external_id ?? ''
    const theirs = slots.at(-1) as Slot
    moveAppointment(world.hospital, number, theirs.id)
    const ours = slots.find(
      (one) => one.start.slice(0, 10) !== slots[0]?.start.slice(0, 10) && one.id !== theirs.id,
    ) as Slot
    await scheduling.move(booked.id, { version: booked.version, slot: chosen(ours), reason: '' }, ACTOR)
    const conflictId = await until(async () => (await read(booked.id)).pending?.conflict_id)
    await conflicts.resolve(conflictId, { choice, remember: false }, ACTOR)
    const after = await settled(booked.id)
    const expected = choice === 'studio' ? ours.start : theirs.start
    expect(after.start_time, choice).toBe(expected)
    expect(String(atCerner(number)['start']).slice(0, 16), choice).toBe(expected.slice(0, 16))
    if (choice === 'studio') await world[Symbol.asyncDispose]()
  }
})

test('a booking whose answer was lost is found at Cerner and not made twice', async () => {
  await open()
  await world.cerner.faults.add({
    kind: 'drop-after',
    match: { method: 'POST', type: 'Appointment' },
    times: 1,
  })
  const { appointment } = await book()
  const booked = await until(
    async () => ((await read(appointment.id)).status === 'booked' ? read(appointment.id) : null),
    20_000,
  )
  const posts = async () =>
    (await world.studio.exchanges()).filter((one) => one.kind === 'POST Appointment').length
  await expect.poll(posts).toBe(1)
  expect(atCerner(booked.external_id ?? '')['status']).toBe('booked')
})

test('the same is done by Millennium services, over REST and over SOAP', async () => {
  for (const transport of ['rest', 'soap12'] as const) {
    await open()
    await world.change({
      millennium: {
        base: world.cerner.endpoints.mws,
        person: true,
        scheduling: true,
        transport,
        soap: { endpoint: world.cerner.endpoints.soap },
      },
      roads: { book: 'millennium', reschedule: 'millennium', cancel: 'millennium' },
    })
    const { appointment } = await book()
    const booked = await settled(appointment.id)
    expect(booked.status, transport).toBe('booked')
    expect(atCerner(booked.external_id ?? '')['status'], transport).toBe('booked')
    if (transport === 'rest') await world[Symbol.asyncDispose]()
  }
})

test('Cerner tells our booking back by SIU, perhaps before its answer came, and it stays one record', async () => {
  await open()
  const address = world.studio.engine.address()
  await using hl7 = openSandbox({
    seed: 1,
    population: 80,
    hospital: world.hospital,
    mllp: { host: address?.host ?? '', port: address?.port ?? 0 },
    traffic: 'quiet',
  })
  // The answer to the booking is held back, so that the SIU message is here first.
  await world.cerner.faults.add({ kind: 'slow', ms: 600, match: { method: 'POST', type: 'Appointment' } })
  const before = (await world.studio.records('appointment')).length
  const { appointment } = await book()
  await expect.poll(() => hl7.stats().byType['SIU^S12']).toBe(1)
  const booked = await settled(appointment.id)
  await world.studio.settled()
  expect((await world.studio.records('appointment')).length).toBe(before + 1)
  expect(booked).toMatchObject({ status: 'booked', pending: null })
  expect((await world.studio.exchanges()).filter((one) => one.state === 'parked')).toEqual([])

  // And what somebody at a Cerner screen does is here without any pull.
  const moved = moveAppointment(world.hospital, booked.external_id ?? '', null)
  const start = new Date(String(moved.resource['start'])).toISOString()
  const changedAt = Date.now()
  await until(async () => (await read(booked.id)).start_time === start, 2000)
  expect(Date.now() - changedAt).toBeLessThan(2000)
})

test('a patient registered here gets the number of Cerner, by FHIR and by the services, and can be booked at once', async () => {
  const roads = [
    ['fhir', 'rest'],
    ['millennium', 'rest'],
    ['millennium', 'soap12'],
  ] as const
  for (const [n, [road, transport]] of roads.entries()) {
    await open({ enrolAt: ORGANIZATIONS[0]?.id ?? '' })
    await world.change({
      millennium: {
        base: world.cerner.endpoints.mws,
        person: true,
        transport,
        soap: { endpoint: world.cerner.endpoints.soap },
      },
      roads: { person_create: road, person_search: road },
    })
    const { outbound, scheduling } = world.studio.engine.services
    const entered = patientRegisterRequest.parse({
      first_name: 'Wilhelmina',
      last_name: 'Newcomer',
      date_of_birth: '1991-02-03',
      gender: 'F',
      phone_mobile: '(816) 555-0142',
      address: { line1: '1 Main St', city: 'Kansas City', state: 'MO', postal_code: '64108' },
      race: '2106-3',
      preferred_language: 'en',
    })
    const before = (await world.studio.records('patient')).length
    const { patient_id: id } = await outbound.register(entered, ACTOR)
    const found = await until(async () => {
      const one = await readPatient(store(), id)
      return one?.pending.length === 0 && one
    })
    const far = found.identifiers.find(({ type }) => type === 'FHIR')?.value ?? ''
    const there = world.hospital.records.read('Patient', far, INTERNAL_GRANT).resource
    expect(there, `${road} ${transport}`).toMatchObject({
      birthDate: '1991-02-03',
      name: [expect.objectContaining({ family: expect.stringMatching(/^newcomer$/i) as string })],
    })
    expect(found.mrn, `${road} ${transport}`).toMatch(/\d/)
    expect((await world.studio.records('patient')).length).toBe(before + 1)

    // Somebody who looks for the person again finds the one there is.
    await expect(outbound.register(entered, ACTOR)).rejects.toMatchObject({ code: 'PATIENT_MAY_EXIST' })
    expect(await outbound.candidates(entered)).toMatchObject([{ patient_id: id, cerner_id: far }])

    const [slot] = await freeSlots()
    const request = { patient_id: id, slot: chosen(slot as Slot), service_type: {}, reason: '', comment: '' }
    const { appointment } = await scheduling.book(request, ACTOR)
    expect((await settled(appointment.id)).status).toBe('booked')
    expect((await world.studio.exchanges()).filter((one) => one.state === 'parked')).toEqual([])

    // The services look for themselves; over REST they are told that a person has looked, SOAP has no word for it.
    const again = await outbound.register({ ...entered, override: true }, ACTOR)
    const pending = async () => (await readPatient(store(), again.patient_id))?.pending ?? []
    if (transport === 'rest') await until(async () => (await pending()).length === 0)
    else {
      const refused = await until(async () => (await pending()).find(({ state }) => state === 'parked'))
      expect(refused.error?.code).toBe('MWS_DUPLICATE_SUSPECT')
    }
    if (n < roads.length - 1) await world[Symbol.asyncDispose]()
  }
})
