import type { Identifier } from '../../model/values.ts'
import { readCode } from '../codecs/coded.ts'
import { identifierType } from '../codesets/identifier-type.ts'
import { codingsOf, wordsOf } from './coding.ts'
import { elementIn, isOutOfDate, textIn } from './elements.ts'
import type { FhirElement } from './json.ts'
import type { FhirReading } from './reading.ts'

const SSN_SYSTEMS = new Set(['http://hl7.org/fhir/sid/us-ssn', 'urn:oid:2.16.840.1.113883.4.1'])

/**
 * Type of an identifier in the words of table 0203. The standard code counts, unless it says only "unspecified": then
 * the site's own alias type is asked, which knows a community MRN from a web account.
 */
export function identifierTypeOf(identifier: FhirElement, at: FhirReading): string {
  if (SSN_SYSTEMS.has(textIn(identifier, 'system'))) return 'SS'
  const concept = elementIn(identifier, 'type')
  if (!concept) return ''
  let unspecified = ''
  for (const coding of codingsOf(concept)) {
    const code = textIn(coding, 'code')
    const known =
      readCode(identifierType, code, at) ?? readCode(identifierType, textIn(coding, 'display'), at)
    if (known !== undefined && known !== 'U') return known
    unspecified ||= known ?? ''
  }
  const words = wordsOf(concept)
  return readCode(identifierType, words, at) ?? (unspecified || words.toUpperCase())
}

const FINANCIAL = /^FIN( ?NBR)?$/i

/** Cerner's financial number: one alias for the account and the visit. */
export const isFinancial = (type: FhirElement | undefined): boolean => {
  if (!type) return false
  if (FINANCIAL.test(textIn(type, 'text'))) return true
  return codingsOf(type).some((coding) => FINANCIAL.test(textIn(coding, 'display')))
}

/** An identifier as a row of the patient, whether or not it may serve as a key. */
export function readFhirIdentifier(identifier: FhirElement, at: FhirReading): Identifier | undefined {
  const value = textIn(identifier, 'value').trim()
  if (value === '') return undefined
  const type = identifierTypeOf(identifier, at)
  const raw = wordsOf(elementIn(identifier, 'type'))
  const authority = at.authorityOfSystem(textIn(identifier, 'system'))
  const row: Identifier = { value, authority, type: type || 'U' }
  return raw === '' || raw === row.type ? row : { ...row, raw_type: raw }
}

/** Types that name one person within their authority, as they do in PID-3. */
const NAMING = new Set(['MR', 'PI', 'PT', 'MA', 'MC', 'NI', 'LR', 'RI'])

/**
 * True for an identifier that links the patient: of a naming type, of a known system, and in use. A number without a
 * system says nothing about whose it is, and one that has ended may be somebody else's by now.
 */
export const isNamingIdentifier = (identifier: FhirElement, row: Identifier, at: FhirReading): boolean =>
  NAMING.has(row.type) &&
  row.authority !== '' &&
  textIn(identifier, 'use') !== 'old' &&
  !isOutOfDate(identifier, at.nowMs)
