import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { OutboundWorld } from './outbound.world.ts'
import { actor, openOutboundWorld, slotAt } from './outbound.world.ts'

const AT = '2026-03-10T15:00:00.000Z'
const LATER = '2026-03-11T16:00:00.000Z'

const book = async (world: OutboundWorld, patientId: string, start = AT, more: object = {}) => {
  const request = {
    patient_id: patientId,
    slot: slotAt(start),
    service_type: {},
    reason: '',
    comment: '',
    ...more,
  }
  return world.scheduling.book(request, actor)
}

test('a failure that passes by itself is tried again until it goes through', async () => {
  await using world = await openOutboundWorld()
  world.cerner.fail('book', 'FHIR_UNAVAILABLE', 2)
  const { exchange_id } = await book(world, await world.patient('1'))
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls).toEqual(['book', 'book', 'book'])
  const events = await world.rows<{ event: string }>('select event from exchange_event order by id')
  expect(events.map(({ event }) => event)).toEqual(['retrying', 'retrying'])
})

test('a refusal parks at once, the appointment stays pending and shows why, and can be taken back', async () => {
  await using world = await openOutboundWorld()
  world.cerner.takenSlots.add(slotAt(AT).id)
  const patient = await world.patient('1')
  const { exchange_id, appointment } = await book(world, patient)
  world.worker()
  await world.becomes(exchange_id, 'parked')
  expect(await world.appointment(appointment.id)).toMatchObject({
    status: 'pending',
    steps: [],
    pending: { state: 'parked', error: { code: 'FHIR_SLOT_TAKEN' } },
  })
  expect(world.cerner.calls).toEqual(['book'])
  await world.decisions.withdraw(exchange_id as never, actor)
  expect(await world.appointment(appointment.id)).toMatchObject({ status: 'entered-in-error', pending: null })
  expect(await world.outcome(exchange_id)).toMatchObject({
    state: 'cancelled',
    error_code: 'OUTBOUND_CANCELLED',
  })
  // The time is free for the patient again.
  expect((await book(world, patient, AT)).appointment.status).toBe('pending')
})

test('a parked booking is sent once more when a person asks for it', async () => {
  await using world = await openOutboundWorld()
  world.cerner.fail('book', 'FHIR_FORBIDDEN')
  const { exchange_id } = await book(world, await world.patient('1'))
  world.worker()
  await world.becomes(exchange_id, 'parked')
  await world.decisions.retry(exchange_id as never, actor)
  await world.becomes(exchange_id, 'accepted')
})

test('a lost answer is found out about, and nothing is booked twice', async () => {
  await using world = await openOutboundWorld()
  world.cerner.fault('book', { kind: 'lose' })
  const { exchange_id, appointment } = await book(world, await world.patient('1'))
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls).toEqual(['book', 'lookUp Appointment'])
  expect(await world.appointment(appointment.id)).toMatchObject({ status: 'booked', external_id: 'A1' })
})

test('what never arrived is sent again only after it was looked for', async () => {
  await using world = await openOutboundWorld()
  world.cerner.fail('book', 'FHIR_ANSWER_LOST')
  const { exchange_id } = await book(world, await world.patient('1'))
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls).toEqual(['book', 'lookUp Appointment', 'book'])
})

test('while searches may lag behind writes, what is not found is looked for again and not sent again', async () => {
  await using world = await openOutboundWorld()
  world.cerner.fault('book', { kind: 'lose' })
  world.cerner.isLagging = true
  const { exchange_id, appointment } = await book(world, await world.patient('1'))
  world.worker({ absentAfterMs: 3_600_000_000_000 })
  await world.becomes(exchange_id, 'ambiguous')
  while (world.cerner.calls.filter((call) => call === 'lookUp Appointment').length < 3) await sleep(5)
  world.cerner.isLagging = false
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls.filter((call) => call === 'book')).toHaveLength(1)
  expect((await world.appointment(appointment.id))?.external_id).toBe('A1')
})

test('answers that are lost each time end with a person, who is shown that it may be there', async () => {
  await using world = await openOutboundWorld()
  world.cerner.fail('book', 'FHIR_ANSWER_LOST', 20)
  const { exchange_id } = await book(world, await world.patient('1'))
  world.worker()
  await world.becomes(exchange_id, 'parked')
  expect(await world.outcome(exchange_id)).toMatchObject({ error_code: 'FHIR_ANSWER_LOST' })
  expect(world.cerner.calls.filter((call) => call === 'book')).toHaveLength(4)
  // Once more begins with asking, never with sending.
  world.cerner.calls.length = 0
  await world.decisions.retry(exchange_id as never, actor)
  while (world.cerner.calls.length === 0) await sleep(5)
  expect(world.cerner.calls[0]).toBe('lookUp Appointment')
})

