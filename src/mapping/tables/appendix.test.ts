import { describe, expect, test } from 'vitest'
import type {
  AppointmentFields,
  DocumentFields,
  EncounterFields,
  PatientFields,
  ReportFields,
} from '../../model/fields.ts'
import type {
  Allergy,
  Condition,
  Coverage,
  Diagnosis,
  Immunization,
  KeyedRow,
  Medication,
  NextOfKin,
} from '../../model/values.ts'
import { readPaths } from '../fhir/path.ts'
import { readPlaces } from '../place.ts'
import type { Table } from '../table.ts'
import { allergyTable } from './allergy.ts'
import { appointmentTable } from './appointment.ts'
import { conditionTable } from './condition.ts'
import { coverageTable } from './coverage.ts'
import { diagnosisTable } from './diagnosis.ts'
import { documentTable } from './document.ts'
import { encounterTable } from './encounter.ts'
import { immunizationTable } from './immunization.ts'
import { medicationTable } from './medication.ts'
import { nextOfKinTable } from './next-of-kin.ts'
import { patientTable } from './patient.ts'
import { reportTable } from './report.ts'

/** "Patient Demographics Mapping" of the guide's appendix. */
const PATIENT_APPENDIX = `
| PERSON_ID | external_id |
| NAME_FIRST_KEY | first_name |
| NAME_LAST_KEY | last_name |
| BIRTH_DT_TM | date_of_birth |
| GENDER_CD | gender |
| STREET_ADDR | address.line1 |
| STREET_ADDR2 | address.line2 |
| CITY | address.city |
| STATE | address.state |
| ZIP | address.postal_code |
| PHONE_NUM_HOME | phone_home |
| PHONE_NUM_MOBILE | phone_mobile |
| EMAIL | email |
| LANGUAGE_CD | preferred_language |
| RACE_CD | race |
| ETHNIC_GRP_CD | ethnicity |`

/** "Appointment Mapping" of the guide's appendix. */
const APPOINTMENT_APPENDIX = `
| SCHEDULE_ID | external_id |
| PERSON_ID | patient_id |
| RESOURCE_CD | provider_id |
| APPT_TYPE_CD | appointment_type |
| BEG_DT_TM | start_time |
| END_DT_TM | end_time |
| APPT_STATUS_CD | status |
| REASON_TXT | reason |
| LOCATION_CD | location_id |
| RESULT_TXT | notes |`

/** Header and columns of the guide's CSV that hold patient fields. */
const CSV_COLUMNS: Record<string, string> = {
  PatientID: 'external_id',
  FirstName: 'first_name',
  LastName: 'last_name',
  DOB: 'date_of_birth',
  Gender: 'gender',
  Address1: 'address.line1',
  Address2: 'address.line2',
  City: 'address.city',
  State: 'address.state',
  Zip: 'address.postal_code',
  Phone: 'phone_home',
  Email: 'email',
}

const rowsOf = (markdown: string): [cerner: string, studio: string][] =>
  markdown
    .trim()
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, cerner = '', studio = '']) => [cerner, studio])

const pairs = (table: Table): [string | null, string][] => table.rows.map(({ ccl, field }) => [ccl, field])

describe('the tables hold the guide’s appendix', () => {
  test.each(rowsOf(PATIENT_APPENDIX))('patient: %s is %s', (cerner, studio) => {
    expect(pairs(patientTable)).toContainEqual([cerner, studio])
  })

  test.each(rowsOf(APPOINTMENT_APPENDIX))('appointment: %s is %s', (cerner, studio) => {
    expect(pairs(appointmentTable)).toContainEqual([cerner, studio])
  })

  test('in its order, before the fields the guide does not list', () => {
    expect(pairs(patientTable).slice(0, 16)).toEqual(rowsOf(PATIENT_APPENDIX))
    expect(pairs(appointmentTable).slice(0, 10)).toEqual(rowsOf(APPOINTMENT_APPENDIX))
  })

  test.each(Object.entries(CSV_COLUMNS))('the patient file’s column %s is %s', (csv, field) => {
    expect(patientTable.rows.find((row) => row.csv === csv)?.field).toBe(field)
  })

  test('the insurance columns of the patient file are in the coverage table', () => {
    const columns = coverageTable.rows.filter((row) => row.csv !== null).map((row) => [row.csv, row.field])
    expect(Object.fromEntries(columns)).toEqual({
      InsuranceProvider: 'insurance_provider',
      MemberID: 'member_id',
      GroupNumber: 'group_number',
    })
  })
})

