import { z } from 'zod'
import { CLINICS } from '../places.ts'
import type { Booking, BookingStatus, Video } from './agenda.ts'
import { idIn, type Base, type Operation } from './base.ts'
import { codeable, coding, moment, pointer, readByRule } from './bodies.ts'
import {
  APPOINTMENT_TYPES,
  CANCEL_REASONS,
  CERNER_DEFINITION,
  codeSet,
  TERMINOLOGY,
  type Mapped,
} from './codes.ts'
import type { Resource } from './contract.ts'
import { offerOf, type Offer } from './offers.ts'
import { againstRule, invalidRequest, stale } from './outcomes.ts'
import { checkAgainst, type PatchRule } from './patching.ts'
import type { SlotRoom } from './slot.ts'

const reasons = z.array(z.looseObject({ text: z.string() })).max(1)
const participant = z.looseObject({
  actor: pointer,
  status: z.string(),
  type: z.never().optional(),
})
const booked = z.looseObject({
  status: z.literal('booked'),
  slot: z.array(pointer).length(1),
  participant: z.array(participant).length(1),
  reasonCode: reasons.optional(),
})
const proposed = z.looseObject({
  status: z.literal('proposed'),
  serviceType: z.array(codeable).length(1),
  participant: z.array(participant).min(2),
  requestedPeriod: z.array(z.looseObject({ start: moment, end: moment })).length(1),
  comment: z.string().optional(),
  reasonCode: reasons.optional(),
})

/** The first number of appointments that are made over an interface; stories number theirs far below. */
const FIRST_ID = 90_000_000

/**
 * Books a slot, or takes in the request for one.
 *
 * @throws Refusal 422 for a slot that is taken and for a body that breaks a rule; 400 for a reason too long
 */
export function createAppointment(base: Base, slots: SlotRoom, body: Resource): Booking {
  refuseLongReason(body['reasonCode'])
  return body['status'] === 'proposed' ? propose(base, body) : book(base, slots, body)
}

function book(base: Base, slots: SlotRoom, body: Resource): Booking {
  const read = readByRule(booked, body)
  const [who] = read.participant
  if (who?.status !== 'accepted') throw againstRule('Appointment.participant[0].status')
  const patient = patientIn(base, who.actor)
  const offer = freeOffer(base, slots, read.slot[0])
  return {
    ...fresh(base, patient),
    type: offer.type,
    slot: offer.slot,
    status: 'booked',
    patientStatus: 'accepted',
    reason: read.reasonCode?.[0]?.text ?? null,
  }
}

function propose(base: Base, body: Resource): Booking {
  const read = readByRule(proposed, body)
  if (read.participant.some((one) => one.status !== 'needs-action'))
    throw againstRule('Appointment.participant')
  const people = read.participant.filter((one) => idIn(one.actor, 'Patient') !== null)
  const places = read.participant.flatMap((one) => idIn(one.actor, 'Location') ?? [])
  const known = places.every((id) => CLINICS.some((clinic) => clinic.locationCd === id))
  const [who] = people
  if (who === undefined || people.length > 1 || places.length === 0 || !known)
    throw againstRule('Appointment.participant')
  const [period] = read.requestedPeriod
  const requested = { start: Date.parse(period?.start ?? ''), end: Date.parse(period?.end ?? '') }
  if (requested.end <= requested.start) throw againstRule('Appointment.requestedPeriod')
  return {
    ...fresh(base, patientIn(base, who.actor)),
    type: typeIn(base, read.serviceType[0]),
    requested,
    locations: places,
    status: 'proposed',
    patientStatus: 'needs-action',
    reason: read.reasonCode?.[0]?.text ?? null,
    comment: read.comment ?? null,
  }
}

const fresh = (base: Base, patient: number): Booking => ({
  id: String(FIRST_ID + base.overlay.nextNumber()),
  patient,
  slot: null,
  requested: null,
  type: 'OV',
  locations: [],
  reason: null,
  comment: null,
  status: 'booked',
  patientStatus: 'accepted',
  cancelReason: null,
  actionComment: null,
  video: null,
  steps: 0,
  lastUpdated: base.clock.now(),
})

function refuseLongReason(given: unknown): void {
  const read = z
    .array(z.looseObject({ text: z.string().max(255).optional() }))
    .optional()
    .safeParse(given)
  if (!read.success) throw invalidRequest()
}

