import { expect, test } from 'vitest'
import { APPOINTMENT_STATUS } from '../model/fields.ts'
import { mayStep, stepsOf } from './transitions.ts'

test('a booking that Cerner does not have yet offers no step', () => {
  expect(stepsOf('pending')).toEqual([])
})

test('only a booked appointment is moved', () => {
  expect(APPOINTMENT_STATUS.filter((status) => mayStep(status, 'move'))).toEqual(['booked'])
})

test('an appointment that is over, and a status nobody knows, offer no step', () => {
  for (const status of ['fulfilled', 'cancelled', 'noshow', 'entered-in-error', 'constructor']) {
    expect(stepsOf(status)).toEqual([])
  }
})

test('steps follow the day of an appointment', () => {
  expect(stepsOf('booked')).toEqual(['move', 'cancel', 'arrived', 'checked-in'])
  expect(stepsOf('arrived')).toEqual(['cancel', 'checked-in'])
  expect(stepsOf('checked-in')).toEqual(['cancel', 'fulfilled'])
})
