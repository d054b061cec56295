import { expect, test } from 'vitest'
import { TRANSITIONS, mayBecome } from './appointment-status.ts'

test('Cerner takes exactly the status changes that its documentation names', () => {
  const allowed = Object.entries(TRANSITIONS).flatMap(([from, next]) => next.map((to) => `${from} > ${to}`))
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

test('nothing follows the end, nor a status that nobody knows', () => {
  expect(mayBecome('booked', 'checked-in')).toBe(true)
  expect(mayBecome('booked', 'fulfilled')).toBe(false)
  expect(mayBecome('booked', 'noshow')).toBe(false)
  expect(mayBecome('fulfilled', 'cancelled')).toBe(false)
  expect(mayBecome('toString', 'booked')).toBe(false)
})
