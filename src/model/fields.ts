import type { CalendarDate, Instant } from '../kernel/calendar-date.ts'
import type {
  Allergy,
  AppointmentResource,
  Coded,
  Condition,
  Coverage,
  Diagnosis,
  Identifier,
  Immunization,
  Medication,
  NextOfKin,
  Observation,
  Person,
  PointOfCare,
} from './values.ts'

/**
 * The fields of each Practice Studio record, named as the guide's appendix names them. A dotted name is a part of a
 * structure that is merged part by part (`address.city`); a set is replaced whole, per source (hl7-v2.md §3.2).
 */
export interface PatientFields {
  external_id: string
  last_name: string
  first_name: string
  middle_name: string
  name_suffix: string
  date_of_birth: CalendarDate
  gender: 'M' | 'F' | 'O' | 'U'
  'address.line1': string
  'address.line2': string
  'address.city': string
  'address.state': string
  'address.postal_code': string
  'address.country': string
  'address.county': string
  phone_home: string
  phone_mobile: string
  phone_work: string
  email: string
  preferred_language: string
  race: string
  ethnicity: string
  marital_status: string
  religion: string
  ssn: string
  deceased: boolean
  deceased_at: Instant | CalendarDate
  primary_provider: Person
  active: boolean
}
export interface PatientSets {
  identifiers: Identifier
  next_of_kin: NextOfKin
  coverage: Coverage
  allergies: Allergy
  conditions: Condition
  medications: Medication
  immunizations: Immunization
}

export const ENCOUNTER_STATUS = ['planned', 'in-progress', 'finished', 'cancelled'] as const
export type EncounterStatus = (typeof ENCOUNTER_STATUS)[number]
export interface EncounterFields {
  external_id: string
  account_number: string
  status: EncounterStatus
  class: string
  location: PointOfCare
  attending: Person
  referring: Person
  consulting: Person
  admitting: Person
  service: string
  admit_source: string
  discharge_disposition: string
  financial_class: string
  start_time: Instant | CalendarDate
  end_time: Instant | CalendarDate
  reason: Coded
}
export interface EncounterSets {
  diagnoses: Diagnosis
}

/** FHIR AppointmentStatus, the vocabulary both sides are brought to (hl7-v2.md §10.1). */
export const APPOINTMENT_STATUS = [
  'proposed',
  'pending',
  'booked',
  'arrived',
  'checked-in',
  'fulfilled',
  'cancelled',
  'noshow',
  'waitlist',
  'entered-in-error',
] as const
export type AppointmentStatus = (typeof APPOINTMENT_STATUS)[number]
export interface AppointmentFields {
  external_id: string
  placer_id: string
  provider_id: string
  provider: Person
  appointment_type: string
  start_time: Instant
  end_time: Instant
  status: AppointmentStatus
  reason: string
  location_id: string
  location: PointOfCare
  service: Coded
  notes: string
  /** Slot at Cerner that holds it, while we know it. */
  slot_id: string
  cancel_reason: Coded
}

export interface AppointmentSets {
  resources: AppointmentResource
}

/** FHIR DiagnosticReportStatus. */
export const REPORT_STATUS = [
  'registered',
  'partial',
  'preliminary',
  'final',
  'amended',
  'corrected',
  'cancelled',
  'entered-in-error',
] as const
export type ReportStatus = (typeof REPORT_STATUS)[number]
export interface ReportFields {
  external_id: string
  placer_order: string
  code: Coded
  status: ReportStatus
  effective_at: Instant | CalendarDate
  issued_at: Instant | CalendarDate
  category: string
  ordering_provider: Person
  performer: Person
  notes: string
}
export interface ReportSets {
  observations: Observation
}

/** FHIR DocumentReferenceStatus. */
export const DOCUMENT_STATUS = ['current', 'superseded', 'entered-in-error'] as const
export type DocumentStatus = (typeof DOCUMENT_STATUS)[number]
/** A clinical document: what it is and where its content stands (the content itself is kept beside it, sealed). */
export interface DocumentFields {
  external_id: string
  status: DocumentStatus
  /** FHIR docStatus: preliminary, final, amended. */
  doc_status: string
  type: Coded
  category: string
  title: string
  author: Person
  created_at: Instant | CalendarDate
  period_start: Instant | CalendarDate
  period_end: Instant | CalendarDate
  media_type: string
  /** Where the content is read: absolute, or relative to the FHIR base. */
  content_url: string
  size_bytes: number
  encounter_id: string
}
export type DocumentSets = Record<never, never>

/** Which record a statement or a stored document is about. */
export const RECORD_TYPES = ['patient', 'encounter', 'appointment', 'report', 'document'] as const
export type RecordType = (typeof RECORD_TYPES)[number]
