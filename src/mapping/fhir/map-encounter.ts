import type { Statement } from '../../model/statement.ts'
import type { Identifier } from '../../model/values.ts'
import { compileFhir, readFhirFields } from '../compile-fhir.ts'
import { encounterTable } from '../tables/encounter.ts'
import { addIdentifier } from '../sets.ts'
import type { FhirOutcome } from '../map-fhir.ts'
import { elementIn, elementsIn, isOutOfDate, textIn } from './elements.ts'
import { identifierTypeOf, isFinancial } from './identifier.ts'
import type { FhirResource } from './json.ts'
import { mentionPatient } from './map-patient.ts'
import type { FhirReading } from './reading.ts'

/**
 * An Encounter: the patient, then the visit under its logical id and under its visit number, as PV1-19 names it.
 *
 * One that was combined into another has no patient any more and nothing to say (cerner-fhir-r4.md §1.6).
 */
export function mapEncounter(resource: FhirResource, id: string, at: FhirReading): FhirOutcome {
  const subject = elementIn(resource, 'subject')
  const isCombined = textIn(subject, 'reference') === '' && elementIn(resource, 'partOf') !== undefined
  if (isCombined) return { code: 'FHIR_RECORD_COMBINED', place: 'Encounter.partOf' }
  const patient = mentionPatient(subject, 'Encounter.subject', at)
  const keys = [at.fhirId(id)]
  for (const key of visitNumbers(resource, at)) addIdentifier(keys, key)
  const status = textIn(resource, 'status')
  if (status === 'entered-in-error') return [patient, enteredInError(keys)]
  const fields = readFhirFields(compileFhir(encounterTable), resource, 'Encounter', at)
  const effect = status === 'cancelled' ? 'cancel' : 'upsert'
  return [patient, { record: 'encounter', keys, fields, sets: {}, effect, complete: COMPLETE }]
}

/** What a visit may have or not; who it is, how it stands and when it began are always said. */
const ALWAYS = new Set(['external_id', 'account_number', 'status', 'class', 'start_time'])
const COMPLETE = encounterTable.rows
  .filter(({ fhir, field }) => fhir !== null && !ALWAYS.has(field))
  .map(({ field }) => field)

/** A visit has no status of its own for this; what matters is that it is not shown as one. */
const enteredInError = (keys: readonly Identifier[]): Statement => ({
  record: 'encounter',
  keys,
  fields: { status: { value: 'cancelled', place: 'Encounter.status' } },
  sets: {},
  effect: 'cancel',
})

/** Visit numbers in use, typed as PV1-19 types them: Cerner's FIN is a visit number there (codecs/identifier.ts). */
function visitNumbers(resource: FhirResource, at: FhirReading): readonly Identifier[] {
  return elementsIn(resource, 'identifier').flatMap((element): Identifier[] => {
    const value = textIn(element, 'value').trim()
    const isVisit = isFinancial(elementIn(element, 'type')) || identifierTypeOf(element, at) === 'VN'
    if (value === '' || !isVisit || isOutOfDate(element, at.nowMs)) return []
    return [
      { value, authority: at.authorityOr(textIn(element, 'system'), at.fhir.visitAuthority), type: 'VN' },
    ]
  })
}
