import { inOrder, type SandboxEvent } from './events.ts'
import { storiesIn } from './hospital.ts'
import { MINUTE_MS } from './practice-calendar.ts'
import { planWeek, weekOf, type Appointment, type Cast } from './schedule.ts'
import { storyOf } from './stories.ts'

export interface DayOptions {
  readonly cast: Cast
  /** Hospital stories begun in a minute at the busiest hour; 0 leaves only the practice's own day. */
  readonly storiesPerMinute: number
}

export const WEEKS_AHEAD = 6
const WEEKS_KEPT = 10

export interface Calendar {
  week(week: number): readonly Appointment[]
  events(week: number): readonly SandboxEvent[]
}

/** The weeks of a cast, each planned once and the oldest forgotten. */
export function openCalendar(cast: Cast): Calendar {
  const weeks = remember((week: number) => planWeek(cast, week))
  const events = remember((week: number) =>
    weeks(week)
      .flatMap((one) => storyOf(cast, one))
      .sort(inOrder),
  )
  return { week: weeks, events }
}

/**
 * What happens at the practice between two moments, in order: `from` included, `to` not. A week's appointments
 * are booked up to six weeks ahead and bring results and stays up to a week after.
 *
 * @param firstWeek leaves out the appointments of earlier weeks, whole
 */
export function clinicEvents(
  calendar: Calendar,
  from: number,
  to: number,
  firstWeek = weekOf(from) - 1,
): SandboxEvent[] {
  const found: SandboxEvent[] = []
  for (let week = firstWeek; week <= weekOf(to) + WEEKS_AHEAD; week += 1) {
    const events = calendar.events(week)
    for (let i = firstAtOrAfter(events, from); i < events.length; i += 1) {
      const event = events[i]
      if (event === undefined || event.at >= to) break
      found.push(event)
    }
  }
  return found.sort(inOrder)
}

/**
 * The day of the practice and its hospital, event after event for ever. It holds no more than the coming minute
 * and the unfinished stories.
 *
 * @param from milliseconds since 1970; hospital stories begin here, the practice's own simply go on
 * @param begun what is still to come of hospital stories that began before, from {@link underWay}
 */
export function* dayFrom(
  options: DayOptions,
  from: number,
  calendar: Calendar = openCalendar(options.cast),
  begun: readonly SandboxEvent[] = [],
): Generator<SandboxEvent, never> {
  const hospital = { cast: options.cast, perMinute: options.storiesPerMinute, week: calendar.week }
  let waiting = begun.filter((event) => event.at >= from)
  for (let minute = Math.floor(from / MINUTE_MS); ; minute += 1) {
    const end = (minute + 1) * MINUTE_MS
    const begins = storiesIn(hospital, minute).filter((story) => startOf(story) >= from)
    const due = [...clinicEvents(calendar, Math.max(from, minute * MINUTE_MS), end)]
    const later: SandboxEvent[] = []
    for (const event of [...waiting, ...begins.flat()]) {
      if (event.at >= end) later.push(event)
      else due.push(event)
    }
    waiting = later
    yield* due.sort(inOrder)
  }
}

/** The hospital stories that began before a moment and are not over: all their events, past ones too, in order. */
export function underWay(options: DayOptions, at: number, calendar: Calendar): SandboxEvent[] {
  const hospital = { cast: options.cast, perMinute: options.storiesPerMinute, week: calendar.week }
  const events: SandboxEvent[] = []
  for (
    let minute = Math.floor((at - LOOK_BACK_MS) / MINUTE_MS);
    minute <= Math.floor(at / MINUTE_MS);
    minute += 1
  ) {
    for (const story of storiesIn(hospital, minute)) {
      if (startOf(story) < at && story.some((event) => event.at >= at)) events.push(...story)
    }
  }
  return events.sort(inOrder)
}

const startOf = (story: readonly SandboxEvent[]): number => story[0]?.at ?? 0

// Emergencies are over by then; a stay that began earlier is left out.
const LOOK_BACK_MS = 8 * 60 * MINUTE_MS

function firstAtOrAfter(events: readonly SandboxEvent[], at: number): number {
  let low = 0
  let high = events.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((events[middle]?.at ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}

function remember<T>(make: (week: number) => readonly T[]): (week: number) => readonly T[] {
  const known = new Map<number, readonly T[]>()
  return (week) => {
    const made = known.get(week) ?? make(week)
    known.delete(week)
    known.set(week, made)
    const [oldest] = known.keys()
    if (known.size > WEEKS_KEPT && oldest !== undefined) known.delete(oldest)
    return made
  }
}
