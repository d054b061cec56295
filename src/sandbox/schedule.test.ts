import { expect, test } from 'vitest'
import { personAt } from './population.ts'
import { dayOf, isHoliday, midnightOf } from './practice-calendar.ts'
import { planWeek, slotsOf, weekOf, type Appointment, type Slot } from './schedule.ts'
import { PROVIDERS } from './staff.ts'

const cast = { seed: 21, population: 4000 }
const WEEK = weekOf(Date.parse('2026-11-04T18:00:00Z'))
const appointments = planWeek(cast, WEEK)

// Every stretch of time for which an appointment ever held a slot. Vacated slots stay empty, so all count.
const held = (one: Appointment): Slot[] => (one.original === null ? [one.slot] : [one.slot, one.original])
const overlap = (slots: readonly Slot[]): boolean => {
  const sorted = [...slots].sort((a, b) => a.start - b.start)
  return sorted.some(
    (slot, i) => i > 0 && slot.start < (sorted[i - 1]?.start ?? 0) + (sorted[i - 1]?.minutes ?? 0) * 60_000,
  )
}

test('a week is full but never the same twice', () => {
  expect(appointments.length).toBeGreaterThan(500)
  expect(planWeek(cast, WEEK)).toEqual(appointments)
  expect(planWeek(cast, WEEK + 1).map((one) => one.patient)).not.toEqual(
    appointments.map((one) => one.patient),
  )
})

test('no provider is ever booked for two patients at a time', () => {
  for (const [, own] of Map.groupBy(appointments.flatMap(held), (slot) => slot.provider.id))
    expect(overlap(own)).toBe(false)
})

test('no room is ever booked twice at a time', () => {
  for (const [, own] of Map.groupBy(appointments.flatMap(held), (slot) => slot.clinic.id + slot.room))
    expect(overlap(own)).toBe(false)
})

test('no patient has two visits in one week, and ids are never shared between weeks', () => {
  expect(new Set(appointments.map((one) => one.patient)).size).toBe(appointments.length)
  const ids = [WEEK, WEEK + 1, WEEK + 2].flatMap((week) => planWeek(cast, week)).map((one) => one.id)
  expect(new Set(ids).size).toBe(ids.length)
})

test('slots lie in working hours of the clinic, outside lunch', () => {
  for (const { slot } of appointments) {
    const local = Temporal.Instant.fromEpochMilliseconds(slot.start).toZonedDateTimeISO(slot.clinic.zone)
    const hour = local.hour + local.minute / 60
    expect(slot.provider.weekdays).toContain(local.dayOfWeek)
    expect(hour).toBeGreaterThanOrEqual(slot.provider.hours[0])
    expect(hour + slot.minutes / 60).toBeLessThanOrEqual(slot.provider.hours[1] + 1e-9)
    expect(
      hour + slot.minutes / 60 <= slot.provider.lunchAt + 1e-9 || hour >= slot.provider.lunchAt + 1,
    ).toBe(true)
  }
})

test('the weeks in which clocks change keep their working hours', () => {
  for (const day of ['2026-03-09', '2026-10-30', '2026-11-02']) {
    const epochDay = Date.parse(`${day}T00:00:00Z`) / 86_400_000
    const [first] = slotsOf(PROVIDERS[0] as (typeof PROVIDERS)[number], epochDay)
    expect(
      Temporal.Instant.fromEpochMilliseconds(first?.start ?? 0).toZonedDateTimeISO('America/Chicago').hour,
    ).toBe(8)
  }
})

test('midnight on the day of the change itself is reckoned from noon', () => {
  const sunday = Date.parse('2026-03-08T00:00:00Z') / 86_400_000
  expect(midnightOf(sunday, 'America/Chicago')).toBe(Date.parse('2026-03-08T05:00:00Z'))
})

test('nobody is booked on a holiday', () => {
  const days = ['2026-01-01', '2026-05-25', '2026-07-04', '2026-09-07', '2026-11-26', '2026-12-25']
  for (const day of days) expect(isHoliday(Date.parse(day) / 86_400_000), day).toBe(true)
  expect(isHoliday(Date.parse('2026-11-25') / 86_400_000)).toBe(false)
  const thanksgiving = planWeek(cast, weekOf(Date.parse('2026-11-25T18:00:00Z')))
  expect(
    thanksgiving.some(
      ({ slot }) => dayOf(slot.start, slot.clinic.zone) === Date.parse('2026-11-26') / 86_400_000,
    ),
  ).toBe(false)
})

test('a visit is booked before it is moved, cancelled or held', () => {
  for (const one of appointments) {
    const first = Math.min(one.slot.start, one.original?.start ?? Infinity)
    expect(one.bookedAt).toBeLessThan(first)
    if (one.movedAt !== null) expect(one.movedAt > one.bookedAt && one.movedAt < first).toBe(true)
    if (one.cancelledAt !== null)
      expect(one.cancelledAt > (one.movedAt ?? one.bookedAt) && one.cancelledAt < one.slot.start).toBe(true)
    expect((one.movedAt === null) === (one.original === null)).toBe(true)
  }
})

test('children see providers of children, and a woman’s doctor sees women', () => {
  for (const { patient, slot } of appointments) {
    const person = personAt(cast.seed, patient)
    expect(slot.clinic.id).toBe(person.clinic)
    if (slot.provider.sees === 'women') expect(person.sex).toBe('F')
    if (slot.provider.sees === 'children') expect(Number(person.birthDate.slice(0, 4))).toBeGreaterThan(2006)
  }
})

test('a population of three persons makes a small schedule and no fault', () => {
  expect(planWeek({ seed: 1, population: 3 }, WEEK).length).toBeLessThanOrEqual(3)
})
