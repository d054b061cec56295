import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Rule } from '../../connectors/cerner/definition.ts'
import { originsOf } from '../../model/document.ts'
import { openSides } from '../../store/conflicts.ts'
import type { ConflictRow } from '../../store/conflicts.ts'
import type { OutboundWorld } from './outbound.world.ts'
import { actor, openOutboundWorld, slotAt } from './outbound.world.ts'

const FIRST = '2026-03-10T15:00:00.000Z'
const OURS = '2026-03-11T16:00:00.000Z'
const THEIRS = '2026-03-12T17:00:00.000Z'
const times = (start: string) => ({ start, end: slotAt(start).end })

async function openMove(rule: Rule, more: { patient?: Rule } = {}) {
  const world = await openOutboundWorld({ rules: { appointment: rule, ...more } })
  await world.patient('1')
  const id = await world.booked('1', 'X1', FIRST)
  return { world, id }
}

const move = async (world: OutboundWorld, id: string, start = OURS) => {
  const version = (await world.appointment(id))?.version ?? 0
  return (await world.scheduling.move(id, { version, slot: slotAt(start), reason: '' }, actor)).exchange_id
}

const conflicts = (world: OutboundWorld) => world.rows<ConflictRow>('select * from conflict order by id')

test('a move stands on the version that was read, and another field that changed there is taken over', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  // Cerner has a newer version that says something else about it.
  world.cerner.edit('Appointment/X1', { comment: 'Bring the films' })
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls).toEqual(['readAppointment Appointment/X1', 'reschedule X1 v2'])
  expect(await world.appointment(id)).toMatchObject({
    start_time: OURS,
    notes: 'Bring the films',
    pending: null,
  })
  expect(world.cerner.readOf('Appointment/X1').resource['start']).toBe(OURS)
})

test('a version that went stale meanwhile is read again, and what does not overlap goes through', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  // Between our read and our write.
  world.cerner.onCall = (call) => {
    if (call === 'reschedule X1 v1') world.cerner.edit('Appointment/X1', { comment: 'Fasting' })
  }
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls).toEqual([
    'readAppointment Appointment/X1',
    'reschedule X1 v1',
    'readAppointment Appointment/X1',
    'reschedule X1 v2',
  ])
  expect(await world.appointment(id)).toMatchObject({ start_time: OURS, notes: 'Fasting' })
})

test('a record that changes at each attempt ends with a person', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  let n = 0
  world.cerner.onCall = (call) => {
    if (call.startsWith('reschedule')) world.cerner.edit('Appointment/X1', { comment: `Change ${(n += 1)}` })
  }
  world.worker()
  await world.becomes(exchange, 'parked')
  expect(await world.outcome(exchange)).toMatchObject({ error_code: 'FHIR_VERSION_STALE' })
  expect(n).toBe(6)
})

test('both sides moved it and the rule says ask: a person sees both, and nothing is overwritten', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  const far = await world.edited('Appointment/X1', times(THEIRS))
  expect(await world.outcome(exchange)).toMatchObject({ state: 'parked', error_code: 'CONFLICT_WAITS' })
  expect(await world.appointment(id)).toMatchObject({ start_time: OURS, pending: { state: 'parked' } })
  const [row] = await conflicts(world)
  if (!row) throw new Error('there is no conflict')
  expect(row).toMatchObject({ state: 'open', exchange_id: exchange, far_exchange_id: far })
  expect(openSides(world.vault, row)).toMatchObject({
    action: 'reschedule',
    ours: { by: 'Dana Desk', exchange_id: exchange },
    theirs: { exchange_id: far },
    fields: [
      { field: 'end_time', before: slotAt(FIRST).end, ours: slotAt(OURS).end, theirs: slotAt(THEIRS).end },
      { field: 'start_time', before: FIRST, ours: OURS, theirs: THEIRS, place: 'Appointment.start' },
    ],
  })
  // Nothing is sent while a person decides.
  world.worker()
  await sleep(50)
  expect(world.cerner.calls).toEqual([])
})

test('ours is chosen: it is sent on the version Cerner has now', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  await world.edited('Appointment/X1', times(THEIRS))
  const [row] = await conflicts(world)
  world.worker()
  await world.decisions.resolve(row?.id ?? '', { choice: 'studio', remember: false }, actor)
  await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls).toEqual(['readAppointment Appointment/X1', 'reschedule X1 v2'])
  expect(await world.appointment(id)).toMatchObject({ start_time: OURS, pending: null })
  expect(await conflicts(world)).toMatchObject([
    { state: 'resolved', choice: 'studio', resolved_by: 'Dana Desk' },
  ])
  await expect(
    world.decisions.resolve(row?.id ?? '', { choice: 'cerner', remember: false }, actor),
  ).rejects.toMatchObject({ code: 'VERSION_CONFLICT' })
})

