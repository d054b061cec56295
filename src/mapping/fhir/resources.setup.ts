import type { MappedMessage, Statement } from '../../model/statement.ts'
import { mapFhir } from '../map-fhir.ts'
import type { FhirMapSettings } from './settings.ts'

/** Hand-written resources in the shapes of cerner-fhir-r4.md §3, for tests. */

export const TENANT = 'tenant-1'
export const CERNER = `https://fhir.cerner.com/${TENANT}/codeSet`
export const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem'
export const READ_AT = '2026-03-10T12:00:00.000Z'

export const fhirSettings = (changes: Partial<FhirMapSettings> = {}): FhirMapSettings => ({
  zone: 'America/Chicago',
  country: 'US',
  defaultAuthority: 'CERNER',
  authorityAliases: { 'urn:oid:1.2.3': 'CERNER' },
  nullMeans: 'clear',
  remap: [],
  profile: null,
  source: TENANT,
  base: `https://fhir-ehr.cerner.com/r4/${TENANT}`,
  version: 'R4',
  appointmentAuthority: 'CERNER',
  visitAuthority: 'CERNER',
  ...changes,
})

/** What a resource says; fails for one that is not mapped. */
export function saidBy(resource: object, changes: Partial<FhirMapSettings> = {}): MappedMessage {
  const mapped = mapFhir(JSON.stringify(resource), fhirSettings(changes), READ_AT)
  if (mapped.kind !== 'mapped') throw new Error(`the resource is ${mapped.kind}`)
  return mapped.message
}

export function statement(message: MappedMessage, record: Statement['record']): Statement {
  const found = message.statements.find((one) => one.record === record)
  if (!found) throw new Error(`nothing is said about a ${record}`)
  return found
}

export const fieldsOf = (of: Statement): Record<string, unknown> =>
  Object.fromEntries(Object.entries(of.fields).map(([field, { value }]) => [field, value]))

export const keysOf = (of: Statement): string[] =>
  of.keys.map(({ type, value, authority }) => `${type}:${value}@${authority}`)

const MRN_TYPE = {
  coding: [
    { system: `${CERNER}/4`, code: '10', display: 'MRN', userSelected: true },
    { system: `${TERMINOLOGY}/v2-0203`, code: 'MR' },
  ],
  text: 'MRN',
}

export const site = (set: number, code: string, display: string) => ({
  system: `${CERNER}/${set}`,
  code,
  display,
  userSelected: true,
})

const omb = (code: string, display: string) => ({
  system: 'urn:oid:2.16.840.1.113883.6.238',
  code,
  display,
})

export const PATIENT = {
  resourceType: 'Patient',
  id: '9001',
  meta: { versionId: '12', lastUpdated: '2026-01-02T03:04:05.678Z' },
  extension: [
    {
      extension: [
        { valueCoding: omb('2106-3', 'White'), url: 'ombCategory' },
        { valueString: 'White', url: 'text' },
      ],
      url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-race',
    },
    { valueCode: 'F', url: 'http://hl7.org/fhir/us/core/StructureDefinition/us-core-birthsex' },
  ],
  identifier: [
    {
      id: 'CI-1-0',
      use: 'usual',
      type: MRN_TYPE,
      system: 'urn:oid:9.9.9',
      value: '77',
    },
    {
      id: 'CI-501-0',
      use: 'usual',
      type: MRN_TYPE,
      system: 'urn:oid:1.2.3',
      value: '501',
      _value: {
        extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/rendered-value', valueString: '00501' }],
      },
    },
    {
      type: MRN_TYPE,
      system: 'urn:oid:1.2.3',
      value: '400',
      period: { end: '2020-01-01T00:00:00Z' },
    },
    {
      type: { text: 'Messaging' },
      _system: {
        extension: [
          { url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' },
        ],
      },
      value: 'ABC',
    },
    { system: 'http://hl7.org/fhir/sid/us-ssn', value: '123456789' },
  ],
  active: true,
  name: [
    { id: 'CI-8-0', use: 'old', family: 'SMITH', given: ['JANE'], period: { end: '2019-01-01T00:00:00Z' } },
    { id: 'CI-9001-0', use: 'official', text: 'DOE, JANE', family: 'DOE', given: ['JANE', 'Q'] },
  ],
  telecom: [
    { id: 'CI-PH-1-0', system: 'phone', value: '5555550100', use: 'home', rank: 2 },
    {
      id: 'CI-PH-2-0',
      system: 'phone',
      value: '5555550101',
      use: 'home',
      rank: 1,
      extension: [
        { url: 'http://hl7.org/fhir/StructureDefinition/contactpoint-extension', valueString: '22' },
      ],
    },
    { system: 'phone', value: '5555550102', use: 'mobile', period: { end: '2020-01-01T00:00:00Z' } },
    { system: 'email', value: 'jane@Example.ORG', use: 'home' },
  ],
  gender: 'female',
  birthDate: '1990-01-31',
  deceasedBoolean: false,
  address: [
    { id: 'CI-A-0', use: 'old', line: ['1 Old Rd'] },
    {
      id: 'CI-A-1',
      use: 'home',
      line: ['12 Main St', 'Apt 3'],
      city: 'Springfield',
      state: 'IL',
      postalCode: '62701',
      district: 'Sangamon',
      country: 'US',
    },
  ],
  maritalStatus: {
    coding: [site(38, '309237', 'Married'), { system: `${TERMINOLOGY}/v3-MaritalStatus`, code: 'M' }],
    text: 'Married',
  },
  communication: [
    { language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'es' }] } },
    { language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'en-US' }] }, preferred: true },
  ],
  contact: [
    {
      relationship: [
        { coding: [{ system: `${TERMINOLOGY}/v3-RoleCode`, code: 'SPS' }] },
        { coding: [{ system: `${TERMINOLOGY}/v2-0131`, code: 'C' }] },
      ],
      name: { family: 'DOE', given: ['JOHN'] },
      telecom: [{ system: 'phone', value: '5555550103', use: 'home' }],
    },
  ],
  generalPractitioner: [{ id: 'CI-GP-0', reference: 'Practitioner/5', display: 'Johnson, Jane' }],
}

