import fc from 'fast-check'
import { expect, test } from 'vitest'
import { conflictValue, marked } from './conflict-model.ts'

test('times of a conflict stand on the clock of the location', () => {
  expect(conflictValue('start_time', '2026-11-24T15:00:00Z', 'America/Chicago')).toBe(
    'Tue, Nov 24, 2026, 09:00 CST',
  )
  expect(conflictValue('start_time', '2026-11-24T15:00:00Z', 'America/Denver')).toBe(
    'Tue, Nov 24, 2026, 08:00 MST',
  )
})

test('a date of birth is never moved across a zone', () => {
  expect(conflictValue('date_of_birth', '1962-03-14', 'America/Chicago')).toBe('Mar 14, 1962')
})

test('only the words that differ are marked', () => {
  expect(marked('Tue, Nov 24, 2026, 09:00 CST', 'Tue, Nov 24, 2026, 10:30 CST')).toEqual([
    { text: 'Tue, Nov 24, 2026, ', changed: false },
    { text: '10:30', changed: true },
    { text: ' CST', changed: false },
  ])
  expect(marked('booked', 'booked')).toEqual([{ text: 'booked', changed: false }])
  expect(marked('', 'cancelled')).toEqual([{ text: 'cancelled', changed: true }])
})

test('marking never changes what is read', () => {
  const words = fc
    .array(fc.constantFrom('a', 'b', 'Nov', '24'), { maxLength: 6 })
    .map((list) => list.join(' '))
  fc.assert(
    fc.property(words, words, (before, after) => {
      const parts = marked(before, after)
      expect(parts.map(({ text }) => text).join('')).toBe(after)
      if (before !== after && after !== '' && after.length >= before.length)
        expect(parts.some(({ changed }) => changed)).toBe(true)
    }),
  )
})