function patientIn(base: Base, actor: unknown): number {
  const id = idIn(actor, 'Patient')
  const n = id === null ? undefined : base.patients.numberOf(id)
  if (n === undefined) throw againstRule('Appointment.participant[0].actor')
  return n
}

function typeIn({ tenant }: Base, of: z.infer<typeof codeable> | undefined): string {
  const found = Object.entries(APPOINTMENT_TYPES).find(([, { code, standard }]) =>
    (of?.coding ?? []).some(
      (one) =>
        (one.system === codeSet(tenant, 14249) && one.code === code) ||
        (standard !== null && one.system === standard.system && one.code === standard.code),
    ),
  )
  if (found === undefined) throw againstRule('Appointment.serviceType')
  return found[0]
}

/** @throws Refusal 422 when the slot is unknown, over, or taken */
function freeOffer(base: Base, slots: SlotRoom, slot: unknown, except?: string): Offer {
  const id = idIn(slot, 'Slot')
  const offer = id === null || slots.read(id, NOBODY) === null ? null : offerOf(id)
  const raced = base.switches.slotRace
  base.switches.slotRace = false
  if (offer === null || raced || slots.isTaken(offer, except) || offer.slot.start <= base.clock.now())
    throw againstRule('Appointment.slot')
  return offer
}

const NOBODY = { clientId: '', persona: 'system', scopes: [], patient: null, user: null } as const

// --- patch ---

const replace = (path: RegExp): PatchRule => ({ op: 'replace', path })
const add = (path: RegExp): PatchRule => ({ op: 'add', path })
const VIDEO = /^\/contained\/(0\/telecom\/0\/(value|period\/start|period\/end)|1\/telecom\/0\/value)$/

/** @see cerner-fhir-r4.md §3.2, PATCH */
export const APPOINTMENT_PATCHES: readonly PatchRule[] = [
  replace(/^\/(status|slot|extension|comment|patient-status)$/),
  add(/^\/(slot|reasonCode|cancelationReason|extension)$/),
  add(VIDEO),
  replace(VIDEO),
]

const MAY_BECOME: Readonly<Record<BookingStatus, readonly BookingStatus[]>> = {
  proposed: ['booked', 'cancelled'],
  booked: ['arrived', 'checked-in', 'cancelled'],
  arrived: ['checked-in', 'cancelled'],
  'checked-in': ['fulfilled', 'cancelled'],
  fulfilled: [],
  cancelled: [],
  noshow: [],
}

/** What the operations of one patch ask for, by op and path. */
type Asked = ReadonlyMap<string, Operation>

/**
 * The appointment after a patch.
 *
 * @throws Refusal 422 for a combination or transition that is not allowed, 409 for links that are there already
 */
export function patchAppointment(
  base: Base,
  slots: SlotRoom,
  booking: Booking,
  operations: readonly Operation[],
): Booking {
  checkAgainst(APPOINTMENT_PATCHES, operations)
  const asked: Asked = new Map(operations.map((one) => [`${one.op} ${one.path}`, one]))
  if (asked.size !== operations.length) throw againstRule('/')
  const next = changed(base, slots, booking, asked)
  return { ...next, steps: booking.steps + 1, lastUpdated: base.clock.now() }
}

function changed(base: Base, slots: SlotRoom, booking: Booking, asked: Asked): Booking {
  if ([...asked.values()].some((one) => VIDEO.test(one.path))) return withVideo(booking, asked)
  if (asked.has('replace /status')) return withStatus(base, slots, booking, asked)
  if (asked.has('replace /slot')) return rescheduled(base, slots, booking, asked)
  if (asked.has('replace /patient-status')) return accepted(booking, asked)
  throw againstRule('/')
}

const only = (asked: Asked, ...allowed: readonly string[]): void => {
  for (const [key, { path }] of asked) if (!allowed.includes(key)) throw againstRule(path)
}

function withStatus(base: Base, slots: SlotRoom, booking: Booking, asked: Asked): Booking {
  const status = asked.get('replace /status')?.value
  const next = MAY_BECOME[booking.status].find((one) => one === status)
  if (next === undefined) throw againstRule('/status')
  if (next === 'booked') return bookRequest(base, slots, booking, asked)
  if (next !== 'cancelled') {
    only(asked, 'replace /status')
    return { ...booking, status: next }
  }
  only(asked, 'replace /status', 'add /cancelationReason', 'replace /extension')
  const reason = asked.get('add /cancelationReason')
  const comment = asked.get('replace /extension')
  if (comment !== undefined && reason === undefined) throw againstRule('/extension')
  return {
    ...booking,
    status: 'cancelled',
    cancelReason: reason === undefined ? null : cancelReasonIn(base, reason.value),
    actionComment: comment === undefined ? booking.actionComment : actionComment(comment.value),
  }
}

