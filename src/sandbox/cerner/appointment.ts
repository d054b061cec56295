import { CLINICS } from '../places.ts'
import { endOf, type Booking } from './agenda.ts'
import { createAppointment, patchAppointment } from './appointment-write.ts'
import { instant, meta, narrative, reference, type Base, type Room, type SearchRule } from './base.ts'
import { APPOINTMENT_TYPES, CERNER_DEFINITION, codeSet, concept, PRIMARY_PERFORMER, ROLES } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { invalidRequest, parametersMissing } from './outcomes.ts'
import { providerName, shownName } from './patient-resource.ts'
import { inRange, type Query, type Range } from './query.ts'
import type { SlotRoom } from './slot.ts'

const WHO =
  "Either the '_id' parameter or one of the 'patient', 'practitioner' or 'location' parameters must be set."

export const APPOINTMENT_SEARCH: SearchRule = {
  parameters: [
    {
      name: '_id',
      type: 'token',
      documentation: `A single or comma separated list of Appointment ids. ${WHO}`,
    },
    { name: '_count', type: 'number', documentation: 'The maximum number of results to return in a page.' },
    {
      name: 'date',
      type: 'date',
      documentation:
        'A date or date range from which to find appointments, once, or twice to form a closed range.',
    },
    {
      name: '-date-or-req-period',
      type: 'date',
      documentation: 'A start date or requested period from which to find appointments.',
    },
    { name: 'patient', type: 'reference', documentation: `The patient of the appointment. ${WHO}` },
    { name: 'practitioner', type: 'reference', documentation: `A practitioner of the appointment. ${WHO}` },
    { name: 'location', type: 'reference', documentation: `The location of the appointment. ${WHO}` },
    { name: 'status', type: 'token', documentation: 'The overall status of the appointment.' },
  ],
  required: ['_id', 'patient', 'practitioner', 'location'],
  count: { otherwise: 50, most: 200 },
}

/** Appointments of the practice as the hospital has them now. @see cerner-fhir-r4.md §3.2 */
export function appointmentRoom(base: Base, slots: SlotRoom): Room {
  const { agenda } = base
  const render = (booking: Booking): Versioned => {
    const version = String(booking.steps)
    return {
      resource: appointmentResource(base, booking, version),
      version,
      lastUpdated: booking.lastUpdated,
    }
  }
  const read = (id: string): Versioned | null => {
    const booking = agenda.booking(id)
    return booking === null ? null : render(booking)
  }
  const keep = (booking: Booking, before: Versioned | null): Versioned => {
    agenda.write(booking)
    base.charts.forget(booking.patient)
    const now = render(booking)
    const verb = before === null ? 'create' : 'update'
    base.overlay.tell({ type: 'Appointment', id: booking.id, verb, now, before })
    return now
  }
  return {
    type: 'Appointment',
    verbs: ['read', 'search', 'create', 'patch'],
    search: APPOINTMENT_SEARCH,
    read,
    find: (query) => {
      const wanted = wantedBy(query)
      const found = candidates(base, wanted)
        .map((id) => agenda.booking(id))
        .filter((one) => one !== null)
        .filter((one) => fits(one, wanted))
      return found.sort(byStart).map(({ id }) => id)
    },
    create: (body) => keep(createAppointment(base, slots, body), null),
    patch(now, operations) {
      const booking = agenda.booking(String(now.resource.id)) as Booking
      return keep(patchAppointment(base, slots, booking, operations), now)
    },
  }
}

/** When the appointment is, or is wished to be. */
export const spanOfBooking = ({ slot, requested }: Booking): Range =>
  slot === null
    ? { from: requested?.start ?? 0, to: requested?.end ?? 0 }
    : { from: slot.start, to: endOf(slot) }

const byStart = (a: Booking, b: Booking): number =>
  spanOfBooking(a).from - spanOfBooking(b).from || (a.id < b.id ? -1 : 1)

// --- the resource ---

function appointmentResource(base: Base, booking: Booking, version: string): Resource {
  const { slot, status } = booking
  const type = APPOINTMENT_TYPES[booking.type]
  const open = status === 'booked' && slot !== null && slot.start > base.clock.now()
  return {
    resourceType: 'Appointment',
    id: booking.id,
    meta: meta(version, booking.lastUpdated),
    text: narrative('Appointment', [
      ['Status', status],
      ['Service Type', type?.display ?? null],
      ['Start', slot === null ? null : instant(slot.start)],
      ['End', slot === null ? null : instant(endOf(slot))],
    ]),
    ...containedRooms(booking),
    extension: [
      { valueString: booking.actionComment ?? '', url: `${CERNER_DEFINITION}/action-comment` },
      { valueBoolean: open, url: `${CERNER_DEFINITION}/is-cancelable` },
      { valueBoolean: open, url: `${CERNER_DEFINITION}/is-reschedulable` },
    ],
    status,
    ...(status === 'cancelled' ? { cancelationReason: cancelationOf(base, booking) } : {}),
    ...(type === undefined ? {} : { serviceType: [concept(base.tenant, 14249, type)] }),
    ...(booking.reason === null ? {} : { reasonCode: [{ text: booking.reason }] }),
    ...(type === undefined ? {} : { description: type.display }),
    ...timesOf(booking),
    ...(booking.comment === null ? {} : { comment: booking.comment }),
    participant: participantsOf(base, booking),
    requestedPeriod: [periodOf(spanOfBooking(booking))],
  }
}

