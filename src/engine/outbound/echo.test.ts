import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { hl7v2Settings } from '../../connectors/hl7v2/definition.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import type { MappedMessage } from '../../model/statement.ts'
import { readerOf } from '../read-message.ts'
import type { OutboundWorld } from './outbound.world.ts'
import { actor, openOutboundWorld, slotAt, START_MS } from './outbound.world.ts'

const AT = '2026-03-10T15:00:00.000Z'
const HL7 = newId<ConnectionId>()
const reader = readerOf(hl7v2Settings.parse({ zone: 'UTC', defaultAuthority: 'CERNER' }))

/** An SIU of the hospital's own feed about the appointment at AT. */
function siu(
  event: string,
  number: string,
  more: { at?: string; start?: string; provider?: string } = {},
): MappedMessage {
  const { at = '20260304180100', start = '20260310150000', provider } = more
  const text = [
    `MSH|^~\\&|SCH|HOSP|PS|PS|${at}||SIU^${event}|C${number}${event}${at}|P|2.5.1`,
    `SCH||${number}^CERNER|||||FOLLOWUP|OFFICE|30|MIN|^^30^${start}`,
    'PID|1||1^^^CERNER^MR||ROE^JANE||19800515|F',
    'RGS|1',
    ...(provider === undefined ? [] : [`AIP|1||${provider}^CAREFUL^ANN`]),
    '',
  ].join('\r')
  const mapped = reader.map(reader.decode(Buffer.from(text)), new Date(START_MS).toISOString())
  if (mapped.kind !== 'mapped') throw new Error('the message does not map')
  return mapped.message
}

async function openBooked(more: { practitioner?: { id: string; name: string } } = {}) {
  const world = await openOutboundWorld()
  const patient = await world.patient('1')
  const slot = { ...slotAt(AT), practitioner: more.practitioner ?? null }
  const request = { patient_id: patient, slot, service_type: {}, reason: '', comment: '' }
  const { appointment, exchange_id } = await world.scheduling.book(request, actor)
  return { world, id: appointment.id, exchange: exchange_id, patient }
}

const count = async (world: OutboundWorld, table: string): Promise<number> =>
  (await world.rows<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n ?? 0

test('the SIU of our own booking that comes before the answer joins our record', async () => {
  const { world, id, exchange } = await openBooked()
  await using _ = world
  const hold = Promise.withResolvers<void>()
  world.cerner.fault('book', { kind: 'hold', until: hold.promise })
  world.worker()
  while (world.cerner.calls.length === 0) await sleep(5)
  await world.news(siu('S12', 'A1'), HL7)
  expect(await count(world, 'appointment')).toBe(1)
  expect(await world.appointment(id)).toMatchObject({
    status: 'booked',
    external_id: 'A1',
    pending: { state: 'sent' },
    steps: [],
  })
  hold.resolve()
  await world.becomes(exchange, 'accepted')
  expect(await world.appointment(id)).toMatchObject({ status: 'booked', external_id: 'A1', pending: null })
  expect(await count(world, 'appointment')).toBe(1)
})

test('the SIU that comes after the answer finds the record by its number', async () => {
  const { world, id, exchange } = await openBooked()
  await using _ = world
  world.worker()
  await world.becomes(exchange, 'accepted')
  await world.news(siu('S12', 'A1'), HL7)
  await world.pulled('Appointment/A1')
  expect(await count(world, 'appointment')).toBe(1)
  expect(await world.appointment(id)).toMatchObject({ status: 'booked', start_time: AT })
})

test('a cancellation at Cerner that comes before the answer to our booking stands', async () => {
  const { world, id, exchange } = await openBooked()
  await using _ = world
  const hold = Promise.withResolvers<void>()
  world.cerner.fault('book', { kind: 'hold', until: hold.promise })
  world.worker()
  while (world.cerner.calls.length === 0) await sleep(5)
  await world.news(siu('S12', 'A1'), HL7)
  await world.news(siu('S15', 'A1', { at: '20260304190000' }), HL7)
  hold.resolve()
  await world.becomes(exchange, 'accepted')
  expect(await world.appointment(id)).toMatchObject({ status: 'cancelled', external_id: 'A1' })
})

test('a lost answer whose SIU has come is accepted, though a search shows nothing', async () => {
  const { world, id, exchange } = await openBooked()
  await using _ = world
  world.cerner.fault('book', { kind: 'lose' })
  world.cerner.isLagging = true
  world.worker({ absentAfterMs: 3_600_000_000 })
  await world.becomes(exchange, 'ambiguous')
  await world.news(siu('S12', 'A1'), HL7)
  await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls.filter((call) => call === 'book')).toHaveLength(1)
  expect(await world.appointment(id)).toMatchObject({ status: 'booked', external_id: 'A1' })
})

