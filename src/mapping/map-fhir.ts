import { IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import type { Instant } from '../kernel/calendar-date.ts'
import type { MappedMessage, Statement } from '../model/statement.ts'
import type { DirectoryEntry } from '../model/values.ts'
import { fromDstu2 } from '../standards/fhir/dstu2.ts'
import { elementIn, textIn } from './fhir/elements.ts'
import { readResource } from './fhir/json.ts'
import type { FhirResource } from './fhir/json.ts'
import { mapAppointment } from './fhir/map-appointment.ts'
import { DIRECTORY_TYPES, readDirectoryEntry } from './fhir/directory.ts'
import { mapDiagnosticReport } from './fhir/map-diagnostic-report.ts'
import { mapDocumentReference } from './fhir/map-document.ts'
import { mapEncounter } from './fhir/map-encounter.ts'
import { mapSetRow, SET_TYPES } from './fhir/map-sets.ts'
import { mapObservation } from './fhir/map-observation.ts'
import { mapPatient } from './fhir/map-patient.ts'
import { readFhirInstant } from './fhir/moment.ts'
import { FhirReading } from './fhir/reading.ts'
import type { FhirMapSettings } from './fhir/settings.ts'

export { readSchedule, readSlot } from './fhir/slot.ts'
export type { Schedule, Slot } from './fhir/slot.ts'
export type { FhirMapSettings } from './fhir/settings.ts'
export type { FhirResource } from './fhir/json.ts'

/** What became of a resource in mapping. `ignored` is no fault: it changes nothing here, `code` says why. */
export type MappedFhir =
  | { readonly kind: 'mapped'; readonly message: MappedMessage }
  | { readonly kind: 'directory'; readonly entry: DirectoryEntry; readonly asOf: Instant }
  | { readonly kind: 'ignored'; readonly code: ErrorCode; readonly place: string }

/** What a reader of one resource type makes of it: statements, patient first, or why there are none. */
export type FhirMapper = (resource: FhirResource, id: string, at: FhirReading) => FhirOutcome
export type FhirOutcome = readonly Statement[] | { readonly code: ErrorCode; readonly place: string }

const MAPPERS: Readonly<Record<string, FhirMapper>> = {
  Patient: mapPatient,
  Appointment: mapAppointment,
  Encounter: mapEncounter,
  Observation: mapObservation,
  DiagnosticReport: mapDiagnosticReport,
  DocumentReference: mapDocumentReference,
  ...Object.fromEntries(SET_TYPES.map((type) => [type, mapSetRow])),
}

/**
 * Turns the exact text of a FHIR resource into what it says about our records.
 *
 * A value that does not fit its field is left out with a warning and the rest still applies. What is absent from a
 * resource says nothing; a resource that was entered in error ends what it said before.
 *
 * @param receivedAt when it was read; serves where meta.lastUpdated is missing, and for periods that have ended
 * @throws FHIR_RESOURCE_INVALID for what is no resource, has no id, or does not say whose it is
 * @see cerner-fhir-r4.md §1.6, §3, §4
 */
export function mapFhir(text: string, settings: FhirMapSettings, receivedAt: Instant): MappedFhir {
  const read = readResource(text)
  const resource = settings.version === 'DSTU2' ? fromDstu2(read) : read
  const type = resource.resourceType
  const asOf = asOfOf(resource, receivedAt)
  const at = new FhirReading(settings, resource, Date.parse(receivedAt))
  if (DIRECTORY_TYPES.includes(type))
    return { kind: 'directory', entry: readDirectoryEntry(resource, idOf(resource), at), asOf }
  const map = Object.hasOwn(MAPPERS, type) ? MAPPERS[type] : undefined
  if (!map) return { kind: 'ignored', code: 'FHIR_TYPE_NOT_SUPPORTED', place: type }
  const outcome = map(resource, idOf(resource), at)
  if ('code' in outcome) return { kind: 'ignored', ...outcome }
  return { kind: 'mapped', message: { kind: type, asOf, statements: outcome, warnings: at.warnings } }
}

function idOf(resource: FhirResource): string {
  const id = textIn(resource, 'id').trim()
  if (id !== '') return id
  throw new IntegrationError('FHIR_RESOURCE_INVALID', {
    place: `${resource.resourceType}.id`,
    expected: 'an id',
  })
}

/** When the resource was true: meta.lastUpdated, else when it was read. */
const asOfOf = (resource: FhirResource, receivedAt: Instant): Instant =>
  readFhirInstant(textIn(elementIn(resource, 'meta'), 'lastUpdated')) ?? receivedAt
