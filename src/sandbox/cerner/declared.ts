import { APPOINTMENT_SEARCH } from './appointment.ts'
import type { SearchRule } from './base.ts'
import type { R4Verb } from './contract.ts'
import { ALLERGY_SEARCH, CONDITION_SEARCH, IMMUNIZATION_SEARCH, MEDICATION_SEARCH } from './clinical-lists.ts'
import { COVERAGE_SEARCH } from './coverage-room.ts'
import { REPORT_SEARCH } from './diagnostic-report.ts'
import { DOCUMENT_SEARCH } from './document-reference.ts'
import { ENCOUNTER_SEARCH } from './encounter.ts'
import { OBSERVATION_SEARCH } from './observation.ts'
import { LOCATION_SEARCH, ORGANIZATION_SEARCH, PRACTITIONER_SEARCH } from './people-rooms.ts'
import { PROVENANCE_SEARCH } from './provenance.ts'
import { PATIENT_SEARCH } from './patient.ts'
import { SCHEDULE_SEARCH, SLOT_SEARCH } from './slot.ts'

/** A resource type as the CapabilityStatement tells of it; a test holds it equal to what the rooms can do. */
export interface Declared {
  readonly type: string
  readonly verbs: readonly R4Verb[]
  readonly search: SearchRule | null
  readonly operations?: readonly { readonly name: string; readonly definition: string }[]
}

const OPERATIONS = 'https://fhir-ehr.cerner.com/r4/OperationDefinition'

const of = (type: string, verbs: string, search: SearchRule | null): Declared => ({
  type,
  verbs: verbs.split(' ') as R4Verb[],
  search,
})

export const DECLARED: readonly Declared[] = [
  of('AllergyIntolerance', 'read search create update', ALLERGY_SEARCH),
  of('Appointment', 'read search create patch', APPOINTMENT_SEARCH),
  {
    ...of('Binary', 'read', null),
    operations: [{ name: 'autogen-ccd-if', definition: `${OPERATIONS}/Binary-autogen-ccd-if` }],
  },
  of('Condition', 'read search create update', CONDITION_SEARCH),
  of('Coverage', 'read search create patch delete', COVERAGE_SEARCH),
  of('DiagnosticReport', 'read search', REPORT_SEARCH),
  {
    ...of('DocumentReference', 'read search create update', DOCUMENT_SEARCH),
    operations: [
      {
        name: 'USCoreFetchDocumentReferences',
        definition: 'http://hl7.org/fhir/us/core/OperationDefinition/docref',
      },
    ],
  },
  of('Encounter', 'read search create patch', ENCOUNTER_SEARCH),
  of('Immunization', 'read search create update', IMMUNIZATION_SEARCH),
  of('Location', 'read search', LOCATION_SEARCH),
  of('MedicationRequest', 'read search create patch', MEDICATION_SEARCH),
  of('Observation', 'read search create update', OBSERVATION_SEARCH),
  of('Organization', 'read search', ORGANIZATION_SEARCH),
  of('Patient', 'read search create patch', PATIENT_SEARCH),
  of('Practitioner', 'read search', PRACTITIONER_SEARCH),
  of('Provenance', 'read search', PROVENANCE_SEARCH),
  of('Schedule', 'read search', SCHEDULE_SEARCH),
  of('Slot', 'read search patch', SLOT_SEARCH),
]
