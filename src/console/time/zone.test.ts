import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addDays, ageOn, ago, readDate, weekStart, zonedInstant, zonedParts } from './zone.ts'

const CHICAGO = 'America/Chicago'

test('nine in the morning in Chicago is 15:00 UTC in winter and 14:00 in summer', () => {
  expect(zonedInstant('2026-11-21', 540, CHICAGO)).toBe('2026-11-21T15:00:00.000Z')
  expect(zonedInstant('2026-07-21', 540, CHICAGO)).toBe('2026-07-21T14:00:00.000Z')
})

test('a time in the hour that spring skips becomes the time after the gap', () => {
  expect(zonedInstant('2026-03-08', 150, CHICAGO)).toBe('2026-03-08T08:30:00.000Z')
})

test('a time in the hour that autumn repeats is the first of the two', () => {
  expect(zonedInstant('2026-11-01', 90, CHICAGO)).toBe('2026-11-01T06:30:00.000Z')
})

test('every instant comes back from its wall clock, outside of the repeated hour', () => {
  const zones = fc.constantFrom(CHICAGO, 'UTC', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe')
  const minutes = fc.integer({ min: 28_000_000, max: 31_000_000 })
  fc.assert(
    fc.property(zones, minutes, (zone, minute) => {
      const instant = minute * 60_000
      const { date, minute: ofDay } = zonedParts(instant, zone)
      const back = Date.parse(zonedInstant(date, ofDay, zone))
      // In a repeated hour two instants share a wall clock; the earlier one is given.
      expect([0, 1_800_000, 3_600_000]).toContain(instant - back)
      expect(zonedParts(back, zone)).toEqual({ date, minute: ofDay })
    }),
  )
})

test('a week begins on Monday, also when the day is a Sunday', () => {
  expect(weekStart('2026-11-22')).toBe('2026-11-16')
  expect(weekStart('2026-11-23')).toBe('2026-11-23')
  expect(addDays('2026-02-28', 1)).toBe('2026-03-01')
})

test('a child below two is told in months, and a birthday counts from the day itself', () => {
  expect(ageOn('2025-06-30', '2026-11-21')).toBe('16 mo')
  expect(ageOn('1976-11-22', '2026-11-21')).toBe('49 y')
  expect(ageOn('1976-11-21', '2026-11-21')).toBe('50 y')
})

test('a date of birth may be typed in the ways of the front desk, and an impossible one is refused', () => {
  for (const typed of ['03/14/1962', '3-14-1962', '1962-03-14', '03141962', ' 3.14.1962 '])
    expect(readDate(typed)).toBe('1962-03-14')
  for (const typed of ['02/30/1962', '1962', 'yesterday', '13/13/1962']) expect(readDate(typed)).toBeNull()
})

test('an age of a message is told in the unit that fits', () => {
  const now = Date.parse('2026-11-21T12:00:00Z')
  expect(ago('2026-11-21T11:59:58Z', now)).toBe('just now')
  expect(ago('2026-11-21T11:59:18Z', now)).toBe('42 s ago')
  expect(ago('2026-11-21T09:00:00Z', now)).toBe('3 h ago')
})
