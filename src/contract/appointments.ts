import { z } from 'zod'
import { instant, pageOf, pageQuery, provenance, uuid } from './common.ts'
import { pendingChange } from './outbound.ts'
import { coded, person } from './patients.ts'

const text = z.string().nullable()

export const appointment = z.object({
  id: uuid,
  external_id: text,
  placer_id: text,
  patient_id: uuid.nullable(),
  patient_name: text.describe('Last, first; null where the role may not see it'),
  provider_id: text,
  provider: person.nullable(),
  appointment_type: text,
  start_time: instant.nullable(),
  end_time: instant.nullable(),
  status: z.string(),
  reason: text,
  location_id: text,
  service: coded.nullable(),
  notes: text,
  cancel_reason: coded.nullable(),
  time_zone: z.string().nullable().describe('Of its location, where known'),
  steps: z
    .array(z.enum(['move', 'cancel', 'arrived', 'checked-in', 'fulfilled']))
    .describe('What may be done with it at Cerner from here, now'),
  pending: pendingChange.nullable().describe('A change of ours that Cerner does not have yet'),
  version: z.number().int(),
  updated_at: instant,
  provenance: z.record(z.string(), provenance),
})
export type Appointment = z.infer<typeof appointment>

export const appointmentQuery = pageQuery.extend({
  patient_id: uuid.optional(),
  external_id: z.string().optional(),
  provider_id: z.string().optional(),
  location_id: z.string().optional(),
  status: z.string().optional(),
  from: instant.optional().describe('Starts at or after'),
  to: instant.optional().describe('Starts before'),
})
export type AppointmentQuery = z.infer<typeof appointmentQuery>
export const appointmentPage = pageOf(appointment)
