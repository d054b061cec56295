import type { Said, SaidSet, Statement } from '../../model/statement.ts'
import type { Observation } from '../../model/values.ts'
import { compileFhir, readFhirFields, readFhirSetRow } from '../compile-fhir.ts'
import { observationTable } from '../tables/observation.ts'
import { reportTable } from '../tables/report.ts'
import { elementIn, elementsIn, textIn } from './elements.ts'
import type { FhirElement, FhirResource } from './json.ts'
import { mentionPatient } from './map-patient.ts'
import type { FhirReading } from './reading.ts'

/**
 * An Observation: a report of its own, under its logical id, with one row for its value, or one for each component.
 *
 * The keys of the rows come from the id and, for components, their code: a site may map an event to LOINC one day, and
 * the row must stay the same row.
 *
 * @see cerner-fhir-r4.md §3.5
 */
export function mapObservation(resource: FhirResource, id: string, at: FhirReading): readonly Statement[] {
  const patient = mentionPatient(elementIn(resource, 'subject'), 'Observation.subject', at)
  const fields = readFhirFields(compileFhir(reportTable), resource, 'Observation', at)
  const rows = readRows(resource, id, fields, at)
  const sets: Record<string, SaidSet> =
    rows.length === 0 ? {} : { observations: { rows, place: 'Observation.value' } }
  const keys = [at.fhirId(id)]
  const status = fields['status']?.value
  return [
    patient,
    { record: 'report', keys, fields, sets, effect: status === 'entered-in-error' ? 'cancel' : 'upsert' },
  ]
}

function readRows(
  resource: FhirResource,
  id: string,
  fields: Readonly<Record<string, Said>>,
  at: FhirReading,
): Observation[] {
  const key = `Observation/${id}`
  const shared = sharedParts(fields, at)
  const components = elementsIn(resource, 'component')
  const rows: Observation[] = []
  const own = readRow(resource, 'Observation', key, shared, at)
  if (own && (hasValue(own) || components.length === 0)) rows.push(own)
  const seen = new Set<string>()
  components.forEach((component, index) => {
    const code = componentKey(component, index)
    if (seen.has(code)) return
    seen.add(code)
    const row = readRow(component, `Observation.component[${index}]`, `${key}#${code}`, shared, at)
    if (row) rows.push(row)
  })
  return rows
}

function readRow(
  element: FhirElement,
  place: string,
  key: string,
  shared: Pick<Observation, 'status' | 'effective_at' | 'reported_at' | 'performer'>,
  at: FhirReading,
): Observation | undefined {
  const read = readFhirSetRow<Partial<Observation>>(compileFhir(observationTable), element, place, at)
  if (!read) return undefined
  return { key, ...shared, ...read, code: read.code ?? {}, status: shared.status }
}

const hasValue = ({ quantity, text, codes, attachment }: Observation): boolean =>
  quantity !== undefined || text !== undefined || codes !== undefined || attachment !== undefined

/** What a component has from the observation it is part of. */
function sharedParts(
  fields: Readonly<Record<string, Said>>,
  at: FhirReading,
): Pick<Observation, 'status' | 'effective_at' | 'reported_at' | 'performer'> {
  const status = fields['status']?.value as Observation['status'] | undefined
  const effective = fields['effective_at']?.value as string | undefined
  return {
    // A status we do not know was refused with a warning; the row is shown until one comes that is known.
    status: status ?? 'preliminary',
    ...(effective === undefined ? {} : { effective_at: effective }),
    reported_at: at.updatedAt(),
  }
}

/** The standard code, else the site's, else the place in the list. */
function componentKey(component: FhirElement, index: number): string {
  const codings = elementsIn(elementIn(component, 'code'), 'coding')
  const loinc = codings.find((one) => textIn(one, 'system') === 'http://loinc.org') ?? codings[0]
  return textIn(loinc, 'code') || String(index)
}