const periodOf = ({ from, to }: Range): { start: string; end: string } => ({
  start: instant(from),
  end: instant(to),
})

// The times of a request are its wish; those of an appointment its slot's.
function timesOf({ slot }: Booking): { start?: string; end?: string; minutesDuration?: number } {
  if (slot === null) return {}
  return { start: instant(slot.start), end: instant(endOf(slot)), minutesDuration: slot.minutes }
}

const cancelationOf = ({ tenant }: Base, { cancelReason }: Booking): unknown =>
  cancelReason === null
    ? { coding: [{ system: codeSet(tenant, 14229), code: '0', userSelected: true }] }
    : concept(tenant, 14229, cancelReason)

function participantsOf(base: Base, booking: Booking): unknown[] {
  const { slot } = booking
  const asked = slot === null ? 'needs-action' : 'accepted'
  const places = slot === null ? booking.locations : [slot.clinic.locationCd]
  const person = base.patients.person(booking.patient)
  const doctor =
    slot === null
      ? []
      : [
          {
            type: [concept(base.tenant, 14250, ROLES.RESOURCE), PRIMARY_PERFORMER],
            actor: reference('Practitioner', slot.provider.id, providerName(slot.provider)),
            required: 'required',
            status: 'accepted',
          },
        ]
  return [
    ...places.map((id) => ({
      actor: reference('Location', id, CLINICS.find((one) => one.locationCd === id)?.name),
      required: 'required',
      status: asked,
    })),
    ...doctor,
    {
      type: [concept(base.tenant, 14250, ROLES.PATIENT)],
      actor: reference('Patient', person?.personId ?? '', person && shownName(person)),
      required: 'required',
      status: booking.patientStatus,
      ...(slot === null ? {} : { period: periodOf(spanOfBooking(booking)) }),
    },
    ...(booking.video === null
      ? []
      : ROOM_IDS.map(([id, text]) => ({
          type: [{ text }],
          actor: { reference: `#${id}` },
          status: 'accepted',
        }))),
  ]
}

const ROOM_IDS = [
  ['31', 'Provider Virtual Meeting Room'],
  ['28', 'Patient Virtual Meeting Room'],
] as const

/** Video visits carry their links in contained services, the provider's first. */
function containedRooms({ video }: Booking): { contained?: unknown[] } {
  if (video === null) return {}
  const links = [video.provider, video.patient]
  const period = { start: video.start, end: video.end }
  return {
    contained: ROOM_IDS.map(([id, text], i) => ({
      resourceType: 'HealthcareService',
      id,
      type: [{ text }],
      telecom: [{ system: 'url', value: links[i], period }],
    })),
  }
}

// --- search ---

interface Wanted {
  readonly patients: readonly string[] | null
  readonly practitioners: ReadonlySet<string> | null
  readonly locations: ReadonlySet<string> | null
  readonly range: Range
  readonly proposed: boolean
  readonly status: ReadonlySet<string> | null
}

function wantedBy(query: Query): Wanted {
  const who = ['patient', 'practitioner', 'location'].filter(
    (name) => query.has(name) || query.has(`${name}:${TYPES[name] ?? ''}`),
  )
  if (who.length === 0) throw parametersMissing(APPOINTMENT_SEARCH.required)
  if (who.length > 1) throw invalidRequest()
  const proposed = query.has('-date-or-req-period')
  if (proposed === query.has('date')) throw parametersMissing(['date', '-date-or-req-period'])
  const range = query.range(proposed ? '-date-or-req-period' : 'date')
  if (range === null) throw invalidRequest()
  const practitioners = query.references('practitioner', 'Practitioner')
  const locations = query.references('location', 'Location')
  const status = query.list('status')
  return {
    patients: query.references('patient', 'Patient'),
    practitioners: practitioners && new Set(practitioners),
    locations: locations && new Set(locations),
    range,
    proposed,
    status: status && new Set(status),
  }
}

const TYPES: Readonly<Record<string, string>> = {
  patient: 'Patient',
  practitioner: 'Practitioner',
  location: 'Location',
}

const candidates = ({ agenda, patients }: Base, { patients: ids, range }: Wanted): readonly string[] =>
  ids === null
    ? agenda.between(range)
    : ids.flatMap((id) => {
        const n = patients.numberOf(id)
        return n === undefined ? [] : agenda.ofPatient(n)
      })

function fits(booking: Booking, wanted: Wanted): boolean {
  if (wanted.status !== null && !wanted.status.has(booking.status)) return false
  const { from, to } = spanOfBooking(booking)
  const { slot } = booking
  // A request is found by its wish, and by no date of an appointment.
  if (slot === null) {
    if (!wanted.proposed || from >= wanted.range.to || to < wanted.range.from) return false
  } else if (!inRange(from, wanted.range) && !inRange(to, wanted.range)) return false
  if (wanted.practitioners !== null) return slot !== null && wanted.practitioners.has(slot.provider.id)
  const places = slot === null ? booking.locations : [slot.clinic.locationCd]
  return wanted.locations === null || places.some((id) => wanted.locations?.has(id) === true)
}
