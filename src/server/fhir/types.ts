import type { Permission } from '../../contract/session.ts'
import type { RecordType } from '../../model/fields.ts'

/** What the façade offers: each type, the permission it needs, where it is kept, and what it is searched by. */

export type ParameterType = 'token' | 'date' | 'string' | 'reference'

export interface Parameter {
  type: ParameterType
  /** Members of the resource, from its root; lists are looked through. */
  paths: readonly string[]
}

export interface FacadeType {
  permission: Permission
  /** The record whose rows hold it; null for people and places. */
  record: RecordType | null
  profiles: readonly string[]
  parameters: Readonly<Record<string, Parameter>>
}

const token = (...paths: string[]): Parameter => ({ type: 'token', paths })
const date = (...paths: string[]): Parameter => ({ type: 'date', paths })
const string = (...paths: string[]): Parameter => ({ type: 'string', paths })
const reference = (...paths: string[]): Parameter => ({ type: 'reference', paths })

const COMMON = { _id: token('id'), _lastUpdated: date('meta.lastUpdated') }
const ofPatient = (path: string, alsoSubject = false) => ({
  ...COMMON,
  patient: reference(path),
  ...(alsoSubject ? { subject: reference(path) } : {}),
})

// prettier-ignore
export const FACADE_TYPES = {
  Patient: {
    permission: 'patients.read', record: 'patient', profiles: ['us-core-patient'],
    parameters: {
      ...COMMON, identifier: token('identifier'), family: string('name.family'), given: string('name.given'),
      name: string('name.family', 'name.given', 'name.text'), birthdate: date('birthDate'), gender: token('gender'),
      phone: token('telecom'), telecom: token('telecom'), active: token('active'),
      'address-city': string('address.city'), 'address-state': string('address.state'),
      'address-postalcode': string('address.postalCode'),
    },
  },
  Encounter: {
    permission: 'patients.read', record: 'encounter', profiles: ['us-core-encounter'],
    parameters: {
      ...ofPatient('subject', true), identifier: token('identifier'), status: token('status'), class: token('class'),
      type: token('type'), date: date('period'),
    },
  },
  Appointment: {
    permission: 'schedule.read', record: 'appointment', profiles: [],
    parameters: {
      ...ofPatient('participant.actor'), actor: reference('participant.actor'), identifier: token('identifier'),
      status: token('status'), date: date('start'), 'appointment-type': token('appointmentType'),
      'service-type': token('serviceType'), 'reason-code': token('reasonCode'),
    },
  },
  Observation: {
    permission: 'results.read', record: 'report', profiles: ['us-core-observation-lab', 'us-core-vital-signs'],
    parameters: {
      ...ofPatient('subject', true), status: token('status'), category: token('category'), code: token('code'),
      date: date('effectiveDateTime'), 'component-code': token('component.code'),
    },
  },
  DiagnosticReport: {
    permission: 'results.read', record: 'report', profiles: ['us-core-diagnosticreport-lab', 'us-core-diagnosticreport-note'],
    parameters: {
      ...ofPatient('subject', true), identifier: token('identifier'), status: token('status'), category: token('category'),
      code: token('code'), date: date('effectiveDateTime'), issued: date('issued'),
    },
  },
  DocumentReference: {
    permission: 'results.read', record: 'document', profiles: ['us-core-documentreference'],
    parameters: {
      ...ofPatient('subject', true), status: token('status'), category: token('category'), type: token('type'),
      date: date('date'), period: date('context.period'),
    },
  },
  Binary: { permission: 'results.read', record: 'document', profiles: [], parameters: {} },
  Coverage: {
    permission: 'patients.read', record: 'patient', profiles: ['us-core-coverage'],
    parameters: { ...ofPatient('beneficiary'), beneficiary: reference('beneficiary'), identifier: token('identifier'), status: token('status'), type: token('type') },
  },
  AllergyIntolerance: {
    permission: 'patients.read', record: 'patient', profiles: ['us-core-allergyintolerance'],
    parameters: { ...ofPatient('patient'), 'clinical-status': token('clinicalStatus'), 'verification-status': token('verificationStatus'), category: token('category'), code: token('code') },
  },
  Condition: {
    permission: 'patients.read', record: 'patient', profiles: ['us-core-condition-problems-health-concerns', 'us-core-condition-encounter-diagnosis'],
    parameters: {
      ...ofPatient('subject', true), 'clinical-status': token('clinicalStatus'), 'verification-status': token('verificationStatus'),
      category: token('category'), code: token('code'), 'onset-date': date('onsetDateTime'),
      'abatement-date': date('abatementDateTime'), 'recorded-date': date('recordedDate'),
    },
  },
  MedicationRequest: {
    permission: 'patients.read', record: 'patient', profiles: ['us-core-medicationrequest'],
    parameters: { ...ofPatient('subject', true), status: token('status'), intent: token('intent'), code: token('medicationCodeableConcept'), authoredon: date('authoredOn') },
  },
  Immunization: {
    permission: 'patients.read', record: 'patient', profiles: ['us-core-immunization'],
    parameters: { ...ofPatient('patient'), status: token('status'), 'vaccine-code': token('vaccineCode'), date: date('occurrenceDateTime') },
  },
  Practitioner: {
    permission: 'schedule.read', record: null, profiles: ['us-core-practitioner'],
    parameters: { ...COMMON, identifier: token('identifier'), name: string('name.family', 'name.given', 'name.text'), family: string('name.family'), given: string('name.given'), active: token('active') },
  },
  Location: {
    permission: 'schedule.read', record: null, profiles: ['us-core-location'],
    parameters: { ...COMMON, identifier: token('identifier'), name: string('name'), status: token('status'), 'address-city': string('address.city'), 'address-state': string('address.state'), 'address-postalcode': string('address.postalCode') },
  },
  Organization: {
    permission: 'schedule.read', record: null, profiles: ['us-core-organization'],
    parameters: { ...COMMON, identifier: token('identifier'), name: string('name'), active: token('active') },
  },
} as const satisfies Readonly<Record<string, FacadeType>>

export type FacadeTypeName = keyof typeof FACADE_TYPES
export const FACADE_TYPE_NAMES = Object.keys(FACADE_TYPES) as FacadeTypeName[]

export const isFacadeType = (name: string): name is FacadeTypeName => Object.hasOwn(FACADE_TYPES, name)

/** A type seen through its common shape. */
export const facadeType = (name: FacadeTypeName): FacadeType => FACADE_TYPES[name]