function bookRequest(base: Base, slots: SlotRoom, booking: Booking, asked: Asked): Booking {
  only(asked, 'replace /status', 'add /slot', 'add /reasonCode')
  const offer = freeOffer(base, slots, slotIn(asked.get('add /slot')))
  const reason = asked.get('add /reasonCode')
  refuseLongReason(reason?.value)
  const given = reason === undefined ? undefined : readByRule(reasons, reason.value)
  return {
    ...booking,
    status: 'booked',
    slot: offer.slot,
    type: offer.type,
    patientStatus: 'accepted',
    reason: given === undefined ? booking.reason : (given[0]?.text ?? null),
  }
}

function rescheduled(base: Base, slots: SlotRoom, booking: Booking, asked: Asked): Booking {
  only(asked, 'replace /slot', 'replace /extension', 'add /extension', 'replace /comment')
  if (booking.status !== 'booked') throw againstRule('/slot')
  const offer = freeOffer(base, slots, slotIn(asked.get('replace /slot')), booking.id)
  const comment = asked.get('replace /extension')
  const why = asked.get('add /extension')
  if (why !== undefined) rescheduleReason(base, why.value)
  const note = asked.get('replace /comment')
  if (note !== undefined && typeof note.value !== 'string') throw againstRule('/comment')
  return {
    ...booking,
    slot: offer.slot,
    type: offer.type,
    actionComment: comment === undefined ? booking.actionComment : actionComment(comment.value),
    comment: typeof note?.value === 'string' ? note.value : booking.comment,
  }
}

function accepted(booking: Booking, asked: Asked): Booking {
  only(asked, 'replace /patient-status')
  const value = asked.get('replace /patient-status')?.value
  if (value !== 'accepted' || booking.status !== 'booked' || booking.patientStatus !== 'tentative')
    throw againstRule('/patient-status')
  return { ...booking, patientStatus: 'accepted' }
}

function slotIn(operation: Operation | undefined): unknown {
  if (operation === undefined) throw againstRule('/slot')
  return readByRule(z.array(pointer).length(1), operation.value)[0]
}

const oneCoding = z.looseObject({ coding: z.array(coding).length(1) })

function cancelReasonIn({ tenant }: Base, value: unknown): Mapped {
  const [given] = readByRule(oneCoding, value).coding
  const own = Object.values(CANCEL_REASONS).find(
    ({ code, standard }) =>
      (given?.system === codeSet(tenant, 14229) && given.code === code) ||
      (given?.system === `${TERMINOLOGY}/appointment-cancellation-reason` && given.code === standard?.code),
  )
  if (own === undefined) throw againstRule('/cancelationReason')
  return own
}

function actionComment(value: unknown): string {
  const schema = z
    .array(z.looseObject({ url: z.literal(`${CERNER_DEFINITION}/action-comment`), valueString: z.string() }))
    .length(1)
  return readByRule(schema, value)[0]?.valueString ?? ''
}

function rescheduleReason(base: Base, value: unknown): void {
  const schema = z
    .array(
      z.looseObject({
        url: z.literal(`${CERNER_DEFINITION}/reschedule-reason`),
        valueCodeableConcept: codeable,
      }),
    )
    .length(1)
  cancelReasonIn(base, readByRule(schema, value)[0]?.valueCodeableConcept)
}

/** The four values of a video visit come together, all added or all replaced. */
function withVideo(booking: Booking, asked: Asked): Booking {
  const kinds = new Set([...asked.values()].map((one) => one.op))
  const [op] = kinds
  if (kinds.size !== 1 || asked.size !== 4 || op === undefined) throw againstRule('/contained')
  if (op === 'add' && booking.video !== null) throw stale()
  if (op === 'replace' && booking.video === null) throw againstRule('/contained')
  const link = z.url().max(255)
  const value = (path: string): unknown => asked.get(`${op} /contained/${path}`)?.value
  const video: Video = {
    provider: readByRule(link, value('0/telecom/0/value')),
    patient: readByRule(link, value('1/telecom/0/value')),
    start: readByRule(moment, value('0/telecom/0/period/start')),
    end: readByRule(moment, value('0/telecom/0/period/end')),
  }
  return { ...booking, video }
}
