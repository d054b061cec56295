import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inRange, readQuery, spanOf } from './query.ts'

const range = (query: string, time?: 'time' | 'any' | 'never') =>
  readQuery(new URLSearchParams(query)).range('date', time)
const day = Date.parse('2026-02-03T00:00:00Z')

test('a prefix says which side of a date is meant', () => {
  expect(range('date=2026-02-03')).toEqual({ from: day, to: day + 86_400_000 })
  expect(range('date=ge2026-02-03')).toEqual({ from: day, to: Infinity })
  expect(range('date=gt2026-02-03')).toEqual({ from: day + 86_400_000, to: Infinity })
  expect(range('date=lt2026-02-03')).toEqual({ from: -Infinity, to: day })
  expect(range('date=le2026-02-03')).toEqual({ from: -Infinity, to: day + 86_400_000 })
  expect(range('date=2026-02')).toEqual({
    from: day - 2 * 86_400_000,
    to: Date.parse('2026-03-01T00:00:00Z'),
  })
})

test('two dates form a closed range, and nothing else does', () => {
  expect(range('date=ge2026-02-03&date=lt2026-02-04')).toEqual({ from: day, to: day + 86_400_000 })
  for (const query of [
    'date=ge2026-02-03&date=gt2026-02-04',
    'date=2026-02-03&date=2026-02-04',
    'date=ne2026-02-03',
    'date=',
    'date=soon',
    'date=ge1&date=lt2&date=lt3',
  ])
    expect(() => range(query), query).toThrow('refused with 400')
  expect(() => range('date=2026-02-03', 'time')).toThrow('refused with 400')
  expect(() => range('date=2026-02-03T00:00Z', 'never')).toThrow('refused with 400')
})

test('an instant of any precision and zone is in its own span, and ends where the next begins', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('1950-01-01'), max: new Date('2090-01-01'), noInvalidDate: true }),
      (date) => {
        const text = date.toISOString()
        for (const one of [
          text,
          `${text.slice(0, 19)}Z`,
          `${text.slice(0, 16)}Z`,
          text.slice(0, 10),
          text.slice(0, 7),
        ]) {
          const span = spanOf(one)
          expect(inRange(date.getTime(), span)).toBe(true)
          expect(inRange(span.to, span)).toBe(false)
        }
        expect(spanOf(`${text.slice(0, 23)}+05:30`).from).toBe(date.getTime() - 5.5 * 3_600_000)
      },
    ),
  )
})

test('references may carry their type, in the value or in the name', () => {
  const references = (query: string) => {
    const read = readQuery(new URLSearchParams(query))
    return read.references('patient', 'Patient')
  }
  expect(references('patient=1,Patient/2,http://x/r4/t/Patient/3')).toEqual(['1', '2', '3'])
  expect(references('patient:Patient=4')).toEqual(['4'])
  expect(() => references('patient=Group/1')).toThrow('refused with 400')
  expect(() => references('patient=1&patient=2')).toThrow('refused with 400')
})