test('Cerner is chosen: its value is taken over from its own exchange, ours is not sent, and the rule is kept', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  const far = await world.edited('Appointment/X1', times(THEIRS))
  const [row] = await conflicts(world)
  await world.decisions.resolve(row?.id ?? '', { choice: 'cerner', remember: true }, actor)
  world.worker()
  await sleep(50)
  expect(world.cerner.calls).toEqual([])
  expect(await world.appointment(id)).toMatchObject({
    start_time: THEIRS,
    end_time: slotAt(THEIRS).end,
    pending: null,
  })
  expect(originsOf(await world.documentOf('appointment', id))['start_time']).toMatchObject({
    exchange_id: far,
    connection_id: world.connection.id,
    place: 'Appointment.start',
  })
  expect(await world.field('appointment', id, 'slot_id')).toBeNull()
  expect(await world.outcome(exchange)).toMatchObject({
    state: 'cancelled',
    error_code: 'OUTBOUND_CANCELLED',
  })
  expect(world.remembered).toEqual([{ fields: ['end_time', 'start_time'], rule: 'cerner' }])
})

test('later news renews what the person sees, and news that goes back closes the conflict', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  await world.edited('Appointment/X1', times(THEIRS))
  await world.edited('Appointment/X1', times('2026-03-13T17:00:00.000Z'))
  const [row, ...more] = await conflicts(world)
  if (!row) throw new Error('there is no conflict')
  expect(more).toEqual([])
  expect(openSides(world.vault, row).fields[1]?.theirs).toBe('2026-03-13T17:00:00.000Z')
  await world.edited('Appointment/X1', times(FIRST))
  expect(await conflicts(world)).toMatchObject([{ state: 'resolved', resolved_by: 'engine' }])
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect((await world.appointment(id))?.start_time).toBe(OURS)
})

test('by the rule cerner its move stands and ours is not sent', async () => {
  const { world, id } = await openMove('cerner')
  await using _ = world
  const exchange = await move(world, id)
  await world.edited('Appointment/X1', times(THEIRS))
  expect(await world.outcome(exchange)).toMatchObject({ state: 'cancelled' })
  expect(await world.appointment(id)).toMatchObject({
    start_time: THEIRS,
    end_time: slotAt(THEIRS).end,
    pending: null,
  })
  expect(await conflicts(world)).toEqual([])
})

test('by the rule studio ours is sent over theirs', async () => {
  const { world, id } = await openMove('studio')
  await using _ = world
  const exchange = await move(world, id)
  await world.edited('Appointment/X1', times(THEIRS))
  expect((await world.appointment(id))?.start_time).toBe(OURS)
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls).toEqual(['readAppointment Appointment/X1', 'reschedule X1 v2'])
  expect((await world.appointment(id))?.start_time).toBe(OURS)
})

test('by the rule newest the later of the two stands', async () => {
  for (const [oursAheadMs, winner] of [
    [0, THEIRS],
    [3_600_000, OURS],
  ] as const) {
    const { world, id } = await openMove('newest')
    await using _ = world
    world.clock.nowMs += oursAheadMs
    const exchange = await move(world, id)
    await world.edited('Appointment/X1', times(THEIRS))
    expect((await world.appointment(id))?.start_time).toBe(winner)
    expect((await world.outcome(exchange)).state).toBe(winner === OURS ? 'queued' : 'cancelled')
  }
})

test('a move of what was cancelled there is a conflict, though a move sets no status', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  await world.edited('Appointment/X1', { status: 'cancelled' })
  expect(await world.outcome(exchange)).toMatchObject({
    state: 'parked',
    error_code: 'CONFLICT_WAITS',
    error_place: 'status',
  })
  const [row] = await conflicts(world)
  await world.decisions.resolve(row?.id ?? '', { choice: 'cerner', remember: false }, actor)
  expect(await world.appointment(id)).toMatchObject({ status: 'cancelled', start_time: FIRST, pending: null })
})

test('a clerk at Cerner who notes the same arrival first is no conflict, and it is not noted twice', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const version = (await world.appointment(id))?.version ?? 0
  const { exchange_id } = await world.scheduling.setStatus(id, { version, status: 'arrived' }, actor)
  await world.edited('Appointment/X1', { status: 'arrived' })
  expect(await conflicts(world)).toEqual([])
  expect((await world.appointment(id))?.pending?.state).toBe('queued')
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  expect(world.cerner.calls).toEqual(['readAppointment Appointment/X1'])
  expect(await world.appointment(id)).toMatchObject({ status: 'arrived', pending: null })
})