test('a slot that our own lost booking took is recognised as ours', async () => {
  await using world = await openOutboundWorld()
  world.cerner.fault('book', { kind: 'lose' })
  world.cerner.isLagging = true
  const { exchange_id, appointment } = await book(world, await world.patient('1'))
  // The search still lags when it is believed to be absent; the second booking is refused, and then it is found.
  world.cerner.onCall = (call) => {
    if (call === 'book' && world.cerner.records.size > 0) world.cerner.isLagging = false
  }
  world.worker({ absentAfterMs: 0 })
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls).toEqual(['book', 'lookUp Appointment', 'book', 'lookUp Appointment'])
  expect((await world.appointment(appointment.id))?.external_id).toBe('A1')
  expect(world.cerner.records.size).toBe(1)
})

test('a worker that dies in a call leaves a trace, and another finds out and finishes', async () => {
  await using world = await openOutboundWorld()
  const hold = Promise.withResolvers<void>()
  world.cerner.fault('book', { kind: 'hold', until: hold.promise })
  const { exchange_id, appointment } = await book(world, await world.patient('1'))
  const first = world.worker({ leaseSeconds: 3600 })
  while (world.cerner.calls.length === 0) await sleep(5)
  expect(await world.rows('select state, sent_at is not null as sent from outbox')).toEqual([
    { state: 'sent', sent: true },
  ])
  // Its lease runs out while it hangs, as it does when the process is gone.
  await world.rows(`update outbox set lease_until = '-infinity'`)
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls.slice(0, 3)).toEqual(['book', 'lookUp Appointment', 'book'])
  // What the first one still does is refused there, and changes nothing here.
  hold.resolve()
  await first.stop()
  expect(await world.outcome(exchange_id)).toMatchObject({ state: 'accepted', error_code: null })
  expect((await world.appointment(appointment.id))?.external_id).toBe('A1')
  expect(world.cerner.records.size).toBe(1)
})

test('two workers share the work and send each change once', async () => {
  await using world = await openOutboundWorld()
  const patients = await Promise.all(Array.from({ length: 12 }, (_, n) => world.patient(`${n}`)))
  const ids = await Promise.all(
    patients.map(async (patient, n) => {
      const start = new Date(Date.parse(AT) + n * 3_600_000).toISOString()
      return (await book(world, patient, start)).exchange_id
    }),
  )
  world.worker()
  world.worker()
  for (const id of ids) await world.becomes(id, 'accepted')
  expect(world.cerner.calls.filter((call) => call === 'book')).toHaveLength(12)
  expect(world.problems).toEqual([])
})

test('changes of one record go in the order they were made, one at a time', async () => {
  await using world = await openOutboundWorld()
  await world.patient('1')
  const id = await world.booked('1', 'X1', AT)
  const step = async (status: 'arrived' | 'checked-in' | 'fulfilled') => {
    const version = (await world.appointment(id))?.version ?? 0
    return (await world.scheduling.setStatus(id, { version, status }, actor)).exchange_id
  }
  world.cerner.fail('setStatus', 'FHIR_UNAVAILABLE', 2)
  const ids = [await step('arrived'), await step('checked-in'), await step('fulfilled')]
  world.worker()
  world.worker()
  for (const one of ids) await world.becomes(one, 'accepted')
  expect(world.cerner.calls.filter((call) => call.startsWith('setStatus'))).toEqual([
    'setStatus X1 v1 arrived',
    'setStatus X1 v1 arrived',
    'setStatus X1 v1 arrived',
    'setStatus X1 v2 checked-in',
    'setStatus X1 v3 fulfilled',
  ])
  expect(await world.appointment(id)).toMatchObject({ status: 'fulfilled', pending: null })
})

test('a record that a user at Cerner holds open is tried again, but not for ever', async () => {
  await using world = await openOutboundWorld()
  world.cerner.fail('book', 'FHIR_RECORD_LOCKED', 3)
  const first = await book(world, await world.patient('1'))
  world.worker()
  await world.becomes(first.exchange_id, 'accepted')
  world.cerner.fail('book', 'FHIR_RECORD_LOCKED', 50)
  const second = await book(world, await world.patient('2'), LATER)
  await world.becomes(second.exchange_id, 'parked')
  expect(await world.outcome(second.exchange_id)).toMatchObject({ error_code: 'FHIR_RECORD_LOCKED' })
})

test('the same request books nothing twice, even at the same time', async () => {
  await using world = await openOutboundWorld()
  const patient = await world.patient('1')
  const request_id = '018f3b5e-7a10-7cc3-8a5e-3f0a5b6c7d8e'
  const [one, two] = await Promise.all([
    book(world, patient, AT, { request_id }),
    book(world, patient, AT, { request_id }),
  ])
  const three = await book(world, patient, AT, { request_id })
  expect(two.appointment.id).toBe(one.appointment.id)
  expect(three.exchange_id).toBe(one.exchange_id)
  expect(await world.rows('select id from appointment')).toHaveLength(1)
})