export const APPOINTMENT = {
  resourceType: 'Appointment',
  id: '4800',
  meta: { versionId: '1', lastUpdated: '2026-02-01T10:00:00Z' },
  status: 'booked',
  serviceType: [
    {
      coding: [site(14249, '11', 'Follow up'), { system: 'http://snomed.info/sct', code: '394814009' }],
      text: 'Follow up',
    },
  ],
  reasonCode: [{ text: 'Back pain' }],
  description: 'Follow up',
  start: '2026-03-08T15:00:00-05:00',
  end: '2026-03-08T20:30:00Z',
  slot: [{ reference: 'Slot/11-22-33-0' }],
  comment: 'Bring films',
  participant: [
    { actor: { reference: 'Location/22', display: 'Clinic 1' }, status: 'accepted' },
    {
      type: [
        { coding: [site(14250, '4574', 'Resource')], text: 'Resource' },
        { coding: [{ system: `${TERMINOLOGY}/v3-ParticipationType`, code: 'PPRF' }] },
      ],
      actor: { reference: 'Practitioner/5', display: 'Johnson, Jane' },
      status: 'accepted',
    },
    { actor: { display: 'Endoscopy Rooms' }, status: 'accepted' },
    { actor: { reference: 'Patient/9001', display: 'DOE, JANE' }, status: 'accepted' },
  ],
}

export const HEIGHT = {
  resourceType: 'Observation',
  id: 'VS-1',
  meta: { lastUpdated: '2026-01-02T10:00:05Z' },
  status: 'final',
  category: [{ coding: [{ system: `${TERMINOLOGY}/observation-category`, code: 'vital-signs' }] }],
  code: {
    coding: [site(72, '4154126', 'Height'), { system: 'http://loinc.org', code: '8302-2' }],
    text: 'Height/Length',
  },
  subject: { reference: 'Patient/9001' },
  effectiveDateTime: '2026-01-02T10:00:00.000Z',
  issued: '2026-01-02T10:00:04Z',
  performer: [
    { reference: 'Practitioner/7', display: 'Nurse, Nora' },
    {
      extension: [
        {
          url: 'http://hl7.org/fhir/StructureDefinition/event-performerFunction',
          valueCodeableConcept: {
            coding: [{ system: `${TERMINOLOGY}/v3-ParticipationType`, code: 'PPRF' }],
          },
        },
      ],
      reference: 'Practitioner/5',
      display: 'Johnson, Jane',
    },
  ],
  valueQuantity: { value: 180.5, unit: 'cm', system: 'http://unitsofmeasure.org', code: 'cm' },
  interpretation: [
    {
      coding: [
        site(52, '214', 'NORMAL'),
        { system: `${TERMINOLOGY}/v3-ObservationInterpretation`, code: 'N' },
      ],
    },
  ],
  referenceRange: [
    {
      low: { value: 150 },
      high: { value: 200 },
      type: { coding: [{ system: `${TERMINOLOGY}/referencerange-meaning`, code: 'normal' }] },
    },
  ],
}

const pressure = (code: string, text: string, value: number) => ({
  code: { coding: [{ system: 'http://loinc.org', code }], text },
  valueQuantity: { value, unit: 'mmHg', system: 'http://unitsofmeasure.org', code: 'mm[Hg]' },
})

export const BLOOD_PRESSURE = {
  ...HEIGHT,
  id: 'BP-1-2',
  code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }], text: 'Blood pressure' },
  valueQuantity: undefined,
  component: [pressure('8480-6', 'Systolic', 120), pressure('8462-4', 'Diastolic', 80)],
}

export const ENCOUNTER = {
  resourceType: 'Encounter',
  id: '97',
  meta: { lastUpdated: '2026-02-01T10:00:00Z' },
  identifier: [
    {
      use: 'usual',
      type: {
        coding: [site(319, '1077', 'FIN NBR'), { system: `${TERMINOLOGY}/v2-0203`, code: 'AN' }],
        text: 'FIN NBR',
      },
      value: '100000',
    },
  ],
  status: 'arrived',
  class: { system: `${TERMINOLOGY}/v3-ActCode`, code: 'IMP', display: 'inpatient encounter' },
  type: [{ text: 'Inpatient' }],
  subject: { reference: 'Patient/9001' },
  participant: [
    {
      type: [{ coding: [{ system: `${TERMINOLOGY}/v3-ParticipationType`, code: 'ATND' }] }],
      individual: { reference: 'Practitioner/5', display: 'Johnson, Jane' },
    },
  ],
  period: { start: '2026-02-01T09:00:00Z' },
  reasonCode: [{ text: 'Chest pain' }],
  location: [
    {
      location: { reference: 'Location/3', display: 'Model Hospital, MX Hospital, NU05, 102, A' },
      status: 'active',
    },
  ],
}
