import type { Clock } from '../../kernel/clock.ts'
import { WEEKS_AHEAD, type Calendar } from '../day.ts'
import { WEEKS_BACK } from '../history.ts'
import { DAY_MS, MINUTE_MS, weekOfDay } from '../practice-calendar.ts'
import { weekOf, type Appointment, type Cast, type Slot } from '../schedule.ts'
import { storyOf } from '../stories.ts'
import { APPOINTMENT_TYPES, CANCEL_REASONS, type Mapped } from './codes.ts'
import type { Range } from './query.ts'

export type BookingStatus =
  'proposed' | 'booked' | 'arrived' | 'checked-in' | 'fulfilled' | 'cancelled' | 'noshow'

/** An appointment as it stands at a moment, whoever made it. */
export interface Booking {
  /** SCH_EVENT_ID. */
  readonly id: string
  readonly patient: number
  /** Null while it is only asked for. */
  readonly slot: Slot | null
  readonly requested: { readonly start: number; readonly end: number } | null
  /** Key of APPOINTMENT_TYPES. */
  readonly type: string
  /** LOCATION_CDs asked for, where there is no slot yet. */
  readonly locations: readonly string[]
  readonly reason: string | null
  readonly comment: string | null
  readonly status: BookingStatus
  readonly patientStatus: 'accepted' | 'tentative' | 'needs-action'
  readonly cancelReason: Mapped | null
  readonly actionComment: string | null
  readonly video: Video | null
  /** Counts the changes. */
  readonly steps: number
  readonly lastUpdated: number
}

export interface Video {
  readonly provider: string
  readonly patient: string
  readonly start: string
  readonly end: string
}

/** Every appointment of the weeks that the hospital has open, with what was written over it. */
export interface Agenda {
  /** Null when nobody has booked it yet. */
  booking(id: string): Booking | null
  /** Ids of appointments of a person, whether booked yet or not. */
  ofPatient(n: number): readonly string[]
  /** Ids whose place may lie in a range of time, or was asked for. */
  between(range: Range): readonly string[]
  planned(n: number): readonly Appointment[]
  /** Whose appointment it is, booked yet or not. */
  patientOf(id: string): number | null
  /** Who has a provider's time between two moments, now or as booked later; null when it is free. */
  holder(providerId: string, from: number, to: number): string | null
  write(booking: Booking): void
  /** The notes of an appointment as the day changed them. */
  note(id: string, notes: string, at: number): void
  /** False when something written made an end of what the story goes on to tell. */
  storyHolds(appointment: Appointment, at: number): boolean
  /** Moments when a stretch of a provider's time was booked or freed by a write. */
  touches(providerId: string, from: number, to: number): readonly number[]
  /** First and last open week; grows as time passes. */
  weeks(): { readonly first: number; readonly last: number }
}

interface Week {
  readonly all: readonly Appointment[]
  readonly byPatient: ReadonlyMap<number, readonly Appointment[]>
  /** By provider and day of Greenwich, within which every working day of the clinics' zones begins and mostly ends. */
  readonly byProviderDay: ReadonlyMap<string, readonly Appointment[]>
}

interface Touch {
  readonly from: number
  readonly to: number
  readonly at: number
}

export const endOf = (slot: Slot): number => slot.start + slot.minutes * MINUTE_MS

const RANK: Readonly<Record<BookingStatus, number>> = {
  proposed: 0,
  booked: 1,
  arrived: 2,
  'checked-in': 3,
  fulfilled: 4,
  noshow: 4,
  cancelled: 4,
}

