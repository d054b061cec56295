import { expect, test } from 'vitest'
import { clinicEvents, dayFrom, openCalendar, underWay } from './day.ts'
import type { SandboxEvent, SchedulingEvent } from './events.ts'
import { MESSAGES_PER_STORY, storiesIn } from './hospital.ts'
import { historyUntil } from './history.ts'
import { planWeek, weekOf } from './schedule.ts'
import { storyOf } from './stories.ts'

const cast = { seed: 3, population: 2000 }
const NOON = Date.parse('2026-11-17T18:00:00Z')
const HOUR = 3_600_000
const options = { cast, storiesPerMinute: 6 }

function take(events: Iterable<SandboxEvent>, until: number): SandboxEvent[] {
  const taken: SandboxEvent[] = []
  for (const event of events) {
    if (event.at >= until) break
    taken.push(event)
  }
  return taken
}

const STEPS = ['book', 'move', 'arrive', 'discharge']

test('a visit is booked, moved, kept and closed in that order, or else cancelled or missed', () => {
  for (const appointment of planWeek(cast, weekOf(NOON))) {
    const story = storyOf(cast, appointment).sort((a, b) => a.at - b.at)
    const kinds = story.filter((one) => !one.key.startsWith('I')).map((one) => one.kind)
    expect(kinds[0]).toBe('book')
    const steps = kinds.filter((one) => STEPS.includes(one))
    expect(steps).toEqual(STEPS.filter((one) => steps.some((other) => other === one)))
    if (appointment.outcome !== 'seen')
      expect(kinds.at(-1)).toBe(appointment.outcome === 'cancelled' ? 'cancel' : 'no_show')
    expect(kinds.includes('arrive')).toBe(appointment.outcome === 'seen')
  }
})

test('a result is final after it is preliminary and corrected after it is final', () => {
  const events = take(dayFrom({ cast, storiesPerMinute: 20 }, NOON), NOON + 6 * HOUR)
  const results = events.filter((one) => one.kind === 'result')
  expect(results.length).toBeGreaterThan(100)
  for (const [, own] of Map.groupBy(results, (one) => one.order.placer)) {
    const order = own.map((one) => one.status).join('')
    expect(['P', 'F', 'C', 'PF', 'FC', 'PFC']).toContain(order)
  }
})

test('the day is the same from wherever it is read', () => {
  const calendar = openCalendar(cast)
  const whole = clinicEvents(calendar, NOON - 6 * HOUR, NOON + 6 * HOUR)
  const halves = [
    ...clinicEvents(openCalendar(cast), NOON - 6 * HOUR, NOON),
    ...clinicEvents(openCalendar(cast), NOON, NOON + 6 * HOUR),
  ]
  expect(halves).toEqual(whole)
  expect(whole.length).toBeGreaterThan(100)
})

test('events come in order of time and no two share a key', () => {
  const events = take(dayFrom(options, NOON), NOON + 4 * HOUR)
  expect(events.length).toBeGreaterThan(500)
  expect(events.every((one, i) => i === 0 || one.at >= (events[i - 1]?.at ?? 0))).toBe(true)
  expect(new Set(events.map((one) => one.key)).size).toBe(events.length)
})

test('no hospital result or discharge comes before its arrival', () => {
  const calendar = openCalendar(cast)
  const begun = underWay(options, NOON, calendar)
  const live = take(dayFrom(options, NOON, calendar, begun), NOON + 5 * HOUR)
  const arrived = new Set<string>()
  for (const event of [...begun.filter((one) => one.at < NOON), ...live]) {
    if (!event.key.startsWith('H') && !(event.kind === 'result' && event.order.visit.fin.startsWith('4')))
      continue
    if (event.kind === 'arrive' || event.kind === 'admit') arrived.add(event.visit.fin)
    if (event.kind === 'discharge') expect(arrived.has(event.visit.fin)).toBe(true)
    if (event.kind === 'result') expect(arrived.has(event.order.visit.fin)).toBe(true)
  }
  expect(arrived.size).toBeGreaterThan(50)
})

test('past and day join without a gap and without an event told twice', () => {
  const calendar = openCalendar(cast)
  const past = [...historyUntil({ ...options, count: 300 }, NOON, calendar)]
  const live = take(dayFrom(options, NOON, calendar, underWay(options, NOON, calendar)), NOON + HOUR)
  const keys = [...past, ...live].map((one) => one.key)
  expect(new Set(keys).size).toBe(keys.length)
  expect(past.every((one) => one.at < NOON)).toBe(true)
  expect(live.every((one) => one.at >= NOON)).toBe(true)
})

test('the past begins each patient with a registration, and merges only what was registered twice', () => {
  const past = [...historyUntil({ ...options, count: 2000 }, NOON, openCalendar(cast))]
  const registered = new Set<number>()
  const twice = new Set<number>()
  for (const event of past) {
    if (event.kind === 'register') registered.add(event.patient)
    else expect(registered.has(event.patient)).toBe(true)
    if (event.kind === 'register_again') twice.add(event.patient)
    if (event.kind === 'merge') expect(twice.has(event.patient)).toBe(true)
  }
  expect(registered.size).toBe(2000)
  expect(twice.size).toBeGreaterThan(5)
})

test('the past holds the whole schedule: visits kept last week and booked for the next', () => {
  const past = [...historyUntil({ ...options, count: 10 }, NOON, openCalendar(cast))]
  const booked = past.filter((one): one is SchedulingEvent => one.kind === 'book')
  expect(booked.filter((one) => one.slot.start > NOON).length).toBeGreaterThan(300)
  expect(past.filter((one) => one.kind === 'arrive' && one.visit.kind === 'O').length).toBeGreaterThan(300)
})

test('an average hospital story becomes as many messages as the pace is reckoned with', () => {
  const calendar = openCalendar(cast)
  const stories = Array.from({ length: 60 }, (_, i) =>
    storiesIn({ cast, perMinute: 40, week: calendar.week }, Math.floor(NOON / 60_000) + i),
  ).flat()
  const messages = stories.reduce((sum, story) => sum + story.length, 0)
  expect(Math.abs(messages / stories.length - MESSAGES_PER_STORY)).toBeLessThan(0.15)
})
