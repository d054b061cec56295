import { IntegrationError } from '../../kernel/errors.ts'
import type { Said, SaidSet, Statement } from '../../model/statement.ts'
import type { Identifier, NextOfKin } from '../../model/values.ts'
import { compileFhir, readFhirFields, readFhirSetRow } from '../compile-fhir.ts'
import { addIdentifier } from '../sets.ts'
import { nextOfKinTable } from '../tables/next-of-kin.ts'
import { patientTable } from '../tables/patient.ts'
import { elementsIn, isOutOfDate, textIn } from './elements.ts'
import { isNamingIdentifier, readFhirIdentifier } from './identifier.ts'
import type { FhirElement, FhirResource } from './json.ts'
import type { FhirReading } from './reading.ts'

/**
 * A Patient. Its keys are the logical id and the numbers by which HL7 messages name it (identifier.ts), so that both
 * roads end in one record; a social security number is never a key.
 *
 * A record that was combined into another says only that it is no longer in use (cerner-fhir-r4.md §1.6).
 */
export function mapPatient(resource: FhirResource, id: string, at: FhirReading): readonly Statement[] {
  if (isReplaced(resource)) return [combined(id, at)]
  const { keys, rows } = readIdentifiers(resource, id, at)
  const fields = readFhirFields(compileFhir(patientTable), resource, 'Patient', at)
  readDeath(fields)
  const sets: Record<string, SaidSet> = { identifiers: { rows, place: 'Patient.identifier' } }
  sets['next_of_kin'] = { rows: readContacts(resource, at), place: 'Patient.contact' }
  return [{ record: 'patient', keys, fields, sets, effect: 'upsert', complete: COMPLETE }]
}

/** All that a Patient can say, but what names it. */
const COMPLETE = patientTable.rows
  .filter(
    ({ fhir, field }) => fhir !== null && field !== 'external_id' && field !== 'active' && field !== 'ssn',
  )
  .map(({ field }) => field)

const isReplaced = (resource: FhirResource): boolean =>
  elementsIn(resource, 'link').some((link) => textIn(link, 'type') === 'replaced-by')

function combined(id: string, at: FhirReading): Statement {
  const key = at.fhirId(id)
  return {
    record: 'patient',
    keys: [key],
    fields: { active: { value: false, place: 'Patient.link' } },
    sets: { identifiers: { rows: [key], place: 'Patient.id' } },
    effect: 'upsert',
  }
}

function readIdentifiers(
  resource: FhirResource,
  id: string,
  at: FhirReading,
): { keys: readonly Identifier[]; rows: readonly Identifier[] } {
  const keys = [at.fhirId(id)]
  const rows = [at.fhirId(id)]
  for (const element of elementsIn(resource, 'identifier')) {
    const row = readFhirIdentifier(element, at)
    if (!row) continue
    addIdentifier(rows, row)
    if (isNamingIdentifier(element, row, at)) addIdentifier(keys, row)
  }
  return { keys, rows }
}

/** FHIR says the one or the other: a time of death is a death, and "not deceased" has no time. */
function readDeath(fields: Record<string, Said>): void {
  const { deceased, deceased_at: diedAt } = fields
  if (diedAt) fields['deceased'] = { value: true, place: diedAt.place }
  else if (deceased?.value === false) fields['deceased_at'] = { value: null, place: deceased.place }
}

function readContacts(resource: FhirResource, at: FhirReading): readonly NextOfKin[] {
  const rows: NextOfKin[] = []
  elementsIn(resource, 'contact').forEach((contact, index) => {
    if (isOutOfDate(contact, at.nowMs)) return
    const place = `Patient.contact[${index}]`
    const row = readFhirSetRow<NextOfKin>(compileFhir(nextOfKinTable), contact, place, at)
    if (row && (row.last_name ?? row.first_name ?? row.phone) !== undefined) rows.push(row)
  })
  return rows
}

/**
 * The patient that another resource is about, by the logical id alone: it may make a record that is missing, and
 * changes nothing.
 *
 * @throws FHIR_RESOURCE_INVALID when the resource does not say whose it is
 */
export function mentionPatient(
  reference: FhirElement | undefined,
  place: string,
  at: FhirReading,
  sets: Readonly<Record<string, SaidSet>> = {},
): Statement {
  const id = at.idOf(reference, 'Patient')
  if (id === undefined)
    throw new IntegrationError('FHIR_RESOURCE_INVALID', { place, expected: 'a reference to a patient' })
  const key = at.fhirId(id)
  const identifiers: SaidSet = { rows: [key], place: `${place}.reference` }
  return { record: 'patient', keys: [key], fields: {}, sets: { identifiers, ...sets }, effect: 'mention' }
}