export function openAgenda(cast: Cast, clock: Clock, calendar: Calendar): Agenda {
  const firstWeek = weekOf(clock.now()) - WEEKS_BACK
  const weeks = new Map<number, Week>()
  const written = new Map<string, Booking>()
  const writtenBy = new Map<number, Set<string>>()
  const notes = new Map<string, { notes: string; at: number }>()
  const touched = new Map<string, Touch[]>()
  const outcomes = new Map<string, Outcome>()

  // Asked for with every slot and appointment, and new once a week.
  let thisWeek = { number: weekOf(clock.now()), until: clock.now() }
  const lastWeek = (): number => {
    const now = clock.now()
    if (now >= thisWeek.until) thisWeek = { number: weekOf(now), until: now + 60_000 }
    return thisWeek.number + WEEKS_AHEAD
  }
  const week = (number: number): Week => {
    const known = weeks.get(number)
    if (known !== undefined) return known
    const made = arrange(calendar.week(number))
    weeks.set(number, made)
    return made
  }
  const openWeeks = function* (range?: Range): Generator<Week> {
    const last = lastWeek()
    const from = range === undefined || range.from === -Infinity ? firstWeek : weekOf(range.from) - 1
    const to = range === undefined || range.to === Infinity ? last : weekOf(range.to) + 1
    for (let n = Math.max(firstWeek, from); n <= Math.min(last, to); n += 1) yield week(n)
  }
  const planOf = (id: string): Appointment | undefined => {
    if (!/^\d{8}$/.test(id)) return undefined
    const number = Math.floor((Number(id) - 10_000_000) / 5000)
    if (number < firstWeek || number > lastWeek()) return undefined
    return week(number).all[(Number(id) - 10_000_000) % 5000]
  }
  const outcomeOf = (plan: Appointment): Outcome => {
    const known = outcomes.get(plan.id)
    if (known !== undefined) return known
    const made = outcomeIn(cast, plan)
    outcomes.set(plan.id, made)
    return made
  }
  const generated = (plan: Appointment): Booking | null =>
    asOf(plan, clock.now(), outcomeOf, notes.get(plan.id) ?? null)

  const booking = (id: string): Booking | null => {
    const plan = planOf(id)
    const own = written.get(id)
    if (own === undefined) return plan === undefined ? null : generated(plan)
    const story = plan !== undefined && holds(own, plan) ? generated(plan) : null
    if (story === null || RANK[story.status] <= RANK[own.status]) return own
    return {
      ...own,
      status: story.status,
      steps: own.steps + story.steps,
      lastUpdated: Math.max(own.lastUpdated, story.lastUpdated),
    }
  }

  return {
    booking,
    ofPatient(n) {
      const ids = new Set<string>()
      for (const { byPatient } of openWeeks()) for (const one of byPatient.get(n) ?? []) ids.add(one.id)
      for (const id of writtenBy.get(n) ?? []) ids.add(id)
      return [...ids]
    },
    between(range) {
      const ids = new Set<string>()
      for (const { all } of openWeeks(range)) for (const one of all) if (liesIn(one, range)) ids.add(one.id)
      for (const id of written.keys()) ids.add(id)
      return [...ids]
    },
    planned: (n) => [...openWeeks()].flatMap(({ byPatient }) => byPatient.get(n) ?? []),
    patientOf: (id) => written.get(id)?.patient ?? planOf(id)?.patient ?? null,
    holder(providerId, from, to) {
      const now = clock.now()
      for (const one of written.values()) if (takes(one, providerId, from, to)) return one.id
      for (const day of new Set([utcDay(from), utcDay(to)])) {
        const number = weekOfDay(day)
        if (number < firstWeek || number > lastWeek()) continue
        for (const plan of week(number).byProviderDay.get(`${providerId}/${day}`) ?? [])
          if (!written.has(plan.id) && reserves(plan, now, from, to)) return plan.id
      }
      return null
    },
    write(next) {
      const before = booking(next.id)
      written.set(next.id, next)
      const mine = writtenBy.get(next.patient) ?? new Set<string>()
      writtenBy.set(next.patient, mine.add(next.id))
      for (const slot of [before?.slot, next.slot]) {
        if (slot === null || slot === undefined) continue
        const list = touched.get(slot.provider.id) ?? []
        touched.set(slot.provider.id, list)
        list.push({ from: slot.start, to: endOf(slot), at: clock.now() })
      }
    },
    note: (id, text, at) => void notes.set(id, { notes: text, at }),
    storyHolds(plan, at) {
      const own = written.get(plan.id)
      return own === undefined || at <= own.lastUpdated || holds(own, plan)
    },
    touches: (providerId, from, to) =>
      (touched.get(providerId) ?? []).filter((one) => one.from < to && one.to > from).map((one) => one.at),
    weeks: () => ({ first: firstWeek, last: lastWeek() }),
  }
}

function arrange(all: readonly Appointment[]): Week {
  const byPatient = Map.groupBy(all, (one) => one.patient)
  const byProviderDay = new Map<string, Appointment[]>()
  const put = ({ provider, start, minutes }: Slot, one: Appointment): void => {
    for (const day of new Set([utcDay(start), utcDay(start + minutes * MINUTE_MS)])) {
      const key = `${provider.id}/${day}`
      const list = byProviderDay.get(key) ?? []
      byProviderDay.set(key, list)
      list.push(one)
    }
  }
  for (const one of all) {
    put(one.slot, one)
    if (one.original !== null) put(one.original, one)
  }
  return { all, byPatient, byProviderDay }
}