test('old news and the echo of our own write change nothing', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const before = world.cerner.readOf('Appointment/X1')
  const exchange = await move(world, id)
  // A late copy of what it was.
  await world.pulled('Appointment/X1')
  expect((await world.appointment(id))?.start_time).toBe(OURS)
  world.worker()
  await world.becomes(exchange, 'accepted')
  const settled = await world.appointment(id)
  await world.pulled('Appointment/X1')
  expect(await world.appointment(id)).toMatchObject({ start_time: OURS, status: 'booked' })
  expect((await world.appointment(id))?.provenance['start_time']).toMatchObject({ exchange_id: exchange })
  // And a copy of the first version that comes last of all.
  world.cerner.records.set('Appointment/X1', { resource: before.resource, version: 1 })
  await world.pulled('Appointment/X1')
  expect((await world.appointment(id))?.start_time).toBe(settled?.start_time)
  expect(await conflicts(world)).toEqual([])
})

test('what Cerner says next, after our move went through, is taken over even when our clock is ahead', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  world.clock.nowMs += 3_600_000
  const exchange = await move(world, id)
  world.worker()
  await world.becomes(exchange, 'accepted')
  await world.edited('Appointment/X1', times(THEIRS))
  expect((await world.appointment(id))?.start_time).toBe(THEIRS)
})

test('news while the call is under way waits for its end, and stands when it came after it', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  const hold = Promise.withResolvers<void>()
  world.cerner.onCall = (call) => {
    if (call === 'reschedule X1 v1') world.cerner.onCall = () => undefined
  }
  world.cerner.fault('reschedule', { kind: 'hold', until: hold.promise })
  world.worker()
  while (!world.cerner.calls.some((call) => call.startsWith('reschedule'))) await sleep(5)
  // Its own write is done at Cerner, and a clerk moves it on before the answer is here.
  const answer = world.cerner.edit('Appointment/X1', times(OURS))
  expect(answer.version).toBe('v2')
  await world.edited('Appointment/X1', times(THEIRS))
  expect(await conflicts(world)).toEqual([])
  expect((await world.appointment(id))?.start_time).toBe(OURS)
  hold.resolve()
  // The version was stale for the call that was held; the compare finds their later move.
  await world.becomes(exchange, 'parked')
  expect(await conflicts(world)).toMatchObject([{ state: 'open' }])
})

test('a lost answer of a move is found in the record itself', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const exchange = await move(world, id)
  world.cerner.fault('reschedule', { kind: 'lose' })
  world.worker()
  await world.becomes(exchange, 'accepted')
  expect(world.cerner.calls).toEqual([
    'readAppointment Appointment/X1',
    'reschedule X1 v1',
    'readAppointment Appointment/X1',
  ])
  expect(await world.appointment(id)).toMatchObject({ start_time: OURS, pending: null })
})

test('a move that is taken back shows what Cerner has', async () => {
  const { world, id } = await openMove('studio')
  await using _ = world
  const exchange = await move(world, id)
  await world.edited('Appointment/X1', times(THEIRS))
  await world.decisions.withdraw(exchange as never, actor)
  expect(await world.appointment(id)).toMatchObject({
    start_time: THEIRS,
    end_time: slotAt(THEIRS).end,
    pending: null,
  })
})

test('a change behind one that is taken back stands on what was before both', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  const one = await move(world, id)
  const two = await move(world, id, THEIRS)
  await world.decisions.withdraw(one as never, actor)
  expect((await world.appointment(id))?.start_time).toBe(THEIRS)
  await world.decisions.withdraw(two as never, actor)
  expect(await world.appointment(id)).toMatchObject({
    start_time: FIRST,
    end_time: slotAt(FIRST).end,
    pending: null,
  })
})

test('somebody else’s appointment under the same number is not touched', async () => {
  const { world, id } = await openMove('ask')
  await using _ = world
  await world.patient('2')
  const exchange = await move(world, id)
  world.cerner.edit('Appointment/X1', {
    participant: [{ actor: { reference: 'Patient/P2' }, status: 'accepted' }],
  })
  world.worker()
  await world.becomes(exchange, 'parked')
  expect(await world.outcome(exchange)).toMatchObject({ error_code: 'HL7_IDENTIFIER_CONFLICT' })
  expect(world.cerner.calls).toEqual(['readAppointment Appointment/X1'])
})
