/** Writing FHIR: what we send to Cerner, and US Core resources of Practice Studio's own records for the façade. */

export { patientToFhir } from './write/patient.ts'
export { patientPatch } from './write/patient-patch.ts'
export type { FieldPatch } from './write/patient-patch.ts'
export { observationToFhir, VITAL_SIGNS } from './write/vital-signs.ts'
export type { VitalSign, VitalSignName } from './write/vital-signs.ts'
export { documentToFhir } from './write/document.ts'
export type { OutgoingDocument } from './write/document.ts'
export {
  toUsCoreAppointment,
  toUsCoreDocumentReference,
  toUsCoreEncounter,
  toUsCorePatient,
} from './write/us-core.ts'
export type { UsCoreContext } from './write/us-core.ts'
export {
  isSingleObservation,
  toUsCoreDiagnosticReport,
  toUsCoreObservation,
} from './write/us-core-results.ts'
export {
  toUsCoreAllergyIntolerance,
  toUsCoreCondition,
  toUsCoreCoverage,
  toUsCoreImmunization,
  toUsCoreMedicationRequest,
} from './write/us-core-sets.ts'
