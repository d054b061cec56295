import { z } from 'zod'
import { exchangeError } from './exchanges.ts'
import { uuid, instant } from './common.ts'

/** A change of ours on its way to Cerner. */
export const pendingChange = z.object({
  exchange_id: uuid,
  action: z.enum([
    'book',
    'reschedule',
    'cancel',
    'check_in',
    'person_create',
    'person_update',
    'vital_signs',
    'document_create',
  ]),
  state: z.enum(['queued', 'sent', 'retrying', 'ambiguous', 'parked']),
  fields: z.array(z.string()),
  since: instant,
  error: exchangeError.nullable(),
  conflict_id: uuid.nullable(),
})
export type PendingChange = z.infer<typeof pendingChange>

export const vitalSign = z.object({
  code: z.string().describe('LOINC of the table: 8302-2 height … 85354-9 blood pressure'),
  value: z
    .string()
    .regex(/^\d{1,4}(\.\d{1,4})?$/)
    .optional()
    .describe('As written: 180.0 keeps its digit'),
  systolic: z
    .string()
    .regex(/^\d{1,3}$/)
    .optional(),
  diastolic: z
    .string()
    .regex(/^\d{1,3}$/)
    .optional(),
  unit: z.string().describe('UCUM code'),
})
export const vitalSignsRequest = z.object({
  connection_id: uuid.optional(),
  taken_at: instant,
  encounter_id: uuid.optional(),
  performer_id: z.string().max(64).optional().describe('Practitioner at Cerner'),
  signs: z.array(vitalSign).min(1).max(20),
})
export type VitalSignsRequest = z.infer<typeof vitalSignsRequest>

export const patientChangeRequest = z.object({
  version: z.number().int(),
  changes: z
    .record(z.string(), z.union([z.string().max(500), z.null()]))
    .describe('Field to new value; null clears it'),
})
export type PatientChangeRequest = z.infer<typeof patientChangeRequest>

export const documentRequest = z.object({
  connection_id: uuid.optional(),
  title: z.string().min(1).max(200),
  type_code: z.string().describe('LOINC: 34133-9'),
  media_type: z.enum(['application/pdf', 'text/plain', 'text/html', 'application/xhtml+xml', 'text/rtf']),
  data_base64: z.string().min(1).max(20_000_000),
  period_end: instant,
  encounter_id: uuid.optional(),
  author_id: z.string().max(64).optional(),
})
export type DocumentRequest = z.infer<typeof documentRequest>

/** What was queued for Cerner. */
export const queuedChange = z.object({ exchange_ids: z.array(uuid) })
export type QueuedChange = z.infer<typeof queuedChange>
