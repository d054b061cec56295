import {
  faultOf,
  isFault,
  readBooking,
  type BookingAsked,
  type BookingScene,
  type Fault,
} from '../../standards/mws/booking.ts'
import type { Grant, Resource, Versioned } from './contract.ts'
import { referencesOf, shownAs } from './millennium-routes-appointments.ts'
import { collect } from './millennium-routes-paging.ts'
import {
  isObject,
  listIn,
  orNull,
  orRefuse,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import { survivorOf } from './millennium-routes-person.ts'
import type { Desk } from './millennium-routes-services.ts'
import { appendRange, startOf, slotAt, holdOf, actorsOf } from './millennium-routes-slots.ts'

/** Booking a slot. @see millennium-web-services.md §7 */

const DAY_MS = 86_400_000

/**
 * Books a slot. Everything from the look at the slot to the record is one step, so of many callers one wins.
 *
 * The same patient in the same slot twice is one appointment, with or without a key (§5.6).
 */
export function bookAppointment(desk: Desk, call: ServiceCall): Reply {
  const asked = readBooking(call.body)
  if (isFault(asked)) throw refusalOf(asked)
  const slot = slotAt(desk, call)
  const mine = slot === null ? [] : appointmentsAround(desk, asked.patient, slot.resource, call.grant)
  const scene = sceneOf(desk, call, asked, slot, mine)
  const same =
    slot === null ? undefined : mine.find(({ resource }) => isIn(desk, resource, slot.resource, scene))
  const fault = faultOf(asked, same === undefined ? scene : settled(scene))
  if (fault !== null) throw refusalOf(fault)
  if (same !== undefined) return { ...shownAs(desk, same), location: locationOf(call, same) }
  const place = { expression: 'Appointment.slot[0]' }
  const booked = orRefuse('slot-unavailable', () => create(desk, call, asked), place)
  desk.holds.delete(scene.slotId)
  return { ...shownAs(desk, booked), status: 201, location: locationOf(call, booked) }
}

const refusalOf = ({ code, ...parts }: Fault): ServiceRefusal => new ServiceRefusal(code, parts)

// Once the patient has the slot, neither its state nor the time that has passed stands against a repeat.
const settled = (scene: BookingScene): BookingScene => ({
  ...scene,
  slot: scene.slot === null ? null : { ...scene.slot, free: true },
  nowMs: -Infinity,
  leadMs: 0,
  heldByOther: false,
  overlaps: false,
  locked: false,
})

function create(desk: Desk, call: ServiceCall, asked: BookingAsked): Versioned {
  const slotId = call.request.path['slot'] ?? ''
  const body: Resource = {
    resourceType: 'Appointment',
    status: 'booked',
    slot: [{ reference: `Slot/${slotId}` }],
    participant: [{ actor: { reference: `Patient/${asked.patient}` }, status: 'accepted' }],
    ...(asked.description === null ? {} : { reasonCode: [{ text: asked.description.slice(0, 255) }] }),
  }
  const booked = desk.hospital.records.create('Appointment', body, call.grant)
  const { description, comment } = asked
  desk.notes.set(booked.resource.id ?? '', { slotId, description, comment, sequence: 0 })
  return booked
}

const locationOf = ({ base }: ServiceCall, { resource }: Versioned): string =>
  `${base}/scheduling/v1/appointments/${resource.id ?? ''}`

function sceneOf(
  desk: Desk,
  call: ServiceCall,
  asked: BookingAsked,
  slot: Versioned | null,
  mine: readonly Versioned[],
): BookingScene {
  const { hospital, clock, switches } = desk
  const slotId = call.request.path['slot'] ?? ''
  const patient = orNull(() => hospital.records.read('Patient', asked.patient, call.grant))?.resource ?? null
  const hold = holdOf(desk, slotId)
  return {
    slotId,
    slot: slot === null ? null : slotScene(desk, slot.resource, call.grant),
    nowMs: clock.now(),
    leadMs: switches.leadSeconds * 1000,
    patient: patient === null ? null : { active: patient['active'] !== false, survivor: survivorId(patient) },
    heldByOther: hold !== null && hold.owner !== call.grant.clientId,
    overlaps: mine.length > 0,
    allowOverlap: call.allowOverlap,
    locked:
      hospital.switches.locked.has(`Slot/${slotId}`) ||
      hospital.switches.locked.has(`Patient/${asked.patient}`),
  }
}

const survivorId = (patient: Resource): string | null =>
  survivorOf(patient).diagnostics?.replace(/^.*Patient\//, '') ?? null

function slotScene(desk: Desk, slot: Resource, grant: Grant): BookingScene['slot'] {
  const type = codesOf(listIn(slot['serviceType'])[0])
  return {
    start: textIn(slot['start']) ?? '',
    end: textIn(slot['end']) ?? '',
    // A slot that is over reads busy as well; the check for the past comes first.
    free: slot['status'] === 'free',
    bookable: !type.some((code) => desk.switches.typesNotBookable.includes(code)),
    actors: actorsOf(desk, slot, grant),
  }
}

const codesOf = (value: unknown): string[] =>
  listIn(isObject(value) ? value['coding'] : []).flatMap((row) =>
    isObject(row) ? (textIn(row['code']) ?? []) : [],
  )

const TAKES_TIME = new Set(['booked', 'arrived', 'checked-in', 'pending'])

/** Appointments of the patient that share a moment with the slot. */
export function appointmentsAround(
  desk: Desk,
  patient: string,
  slot: Resource,
  grant: Grant,
): readonly Versioned[] {
  const from = startOf(slot)
  const to = Date.parse(textIn(slot['end']) ?? '')
  const search = new URLSearchParams({ patient, _count: '200' })
  appendRange(search, 'date', { from: from - DAY_MS, to: to + DAY_MS })
  return collect(desk.hospital.records, 'Appointment', search, grant).filter(({ resource }) => {
    const start = startOf(resource)
    const end = Date.parse(textIn(resource['end']) ?? '')
    return TAKES_TIME.has(String(resource['status'])) && start < to && end > from
  })
}

/** Whether an appointment sits in this slot: by our note, else by its time and its doctor. */
function isIn(desk: Desk, appointment: Resource, slot: Resource, { slot: at }: BookingScene): boolean {
  const note = desk.notes.get(appointment.id ?? '')
  if (note !== undefined) return note.slotId === slot.id
  const same = (name: string): boolean =>
    Date.parse(String(appointment[name])) === Date.parse(String(slot[name]))
  return (
    same('start') &&
    same('end') &&
    referencesOf(appointment).some(
      (one) => one.startsWith('Practitioner/') && at?.actors.includes(one) === true,
    )
  )
}
