import { IntegrationError } from '../../kernel/errors.ts'
import { valueOf } from '../../model/document.ts'
import type { RecordDocument } from '../../model/document.ts'
import type { FhirMapSettings } from '../fhir/settings.ts'
import type { FhirResource } from '../fhir/json.ts'
import { compacted, one, US_CORE } from './parts.ts'
import type { Json } from './parts.ts'
import { patientParts } from './patient-parts.ts'

/**
 * The body that creates a patient at Cerner: only what it takes, each part by its rules (cerner-fhir-r4.md §3.1).
 *
 * The first identifier is the organization that enrols; Cerner gives the medical record number itself, so no number of
 * ours is sent but a social security number.
 *
 * @param assigner id of the Organization
 * @throws FHIR_RULE_BROKEN without a family and a given name
 */
export function patientToFhir(
  document: RecordDocument,
  settings: FhirMapSettings,
  { assigner }: { assigner: string },
): FhirResource {
  const parts = patientParts(document, (number) => dialled(number, settings.country))
  if (parts.name?.['family'] === undefined || parts.name['given'] === undefined)
    throw new IntegrationError('FHIR_RULE_BROKEN', { call: 'POST Patient', place: 'Patient.name' })
  return {
    resourceType: 'Patient',
    ...compacted({
      extension: [...parts.extension, ...one(birthSex(valueOf(document, 'gender')))],
      identifier: [
        { assigner: { reference: `Organization/${assigner}` } },
        ...one(ssnOf(valueOf(document, 'ssn'))),
      ],
      active: true,
      name: [bounded(parts.name)],
      telecom: parts.telecom,
      gender: parts.gender,
      birthDate: wholeDate(valueOf(document, 'date_of_birth')),
      address: one(parts.address && bounded(parts.address)),
      maritalStatus: parts.maritalStatus,
      communication: one(parts.communication),
    }),
  }
}

/** National digits for numbers of the practice's own country, which is how Cerner stores them; others stay E.164. */
export const dialled = (number: string, country: string): string =>
  country === 'US' || country === 'CA' ? number.replace(/^\+1(?=\d{10}$)/, '') : number

const birthSex = (gender: unknown): Json | undefined =>
  gender === 'M' || gender === 'F' ? { url: `${US_CORE}/us-core-birthsex`, valueCode: gender } : undefined

const ssnOf = (value: unknown): Json | undefined =>
  typeof value === 'string'
    ? {
        type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'SS' }] },
        system: 'http://hl7.org/fhir/sid/us-ssn',
        value: value.replaceAll('-', ''),
      }
    : undefined

/** Cerner wants a whole day; a year alone is no birth date there. */
export const wholeDate = (value: unknown): string | undefined =>
  typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : undefined

const LONGEST = 100

/** Cerner takes 100 characters a part; a longer one would refuse the whole patient. */
const bounded = (parts: Json): Json =>
  Object.fromEntries(
    Object.entries(parts).map(([name, value]) => [name, Array.isArray(value) ? value.map(cut) : cut(value)]),
  )
const cut = (value: unknown): unknown => (typeof value === 'string' ? value.slice(0, LONGEST) : value)