test('one patient is not booked twice at one time, even when two clerks press at once', async () => {
  await using world = await openOutboundWorld()
  const patient = await world.patient('1')
  const half = new Date(Date.parse(AT) + 15 * 60_000).toISOString()
  const results = await Promise.allSettled([book(world, patient, AT), book(world, patient, half)])
  const refused = results.flatMap((one) =>
    one.status === 'rejected' ? [(one.reason as { code: string }).code] : [],
  )
  expect(refused).toEqual(['PATIENT_DOUBLE_BOOKED'])
  // The next slot begins when this one ends.
  expect((await book(world, patient, slotAt(half).end)).appointment.status).toBe('pending')
  expect((await book(world, await world.patient('2'), AT)).appointment.status).toBe('pending')
})

test('on the day the clocks go back, the same wall time twice is two times', async () => {
  await using world = await openOutboundWorld()
  const patient = await world.patient('1')
  // 01:30 in Chicago on 1 November 2026: first CDT, an hour later CST.
  const summer = await book(world, patient, '2026-11-01T06:30:00.000Z')
  const winter = await book(world, patient, '2026-11-01T07:30:00.000Z')
  world.worker()
  await world.becomes(summer.exchange_id, 'accepted')
  await world.becomes(winter.exchange_id, 'accepted')
  const starts = await Promise.all(
    [summer, winter].map(async ({ appointment }) => (await world.appointment(appointment.id))?.start_time),
  )
  expect(starts).toEqual(['2026-11-01T06:30:00.000Z', '2026-11-01T07:30:00.000Z'])
  // 02:30 on 8 March 2026 is no time there; the slot that begins at 03:00 CDT is kept as the instant it is.
  const spring = await book(world, patient, '2026-03-08T08:00:00.000Z')
  await world.becomes(spring.exchange_id, 'accepted')
  const { resource } = world.cerner.readOf(
    `Appointment/${(await world.appointment(spring.appointment.id))?.external_id ?? ''}`,
  )
  expect(resource['start']).toBe('2026-03-08T08:00:00.000Z')
})

test('a step that Cerner does not take is refused before anything is written', async () => {
  await using world = await openOutboundWorld()
  await world.patient('1')
  const id = await world.booked('1', 'X1', AT)
  const version = (await world.appointment(id))?.version ?? 0
  await expect(world.scheduling.setStatus(id, { version, status: 'fulfilled' }, actor)).rejects.toMatchObject(
    {
      code: 'APPOINTMENT_TRANSITION',
      at: { from: 'booked', to: 'fulfilled' },
    },
  )
  await expect(
    world.scheduling.setStatus(id, { version: version + 1, status: 'arrived' }, actor),
  ).rejects.toMatchObject({
    code: 'VERSION_CONFLICT',
  })
  expect(await world.rows('select * from outbox')).toEqual([])
})

test('a version that takes no bookings refuses them before anything is written', async () => {
  await using world = await openOutboundWorld({ profile: 'millennium-2015' })
  const patient = await world.patient('1')
  await expect(book(world, patient)).rejects.toMatchObject({ code: 'PROFILE_FORBIDS' })
  expect((await world.scheduling.options()).connections).toMatchObject([{ can_book: false }])
  expect(await world.rows('select * from appointment')).toEqual([])
})

test('a patient whom only HL7 has told of is found at Cerner by number, birth and name, and linked', async () => {
  await using world = await openOutboundWorld({ authorityAliases: { 'urn:oid:1.2': 'CERNER' } })
  const patient = await world.patient('7', {})
  // As HL7 leaves it: no logical id.
  const person = (id: string, birthDate: string) => ({
    resourceType: 'Patient',
    id,
    identifier: [{ system: 'urn:oid:1.2', value: '70', type: { coding: [{ code: 'MR' }], text: 'MRN' } }],
    name: [{ use: 'official', family: 'ROE', given: ['JANE'] }],
    birthDate,
  })
  world.cerner.put(person('P70', '1980-05-15'))
  world.cerner.put(person('P71', '1999-01-01'))
  const keys = [{ value: '70', authority: 'CERNER', type: 'MR' }]
  const said = { last_name: 'Roe', first_name: 'Jane', date_of_birth: '1980-05-15' }
  await world.news({
    kind: 'ADT^A04',
    asOf: '2026-03-01T00:00:00Z',
    warnings: [],
    statements: [
      {
        record: 'patient',
        keys,
        effect: 'upsert',
        sets: { identifiers: { rows: keys, place: 'PID-3' } },
        fields: Object.fromEntries(
          Object.entries(said).map(([name, value]) => [name, { value, place: 'PID-5' }]),
        ),
      },
    ],
  })
  const [row] = await world.rows<{ id: string }>('select id from patient order by created_at desc limit 1')
  expect(row?.id).not.toBe(patient)
  const { exchange_id } = await book(world, row?.id ?? '')
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.readOf('Appointment/A1').resource['participant']).toMatchObject([
    { actor: { reference: 'Patient/P70' } },
  ])
  // The second booking needs no search.
  await book(world, row?.id ?? '', LATER)
  expect(world.cerner.calls.filter((call) => call === 'searchPersons')).toHaveLength(1)
  await expect(book(world, await world.patient('8', {}), AT)).resolves.toBeDefined()
})
