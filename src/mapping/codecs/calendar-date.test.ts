import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calendarDate } from './calendar-date.ts'
import { again, calendarDates } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'

test('a calendar date reads back as it was written', () => {
  fc.assert(
    fc.property(calendarDates, (date) => {
      expect(again(calendarDate, date)).toBe(date)
    }),
  )
})

test('a birth date with a time of day stays the day that was written', () => {
  expect(readOne(calendarDate, '20050715050000').value).toBe('2005-07-15')
  expect(readOne(calendarDate, '20050715050000-0500').value).toBe('2005-07-15')
})

test('a partial date keeps its precision', () => {
  expect(readOne(calendarDate, '1980').value).toBe('1980')
  expect(readOne(calendarDate, '198005').value).toBe('1980-05')
})

test.each(['00000000', '19800230', 'Aug 15, 1942', '800515', '1980-5-1'])(
  '%s is no date and is left out',
  (raw) => {
    expect(readOne(calendarDate, raw)).toEqual({ value: undefined, warnings: ['HL7_DATA_TYPE'] })
  },
)
