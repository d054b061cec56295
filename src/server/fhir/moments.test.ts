import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isWanted, readDate, stretchOf } from './moments.ts'

const ZONE = 'America/Chicago'
const iso = (text: string) => {
  const stretch = stretchOf(text, ZONE) ?? expect.fail('no date')
  return [new Date(stretch.from).toISOString(), new Date(stretch.to).toISOString()]
}

test('a day, a month and a year are those of the practice; a time is as long as its last figure', () => {
  expect(iso('2026-03-04')).toEqual(['2026-03-04T06:00:00.000Z', '2026-03-05T06:00:00.000Z'])
  // The clocks go forward on this day.
  expect(iso('2026-03-08')).toEqual(['2026-03-08T06:00:00.000Z', '2026-03-09T05:00:00.000Z'])
  expect(iso('2026-02')).toEqual(['2026-02-01T06:00:00.000Z', '2026-03-01T06:00:00.000Z'])
  expect(iso('2026')).toEqual(['2026-01-01T06:00:00.000Z', '2027-01-01T06:00:00.000Z'])
  expect(iso('2026-03-04T10:00Z')).toEqual(['2026-03-04T10:00:00.000Z', '2026-03-04T10:01:00.000Z'])
  expect(iso('2026-03-04T10:00:05-06:00')).toEqual(['2026-03-04T16:00:05.000Z', '2026-03-04T16:00:06.000Z'])
  expect(iso('2026-03-04T10:00:05')).toEqual(['2026-03-04T16:00:05.000Z', '2026-03-04T16:00:06.000Z'])
})

test('what is no date is refused by the name of its parameter', () => {
  for (const value of ['', 'yesterday', '2026-13', '2026-02-30', '26-01-01', 'ge', 'ge2026-03-04T25:00:00Z'])
    expect(() => readDate('birthdate', value, ZONE)).toThrow('The request is not valid at birthdate')
})

test('a plus that arrived as a blank is still an offset', () => {
  expect(readDate('date', 'ge2026-03-04T10:00:00 01:00', ZONE).stretch.from).toBe(
    Date.parse('2026-03-04T09:00:00Z'),
  )
})

test('before, within and after divide all times among them', () => {
  const ms = fc.integer({ min: 0, max: 4_000_000_000_000 })
  fc.assert(
    fc.property(ms, ms, (at, wanted) => {
      const value = { from: at, to: at + 1000 }
      const text = new Date(Math.floor(wanted / 1000) * 1000).toISOString().replace('.000', '')
      const is = (prefix: string): boolean => isWanted(value, readDate('date', prefix + text, ZONE))
      expect(is('ne')).toBe(!is('eq'))
      expect(is('ge')).toBe(
        is('gt') || is('eq') || (value.from < Date.parse(text) + 1000 && value.to > Date.parse(text)),
      )
      expect(is('sa') && is('eb')).toBe(false)
      if (is('sa')) expect(is('gt')).toBe(true)
      if (is('eb')) expect(is('lt')).toBe(true)
    }),
  )
})
