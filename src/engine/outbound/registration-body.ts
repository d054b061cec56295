import type { FhirResource } from '../../connectors/cerner/port.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ExchangeId } from '../../kernel/ids.ts'
import type { FhirMapSettings } from '../../mapping/map-fhir.ts'
import { patientToFhir } from '../../mapping/write-fhir.ts'
import { emptyDocument } from '../../model/document.ts'
import { STUDIO_CONNECTION_ID } from '../../model/studio.ts'
import { withKnown } from './intent.ts'
import type { Known } from './intent.ts'

/**
 * The Patient that a registration sends, made of the fields as they were entered.
 *
 * @param enrolAt id of the organization that enrols; where it is empty no identifier says so, which only the Millennium
 *   service takes
 * @throws FHIR_RULE_BROKEN
 * @see cerner-fhir-r4.md §3.1
 */
export function registrationBody(
  ours: Readonly<Record<string, unknown>>,
  settings: FhirMapSettings,
  enrolAt: string,
): FhirResource {
  const source = { asOfMs: 0, exchangeId: '' as ExchangeId, connectionId: STUDIO_CONNECTION_ID, place: '' }
  const values: Record<string, Known> = {}
  for (const [field, value] of Object.entries(ours)) values[field] = { ...source, value }
  const document = withKnown(emptyDocument(), values)
  const { identifier, ...rest } = patientToFhir(document, settings, { assigner: enrolAt || 'none' })
  const identifiers = (identifier as unknown[]).slice(enrolAt === '' ? 1 : 0)
  return identifiers.length === 0 ? rest : { ...rest, identifier: identifiers }
}

/** @throws ENROLMENT_NOT_SET where the road cannot do without */
export function checkEnrolment(road: 'fhir' | 'millennium', enrolAt: string): void {
  if (road === 'fhir' && enrolAt === '') throw new IntegrationError('ENROLMENT_NOT_SET', {})
}
