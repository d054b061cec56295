import fc from 'fast-check'
import { expect, test } from 'vitest'
import { again, calendarDates, instants } from './codecs.arbitraries.ts'
import { readOne } from './codecs.setup.ts'
import { instant, moment } from './moment.ts'

test('an instant reads back as it was written', () => {
  fc.assert(
    fc.property(instants, (at) => {
      expect(again(instant, at)).toBe(at)
    }),
  )
})

test('a moment keeps whether it is a date or an instant', () => {
  fc.assert(
    fc.property(fc.oneof(instants, calendarDates), (at) => {
      expect(again(moment, at)).toBe(at)
    }),
  )
})

test('a time without an offset is a time in the connection’s zone', () => {
  expect(readOne(moment, '20220315142658').value).toBe('2022-03-15T19:26:58.000Z')
  expect(readOne(moment, '20220115142658').value).toBe('2022-01-15T20:26:58.000Z')
})

test('a local time in the gap moves forward, with a warning', () => {
  expect(readOne(moment, '20260308023000')).toEqual({
    value: '2026-03-08T08:30:00.000Z',
    warnings: ['HL7_TIME_IN_DST_CHANGE'],
  })
})

test('a local time that exists twice is the earlier one, with a warning', () => {
  expect(readOne(moment, '20261101013000')).toEqual({
    value: '2026-11-01T06:30:00.000Z',
    warnings: ['HL7_TIME_IN_DST_CHANGE'],
  })
})

test('an appointment cannot start on a date without a time of day', () => {
  expect(readOne(instant, '20260308')).toEqual({ value: undefined, warnings: ['HL7_DATA_TYPE'] })
})
