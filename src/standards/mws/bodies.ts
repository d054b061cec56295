/** Bodies of requests, laid out as the guide prints them. @see cerner-integration-guide.md "Sample API Calls" */

/** JSON as the guide lays it out: two blanks a step, no line end at the end. */
export const laidOut = (value: unknown): string => JSON.stringify(value, null, 2)

export interface PersonCriteria {
  readonly family?: string
  readonly given?: string
  /** `YYYY-MM-DD`, or with a prefix `ge1980-01-01`. */
  readonly birthdate?: string
  /** `system|value` or a bare value. */
  readonly identifier?: string
  readonly phone?: string
  readonly email?: string
}

interface Parameter {
  readonly name: string
  readonly valueString?: string
  readonly valueDate?: string
  readonly valueInteger?: number
}

/**
 * FHIR Parameters of a patient search, in the order of §6.
 *
 * @param cursor of the next page
 */
export function personSearchBody(criteria: PersonCriteria, cursor: string | null = null): string {
  const parameter: Parameter[] = []
  const text = (name: string, value: string | undefined): void => {
    if (value !== undefined) parameter.push({ name, valueString: value })
  }
  text('family', criteria.family)
  text('given', criteria.given)
  const { birthdate } = criteria
  if (birthdate !== undefined && /^\d{4}-\d\d-\d\d$/.test(birthdate))
    parameter.push({ name: 'birthdate', valueDate: birthdate })
  else text('birthdate', birthdate)
  text('identifier', criteria.identifier)
  text('phone', criteria.phone)
  text('email', criteria.email)
  if (cursor !== null) text('_cursor', cursor)
  return laidOut({ resourceType: 'Parameters', parameter })
}

export interface BookingBody {
  /** Instants as the slot showed them. */
  readonly start: string
  readonly end: string
  readonly patient: { readonly id: string; readonly display: string }
  readonly practitioner?: { readonly id: string; readonly display: string }
  readonly description?: string
  readonly comment?: string
}

/** The Appointment that books a slot: members in the order of the guide, absent ones left out. */
export function bookingBody(booking: BookingBody): string {
  const participant = [accepted('Patient', booking.patient)]
  if (booking.practitioner !== undefined) participant.push(accepted('Practitioner', booking.practitioner))
  return laidOut({
    resourceType: 'Appointment',
    status: 'booked',
    ...(booking.description === undefined ? {} : { description: booking.description }),
    start: booking.start,
    end: booking.end,
    participant,
    ...(booking.comment === undefined ? {} : { comment: booking.comment }),
  })
}

const accepted = (type: string, { id, display }: { id: string; display: string }): object => ({
  actor: { reference: `${type}/${id}`, display },
  status: 'accepted',
})

export interface CancelReason {
  readonly system: string
  readonly code: string
  readonly comment?: string
}

export const cancelBody = ({ system, code, comment }: CancelReason): string =>
  laidOut({ reason: { coding: [{ system, code }] }, ...(comment === undefined ? {} : { comment }) })

export const rescheduleBody = (slotId: string, reason?: string): string =>
  laidOut({
    slot: { reference: `Slot/${slotId}` },
    ...(reason === undefined ? {} : { reason: { text: reason } }),
  })

export const statusPatch = (status: string): string =>
  laidOut([{ op: 'replace', path: '/status', value: status }])
