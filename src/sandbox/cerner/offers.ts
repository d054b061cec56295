import { clinicById, type Clinic } from '../places.ts'
import { dayOf, midnightOf, MINUTE_MS } from '../practice-calendar.ts'
import { slotsOf, type Slot } from '../schedule.ts'
import { PROVIDERS, type Provider } from '../staff.ts'
import { APPOINTMENT_TYPES } from './codes.ts'
import { GUIDE_PROVIDER } from './guide-people.ts'

/** A stretch of a provider's day that an appointment of one type fits into: what Cerner calls a slot. */
export interface Offer {
  /** `{type}-{location}-{n}-{minute}`; the hospital alone takes it apart. */
  readonly id: string
  /** Key of APPOINTMENT_TYPES. */
  readonly type: string
  readonly slot: Slot
}

/** Everyone whose days can be booked. */
export const BOOKABLE: readonly Provider[] = [...PROVIDERS, GUIDE_PROVIDER]

const TYPES_BY: Readonly<Record<Provider['sees'], readonly string[]>> = {
  all: ['NEW', 'OV', 'PHYS', 'WCC', 'SICK', 'FU'],
  adults: ['NEW', 'OV', 'PHYS', 'SICK', 'FU'],
  children: ['NEW', 'OV', 'WCC', 'SICK', 'FU'],
  women: ['OB', 'FU'],
}
const LONG = new Set(['NEW', 'PHYS'])
const TYPE_OF_CODE = new Map(Object.entries(APPOINTMENT_TYPES).map(([type, { code }]) => [code, type]))

export const typeOfCode = (code: string): string | undefined => TYPE_OF_CODE.get(code)

const DAYS_KEPT = 1500
const days = new Map<string, readonly Offer[]>()

/** Everything that a provider's day offers, taken or not, in order of time and type. */
export function offersOf(provider: Provider, day: number): readonly Offer[] {
  const key = `${provider.id}/${day}`
  const known = days.get(key)
  if (known !== undefined) return known
  const [oldest] = days.keys()
  if (days.size >= DAYS_KEPT && oldest !== undefined) days.delete(oldest)
  const made = drawOffers(provider, day)
  days.set(key, made)
  return made
}

function drawOffers(provider: Provider, day: number): Offer[] {
  const slots = templateOf(provider, day)
  const byStart = new Map(slots.map((slot) => [slot.start, slot]))
  return slots.flatMap((slot) =>
    TYPES_BY[provider.sees].flatMap((type) => {
      const next = byStart.get(slot.start + slot.minutes * MINUTE_MS)
      if (LONG.has(type) && next === undefined) return []
      const minutes = slot.minutes + (LONG.has(type) ? (next?.minutes ?? 0) : 0)
      return [offer(type, { ...slot, minutes }, day)]
    }),
  )
}

// The guide's doctor is not among those who share the clinic's rooms by turns.
const templateOf = (provider: Provider, day: number): Slot[] =>
  provider === GUIDE_PROVIDER
    ? slotsOf(provider, day).map((slot) => ({ ...slot, room: 'EXAM 8' }))
    : slotsOf(provider, day)

function offer(type: string, slot: Slot, day: number): Offer {
  const minute = (slot.start - midnightOf(day, slot.clinic.zone)) / MINUTE_MS
  return { id: `${scheduleStem(type, slot.provider, slot.clinic, day)}-${minute}`, type, slot }
}

const numberOf = (provider: Provider): number => Number(provider.id) - 9_000_000

const scheduleStem = (type: string, provider: Provider, clinic: Clinic, day: number): string =>
  `${APPOINTMENT_TYPES[type]?.code ?? ''}-${clinic.locationCd}-${numberOf(provider)}${String(day).padStart(5, '0')}`

/** The schedule that a slot belongs to: one type of one provider on one day. */
export const scheduleIdOf = ({ type, slot }: Offer): string =>
  `${scheduleStem(type, slot.provider, slot.clinic, dayOf(slot.start, slot.clinic.zone))}-0`

interface Stem {
  readonly type: string
  readonly provider: Provider
  readonly day: number
}

/** Takes the id of a slot or a schedule apart; null when it is none of this hospital's. */
export function stemOf(id: string): Stem | null {
  const match = /^(\d+)-(\d+)-(\d+)(\d{5})-(\d+)$/.exec(id)
  const type = typeOfCode(match?.[1] ?? '')
  const provider = BOOKABLE.find((one) => String(numberOf(one)) === match?.[3])
  if (match === null || type === undefined || provider === undefined) return null
  const rightPlace = clinicById(provider.clinic).locationCd === match[2]
  return rightPlace && TYPES_BY[provider.sees].includes(type)
    ? { type, provider, day: Number(match[4]) }
    : null
}

export function offerOf(id: string): Offer | null {
  const stem = stemOf(id)
  return stem === null ? null : (offersOf(stem.provider, stem.day).find((one) => one.id === id) ?? null)
}
