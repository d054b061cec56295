import type { Statement } from '../../model/statement.ts'
import { compileFhir, readFhirFields } from '../compile-fhir.ts'
import { documentTable } from '../tables/document.ts'
import { elementIn, textIn } from './elements.ts'
import type { FhirResource } from './json.ts'
import { mentionPatient } from './map-patient.ts'
import type { FhirReading } from './reading.ts'

/** A DocumentReference: what the document is and where its content is read; the content is fetched by itself. */
export function mapDocumentReference(
  resource: FhirResource,
  id: string,
  at: FhirReading,
): readonly Statement[] {
  const patient = mentionPatient(elementIn(resource, 'subject'), 'DocumentReference.subject', at)
  const fields = readFhirFields(compileFhir(documentTable), resource, 'DocumentReference', at)
  // Cerner says a note was withdrawn in either place.
  const isInError = [textIn(resource, 'status'), textIn(resource, 'docStatus')].includes('entered-in-error')
  if (isInError) fields['status'] = { value: 'entered-in-error', place: 'DocumentReference.status' }
  const effect = isInError ? 'cancel' : 'upsert'
  return [patient, { record: 'document', keys: [at.fhirId(id)], fields, sets: {}, effect }]
}
