import { randomUUID } from 'node:crypto'
import {
  faultOf,
  isFault,
  readBooking,
  type BookingAsked,
  type BookingScene,
  type Fault,
} from '../../standards/mws/booking.ts'
import {
  isCancelable,
  isReschedulable,
  isStatus,
  mayBecome,
  type AppointmentStatus,
} from '../../standards/mws/statuses.ts'
import { isSlotId } from '../../standards/mws/operations.ts'
import { idIn } from './base.ts'
import { APPOINTMENT_TYPES, CANCEL_REASONS, CERNER_DEFINITION, codeSet, concept } from './codes.ts'
import type { Grant, Resource, Versioned } from './contract.ts'
import { collect, sortable, type Row } from './millennium-routes-paging.ts'
import { survivorOf } from './millennium-routes-person.ts'
import {
  isObject,
  listIn,
  matched,
  objectIn,
  one,
  orNull,
  orRefuse,
  parametersOf,
  rangeIn,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'

/** Scheduling services. @see millennium-web-services.md §7 */

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const MOST_HOLD_SECONDS = 300
const EXTENSION = 'urn:practicestudio:mws:'

/** What the services know of an appointment beyond the hospital's record. */
export interface AppointmentNote {
  readonly slotId: string
  readonly description: string | null
  readonly comment: string | null
  /** Counts the times it was moved. */
  readonly sequence: number
}

export interface Hold {
  readonly id: string
  readonly owner: string
  readonly expires: number
}

// --- slots ---

export function findSlots(desk: Desk, call: ServiceCall): Reply {
  const query = parametersOf(call, ['service-type', 'location', 'practitioner', 'start'], ['start'])
  const range = rangeIn(query, 'start')
  if (!['service-type', 'location', 'practitioner'].some((name) => query.has(name)) || range === null)
    throw new ServiceRefusal('missing-parameter', { expression: 'service-type' })
  const search = new URLSearchParams()
  const copy = (from: string, to: string): void => {
    const value = query.get(from)
    if (value !== null) search.set(to, value)
  }
  copy('service-type', 'service-type')
  copy('location', '-location')
  copy('practitioner', 'schedule.actor')
  appendRange(search, 'start', range)
  search.set('_count', '200')
  const found = collect(desk.hospital.records, 'Slot', search, call.grant)
  return desk.pages.page(
    call,
    found.filter(({ resource }) => holdOf(desk, resource.id ?? '') === null).map(slotRow),
  )
}

const appendRange = (
  search: URLSearchParams,
  name: string,
  { from, to }: { from: number; to: number },
): void => {
  search.append(name, `ge${new Date(from).toISOString()}`)
  search.append(name, `lt${new Date(to).toISOString()}`)
}

const startOf = (resource: Resource): number => Date.parse(textIn(resource['start']) ?? '')

const slotRow = ({ resource }: Versioned): Row => ({
  place: `${sortable(startOf(resource))} ${resource.id ?? ''}`,
  id: resource.id ?? '',
  resource,
})

function slotAt(desk: Desk, { request, grant }: ServiceCall): Versioned | null {
  const id = request.path['slot'] ?? ''
  return isSlotId(id) ? orNull(() => desk.hospital.records.read('Slot', id, grant)) : null
}

export function readSlot(desk: Desk, call: ServiceCall): Reply {
  const found = slotAt(desk, call)
  if (found === null) throw new ServiceRefusal('slot-not-found')
  const held = holdOf(desk, found.resource.id ?? '') !== null
  const status = found.resource['status'] === 'free' && !held ? 'free' : 'busy'
  return one(found, { ...found.resource, status })
}

/** The hold on a slot; one whose time is over counts no more. */
function holdOf(desk: Desk, slotId: string): Hold | null {
  const hold = desk.holds.get(slotId)
  if (hold === undefined) return null
  if (hold.expires > desk.clock.now()) return hold
  desk.holds.delete(slotId)
  return null
}

export function holdSlot(desk: Desk, call: ServiceCall): Reply {
  const { ttlSeconds } = objectIn(call)
  if (typeof ttlSeconds !== 'number' || !(ttlSeconds >= 1 && ttlSeconds <= MOST_HOLD_SECONDS))
    throw new ServiceRefusal('invalid-parameter', { expression: 'ttlSeconds' })
  const slot = slotAt(desk, call)
  if (slot === null) throw new ServiceRefusal('slot-not-found')
  const id = slot.resource.id ?? ''
  const held = holdOf(desk, id)
  if (slot.resource['status'] !== 'free' || (held !== null && held.owner !== call.grant.clientId))
    throw new ServiceRefusal('slot-unavailable')
  const hold = { id: randomUUID(), owner: call.grant.clientId, expires: desk.clock.now() + ttlSeconds * 1000 }
  desk.holds.set(id, hold)
  return { status: 201, body: { holdId: hold.id, expires: new Date(hold.expires).toISOString() } }
}

export function releaseSlot(desk: Desk, { request, grant }: ServiceCall): Reply {
  const slotId = request.path['slot'] ?? ''
  const hold = holdOf(desk, slotId)
  if (hold === null || hold.id !== request.path['hold'] || hold.owner !== grant.clientId)
    throw new ServiceRefusal('not-found')
  desk.holds.delete(slotId)
  return { status: 204, body: null }
}

// --- booking ---

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

/** Who and where of a slot: its location, and the actors of its schedule. */
function actorsOf(desk: Desk, slot: Resource, grant: Grant): string[] {
  const place = listIn(slot['extension']).find(
    (row) => isObject(row) && row['url'] === `${CERNER_DEFINITION}/scheduling-location`,
  )
  const scheduleId = idIn(slot['schedule'], 'Schedule')
  const schedule =
    scheduleId === null ? null : orNull(() => desk.hospital.records.read('Schedule', scheduleId, grant))
  const references = [
    isObject(place) ? place['valueReference'] : null,
    ...listIn(schedule?.resource['actor']),
  ]
  return references.flatMap((row) => (isObject(row) ? (textIn(row['reference']) ?? []) : []))
}

const TAKES_TIME = new Set(['booked', 'arrived', 'checked-in', 'pending'])

/** Appointments of the patient that share a moment with the slot. */
function appointmentsAround(desk: Desk, patient: string, slot: Resource, grant: Grant): readonly Versioned[] {
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

const referencesOf = (appointment: Resource): string[] =>
  listIn(appointment['participant']).flatMap((row) =>
    isObject(row) && isObject(row['actor']) ? (textIn(row['actor']['reference']) ?? []) : [],
  )

// --- appointments as the services show them ---

function shownAs(desk: Desk, found: Versioned): Reply {
  return one(found, appointmentOf(desk, found.resource))
}

export function appointmentOf(desk: Desk, resource: Resource): Resource {
  const note = desk.notes.get(resource.id ?? '')
  const doctor = referencesOf(resource).find((reference) => reference.startsWith('Practitioner/'))
  const status = isStatus(resource['status']) ? resource['status'] : 'booked'
  const minutes = Math.round(
    (Date.parse(String(resource['end'])) - Date.parse(String(resource['start']))) / MINUTE_MS,
  )
  const own = listIn(resource['extension']).filter(
    (row) => isObject(row) && !/\/is-(cancelable|reschedulable)$/.test(String(row['url'])),
  )
  return {
    ...resource,
    extension: [
      ...own,
      { url: `${EXTENSION}sch-event-id`, valueString: resource.id ?? '' },
      { url: `${EXTENSION}schedule-seq`, valueInteger: note?.sequence ?? 0 },
      ...(doctor === undefined
        ? []
        : [{ url: `${EXTENSION}resource-cd`, valueString: doctor.slice('Practitioner/'.length) }]),
      { url: `${EXTENSION}is-cancelable`, valueBoolean: isCancelable(status) },
      { url: `${EXTENSION}is-reschedulable`, valueBoolean: isReschedulable(status) },
    ],
    ...(Number.isNaN(minutes) ? {} : { minutesDuration: minutes }),
    ...(note === undefined ? {} : { slot: [{ reference: `Slot/${note.slotId}` }] }),
    ...(note === undefined || note.description === null ? {} : { description: note.description }),
    ...(note === undefined || note.comment === null ? {} : { comment: note.comment }),
  }
}

const read = (desk: Desk, { request, grant }: ServiceCall): Versioned =>
  desk.hospital.records.read('Appointment', request.path['id'] ?? '', grant)

export const readAppointment = (desk: Desk, call: ServiceCall): Reply => shownAs(desk, read(desk, call))

export function searchAppointments(desk: Desk, call: ServiceCall): Reply {
  const who = ['patient', 'practitioner', 'location']
  const query = parametersOf(call, [...who, 'start', 'status'], ['start'])
  const given = who.filter((name) => query.has(name))
  if (given.length !== 1)
    throw new ServiceRefusal(given.length === 0 ? 'missing-parameter' : 'invalid-parameter', {
      expression: 'patient',
    })
  const range = rangeIn(query, 'start')
  const search = new URLSearchParams([...query].filter(([name]) => [...who, 'status'].includes(name)))
  search.set('_count', '200')
  if (range !== null) appendRange(search, 'date', range)
  // The hospital also finds what ends in the range; here only the start counts.
  const found = collect(desk.hospital.records, 'Appointment', search, call.grant).filter(
    ({ resource }) => range === null || (startOf(resource) >= range.from && startOf(resource) < range.to),
  )
  return desk.pages.page(
    call,
    found.map((row) => appointmentRow(desk, row)),
  )
}

const appointmentRow = (desk: Desk, { resource }: Versioned): Row => ({
  place: `${sortable(startOf(resource))} ${resource.id ?? ''}`,
  id: resource.id ?? '',
  resource: appointmentOf(desk, resource),
})

// --- changes ---

export function setAppointmentStatus(desk: Desk, call: ServiceCall): Reply {
  const now = read(desk, call)
  const ifMatch = matched(call, now, true)
  const [operation, ...more] = listIn(call.body)
  if (!isObject(operation) || more.length > 0 || operation['path'] !== '/status')
    throw new ServiceRefusal(Array.isArray(call.body) ? 'rule-broken' : 'not-json')
  const to = operation['value']
  const from = now.resource['status']
  if (to === 'cancelled') throw new ServiceRefusal('cancel-reason-required', { expression: '/status' })
  if (!isStatus(to) || !isStatus(from) || !mayBecome(from, to, desk.switches.noshow))
    throw new ServiceRefusal('status-transition', { expression: '/status' })
  const patch = [{ op: 'replace', path: '/status', value: to }]
  return shownAs(
    desk,
    orRefuse('status-transition', () => patched(desk, call, now, ifMatch, patch), { expression: '/status' }),
  )
}

const patched = (
  desk: Desk,
  call: ServiceCall,
  now: Versioned,
  ifMatch: string,
  operations: unknown,
): Versioned =>
  desk.hospital.records.patch('Appointment', now.resource.id ?? '', ifMatch, operations, call.grant)

export function cancelAppointment(desk: Desk, call: ServiceCall): Reply {
  const now = read(desk, call)
  const ifMatch = matched(call, now, true)
  const { reason, comment } = objectIn(call)
  const coding = reasonCoding(desk, reason)
  if (coding === null) throw new ServiceRefusal('cancel-reason-required', { expression: 'reason' })
  if (!isCancelable(statusOf(now))) throw new ServiceRefusal('not-cancelable')
  const patch = [
    { op: 'replace', path: '/status', value: 'cancelled' },
    { op: 'add', path: '/cancelationReason', value: { coding: [coding] } },
    ...(typeof comment === 'string' && comment !== ''
      ? [
          {
            op: 'replace',
            path: '/extension',
            value: [{ url: `${CERNER_DEFINITION}/action-comment`, valueString: comment }],
          },
        ]
      : []),
  ]
  return shownAs(
    desk,
    orRefuse('not-cancelable', () => patched(desk, call, now, ifMatch, patch)),
  )
}

const statusOf = ({ resource }: Versioned): AppointmentStatus =>
  isStatus(resource['status']) ? resource['status'] : 'entered-in-error'

/** A reason as a CodeableConcept, or as a code or the words of code set 14229. */
function reasonCoding({ hospital }: Desk, reason: unknown): { system: string; code: string } | null {
  const system = codeSet(hospital.tenant, 14229)
  const [given] = isObject(reason) ? listIn(reason['coding']) : []
  const code = isObject(given) ? textIn(given['code']) : textIn(reason)
  const theirs = isObject(given) ? textIn(given['system']) : null
  const found = Object.entries(CANCEL_REASONS).find(([words, mapped]) =>
    theirs === null || theirs === system
      ? [mapped.code, words, mapped.display.toUpperCase()].includes(code?.toUpperCase() ?? '')
      : mapped.standard?.system === theirs && mapped.standard.code === code,
  )
  return found === undefined ? null : { system, code: found[1].code }
}

export function rescheduleAppointment(desk: Desk, call: ServiceCall): Reply {
  const now = read(desk, call)
  const ifMatch = matched(call, now, false)
  const { slot } = objectIn(call)
  const slotId = textIn(slot)?.replace(/^Slot\//, '') ?? idIn(slot, 'Slot')
  if (slotId === null) throw new ServiceRefusal('missing-parameter', { expression: 'slot' })
  if (!isReschedulable(statusOf(now))) throw new ServiceRefusal('not-reschedulable')
  const target = isSlotId(slotId)
    ? orNull(() => desk.hospital.records.read('Slot', slotId, call.grant))
    : null
  if (target === null) throw new ServiceRefusal('slot-not-found', { expression: 'slot' })
  refuseTarget(desk, call, target.resource, now.resource)
  const patch = [{ op: 'replace', path: '/slot', value: [{ reference: `Slot/${slotId}` }] }]
  const moved = orRefuse('slot-unavailable', () => patched(desk, call, now, ifMatch, patch), {
    expression: 'slot',
  })
  const note = desk.notes.get(now.resource.id ?? '')
  desk.notes.set(now.resource.id ?? '', {
    slotId,
    description: note?.description ?? null,
    comment: note?.comment ?? null,
    sequence: (note?.sequence ?? 0) + 1,
  })
  desk.holds.delete(slotId)
  return shownAs(desk, moved)
}

function refuseTarget(desk: Desk, call: ServiceCall, slot: Resource, appointment: Resource): void {
  const start = startOf(slot)
  if (start <= desk.clock.now()) throw new ServiceRefusal('past-slot', { expression: 'slot' })
  if (start - desk.clock.now() < desk.switches.leadSeconds * 1000)
    throw new ServiceRefusal('lead-time', { expression: 'slot' })
  const hold = holdOf(desk, slot.id ?? '')
  if (hold !== null && hold.owner !== call.grant.clientId)
    throw new ServiceRefusal('slot-unavailable', { expression: 'slot' })
  const patient = referencesOf(appointment).find((reference) => reference.startsWith('Patient/'))
  const others = appointmentsAround(desk, patient?.slice('Patient/'.length) ?? '', slot, call.grant)
  if (!call.allowOverlap && others.some(({ resource }) => resource.id !== appointment.id))
    throw new ServiceRefusal('patient-double-booked', { expression: 'slot' })
}

// --- appointment types ---

export function appointmentTypes(desk: Desk): Reply {
  const { tenant } = desk.hospital
  const types = Object.values(APPOINTMENT_TYPES).map((mapped) => ({
    type: concept(tenant, 14249, mapped),
    bookable: !desk.switches.typesNotBookable.includes(mapped.code),
  }))
  return { status: 200, body: { types } }
}
