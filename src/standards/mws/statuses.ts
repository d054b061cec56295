import { TRANSITIONS } from '../fhir/appointment-status.ts'

/** The life of an appointment. @see millennium-web-services.md §7 "Status model" */

interface StatusRow {
  /** As Millennium names it. */
  readonly millennium: string
  readonly next: readonly string[]
}

// prettier-ignore
export const STATUSES = {
  proposed:           { millennium: 'REQUEST',              next: TRANSITIONS.proposed },
  pending:            { millennium: 'PENDING, HOLD',        next: ['booked', 'cancelled'] },
  booked:             { millennium: 'SCHEDULED, CONFIRMED', next: [...TRANSITIONS.booked, 'noshow'] },
  arrived:            { millennium: 'SCHEDULED, CONFIRMED', next: TRANSITIONS.arrived },
  'checked-in':       { millennium: 'CHECKED IN',           next: TRANSITIONS['checked-in'] },
  fulfilled:          { millennium: 'CHECKED OUT, COMPLETE', next: [] },
  cancelled:          { millennium: 'CANCELED',             next: [] },
  noshow:             { millennium: 'NOSHOW',               next: [] },
  'entered-in-error': { millennium: 'DELETED',              next: [] },
} as const satisfies Record<string, StatusRow>

export type AppointmentStatus = keyof typeof STATUSES

export const isStatus = (text: unknown): text is AppointmentStatus =>
  typeof text === 'string' && Object.hasOwn(STATUSES, text)

/** @param noshow whether the site lets others write it: the public interfaces do not */
export function mayBecome(from: AppointmentStatus, to: AppointmentStatus, noshow = false): boolean {
  if (to === 'noshow' && !noshow) return false
  return (STATUSES[from].next as readonly string[]).includes(to)
}

/** An appointment can be taken back while its states lead to `cancelled`. */
export const isCancelable = (status: AppointmentStatus): boolean => mayBecome(status, 'cancelled')

/** Moved to another slot: only while the visit has not begun. */
export const isReschedulable = (status: AppointmentStatus): boolean =>
  status === 'booked' || status === 'pending'
