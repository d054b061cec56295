import { expect, test } from 'vitest'
import { originsOf } from '../../model/document.ts'
import { STUDIO_CONNECTION_ID } from '../../model/studio.ts'
import { actor, openOutboundWorld, slotAt } from './outbound.world.ts'

const SLOT = slotAt('2026-03-10T15:00:00.000Z')
const booking = (patientId: string, slot = SLOT) => ({
  patient_id: patientId,
  slot,
  service_type: { code: '11', system: 'urn:types', text: 'Follow up' },
  reason: 'Back pain',
  comment: '',
})

test('a booking is here at once as pending, and booked when Cerner has it', async () => {
  await using world = await openOutboundWorld()
  const patient = await world.patient('1')
  const { appointment, exchange_id } = await world.scheduling.book(booking(patient), actor)
  expect(appointment).toMatchObject({
    status: 'pending',
    patient_name: 'Roe, Jane',
    start_time: SLOT.start,
    reason: 'Back pain',
    steps: [],
    pending: { action: 'book', state: 'queued', exchange_id },
  })
  expect(originsOf(await world.documentOf('appointment', appointment.id))['start_time']).toMatchObject({
    exchange_id,
    connection_id: STUDIO_CONNECTION_ID,
  })
  world.worker()
  await world.becomes(exchange_id, 'accepted')
  const booked = await world.appointment(appointment.id)
  expect(booked).toMatchObject({
    status: 'booked',
    external_id: 'A1',
    pending: null,
    steps: ['move', 'cancel', 'arrived', 'checked-in'],
    time_zone: 'America/Chicago',
  })
  expect(world.cerner.calls).toEqual(['book'])
  expect(await world.rows('select * from outbox')).toEqual([])
  expect(await world.rows('select version, exchange_id from far_record')).toEqual([
    { version: 'v1', exchange_id },
  ])
  expect(world.problems).toEqual([])
})
