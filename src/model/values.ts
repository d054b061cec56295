import type { CalendarDate, Instant } from '../kernel/calendar-date.ts'

/** The shapes that values of record fields take. All are JSON, so that they can be sealed as they are. */

/** An identifier with its assigning authority (HL7 CX, FHIR Identifier). */
export interface Identifier {
  value: string
  /** Assigning authority after the connection's alias table, upper case: `CERNER`, or a universal id. */
  authority: string
  /** Table 0203: `MR`, `AN`, `VN`, `SS`, `PI` … */
  type: string
  /** The type as the sender wrote it, when it differs (`MRN`, `FIN NBR`). */
  raw_type?: string
}

/** A code with its text and system; any part may be missing in real feeds. */
export interface Coded {
  code?: string
  text?: string
  /** Name from HL7 table 0396 or a URI: `LN`, `I10C`, `http://loinc.org`. */
  system?: string
}

export interface Address {
  line1?: string
  line2?: string
  city?: string
  state?: string
  postal_code?: string
  country?: string
  county?: string
}

/** A person in a clinical or office role (HL7 XCN, FHIR Practitioner). */
export interface Person {
  id?: string
  authority?: string
  last_name?: string
  first_name?: string
  role?: string
}

export interface NextOfKin {
  last_name?: string
  first_name?: string
  relationship?: string
  phone?: string
  phone_business?: string
  address?: Address
  /** Contact role, table 0131: `EC` emergency contact. */
  role?: string
}

export interface Coverage {
  /** Identity of the row at its source, where rows come one by one (FHIR): `Coverage/12`. */
  key?: string
  as_of?: Instant
  /** Coordination of benefits, 1 = first payer. */
  order?: number
  plan?: Coded
  payer_id?: string
  insurance_provider?: string
  payer_address?: Address
  payer_phone?: string
  group_number?: string
  group_name?: string
  valid_from?: CalendarDate
  valid_to?: CalendarDate
  plan_type?: string
  member_id?: string
  subscriber_name?: string
  subscriber_relationship?: string
  subscriber_date_of_birth?: CalendarDate
  subscriber_address?: Address
  subscriber_gender?: string
}

/** A row of a set whose rows come one by one, each with its own identity and time (FHIR resources). */
export interface KeyedRow {
  /** `AllergyIntolerance/123`. */
  key: string
  /** When this row was true at its source. */
  as_of?: Instant
  /** No longer true: deleted, entered in error, ended there. Kept so that old news cannot revive it. */
  gone?: boolean
}

export interface Allergy {
  key?: string
  as_of?: Instant
  /** FHIR clinicalStatus: active, inactive, resolved. */
  status?: string
  type?: string
  substance?: Coded
  severity?: string
  reaction?: string
  onset?: CalendarDate
}

/** A problem or diagnosis of the patient (FHIR Condition). */
export interface Condition extends KeyedRow {
  condition?: Coded
  /** FHIR clinicalStatus: active, recurrence, relapse, inactive, remission, resolved. */
  status?: string
  /** FHIR verificationStatus. */
  verification?: string
  /** `problem-list-item`, `encounter-diagnosis`, `health-concern`. */
  category?: string
  onset?: CalendarDate | Instant
  ended?: CalendarDate | Instant
  recorded?: CalendarDate | Instant
  severity?: string
}

/** A prescription or order of a drug (FHIR MedicationRequest). */
export interface Medication extends KeyedRow {
  medication?: Coded
  /** FHIR status: active, on-hold, cancelled, completed, stopped, draft, unknown. */
  status?: string
  intent?: string
  /** Dose and timing as a person reads it. */
  dosage?: string
  authored?: CalendarDate | Instant
  prescriber?: Person
  /** Reported by the patient, not prescribed here. */
  reported?: boolean
}

export interface Immunization extends KeyedRow {
  vaccine?: Coded
  /** FHIR status: completed, not-done. */
  status?: string
  given?: CalendarDate | Instant
  lot?: string
  manufacturer?: string
  site?: string
  performer?: Person
}

export interface Diagnosis {
  diagnosis?: Coded
  onset?: CalendarDate | Instant
  /** A admitting, W working, F final (table 0052). */
  type?: string
}

/** A point-of-care location (HL7 PL). */
export interface PointOfCare {
  unit?: string
  room?: string
  bed?: string
  facility?: string
}

/** One resource of an appointment (HL7 AIS, AIG, AIL, AIP). */
export interface AppointmentResource {
  kind: 'provider' | 'location' | 'service' | 'other'
  id?: string
  name?: string
  /** AIP-4 or AIG-4 as sent. */
  role?: string
  /** FHIR participation status, from the filler status of the resource. */
  status?: 'accepted' | 'declined' | 'tentative' | 'needs-action'
  start_time?: Instant
  minutes?: number
}

/** Table 0085 and FHIR ObservationStatus, as reference/hl7-v2.md §9.1 brings them together. */
export const OBSERVATION_STATUS = {
  registered: 'registered',
  preliminary: 'preliminary',
  final: 'final',
  amended: 'amended',
  corrected: 'corrected',
  cancelled: 'cancelled',
  enteredInError: 'entered-in-error',
} as const
export type ObservationStatus = (typeof OBSERVATION_STATUS)[keyof typeof OBSERVATION_STATUS]

export interface Quantity {
  /** The digits as sent, which keep the precision. */
  value: string
  comparator?: '<' | '<=' | '>=' | '>'
  unit?: string
}

/** A document inside a result (ED), or a pointer to one (RP). */
export interface Attachment {
  title?: string
  media_type?: string
  size_bytes: number
  data_base64?: string
  /** Where the document is, when only a pointer was sent. */
  url?: string
}

/** One result line. `key` is its identity inside the report: code, system, sub-id and index among equals. */
export interface Observation {
  key: string
  code: Coded
  sub_id?: string
  status: ObservationStatus
  /** OBX-2 as sent. */
  value_type?: string
  quantity?: Quantity
  /** Everything that is no number, and the text form of ranges and ratios. */
  text?: string
  codes?: Coded[]
  attachment?: Attachment
  reference_range?: string
  interpretation?: string[]
  effective_at?: Instant | CalendarDate
  performer?: string
  notes?: string[]
  /** When this version was reported (OBR-22, else MSH-7): decides between two versions of equal standing. */
  reported_at?: Instant
  /** Earlier versions, oldest first, kept when a correction replaced them. */
  previous?: Omit<Observation, 'previous' | 'key'>[]
}

/** Someone or some place that records point at; no protected health information. */
export interface DirectoryEntry {
  kind: 'practitioner' | 'location' | 'organization'
  /** Logical id at the source: `Practitioner/123` is `123`. */
  id: string
  name: string
  active: boolean
  detail: {
    npi?: string
    last_name?: string
    first_name?: string
    specialty?: string
    phone?: string
    address?: Address
    /** Id of the location or organization it is part of. */
    part_of?: string
    type?: string
    time_zone?: string
  }
}
