import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Appointment } from '../../../contract/appointments.ts'
import { place } from './day-layout.ts'

const at = (start: string, end: string | null, id = start): Appointment =>
  ({ id, start_time: start, end_time: end }) as Appointment
const day = (from: number, length: number, id: string): Appointment =>
  at(
    new Date(Date.UTC(2026, 10, 21) + from * 60_000).toISOString(),
    new Date(Date.UTC(2026, 10, 21) + (from + length) * 60_000).toISOString(),
    id,
  )

test('appointments that overlap stand side by side, the next free one takes the whole column', () => {
  const spans = place([day(540, 30, 'a'), day(550, 30, 'b'), day(600, 15, 'c')], '2026-11-21', 'UTC')
  expect(spans.map(({ one, lane, lanes }) => [one.id, lane, lanes])).toEqual([
    ['a', 0, 2],
    ['b', 1, 2],
    ['c', 0, 1],
  ])
})

test('an appointment late in the evening UTC belongs to the day of the practice', () => {
  const late = at('2026-11-22T01:00:00Z', '2026-11-22T01:30:00Z')
  expect(place([late], '2026-11-21', 'America/Chicago')).toMatchObject([{ from: 19 * 60, to: 19 * 60 + 30 }])
  expect(place([late], '2026-11-22', 'America/Chicago')).toEqual([])
})

test('no two appointments ever cover each other', () => {
  const spans = fc.array(fc.tuple(fc.integer({ min: 0, max: 1_380 }), fc.integer({ min: 5, max: 120 })), {
    maxLength: 30,
  })
  fc.assert(
    fc.property(spans, (list) => {
      const placed = place(
        list.map(([from, length], index) => day(from, Math.min(length, 1_439 - from), String(index))),
        '2026-11-21',
        'UTC',
      )
      for (const [index, a] of placed.entries())
        for (const b of placed.slice(index + 1)) {
          const meets = a.from < b.to && b.from < a.to
          if (meets) expect([a.lane === b.lane, a.lanes === b.lanes]).toEqual([false, true])
          expect(a.lane).toBeLessThan(a.lanes)
        }
    }),
  )
})
