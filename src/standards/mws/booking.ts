import type { DetailCode } from './outcome.ts'

/** What a booking is checked for and in which order. @see millennium-web-services.md §7 "Booking validation" */

export interface Fault {
  readonly code: DetailCode
  /** FHIR path in the body; absent where the body is not to blame. */
  readonly expression?: string
  /** For the far side's support: the surviving id of a combined person. */
  readonly diagnostics?: string
}

/** The members of a booking that count, as far as they are there. */
export interface BookingAsked {
  readonly patient: string
  /** `Practitioner/9876543`, `Location/21250403`, with their place in the body. */
  readonly others: readonly { readonly reference: string; readonly expression: string }[]
  readonly slot: string | null
  readonly start: string | null
  readonly end: string | null
  readonly description: string | null
  readonly comment: string | null
}

/** The state of the hospital at the moment of the booking. */
export interface BookingScene {
  readonly slotId: string
  /** Null when there is no such slot. */
  readonly slot: {
    readonly start: string
    readonly end: string
    readonly free: boolean
    readonly bookable: boolean
    /** `Practitioner/…` and `Location/…` of the slot. */
    readonly actors: readonly string[]
  } | null
  readonly nowMs: number
  /** How long before its start a slot can be booked from outside. */
  readonly leadMs: number
  /** Null when there is no such patient. */
  readonly patient: { readonly active: boolean; readonly survivor: string | null } | null
  readonly heldByOther: boolean
  readonly overlaps: boolean
  readonly allowOverlap: boolean
  readonly locked: boolean
}

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const fault = (code: DetailCode, expression?: string): Fault =>
  expression === undefined ? { code } : { code, expression }

/** Checks 1 to 3: what can be seen in the body alone. */
export function readBooking(body: unknown): BookingAsked | Fault {
  if (!isObject(body) || body['resourceType'] !== 'Appointment') return fault('not-json', 'Appointment')
  if ('modifierExtension' in body || 'implicitRules' in body)
    return fault('not-supported', 'Appointment.modifierExtension')
  if (body['status'] !== 'booked') return fault('status-transition', 'Appointment.status')
  const rows = participantsOf(body['participant'])
  if (rows === null) return fault('not-json', 'Appointment.participant')
  const patients = rows.filter(({ reference }) => reference.startsWith('Patient/'))
  const [patient] = patients
  if (patient === undefined || patients.length > 1) return fault('required', 'Appointment.participant')
  if (patient.status !== 'accepted') return fault('required', `${patient.expression}.status`)
  const slots = slotsOf(body['slot'])
  if (slots === null) return fault('slot-time-mismatch', 'Appointment.slot')
  const times = [body['start'], body['end']].map((value) => (value === undefined ? null : instantOf(value)))
  if (times.includes(undefined)) return fault('invalid-parameter', 'Appointment.start')
  return {
    patient: patient.reference.slice('Patient/'.length),
    others: rows.filter((row) => row !== patient),
    slot: slots[0] ?? null,
    start: textOf(body['start']),
    end: textOf(body['end']),
    description: textOf(body['description']),
    comment: textOf(body['comment']),
  }
}

export const isFault = (value: object): value is Fault => 'code' in value

function participantsOf(
  value: unknown,
): { reference: string; status: string | null; expression: string }[] | null {
  if (value === undefined) return []
  if (!Array.isArray(value)) return null
  const rows = value.map((one: unknown, n) => {
    const actor = isObject(one) && isObject(one['actor']) ? one['actor'] : {}
    const status = isObject(one) ? textOf(one['status']) : null
    return {
      reference: textOf(actor['reference']) ?? '',
      status,
      expression: `Appointment.participant[${n}]`,
    }
  })
  return rows
}

// The path names the slot; a body may name it once more, and only it.
function slotsOf(value: unknown): string[] | null {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length !== 1) return null
  const [one] = value as unknown[]
  const reference = isObject(one) ? textOf(one['reference']) : null
  return reference?.startsWith('Slot/') === true ? [reference.slice('Slot/'.length)] : null
}

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/

/** Milliseconds of an instant with seconds and zone; undefined for anything else. @see §5.2 */
export function instantOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !INSTANT.test(value)) return undefined
  const ms = Date.parse(value)
  return Number.isNaN(ms) ? undefined : ms
}

const MINUTE_MS = 60_000
const sameMinute = (a: string, b: string): boolean =>
  Math.floor(Date.parse(a) / MINUTE_MS) === Math.floor(Date.parse(b) / MINUTE_MS)

type Check = (asked: BookingAsked, scene: BookingScene) => Fault | null

const belongs: Check = ({ others }, { slot }) => {
  const stranger = others.find(
    ({ reference }) =>
      !/^(Practitioner|Location)\//.test(reference) || slot?.actors.includes(reference) === false,
  )
  return stranger === undefined ? null : fault('rule-broken', `${stranger.expression}.actor`)
}
const slotExists: Check = (_asked, { slot }) => (slot === null ? fault('slot-not-found') : null)
const sameSlot: Check = ({ slot }, { slotId }) =>
  slot !== null && slot !== slotId ? fault('slot-time-mismatch', 'Appointment.slot[0]') : null
const sameTime: Check = ({ start, end }, { slot }) => {
  if (slot === null) return null
  if (start !== null && !sameMinute(start, slot.start))
    return fault('slot-time-mismatch', 'Appointment.start')
  if (end !== null && !sameMinute(end, slot.end)) return fault('slot-time-mismatch', 'Appointment.end')
  return slot.bookable ? null : fault('appointment-type-not-bookable', 'Appointment.serviceType')
}
const inFuture: Check = (_asked, { slot, nowMs, leadMs }) => {
  const startMs = Date.parse(slot?.start ?? '')
  if (startMs <= nowMs) return fault('past-slot')
  return startMs - nowMs < leadMs ? fault('lead-time') : null
}
const patientLives: Check = (asked, { patient }) => {
  if (patient !== null && patient.survivor !== null)
    return {
      ...fault('person-combined', 'Appointment.participant'),
      diagnostics: `Patient/${patient.survivor}`,
    }
  return patient?.active === true ? null : fault('rule-broken', 'Appointment.participant')
}
const slotFree: Check = (_asked, { slot, heldByOther }) =>
  slot?.free !== true || heldByOther ? fault('slot-unavailable', 'Appointment.slot[0]') : null
const noOverlap: Check = (_asked, { overlaps, allowOverlap }) =>
  overlaps && !allowOverlap ? fault('patient-double-booked', 'Appointment.start') : null
const unlocked: Check = (_asked, { locked }) => (locked ? fault('record-locked') : null)

/** Checks 4 to 12, in the order of the contract; the place of a check in the list is part of it. */
const CHECKS: readonly Check[] = [
  belongs,
  slotExists,
  sameSlot,
  sameTime,
  inFuture,
  patientLives,
  slotFree,
  noOverlap,
  unlocked,
]

/** The first thing that stands against a booking, or null. */
export function faultOf(asked: BookingAsked, scene: BookingScene): Fault | null {
  for (const check of CHECKS) {
    const found = check(asked, scene)
    if (found !== null) return found
  }
  return null
}
