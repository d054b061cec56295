import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import type { OutboundWorld } from './outbound.world.ts'
import { actor, openOutboundWorld, slotAt } from './outbound.world.ts'
import { Scheduling } from './scheduling.ts'

const AT = '2026-03-10T15:00:00.000Z'
const LATER = '2026-03-11T16:00:00.000Z'
const LAST = '2026-03-12T17:00:00.000Z'
const ELSEWHERE = '2026-03-13T18:00:00.000Z'

const book = async (world: OutboundWorld, patientId: string, start = AT) =>
  world.scheduling.book(
    { patient_id: patientId, slot: slotAt(start), service_type: {}, reason: '', comment: '' },
    actor,
  )

const versionOf = async (world: OutboundWorld, id: string): Promise<number> =>
  (await world.appointment(id))?.version ?? 0

const move = async (world: OutboundWorld, id: string, start: string) =>
  world.scheduling.move(id, { version: await versionOf(world, id), slot: slotAt(start), reason: '' }, actor)

test.each(['FHIR_TOKEN_REFUSED', 'FHIR_DISCOVERY_FAILED', 'FHIR_UNAUTHORIZED'] as const)(
  'a connection with %s parks nothing: its changes wait, say why, and go out when it is mended',
  async (code) => {
    await using world = await openOutboundWorld()
    world.cerner.fail('book', code)
    const { exchange_id } = await book(world, await world.patient('1'))
    const worker = world.worker({ delayMs: () => 3_600_000 })
    await world.becomes(exchange_id, 'retrying')
    expect(await world.outcome(exchange_id)).toMatchObject({ error_code: code })
    // Whoever mends the settings need not wait for the next attempt, nor send each change again by hand.
    world.connection.version += 1
    worker.wake()
    await world.becomes(exchange_id, 'accepted')
  },
)

test('a change that may have arrived waits for a mended secret too, and is then found out about', async () => {
  await using world = await openOutboundWorld()
  world.cerner.fault('book', { kind: 'lose' })
  world.cerner.fail('lookUp', 'FHIR_TOKEN_REFUSED', 2)
  const { exchange_id } = await book(world, await world.patient('1'))
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls).toEqual(['book', ...Array<string>(3).fill('lookUp Appointment')])
})

test('nothing is sent over a connection that is off, and all of it when it is on again', async () => {
  await using world = await openOutboundWorld()
  const { exchange_id } = await book(world, await world.patient('1'))
  world.connection.enabled = false
  const worker = world.worker()
  await sleep(100)
  expect(world.cerner.calls).toEqual([])
  expect(await world.outcome(exchange_id)).toMatchObject({ state: 'queued' })
  world.connection.enabled = true
  world.connection.version += 1
  worker.wake()
  await world.becomes(exchange_id, 'accepted')
})

test('an appointment of a Cerner that is off is not changed at another one', async () => {
  await using world = await openOutboundWorld()
  await world.patient('1')
  const id = await world.booked('1', 'X1', AT)
  const off = { ...world.connection, enabled: false }
  const other = { ...world.connection, id: newId<ConnectionId>() }
  const scheduling = new Scheduling({ ...world.parts, connections: () => [off, other] })
  const request = { version: await versionOf(world, id), status: 'arrived' } as const
  await expect(scheduling.setStatus(id, request, actor)).rejects.toMatchObject({ code: 'ROAD_OFF' })
  expect(await world.rows('select * from outbox')).toEqual([])
})

test('a change that is asked for again while it is about to leave is read anew, and parks nothing', async () => {
  await using world = await openOutboundWorld()
  await world.patient('1')
  const id = await world.booked('1', 'X1', AT)
  const { exchange_id } = await move(world, id, LATER)
  await world.rows(`update outbox set base_version = 'v1'`)
  const gate = Promise.withResolvers<void>()
  const asked = Promise.withResolvers<void>()
  world.worker({
    roadFor: async () => {
      asked.resolve()
      await gate.promise
      return world.cerner
    },
  })
  await asked.promise
  await world.decisions.retry(exchange_id as never, actor)
  gate.resolve()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls).toEqual(['readAppointment Appointment/X1', 'reschedule X1 v1'])
})

test('a row that cannot be opened is parked and keeps no other change waiting', async () => {
  await using world = await openOutboundWorld()
  const broken = await book(world, await world.patient('1'))
  await world.rows(`update outbox set sealed_intent = '\\x00', due_at = now() - interval '1 hour'`)
  const good = await book(world, await world.patient('2'), LATER)
  world.worker()
  await world.becomes(good.exchange_id, 'accepted')
  await world.becomes(broken.exchange_id, 'parked')
  expect(await world.outcome(broken.exchange_id)).toMatchObject({ error_code: 'SEAL_BROKEN' })
})

test('what one move gives up is what the next one goes back to, and never a time that Cerner did not have', async () => {
  await using world = await openOutboundWorld({ rules: { appointment: 'newest' } })
  await world.patient('1')
  const id = await world.booked('1', 'X1', AT)
  const hold = Promise.withResolvers<void>()
  world.cerner.fault('reschedule', { kind: 'hold', until: hold.promise })
  world.cerner.fail('reschedule', 'FHIR_SLOT_TAKEN')
  const first = await move(world, id, LATER)
  world.worker()
  while (!world.cerner.calls.some((call) => call.startsWith('reschedule'))) await sleep(5)
  const { start, end } = slotAt(ELSEWHERE)
  await world.edited('Appointment/X1', { start, end })
  world.clock.nowMs += 3_600_000
  const second = await move(world, id, LAST)
  hold.resolve()
  await world.becomes(first.exchange_id, 'cancelled')
  await world.becomes(second.exchange_id, 'parked')
  await world.decisions.withdraw(second.exchange_id as never, actor)
  expect((await world.appointment(id))?.start_time).toBe(ELSEWHERE)
})
