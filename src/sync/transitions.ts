import type { AppointmentStatus } from '../model/fields.ts'

/**
 * What an appointment at Cerner may become by our hand (cerner-fhir-r4.md §3.2, millennium-web-services.md §7). A
 * no-show cannot be written, and from its end states nothing leads on.
 */
// prettier-ignore
export const TRANSITIONS: Readonly<Record<AppointmentStatus, readonly AppointmentStatus[]>> = {
  'proposed':         ['booked', 'cancelled'],
  // Ours, and not at Cerner yet: it is taken back here, not cancelled there.
  'pending':          [],
  'booked':           ['arrived', 'checked-in', 'cancelled'],
  'arrived':          ['checked-in', 'cancelled'],
  'checked-in':       ['fulfilled', 'cancelled'],
  'fulfilled':        [],
  'cancelled':        [],
  'noshow':           [],
  'waitlist':         [],
  'entered-in-error': [],
}

export const STEPS = ['move', 'cancel', 'arrived', 'checked-in', 'fulfilled'] as const
export type Step = (typeof STEPS)[number]

const isStatus = (text: string): text is AppointmentStatus => Object.hasOwn(TRANSITIONS, text)

export const canBecome = (from: string, to: AppointmentStatus): boolean =>
  isStatus(from) && TRANSITIONS[from].includes(to)

/** Another slot is taken while the appointment is booked and nobody has come yet. */
export const canMove = (from: string): boolean => from === 'booked'

export function mayStep(status: string, step: Step): boolean {
  if (step === 'move') return canMove(status)
  return canBecome(status, step === 'cancel' ? 'cancelled' : step)
}

/** What may be done at Cerner with an appointment of this status. */
export const stepsOf = (status: string): Step[] => STEPS.filter((step) => mayStep(status, step))

/** An appointment that takes up its patient's time. */
export const TAKES_TIME: readonly AppointmentStatus[] = ['pending', 'booked', 'arrived', 'checked-in']
