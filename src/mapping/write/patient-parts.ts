import { valueOf } from '../../model/document.ts'
import type { RecordDocument } from '../../model/document.ts'
import type { Address } from '../../model/values.ts'
import { administrativeSex } from '../codesets/administrative-sex.ts'
import { ethnicity } from '../codesets/ethnicity.ts'
import { language } from '../codesets/language.ts'
import { maritalStatus } from '../codesets/marital-status.ts'
import { race } from '../codesets/race.ts'
import { addressOf, compacted, conceptFrom, ombExtension, one, phoneOf, TERMINOLOGY } from './parts.ts'
import type { Json } from './parts.ts'

/** The parts of a Patient that both the façade and a create at Cerner write, from the fields of the record. */
export interface PatientParts {
  extension: Json[]
  name: Json | undefined
  telecom: Json[]
  address: Json | undefined
  gender: string | undefined
  maritalStatus: Json | undefined
  communication: Json | undefined
}

export function patientParts(
  document: RecordDocument,
  writePhone?: (number: string) => string,
): PatientParts {
  const of = (field: string): unknown => valueOf(document, field)
  return {
    extension: [
      ...one(ombExtension('race', race, of('race'))),
      ...one(ombExtension('ethnicity', ethnicity, of('ethnicity'))),
    ] as Json[],
    name: nameOf(document),
    telecom: [
      ...one(phoneOf(of('phone_home'), 'home', writePhone)),
      ...one(phoneOf(of('phone_mobile'), 'mobile', writePhone)),
      ...one(phoneOf(of('phone_work'), 'work', writePhone)),
      ...one(emailOf(of('email'))),
    ] as Json[],
    address: addressOf(homeAddress(document), 'home'),
    gender: genderOf(of('gender')),
    maritalStatus: maritalOf(of('marital_status')),
    communication: languageOf(of('preferred_language')),
  }
}

export const genderOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? administrativeSex.write(value as 'M', 'fhir') : undefined

export const maritalOf = (value: unknown): Json | undefined =>
  conceptFrom(maritalStatus, `${TERMINOLOGY}/v3-MaritalStatus`, value)

export function languageOf(value: unknown): Json | undefined {
  const concept = conceptFrom(language, 'urn:ietf:bcp:47', value)
  return concept && { language: concept, preferred: true }
}

export const raceOf = (value: unknown): Json | undefined => ombExtension('race', race, value)
export const ethnicityOf = (value: unknown): Json | undefined => ombExtension('ethnicity', ethnicity, value)

export const emailOf = (value: unknown): Json | undefined =>
  typeof value === 'string' ? { system: 'email', value, use: 'home' } : undefined

function nameOf(document: RecordDocument): Json | undefined {
  const [family, first, middle, suffix] = ['last_name', 'first_name', 'middle_name', 'name_suffix'].map(
    (field) => valueOf(document, field),
  )
  if (family === null && first === null) return undefined
  // A middle name without a first one would be read as the first.
  const given = first === null ? [] : [...one(first), ...one(middle)]
  return compacted({ use: 'official', family, given, suffix: one(suffix) })
}

function homeAddress(document: RecordDocument): Address {
  const parts = ['line1', 'line2', 'city', 'state', 'postal_code', 'country', 'county'] as const
  const said = parts.flatMap((part) => {
    const value = valueOf(document, `address.${part}`)
    return typeof value === 'string' ? [[part, value] as const] : []
  })
  return Object.fromEntries(said)
}
