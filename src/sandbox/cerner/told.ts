import type { AppointmentStatus, SandboxEvent, SchedulingEvent, UpdateEvent } from '../events.ts'
import { CLERKS } from '../staff.ts'
import type { Agenda, Booking, BookingStatus } from './agenda.ts'
import { APPOINTMENT_TYPES } from './codes.ts'
import type { HospitalChange, Resource } from './contract.ts'

const STATUS: Readonly<Record<BookingStatus, AppointmentStatus | null>> = {
  proposed: null,
  booked: 'Booked',
  arrived: 'Booked',
  'checked-in': 'Started',
  fulfilled: 'Complete',
  cancelled: 'Cancelled',
  noshow: 'Noshow',
}

/** What was written over the web, as the HL7 road tells it: Cerner sends a SIU for a booking whoever made it. */
export class Teller {
  readonly #agenda: Pick<Agenda, 'booking'>
  readonly #patientNumber: (id: string) => number | undefined
  #count = 0

  constructor(agenda: Pick<Agenda, 'booking'>, patientNumber: (id: string) => number | undefined) {
    this.#agenda = agenda
    this.#patientNumber = patientNumber
  }

  /** @returns null for what HL7 does not tell of: a request, a slot, a document */
  eventOf(change: HospitalChange): SandboxEvent | null {
    this.#count += 1
    if (change.type === 'Appointment') return this.#scheduling(change)
    if (change.type === 'Patient' && change.verb === 'update') return this.#update(change)
    return null
  }

  #update({ id, now }: HospitalChange): UpdateEvent | null {
    const patient = this.#patientNumber(id)
    if (patient === undefined) return null
    // The present of the hospital has it already, so the event brings no change of its own.
    return {
      kind: 'update',
      at: now.lastUpdated,
      key: `W${this.#count}:${now.version}`,
      patient,
      change: {},
      visit: null,
    }
  }

  #scheduling({ id, now, before }: HospitalChange): SchedulingEvent | null {
    const booking = this.#agenda.booking(id)
    if (!booking?.slot) return null
    const status = STATUS[booking.status]
    if (status === null) return null
    const kind = kindOf(booking, now.resource, before?.resource)
    const type = APPOINTMENT_TYPES[booking.type]
    return {
      kind,
      at: now.lastUpdated,
      key: `W${this.#count}:${id}:${now.version}`,
      patient: booking.patient,
      slot: booking.slot,
      status,
      notes: booking.comment,
      appointment: {
        id,
        patient: booking.patient,
        slot: booking.slot,
        original: null,
        type: { code: booking.type, text: type?.display ?? booking.type },
        reason: booking.reason ?? '',
        notes: booking.comment,
        clerk: CLERKS[0],
        bookedAt: now.lastUpdated,
        movedAt: null,
        cancelledAt: booking.status === 'cancelled' ? now.lastUpdated : null,
        cancelReason: booking.cancelReason?.display ?? null,
        outcome: booking.status === 'cancelled' ? 'cancelled' : 'seen',
        panels: [],
        admitted: false,
      },
    }
  }
}

function kindOf(booking: Booking, now: Resource, before: Resource | undefined): SchedulingEvent['kind'] {
  if (booking.status === 'cancelled') return 'cancel'
  if (booking.status === 'noshow') return 'no_show'
  // A request that is granted is a booking to HL7, which never told of the request.
  if (before === undefined || before['status'] === 'proposed') return 'book'
  return before['start'] === now['start'] ? 'change' : 'move'
}
