import type { Said, SaidSet, Statement } from '../../model/statement.ts'
import type { Attachment, Identifier, Observation } from '../../model/values.ts'
import { readAttachment } from '../codecs/observation.ts'
import { compileFhir, readFhirFields } from '../compile-fhir.ts'
import { addIdentifier } from '../sets.ts'
import { reportTable } from '../tables/report.ts'
import { chooseFiller } from './choose.ts'
import { codedOf } from './coding.ts'
import { elementIn, elementsIn, textIn } from './elements.ts'
import type { FhirResource } from './json.ts'
import { mentionPatient } from './map-patient.ts'
import type { FhirReading } from './reading.ts'

/**
 * A DiagnosticReport: the header of a report under its logical id and the number of the laboratory, as OBR-3 names it.
 *
 * Its results are Observations, which come by themselves: they are not copied here. A document that the report presents
 * is a row of it, with the address where its content is read.
 */
export function mapDiagnosticReport(
  resource: FhirResource,
  id: string,
  at: FhirReading,
): readonly Statement[] {
  const patient = mentionPatient(elementIn(resource, 'subject'), 'DiagnosticReport.subject', at)
  const fields = readFhirFields(compileFhir(reportTable), resource, 'DiagnosticReport', at)
  const keys = [at.fhirId(id)]
  addIdentifier(keys, fillerNumber(resource, at))
  const effect = fields['status']?.value === 'entered-in-error' ? 'cancel' : 'upsert'
  return [patient, { record: 'report', keys, fields, sets: forms(resource, id, fields, at), effect }]
}

function fillerNumber(resource: FhirResource, at: FhirReading): Identifier | undefined {
  const list = elementsIn(resource, 'identifier')
  const found = list[chooseFiller(list, at)]
  if (!found) return undefined
  const system = textIn(found, 'system')
  // The accession system names the tenant, not an authority that HL7 messages would know.
  const authority = at.authorityOr(system.endsWith('/acsn') ? '' : system, at.fhir.visitAuthority)
  return { value: textIn(found, 'value').trim(), authority, type: 'FILL' }
}

const ROW_STATUS: Readonly<Record<string, Observation['status']>> = { partial: 'preliminary' }

function forms(
  resource: FhirResource,
  id: string,
  fields: Readonly<Record<string, Said>>,
  at: FhirReading,
): Record<string, SaidSet> {
  const said = fields['status']?.value as Observation['status'] | 'partial' | undefined
  const status = said === undefined ? 'preliminary' : (ROW_STATUS[said] ?? (said as Observation['status']))
  const code = codedOf(resource['code']) ?? {}
  const rows = documentsOf(resource).map((attachment, index): Observation => {
    const key = `DiagnosticReport/${id}#${index}`
    return { key, code, status, attachment, reported_at: at.updatedAt() }
  })
  return rows.length === 0 ? {} : { observations: { rows, place: 'DiagnosticReport.presentedForm' } }
}

const FORMATS = ['application/pdf', 'text/html', 'application/xhtml+xml', 'text/rtf', 'text/plain']
const formatRank = (one: Attachment): number => {
  const rank = FORMATS.indexOf(one.media_type?.split(';')[0] ?? '')
  return rank < 0 ? FORMATS.length : rank
}

/** The documents presented, each once: Cerner lists one document in several formats under one title. */
function documentsOf(resource: FhirResource): readonly Attachment[] {
  const best = new Map<string, Attachment>()
  for (const form of elementsIn(resource, 'presentedForm')) {
    const one = readAttachment(form)
    if (!one) continue
    const known = best.get(one.title ?? '')
    if (!known || formatRank(one) < formatRank(known)) best.set(one.title ?? '', one)
  }
  return [...best.values()]
}
