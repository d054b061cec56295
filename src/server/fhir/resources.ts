import type { FhirResource } from '../../mapping/map-fhir.ts'
import {
  isSingleObservation,
  toUsCoreAllergyIntolerance,
  toUsCoreAppointment,
  toUsCoreCondition,
  toUsCoreCoverage,
  toUsCoreDiagnosticReport,
  toUsCoreDocumentReference,
  toUsCoreEncounter,
  toUsCoreImmunization,
  toUsCoreMedicationRequest,
  toUsCoreObservation,
  toUsCorePatient,
} from '../../mapping/write-fhir.ts'
import type { UsCoreContext } from '../../mapping/write-fhir.ts'
import type { RecordDocument } from '../../model/document.ts'
import { documentOf } from '../../store/read-document.ts'
import type { FacadeRow } from '../../store/read-facade.ts'
import type { Vault } from '../../vault/vault.ts'
import { facadeType } from './types.ts'
import type { FacadeTypeName } from './types.ts'

type Writer = (document: RecordDocument, context: UsCoreContext, row: FacadeRow) => FhirResource[]

const WRITERS: Partial<Record<FacadeTypeName, Writer>> = {
  Patient: (document, context, row) => [patient(document, context, row)],
  Encounter: (document, context) => [toUsCoreEncounter(document, context)],
  Appointment: (document, context, row) => [appointment(document, context, row)],
  Observation: toUsCoreObservation,
  // What came as an Observation of its own is no report.
  DiagnosticReport: (document, context) =>
    isSingleObservation(document) ? [] : [toUsCoreDiagnosticReport(document, context)],
  DocumentReference: (document, context) => [toUsCoreDocumentReference(document, context)],
  Coverage: toUsCoreCoverage,
  AllergyIntolerance: toUsCoreAllergyIntolerance,
  Condition: toUsCoreCondition,
  MedicationRequest: toUsCoreMedicationRequest,
  Immunization: toUsCoreImmunization,
}

/** The resources of a type that a stored row holds. @throws SEAL_BROKEN */
export function resourcesIn(vault: Vault, type: FacadeTypeName, row: FacadeRow): FhirResource[] {
  const { record } = facadeType(type)
  const write = WRITERS[type]
  if (record === null || write === undefined) return []
  const context: UsCoreContext = {
    id: row.id,
    patientId: row.patient_id ?? '',
    version: row.version,
    lastUpdated: row.updated_at,
  }
  return write(documentOf(vault, record, row), context, row)
}

/** A patient who was merged points at the record that stands (FHIR R4 Patient.link). */
function patient(document: RecordDocument, context: UsCoreContext, row: FacadeRow): FhirResource {
  const resource = toUsCorePatient(document, context)
  if (row.merged_into === null) return resource
  const link = [{ other: { reference: `Patient/${row.merged_into}` }, type: 'replaced-by' }]
  return { ...resource, active: false, link }
}

/** An appointment that nobody is named for has no patient among its participants. */
function appointment(document: RecordDocument, context: UsCoreContext, row: FacadeRow): FhirResource {
  const resource = toUsCoreAppointment(document, context)
  if (row.patient_id !== null) return resource
  const others = (resource['participant'] as { actor?: { reference?: string } }[]).filter(
    ({ actor }) => actor?.reference !== 'Patient/',
  )
  // One participant at least, and each with an actor or a type (FHIR R4, app-1).
  const nobody = { actor: { display: 'No patient is named' }, status: 'needs-action' }
  return { ...resource, participant: others.length > 0 ? others : [nobody] }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/

/** The record in an id: rows of a record carry its id in front of their own part. */
export const recordIdIn = (id: string): string | undefined => UUID.exec(id)?.[0]
