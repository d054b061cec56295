import type { Statement } from '../../model/statement.ts'
import type { KeyedRow } from '../../model/values.ts'
import { compileFhir, readFhirSetRow } from '../compile-fhir.ts'
import type { Table } from '../table.ts'
import { allergyTable } from '../tables/allergy.ts'
import { conditionTable } from '../tables/condition.ts'
import { coverageTable } from '../tables/coverage.ts'
import { immunizationTable } from '../tables/immunization.ts'
import { medicationTable } from '../tables/medication.ts'
import { codesSaid } from './coding.ts'
import { elementIn, textIn } from './elements.ts'
import type { FhirResource } from './json.ts'
import { mentionPatient } from './map-patient.ts'
import type { FhirReading } from './reading.ts'

/** How resources that are rows of their patient are read: which set, by which table, whose, and when they are gone. */
interface SetMapping {
  readonly set: string
  readonly table: Table
  readonly patient: string
  readonly isGone: (resource: FhirResource) => boolean
}

const statusIs =
  (...codes: string[]) =>
  (resource: FhirResource): boolean =>
    codes.includes(textIn(resource, 'status'))

const verificationIs =
  (...codes: string[]) =>
  (resource: FhirResource): boolean =>
    codesSaid(resource['verificationStatus']).codes.some((code) => codes.includes(code))

// prettier-ignore
const MAPPINGS: Readonly<Record<string, SetMapping>> = {
  Coverage:           { set: 'coverage',      table: coverageTable,     patient: 'beneficiary', isGone: statusIs('cancelled', 'draft', 'entered-in-error') },
  AllergyIntolerance: { set: 'allergies',     table: allergyTable,      patient: 'patient',     isGone: verificationIs('entered-in-error', 'refuted') },
  Condition:          { set: 'conditions',    table: conditionTable,    patient: 'subject',     isGone: verificationIs('entered-in-error', 'refuted') },
  MedicationRequest:  { set: 'medications',   table: medicationTable,   patient: 'subject',     isGone: statusIs('entered-in-error') },
  Immunization:       { set: 'immunizations', table: immunizationTable, patient: 'patient',     isGone: statusIs('entered-in-error') },
}

/**
 * A resource that is one row of its patient: the patient is mentioned with a keyed set of that one row. A row that was
 * entered in error, refuted or called off stays as `gone`, so that older news cannot bring it back.
 */
export function mapSetRow(resource: FhirResource, id: string, at: FhirReading): readonly Statement[] {
  const type = resource.resourceType
  const { set, table, patient, isGone } = MAPPINGS[type] as SetMapping
  const row: KeyedRow = { key: `${type}/${id}` }
  if (isGone(resource)) row.gone = true
  Object.assign(row, readFhirSetRow(compileFhir(table), resource, type, at))
  const said = { [set]: { rows: [row], place: type, mode: 'keyed' as const } }
  return [mentionPatient(elementIn(resource, patient), `${type}.${patient}`, at, said)]
}

export const SET_TYPES = Object.keys(MAPPINGS)
