import { IntegrationError } from '../../kernel/errors.ts'
import { mayBecome } from '../../standards/fhir/appointment-status.ts'
import { cancelPatch, reschedulePatch, statusPatch } from '../../standards/fhir/patch.ts'
import type { Operation } from '../../standards/fhir/patch.ts'
import { referenceTo } from '../../standards/fhir/reference.ts'
import type { Booking, FhirResource, Written } from '../cerner/port.ts'
import type { FhirClient } from './fhir-client.ts'

/** Writes to Cerner by FHIR R4. Each is sent once; an answer that was lost ends in an ambiguous error. */

/** Cerner takes 255 characters and answers 400 to one more (cerner-fhir-r4.md §3.2). */
const LONGEST_REASON = 255

/** The body of a direct booking: no start or end, since the slot decides. */
export function bookingBody({ slotId, patient, reason }: Booking): FhirResource {
  if (reason !== undefined && reason.length > LONGEST_REASON) {
    const expected = `at most ${LONGEST_REASON} characters long`
    throw new IntegrationError('FHIR_RESOURCE_INVALID', { place: 'Appointment.reasonCode[0].text', expected })
  }
  return {
    resourceType: 'Appointment',
    status: 'booked',
    slot: [reference('Slot', slotId)],
    participant: [{ actor: reference('Patient', patient.id), status: 'accepted' }],
    ...(reason === undefined || reason === '' ? {} : { reasonCode: [{ text: reason }] }),
  }
}

/**
 * Books a slot.
 *
 * @throws FHIR_SLOT_TAKEN when somebody was faster: free slots have to be searched again
 */
export async function book(client: FhirClient, booking: Booking): Promise<Written> {
  try {
    return await client.create('Appointment', bookingBody(booking))
  } catch (error) {
    // Cerner says 422 and nothing more, so the slot itself is asked.
    if (isRuleBroken(error) && (await isTaken(client, booking.slotId)))
      throw new IntegrationError('FHIR_SLOT_TAKEN', {}, { cause: error })
    throw error
  }
}

/** @throws FHIR_SLOT_TAKEN, FHIR_VERSION_STALE */
export async function reschedule(
  client: FhirClient,
  at: { id: string; version: string },
  to: { slotId: string; reason?: string },
): Promise<Written> {
  try {
    return await client.patch('Appointment', at.id, at.version, reschedulePatch(to.slotId, to.reason))
  } catch (error) {
    if (isRuleBroken(error) && (await isTaken(client, to.slotId)))
      throw new IntegrationError('FHIR_SLOT_TAKEN', {}, { cause: error })
    throw error
  }
}

/** @throws APPOINTMENT_TRANSITION when its status may not become cancelled */
export async function cancel(
  client: FhirClient,
  at: { id: string; version: string },
  why: { code: string; system: string; comment?: string },
): Promise<Written> {
  return step(client, at, 'cancelled', cancelPatch(why))
}

/** @throws APPOINTMENT_TRANSITION when its status may not become that */
export async function setStatus(
  client: FhirClient,
  at: { id: string; version: string },
  status: 'arrived' | 'checked-in' | 'fulfilled',
): Promise<Written> {
  return step(client, at, status, statusPatch(status))
}

async function step(
  client: FhirClient,
  { id, version }: { id: string; version: string },
  to: string,
  operations: readonly Operation[],
): Promise<Written> {
  try {
    return await client.patch('Appointment', id, version, operations)
  } catch (error) {
    if (!isRuleBroken(error)) throw error
    const from = await statusOf(client, id)
    if (from === null || mayBecome(from, to)) throw error
    throw new IntegrationError('APPOINTMENT_TRANSITION', { from, to }, { cause: error })
  }
}

/** True when the slot is there and no longer free. When it cannot be read, the first error stands. */
async function isTaken(client: FhirClient, slotId: string): Promise<boolean> {
  const status = (await tryRead(client, 'Slot', slotId))?.['status']
  return typeof status === 'string' && status !== 'free'
}

const STATUS = /^[a-z-]{1,32}$/

async function statusOf(client: FhirClient, id: string): Promise<string | null> {
  const status = (await tryRead(client, 'Appointment', id))?.['status']
  return typeof status === 'string' && STATUS.test(status) ? status : null
}

async function tryRead(client: FhirClient, type: string, id: string): Promise<FhirResource | null> {
  try {
    return (await client.read(type, id)).resource
  } catch (error) {
    if (error instanceof IntegrationError) return null
    throw error
  }
}

const isRuleBroken = (error: unknown): boolean =>
  error instanceof IntegrationError && error.code === 'FHIR_RULE_BROKEN'

function reference(type: string, id: string): { reference: string } {
  try {
    return referenceTo(type, id)
  } catch {
    throw new IntegrationError('FHIR_RESOURCE_INVALID', { place: `${type}.id`, expected: 'an id' })
  }
}
