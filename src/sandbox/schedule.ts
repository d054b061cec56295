import { POPULATION_YEAR } from './households.ts'
import { ageIn } from './households.ts'
import { personAt, type SyntheticPerson } from './population.ts'
import { panelsFor, type PanelId, type Subject } from './labs.ts'
import { clinicById, type Clinic } from './places.ts'
import {
  dayOf,
  DAY_MS,
  HOUR_MS,
  hourAt,
  isOpen,
  midnightOf,
  MINUTE_MS,
  mondayOf,
  PRACTICE_ZONE,
  weekdayOf,
  weekOfDay,
} from './practice-calendar.ts'
import { frequencies, randomFor, shuffled, type Random } from './random.ts'
import { CLERKS, mayBeSeenBy, PROVIDERS, type Provider } from './staff.ts'

/** Whose life is told: one seed and one size give one story, whenever and from wherever it is read. */
export interface Cast {
  readonly seed: number
  /** How many persons the hospital knows. */
  readonly population: number
}

/** A place in a provider's day. Times are milliseconds since 1970. */
export interface Slot {
  readonly provider: Provider
  readonly clinic: Clinic
  readonly room: string
  readonly start: number
  readonly minutes: number
}

/** One appointment with everything that will ever happen to it. */
export interface Appointment {
  /** SCH_EVENT_ID, stable through every move. */
  readonly id: string
  readonly patient: number
  /** Where it ends up, and where it stood before it was moved. */
  readonly slot: Slot
  readonly original: Slot | null
  readonly type: { readonly code: string; readonly text: string }
  readonly reason: string
  readonly notes: string | null
  readonly clerk: (typeof CLERKS)[number]
  readonly bookedAt: number
  readonly movedAt: number | null
  readonly cancelledAt: number | null
  readonly cancelReason: string | null
  readonly outcome: 'seen' | 'cancelled' | 'no_show'
  readonly panels: readonly PanelId[]
  /** Sent on to the hospital as an inpatient. */
  readonly admitted: boolean
}

/** The longest time ahead that a visit is booked. */
export const LEAD_DAYS = 42

export const weekOf = (ms: number): number => weekOfDay(dayOf(ms, PRACTICE_ZONE))

const TYPES = {
  NEW: { code: 'NEW', text: 'New Patient' },
  OFFICE: { code: 'OV', text: 'Office Visit' },
  PHYSICAL: { code: 'PHYS', text: 'Annual Physical' },
  WELL: { code: 'WCC', text: 'Well Child Check' },
  SICK: { code: 'SICK', text: 'Same Day Sick' },
  FOLLOW: { code: 'FU', text: 'Follow Up' },
  PRENATAL: { code: 'OB', text: 'Prenatal Visit' },
} as const

const SICK_REASONS = [
  'SORE THROAT',
  'COUGH AND FEVER',
  'URINARY SYMPTOMS',
  'EAR PAIN',
  'RASH',
  'BACK PAIN',
  'ABDOMINAL PAIN',
  'HEADACHE',
]
const FOLLOW_REASONS: Readonly<Record<string, string>> = {
  I10: 'BLOOD PRESSURE CHECK',
  'E11.9': 'DIABETES FOLLOW UP',
  'E03.9': 'THYROID FOLLOW UP',
  'J45.909': 'ASTHMA FOLLOW UP',
  'E78.5': 'CHOLESTEROL FOLLOW UP',
  'F32.A': 'MOOD FOLLOW UP',
  'M19.90': 'JOINT PAIN',
  'I48.91': 'HEART RHYTHM FOLLOW UP',
  'N18.30': 'KIDNEY FOLLOW UP',
}
const NOTES = [
  'Interpreter needed',
  'Bring medication list',
  'Fasting labs',
  'Wheelchair access',
  'Prefers morning',
  'Forms to sign',
  'Call mobile first',
]
const CANCEL_REASONS = [
  'PATIENT REQUEST',
  'WEATHER',
  'PROVIDER OUT',
  'FEELS BETTER',
  'TRANSPORTATION',
  'INSURANCE',
]
const LEADS = frequencies([
  ['same_day', 16],
  ['days', 38],
  ['weeks', 46],
] as const)

/**
 * Every appointment of one week, whatever became of it. No provider and no room of theirs holds two at a time,
 * at any moment: a slot that an appointment leaves stays empty.
 *
 * @param week as {@link weekOf} counts
 */