// Written as records, so that a field added to the model does not compile before it stands here.
// prettier-ignore
const PATIENT: Record<keyof PatientFields, true> = {
  external_id: true, last_name: true, first_name: true, middle_name: true, name_suffix: true, date_of_birth: true,
  gender: true, 'address.line1': true, 'address.line2': true, 'address.city': true, 'address.state': true,
  'address.postal_code': true, 'address.country': true, 'address.county': true, phone_home: true, phone_mobile: true,
  phone_work: true, email: true, preferred_language: true, race: true, ethnicity: true, marital_status: true,
  religion: true, ssn: true, deceased: true, deceased_at: true, primary_provider: true, active: true,
}
// prettier-ignore
const ENCOUNTER: Record<keyof EncounterFields, true> = {
  external_id: true, account_number: true, status: true, class: true, location: true, attending: true,
  referring: true, consulting: true, admitting: true, service: true, admit_source: true,
  discharge_disposition: true, financial_class: true, start_time: true, end_time: true, reason: true,
}
// prettier-ignore
const APPOINTMENT: Record<keyof AppointmentFields | 'patient_id', true> = {
  external_id: true, patient_id: true, placer_id: true, provider_id: true, provider: true, appointment_type: true,
  start_time: true, end_time: true, status: true, reason: true, location_id: true, location: true, service: true,
  notes: true, slot_id: true, cancel_reason: true,
}
// prettier-ignore
const REPORT: Record<keyof ReportFields, true> = {
  external_id: true, placer_order: true, code: true, status: true, effective_at: true, issued_at: true,
  category: true, ordering_provider: true, performer: true, notes: true,
}
// prettier-ignore
const NEXT_OF_KIN: Record<keyof NextOfKin, true> = {
  last_name: true, first_name: true, relationship: true, phone: true, phone_business: true, address: true, role: true,
}
// prettier-ignore
const COVERAGE: Record<Exclude<keyof Coverage, keyof KeyedRow>, true> = {
  order: true, plan: true, payer_id: true, insurance_provider: true, payer_address: true, payer_phone: true,
  group_number: true, group_name: true, valid_from: true, valid_to: true, plan_type: true, member_id: true,
  subscriber_name: true, subscriber_relationship: true, subscriber_date_of_birth: true, subscriber_address: true,
  subscriber_gender: true,
}
const ALLERGY: Record<Exclude<keyof Allergy, keyof KeyedRow>, true> = {
  type: true,
  substance: true,
  severity: true,
  reaction: true,
  onset: true,
  status: true,
}
const DIAGNOSIS: Record<keyof Diagnosis, true> = { diagnosis: true, onset: true, type: true }

// prettier-ignore
const CONDITION: Record<Exclude<keyof Condition, keyof KeyedRow>, true> = {
  condition: true, status: true, verification: true, category: true, onset: true, ended: true, recorded: true,
  severity: true,
}
// prettier-ignore
const MEDICATION: Record<Exclude<keyof Medication, keyof KeyedRow>, true> = {
  medication: true, status: true, intent: true, dosage: true, authored: true, prescriber: true, reported: true,
}
// prettier-ignore
const IMMUNIZATION: Record<Exclude<keyof Immunization, keyof KeyedRow>, true> = {
  vaccine: true, status: true, given: true, lot: true, manufacturer: true, site: true, performer: true,
}
// prettier-ignore
const DOCUMENT: Record<keyof DocumentFields, true> = {
  external_id: true, status: true, doc_status: true, type: true, category: true, title: true, author: true,
  created_at: true, period_start: true, period_end: true, media_type: true, content_url: true, size_bytes: true,
  encounter_id: true,
}

const TABLES: [Table, Record<string, true>][] = [
  [patientTable, PATIENT],
  [encounterTable, ENCOUNTER],
  [appointmentTable, APPOINTMENT],
  [reportTable, REPORT],
  [nextOfKinTable, NEXT_OF_KIN],
  [coverageTable, COVERAGE],
  [allergyTable, ALLERGY],
  [diagnosisTable, DIAGNOSIS],
  [conditionTable, CONDITION],
  [medicationTable, MEDICATION],
  [immunizationTable, IMMUNIZATION],
  [documentTable, DOCUMENT],
]

describe.each(TABLES.map(([table, fields]) => ({ record: table.record, table, fields })))(
  'the $record table',
  ({ table, fields }) => {
    test('has one row for each Practice Studio field and no other', () => {
      expect(table.rows.map(({ field }) => field).sort()).toEqual(Object.keys(fields).sort())
    })

    test('names FHIR paths that can be read', () => {
      for (const { fhir } of table.rows) if (fhir !== null) expect(readPaths(fhir).length).toBeGreaterThan(0)
    })

    test('names HL7 places that can be read', () => {
      for (const { v2 } of table.rows) if (v2 !== null) expect(readPlaces(v2).length).toBeGreaterThan(0)
    })
  },
)