test('an appointment of the patient at that time with another provider is not taken for ours', async () => {
  const { world, id } = await openBooked({ practitioner: { id: '900', name: 'Careful, Ann' } })
  await using _ = world
  await world.news(siu('S12', 'Z9', { provider: '111' }), HL7)
  expect(await count(world, 'appointment')).toBe(2)
  expect(await world.appointment(id)).toMatchObject({ status: 'pending', external_id: null })
})

test('news that could not be told to be ours becomes one with it when the answer names its number', async () => {
  const { world, id, exchange } = await openBooked({ practitioner: { id: '900', name: 'Careful, Ann' } })
  await using _ = world
  // The same appointment, with the number that the hospital’s scheduling gives the provider.
  await world.news(siu('S12', 'A1', { provider: '111' }), HL7)
  expect(await count(world, 'appointment')).toBe(2)
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(await world.appointment(id)).toMatchObject({ status: 'booked', external_id: 'A1' })
  await world.news(siu('S15', 'A1', { at: '20260304190000' }), HL7)
  expect(await world.appointment(id)).toMatchObject({ status: 'cancelled' })
  const statuses = await world.rows<{ status: string }>('select status from appointment order by status')
  expect(statuses.map(({ status }) => status)).toEqual(['cancelled', 'entered-in-error'])
})

test('a booking whose own SIU has come cannot be taken back any more', async () => {
  const { world, exchange } = await openBooked()
  await using _ = world
  await world.news(siu('S12', 'A1'), HL7)
  await expect(world.decisions.withdraw(exchange as never, actor)).rejects.toMatchObject({
    code: 'OUTBOUND_UNDER_WAY',
  })
})

test('an SIU about a move of ours that is under way is its echo, whichever comes first', async () => {
  const world = await openOutboundWorld()
  await using _ = world
  await world.patient('1')
  const id = await world.booked('1', 'X1', '2026-03-09T15:00:00.000Z')
  const version = (await world.appointment(id))?.version ?? 0
  const { exchange_id } = await world.scheduling.move(id, { version, slot: slotAt(AT), reason: '' }, actor)
  await world.news(siu('S13', 'X1'), HL7)
  expect(await world.appointment(id)).toMatchObject({ start_time: AT, pending: { state: 'queued' } })
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  // The message alone is no proof: Cerner was asked, and did not have it yet.
  expect(world.cerner.calls).toEqual(['readAppointment Appointment/X1', 'reschedule X1 v1'])
  await world.news(siu('S13', 'X1', { at: '20260304200000' }), HL7)
  expect(await world.appointment(id)).toMatchObject({ start_time: AT, pending: null })
  expect(await count(world, 'conflict')).toBe(0)
})

test('a booking that a clerk has made at Cerner before ours left is taken for ours, and is not made twice', async () => {
  const { world, id, exchange } = await openBooked()
  await using _ = world
  await world.news(siu('S12', 'X9'), HL7)
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls).toEqual([])
  expect(await count(world, 'appointment')).toBe(1)
  expect(await world.appointment(id)).toMatchObject({ status: 'booked', external_id: 'X9', pending: null })
})