export function planWeek(cast: Cast, week: number): Appointment[] {
  const random = randomFor(cast.seed, 'week', week)
  const book = openBook(random, week)
  const appointments: Appointment[] = []
  const walk = shuffled(cast.population, cast.seed, 'panel', week)
  const steps = Math.min(cast.population, 8 * book.size)
  for (let step = 0; step < steps && book.left() > 0; step += 1) {
    const person = personAt(cast.seed, walk(step))
    if (!random.chance(person.visitWeight / 2)) continue
    const made = makeAppointment(
      cast,
      random,
      book,
      person,
      `${10_000_000 + week * 5000 + appointments.length}`,
    )
    if (made !== null) appointments.push(made)
  }
  return appointments
}

// --- free slots ---

interface Book {
  readonly size: number
  left(): number
  /** Takes a free slot, two in a row where asked and possible. */
  take(random: Random, fits: (provider: Provider) => boolean, long: boolean): Slot | null
}

function openBook(random: Random, week: number): Book {
  const days = [0, 1, 2, 3, 4, 5, 6].map((n) => mondayOf(week) + n)
  const free = new Map<Provider, Map<number, Slot>>()
  let left = 0
  for (const provider of PROVIDERS) {
    const slots = days.flatMap((day) => slotsOf(provider, day)).filter((slot) => random.chance(fillAt(slot)))
    free.set(provider, new Map(slots.map((slot) => [slot.start, slot])))
    left += slots.length
  }
  const remove = (slot: Slot): void => {
    if (free.get(slot.provider)?.delete(slot.start) === true) left -= 1
  }
  return {
    size: left,
    left: () => left,
    take(random, fits, long) {
      const open = PROVIDERS.filter((provider) => fits(provider) && (free.get(provider)?.size ?? 0) > 0)
      if (open.length === 0) return null
      const provider = random.pick(open)
      const slot = random.pick([...(free.get(provider)?.values() ?? [])])
      remove(slot)
      const next = long ? free.get(provider)?.get(slot.start + slot.minutes * MINUTE_MS) : undefined
      if (next === undefined) return slot
      remove(next)
      return { ...slot, minutes: slot.minutes + next.minutes }
    },
  }
}

/** The template of one provider's day: no slots at lunch, on other weekdays, or when the clinic is closed. */
export function slotsOf(provider: Provider, day: number): Slot[] {
  const clinic = clinicById(provider.clinic)
  if (!isOpen(day) || !provider.weekdays.includes(weekdayOf(day))) return []
  const midnight = midnightOf(day, clinic.zone)
  const room = roomOf(provider, clinic)
  const slots: Slot[] = []
  const length = provider.slotMinutes / 60
  for (const [from, to] of [
    [provider.hours[0], provider.lunchAt],
    [provider.lunchAt + 1, provider.hours[1]],
  ] as const) {
    for (let at = from; at + length <= to + 1e-9; at += length) {
      slots.push({
        provider,
        clinic,
        room,
        start: midnight + Math.round(at * 60) * MINUTE_MS,
        minutes: provider.slotMinutes,
      })
    }
  }
  return slots
}

// Each provider of a clinic works in a room of their own, so that rooms cannot be taken twice.
function roomOf(provider: Provider, clinic: Clinic): string {
  const colleagues = PROVIDERS.filter((one) => one.clinic === clinic.id)
  const place = colleagues.indexOf(provider)
  return clinic.rooms[place] ?? `EXAM ${place + 1}`
}

function fillAt(slot: Slot): number {
  const hour = hourAt(slot.start, slot.clinic.zone)
  if (hour < 8 || hour >= 17) return 0.7
  if (hour < 11) return 0.95
  return hour < 14 ? 0.82 : 0.9
}

// --- one appointment ---

