import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Slot } from '../../../contract/scheduling.ts'
import { freeDays, nearest, needsZone, onClockOf, slotText } from './slots-model.ts'

const slot = (start: string, zone = 'America/Chicago'): Slot => ({
  id: start,
  connection_id: '018f4e9a-3b7c-7d10-a5c2-6f1e9b0d4a11',
  start,
  end: new Date(Date.parse(start) + 1_800_000).toISOString(),
  service_type: {},
  location: null,
  practitioner: null,
  time_zone: zone,
})

test('a free time stands on the day and clock of its location, with the reader’s own clock beside it', () => {
  const [day] = freeDays([slot('2026-11-24T03:00:00Z')], '2026-11-23', 1, 'UTC')
  expect(day?.date).toBe('2026-11-23')
  expect(day?.times).toMatchObject([{ clock: '21:00', zoneName: 'CST', mine: 'Tue 03:00' }])
})

test('a reader in the zone of the clinic sees one clock only', () => {
  expect(onClockOf('2026-11-24T15:00:00Z', 'America/Chicago', 'America/Chicago')).toBeNull()
  // Two names of one clock are one clock.
  expect(onClockOf('2026-11-24T15:00:00Z', 'America/Chicago', 'America/Winnipeg')).toBeNull()
})

test('the hour that autumn repeats is told apart by the name of its zone', () => {
  const days = freeDays([slot('2026-11-01T06:30:00Z'), slot('2026-11-01T07:30:00Z')], '2026-11-01', 1, 'UTC')
  expect(days[0]?.times.map(({ clock, zoneName }) => [clock, zoneName])).toEqual([
    ['01:30', 'CDT'],
    ['01:30', 'CST'],
  ])
  expect(needsZone(days)).toBe(true)
  expect(needsZone(freeDays([slot('2026-11-24T15:00:00Z')], '2026-11-24', 1, 'UTC'))).toBe(false)
})

test('days without free times are shown too', () => {
  const days = freeDays([slot('2026-11-24T15:00:00Z')], '2026-11-23', 3, 'America/Chicago')
  expect(days.map(({ date, times }) => [date, times.length])).toEqual([
    ['2026-11-23', 0],
    ['2026-11-24', 1],
    ['2026-11-25', 0],
  ])
})

test('no free time is lost or shown twice, whatever the zones', () => {
  const zones = fc.constantFrom('America/Chicago', 'America/Phoenix', 'UTC', 'Asia/Kolkata')
  const starts = fc.integer({ min: 0, max: 7 * 96 - 1 })
  fc.assert(
    fc.property(fc.array(fc.tuple(starts, zones), { maxLength: 40 }), zones, (list, viewer) => {
      const slots = list.map(([quarter, zone]) =>
        slot(new Date(Date.UTC(2026, 9, 29) + quarter * 900_000).toISOString(), zone),
      )
      const shown = freeDays(slots, '2026-10-29', 7, viewer).flatMap(({ times }) => times)
      expect(shown.map(({ slot: one }) => one.id).sort()).toEqual(slots.map(({ id }) => id).sort())
    }),
  )
})

test('the free time nearest to a pressed place of the grid is the next one, else the last', () => {
  const days = freeDays(
    [slot('2026-11-24T15:00:00Z'), slot('2026-11-24T16:00:00Z')],
    '2026-11-24',
    1,
    'America/Chicago',
  )
  expect(nearest(days, '2026-11-24T15:10:00Z')?.start).toBe('2026-11-24T16:00:00Z')
  expect(nearest(days, '2026-11-24T20:00:00Z')?.start).toBe('2026-11-24T16:00:00Z')
})

test('a chosen time is written in full', () => {
  expect(slotText(slot('2026-11-24T15:00:00Z'))).toBe('Tue, Nov 24, 2026, 09:00–09:30 CST')
})
