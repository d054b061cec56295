import type { AppointmentStatus } from '../model/fields.ts'
import { mayBecome } from '../standards/fhir/appointment-status.ts'

export const STEPS = ['move', 'cancel', 'arrived', 'checked-in', 'fulfilled'] as const
export type Step = (typeof STEPS)[number]

/** Another slot is taken while the appointment is booked and nobody has come yet. */
export const canMove = (from: string): boolean => from === 'booked'

/** A booking of ours that Cerner does not have yet (*pending*) takes no step: it is taken back here. */
export function mayStep(status: string, step: Step): boolean {
  if (step === 'move') return canMove(status)
  return mayBecome(status, step === 'cancel' ? 'cancelled' : step)
}

/** What may be done at Cerner with an appointment of this status. */
export const stepsOf = (status: string): Step[] => STEPS.filter((step) => mayStep(status, step))

/** An appointment that takes up its patient's time. */
export const TAKES_TIME: readonly AppointmentStatus[] = ['pending', 'booked', 'arrived', 'checked-in']