function makeAppointment(
  cast: Cast,
  random: Random,
  book: Book,
  person: SyntheticPerson,
  id: string,
): Appointment | null {
  const subject = subjectOf(cast, person)
  const { type, reason } = purposeOf(random, person, subject.age)
  const long = type === TYPES.NEW || type === TYPES.PHYSICAL
  const fits = (one: Provider): boolean =>
    one.clinic === person.clinic &&
    mayBeSeenBy(one, subject.age, person.sex) &&
    (type === TYPES.PRENATAL) === (one.sees === 'women')
  const slot =
    book.take(random, (one) => one.id === person.primaryProvider && random.chance(0.75) && fits(one), long) ??
    book.take(random, fits, long)
  if (slot === null) return null
  const original = random.chance(0.09) ? book.take(random, fits, false) : null
  const wished = original === null ? slot.start : Math.min(slot.start, original.start)
  const bookedAt = bookingTime(random, wished, slot.clinic, type === TYPES.SICK)
  const movedAt =
    original === null ? null : officeTime(random, bookedAt + 20 * MINUTE_MS, wished - HOUR_MS, slot.clinic)
  const moved = movedAt !== null
  const fate = random.next()
  const cancelledAt = fate < 0.07 ? cancelTime(random, movedAt ?? bookedAt, slot) : null
  const outcome = cancelledAt !== null ? 'cancelled' : fate < 0.12 ? 'no_show' : 'seen'
  return {
    id,
    patient: person.n,
    slot,
    original: moved ? original : null,
    type,
    reason,
    notes: random.chance(0.3) ? random.pick(NOTES) : null,
    clerk: random.pick(CLERKS),
    bookedAt,
    movedAt,
    cancelledAt,
    cancelReason: cancelledAt === null ? null : random.pick(CANCEL_REASONS),
    outcome,
    panels: outcome === 'seen' ? panelsFor(subject, random, reason) : [],
    admitted: outcome === 'seen' && random.chance(subject.age > 64 ? 0.018 : 0.003),
  }
}

export function subjectOf(cast: Cast, person: SyntheticPerson): Subject {
  const conditions = new Set(person.conditions.map((one) => one.code))
  return { seed: cast.seed, n: person.n, age: ageIn(POPULATION_YEAR, person), sex: person.sex, conditions }
}

function purposeOf(
  random: Random,
  person: SyntheticPerson,
  age: number,
): { type: Appointment['type']; reason: string } {
  const known = person.conditions.map((one) => FOLLOW_REASONS[one.code]).filter((one) => one !== undefined)
  if (person.conditions.some((one) => one.code === 'Z34.90'))
    return { type: TYPES.PRENATAL, reason: 'PRENATAL VISIT' }
  const point = random.next()
  if (point < 0.08) return { type: TYPES.NEW, reason: 'ESTABLISH CARE' }
  if (point < 0.34) return { type: TYPES.SICK, reason: random.pick(SICK_REASONS) }
  if (age < 18)
    return point < 0.8
      ? { type: TYPES.WELL, reason: 'WELL CHILD CHECK' }
      : { type: TYPES.OFFICE, reason: 'SCHOOL FORM' }
  if (point < 0.56) return { type: TYPES.PHYSICAL, reason: 'ANNUAL PHYSICAL' }
  return known.length > 0
    ? { type: TYPES.FOLLOW, reason: random.pick(known) }
    : { type: TYPES.OFFICE, reason: 'MEDICATION REVIEW' }
}

function bookingTime(random: Random, start: number, clinic: Clinic, sick: boolean): number {
  const lead = sick && random.chance(0.7) ? 'same_day' : random.draw(LEADS)
  if (lead === 'same_day') return start - random.between(70, 300) * MINUTE_MS
  const days = lead === 'days' ? random.between(1, 7) : random.between(8, LEAD_DAYS - 2)
  const from = start - (days + 1) * DAY_MS
  return officeTime(random, from, start - 90 * MINUTE_MS, clinic, from + DAY_MS) ?? start - 2 * HOUR_MS
}

const cancelTime = (random: Random, after: number, slot: Slot): number | null => {
  const latest = slot.start - 30 * MINUTE_MS
  const early = Math.max(after + 20 * MINUTE_MS, random.chance(0.6) ? slot.start - 2 * DAY_MS : 0)
  return officeTime(random, early, latest, slot.clinic)
}

/**
 * A moment between two others when somebody does office work: in office hours, or now and then in the evening
 * by the patient portal. Null when there is no room between them.
 */
function officeTime(random: Random, from: number, to: number, clinic: Clinic, until = to): number | null {
  const share = random.next()
  const portal = random.chance(0.22)
  const hour = portal ? 6 + 17 * random.next() : 8 + 8.9 * random.next()
  const last = Math.min(to, until)
  if (last <= from) return null
  const moment = from + Math.floor(share * (last - from))
  const day = dayOf(moment, clinic.zone)
  const office = midnightOf(day, clinic.zone) + Math.floor(hour * 3600) * 1000
  return office >= from && office <= last ? office : moment
}
