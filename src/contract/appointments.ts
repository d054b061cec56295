import { z } from 'zod'
import { instant, pageOf, pageQuery, provenance, uuid } from './common.ts'
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
