import { expect, test } from 'vitest'
import { APPOINTMENT_STATUS } from '../model/fields.ts'
import { canBecome, mayStep, stepsOf, TRANSITIONS } from './transitions.ts'

test('Cerner takes exactly the status changes that its documentation names', () => {
  const allowed = APPOINTMENT_STATUS.flatMap((from) => TRANSITIONS[from].map((to) => `${from} > ${to}`))
  expect(allowed).toEqual([
    'proposed > booked',
    'proposed > cancelled',
    'booked > arrived',
    'booked > checked-in',
    'booked > cancelled',
    'arrived > checked-in',
    'arrived > cancelled',
    'checked-in > fulfilled',
    'checked-in > cancelled',
  ])
})

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
  expect(canBecome('toString', 'booked')).toBe(false)
})

test('steps follow the day of an appointment', () => {
  expect(stepsOf('booked')).toEqual(['move', 'cancel', 'arrived', 'checked-in'])
  expect(stepsOf('arrived')).toEqual(['cancel', 'checked-in'])
  expect(stepsOf('checked-in')).toEqual(['cancel', 'fulfilled'])
})
