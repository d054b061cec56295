import { z } from 'zod'
import { instant, pageOf, pageQuery, provenance, recordRef, uuid } from './common.ts'
import { pendingChange } from './outbound.ts'

const text = z.string().nullable()

export const identifier = z.object({
  value: z.string(),
  authority: z.string(),
  type: z.string(),
  raw_type: z.string().optional(),
})
export const coded = z.object({
  code: z.string().optional(),
  text: z.string().optional(),
  system: z.string().optional(),
})
export const address = z.object({
  line1: text,
  line2: text,
  city: text,
  state: text,
  postal_code: text,
  country: text,
  county: text,
})
const looseAddress = address.partial()
export const person = z.object({
  id: z.string().optional(),
  authority: z.string().optional(),
  last_name: z.string().optional(),
  first_name: z.string().optional(),
  role: z.string().optional(),
})
export const nextOfKin = z.object({
  last_name: z.string().optional(),
  first_name: z.string().optional(),
  relationship: z.string().optional(),
  phone: z.string().optional(),
  phone_business: z.string().optional(),
  address: looseAddress.optional(),
  role: z.string().optional(),
})
export const coverage = z.object({
  order: z.number().optional(),
  plan: coded.optional(),
  payer_id: z.string().optional(),
  insurance_provider: z.string().optional(),
  payer_address: looseAddress.optional(),
  payer_phone: z.string().optional(),
  group_number: z.string().optional(),
  group_name: z.string().optional(),
  valid_from: z.string().optional(),
  valid_to: z.string().optional(),
  plan_type: z.string().optional(),
  member_id: z.string().optional(),
  subscriber_name: z.string().optional(),
  subscriber_relationship: z.string().optional(),
  subscriber_date_of_birth: z.string().optional(),
  subscriber_address: looseAddress.optional(),
  subscriber_gender: z.string().optional(),
  key: z.string().optional(),
  as_of: z.string().optional(),
})
export const allergy = z.object({
  type: z.string().optional(),
  substance: coded.optional(),
  severity: z.string().optional(),
  reaction: z.string().optional(),
  onset: z.string().optional(),
  status: z.string().optional(),
  key: z.string().optional(),
  as_of: z.string().optional(),
})
const keyed = { key: z.string(), as_of: z.string().optional() }
export const condition = z.object({
  ...keyed,
  condition: coded.optional(),
  status: z.string().optional(),
  verification: z.string().optional(),
  category: z.string().optional(),
  onset: z.string().optional(),
  ended: z.string().optional(),
  recorded: z.string().optional(),
  severity: z.string().optional(),
})
export const medication = z.object({
  ...keyed,
  medication: coded.optional(),
  status: z.string().optional(),
  intent: z.string().optional(),
  dosage: z.string().optional(),
  authored: z.string().optional(),
  prescriber: person.optional(),
  reported: z.boolean().optional(),
})
export const immunization = z.object({
  ...keyed,
  vaccine: coded.optional(),
  status: z.string().optional(),
  given: z.string().optional(),
  lot: z.string().optional(),
  manufacturer: z.string().optional(),
  site: z.string().optional(),
  performer: person.optional(),
})

/** The row of a list: enough to tell two people apart. */
export const patientSummary = z.object({
  id: uuid,
  external_id: text,
  mrn: text,
  last_name: text,
  first_name: text,
  middle_name: text,
  date_of_birth: text,
  gender: text,
  phone_home: text,
  phone_mobile: text,
  address: address,
  active: z.boolean(),
  version: z.number().int(),
  updated_at: instant,
})
export type PatientSummary = z.infer<typeof patientSummary>
export const patientPage = pageOf(patientSummary)

export const patient = patientSummary.extend({
  name_suffix: text,
  phone_work: text,
  email: text,
  preferred_language: text,
  race: text,
  ethnicity: text,
  marital_status: text,
  religion: text,
  ssn: text.describe('Only the last four digits unless the role may see more'),
  deceased: z.boolean().nullable(),
  deceased_at: text,
  primary_provider: person.nullable(),
  identifiers: z.array(identifier),
  next_of_kin: z.array(nextOfKin),
  coverage: z.array(coverage),
  allergies: z.array(allergy),
  conditions: z.array(condition),
  medications: z.array(medication),
  immunizations: z.array(immunization),
  pending: z.array(pendingChange).describe('Changes of ours that Cerner does not have yet'),
  created_at: instant,
  /** Field name (`last_name`, `address.city`, `coverage`) → where its value came from. */
  provenance: z.record(z.string(), provenance),
})
export type Patient = z.infer<typeof patient>

export const patientQuery = pageQuery.extend({
  mrn: z.string().optional(),
  name: z.string().optional().describe('Beginning of last and first name, in any order'),
  date_of_birth: z.string().optional().describe('YYYY-MM-DD'),
  phone: z.string().optional(),
})
export type PatientQuery = z.infer<typeof patientQuery>

/** What happened to a record, newest first. */
export const historyEntry = z.object({
  exchange_id: uuid,
  at: instant,
  kind: z.string(),
  connection_name: z.string(),
  record: recordRef,
  changes: z.array(
    z.object({ field: z.string(), before: z.unknown(), after: z.unknown(), place: z.string() }),
  ),
})
export const historyPage = pageOf(historyEntry)
export type HistoryEntry = z.infer<typeof historyEntry>

export const encounter = z.object({
  id: uuid,
  patient_id: uuid,
  external_id: text,
  account_number: text,
  status: z.string(),
  class: text,
  location: z
    .object({
      unit: z.string().optional(),
      room: z.string().optional(),
      bed: z.string().optional(),
      facility: z.string().optional(),
    })
    .nullable(),
  attending: person.nullable(),
  referring: person.nullable(),
  consulting: person.nullable(),
  admitting: person.nullable(),
  service: text,
  start_time: text,
  end_time: text,
  reason: coded.nullable(),
  diagnoses: z.array(
    z.object({ diagnosis: coded.optional(), onset: z.string().optional(), type: z.string().optional() }),
  ),
  version: z.number().int(),
  provenance: z.record(z.string(), provenance),
})
export type Encounter = z.infer<typeof encounter>
export const encounterQuery = pageQuery.extend({ patient_id: uuid.optional() })
export const encounterPage = pageOf(encounter)
