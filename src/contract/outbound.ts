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

const words = z.string().trim().max(100)

/** A person who is not known at Cerner yet. Codes are ours: gender M, F, O, U; race and ethnicity of the OMB. */
export const patientRegisterRequest = z.object({
  connection_id: uuid.optional().describe('Default: the first connection that registers patients'),
  request_id: uuid.optional().describe('Made by the caller; the same one again registers nobody twice'),
  first_name: words.min(1),
  last_name: words.min(1),
  middle_name: words.optional(),
  name_suffix: words.optional(),
  date_of_birth: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'expected a day such as 1980-05-15'),
  gender: z.enum(['M', 'F', 'O', 'U']),
  phone_home: words.optional(),
  phone_mobile: words.optional(),
  email: words.optional(),
  address: z
    .object({
      line1: words,
      line2: words,
      city: words,
      state: words,
      postal_code: words,
      county: words,
      country: words,
    })
    .partial()
    .optional(),
  preferred_language: words.optional(),
  race: words.optional(),
  ethnicity: words.optional(),
  marital_status: words.optional(),
  override: z.boolean().default(false).describe('Somebody has looked at the candidates: it is none of them'),
})
export type PatientRegisterRequest = z.infer<typeof patientRegisterRequest>

export const patientRegistered = z.object({ patient_id: uuid, exchange_id: uuid })
export type PatientRegistered = z.infer<typeof patientRegistered>

/** Who may be the same person is looked for by these. */
export const patientCandidatesRequest = patientRegisterRequest
  .pick({ connection_id: true, first_name: true, last_name: true, date_of_birth: true })
  .extend({ first_name: words.default('') })
export type PatientCandidatesRequest = z.infer<typeof patientCandidatesRequest>

const said = z.string().nullable()
export const patientCandidate = z.object({
  patient_id: uuid.nullable().describe('Our record; null for somebody only Cerner knows'),
  cerner_id: said.describe('Id at Cerner; null for somebody only we know'),
  last_name: said,
  first_name: said,
  middle_name: said,
  date_of_birth: said,
  gender: said,
  mrn: said,
})
export type PatientCandidate = z.infer<typeof patientCandidate>
export const patientCandidates = z.object({ items: z.array(patientCandidate), next: z.null() })

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
