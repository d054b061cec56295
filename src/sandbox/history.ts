import { inOrder, type SandboxEvent } from './events.ts'
import { clinicEvents, underWay, type Calendar, type DayOptions } from './day.ts'
import { drawChange } from './changes.ts'
import { personAt } from './population.ts'
import { DAY_MS } from './practice-calendar.ts'
import { randomFor } from './random.ts'
import { LEAD_DAYS, weekOf, type Cast } from './schedule.ts'
import { outpatientLabStory } from './stories.ts'
import { PROVIDERS } from './staff.ts'

/** What a practice would have received had the interface been live: enough to fill its screens. */
export interface HistoryOptions extends DayOptions {
  /** How many of the population are registered beforehand: persons 0 to count − 1. */
  readonly count: number
}

/** Share of persons whom somebody registered a second time, and of those the share already merged. */
const REGISTERED_TWICE = 0.012
const MERGED = 0.3

/**
 * Everything before `now`, each person's events in their order: registrations, visits and results of the last
 * year or two, then the practice's calendar from the week before last with every booking made by now, then the
 * hospital stories still under way.
 */
export function* historyUntil(
  options: HistoryOptions,
  now: number,
  calendar: Calendar,
): Generator<SandboxEvent> {
  for (let n = 0; n < Math.min(options.count, options.cast.population); n += 1)
    yield* pastOf(options.cast, n, now)
  const recent = clinicEvents(calendar, 0, now, weekOf(now) - WEEKS_BACK)
  const hospital = underWay(options, now, calendar).filter((event) => event.at < now)
  yield* [...recent, ...hospital].sort(inOrder)
}

/** Weeks of the practice's calendar that are told from their first booking on. */
export const WEEKS_BACK = 2

/** A person's registration and the few laboratory visits that came after it. */
export function pastOf(cast: Cast, n: number, now: number): SandboxEvent[] {
  const random = randomFor(cast.seed, 'past', n)
  const person = personAt(cast.seed, n)
  // The window hangs on the calendar year, so that a restart tells the same past.
  const window = Date.UTC(new Date(now).getUTCFullYear() - 1, 0, 2)
  const registeredAt = Math.max(
    window + random.below(60 * DAY_MS),
    Date.parse(`${person.birthDate}T18:00:00Z`) + DAY_MS,
  )
  const events: SandboxEvent[] = [{ kind: 'register', at: registeredAt, key: `B${n}:register`, patient: n }]
  const visits = Math.min(
    4,
    Math.round(person.visitWeight * 2 * random.next() + person.conditions.length * 0.4),
  )
  for (let i = 0; i < visits; i += 1) {
    const at = registeredAt + DAY_MS + random.below(700 * DAY_MS)
    const number = `3${String(n).padStart(8, '0')}${i}`
    events.push(...outpatientLabStory(cast, random, n, `B${n}:${i}`, number, at, random.pick(PROVIDERS)))
  }
  if (random.chance(0.1)) {
    const at = registeredAt + DAY_MS + random.below(400 * DAY_MS)
    events.push({
      kind: 'update',
      at,
      key: `B${n}:update`,
      patient: n,
      change: drawChange(cast.seed, person, 'past'),
      visit: null,
    })
  }
  events.push(...registeredTwice(cast, n, registeredAt))
  const last = now - (LEAD_DAYS + 21) * DAY_MS
  return events.filter((event) => event.kind === 'register' || event.at < last).sort(inOrder)
}

function registeredTwice(cast: Cast, n: number, registeredAt: number): SandboxEvent[] {
  const random = randomFor(cast.seed, 'twice', n)
  if (!random.chance(REGISTERED_TWICE)) return []
  const at = registeredAt + 10 * DAY_MS + random.below(120 * DAY_MS)
  const again: SandboxEvent = { kind: 'register_again', at, key: `B${n}:again`, patient: n }
  if (!random.chance(MERGED)) return [again]
  return [again, { kind: 'merge', at: at + random.between(3, 60) * DAY_MS, key: `B${n}:merge`, patient: n }]
}