const utcDay = (ms: number): number => Math.floor(ms / DAY_MS)

const liesIn = ({ slot, original }: Appointment, { from, to }: Range): boolean =>
  (slot.start < to && endOf(slot) >= from) ||
  (original !== null && original.start < to && endOf(original) >= from)

// A write that neither moved nor ended the visit leaves the story to go on.
const holds = (own: Booking, plan: Appointment): boolean =>
  own.status !== 'cancelled' &&
  own.slot?.start === plan.slot.start &&
  own.slot.provider === plan.slot.provider

const overlaps = (slot: Slot, from: number, to: number): boolean => slot.start < to && endOf(slot) > from

const takes = (one: Booking, providerId: string, from: number, to: number): boolean =>
  one.slot !== null &&
  one.status !== 'cancelled' &&
  one.slot.provider.id === providerId &&
  overlaps(one.slot, from, to)

// What the story books later is kept free of others from the start; what it gives up is free from then on.
function reserves(plan: Appointment, now: number, from: number, to: number): boolean {
  const cancelled = plan.cancelledAt !== null && plan.cancelledAt <= now
  const { original } = plan
  const left = plan.movedAt === null || plan.movedAt <= now
  return (
    (!cancelled && overlaps(plan.slot, from, to)) ||
    (original !== null && !left && overlaps(original, from, to))
  )
}

/** Moments at which the story of an appointment ends, and the words of its events. */
interface Outcome {
  readonly arrivedAt: number | null
  readonly endedAt: number | null
  readonly missedAt: number | null
}

function outcomeIn(cast: Cast, plan: Appointment): Outcome {
  let arrivedAt: number | null = null
  let endedAt: number | null = null
  let missedAt: number | null = null
  for (const event of storyOf(cast, plan)) {
    if (event.kind === 'no_show') missedAt = event.at
    if (event.kind !== 'change') continue
    if (event.status === 'Started') arrivedAt = event.at
    if (event.status === 'Complete') endedAt = event.at
  }
  return { arrivedAt, endedAt, missedAt }
}

function asOf(
  plan: Appointment,
  now: number,
  outcomeOf: (plan: Appointment) => Outcome,
  note: { notes: string; at: number } | null,
): Booking | null {
  if (plan.bookedAt > now) return null
  const moved = plan.movedAt !== null && plan.movedAt <= now
  const cancelled = plan.cancelledAt !== null && plan.cancelledAt <= now
  // Nobody comes more than some minutes early, so that most of a schedule needs no story.
  const near = plan.outcome !== 'cancelled' && now > plan.slot.start - 60 * MINUTE_MS
  const { arrivedAt, endedAt, missedAt } = near ? outcomeOf(plan) : NOT_YET
  const moments = [
    plan.bookedAt,
    plan.movedAt,
    plan.cancelledAt,
    arrivedAt,
    endedAt,
    missedAt,
    note?.at ?? null,
  ]
  const past = moments.filter((at) => at !== null && at <= now) as number[]
  const status = cancelled
    ? 'cancelled'
    : reached(missedAt, now)
      ? 'noshow'
      : reached(endedAt, now)
        ? 'fulfilled'
        : reached(arrivedAt, now)
          ? 'checked-in'
          : 'booked'
  return {
    id: plan.id,
    patient: plan.patient,
    slot: moved || plan.original === null ? plan.slot : plan.original,
    requested: null,
    type: plan.type.code in APPOINTMENT_TYPES ? plan.type.code : 'OV',
    locations: [],
    reason: plan.reason,
    comment: note !== null && note.at <= now ? note.notes : plan.notes,
    status,
    patientStatus: 'accepted',
    cancelReason: cancelled ? (CANCEL_REASONS[plan.cancelReason ?? ''] ?? null) : null,
    actionComment: null,
    video: null,
    steps: past.length - 1,
    lastUpdated: Math.max(...past),
  }
}

const NOT_YET: Outcome = { arrivedAt: null, endedAt: null, missedAt: null }
const reached = (at: number | null, now: number): boolean => at !== null && at <= now
