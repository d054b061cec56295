import type { CalendarDate, Instant } from '../../kernel/calendar-date.ts'
import type { Address, Coded, Person } from '../../model/values.ts'
import type { CodeSet } from '../code-set.ts'

/** Building FHIR JSON: every function leaves out what it was not given, so that no empty member is written. */

export type Json = Record<string, unknown>

export const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem'
export const LOINC = 'http://loinc.org'
export const UCUM = 'http://unitsofmeasure.org'
export const CDCREC = 'urn:oid:2.16.840.1.113883.6.238'
export const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition'
const DEFINITION = 'http://hl7.org/fhir/StructureDefinition'

/** An object without the members that are undefined, null, '' or an empty list or object. */
export function compacted(members: Json): Json {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => isSaid(value)))
}

function isSaid(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false
  if (Array.isArray(value)) return value.length > 0
  // A kept decimal is an object without members of its own to look at.
  return typeof value !== 'object' || 'rawJSON' in value || Object.keys(value).length > 0
}

/** A list of one, or none. */
export const one = (value: unknown): unknown[] => (isSaid(value) ? [value] : [])

/** An instant as Cerner and the guide write it: whole seconds without a fraction. A date stays a date. */
export const dateTime = (value: Instant | CalendarDate): string => value.replace(/\.000Z$/, 'Z')

export const coding = (system: string, code: string, display?: string): Json =>
  compacted({ system, code, display })

export const conceptOf = (system: string, code: string, display?: string): Json => ({
  coding: [coding(system, code, display)],
  ...(display === undefined ? {} : { text: display }),
})

/** The concept for a studio code of a set; undefined when FHIR has no code for it. */
export function conceptFrom(set: CodeSet, system: string, studio: unknown): Json | undefined {
  if (typeof studio !== 'string') return undefined
  const code = set.write(studio, 'fhir')
  if (code === undefined) return undefined
  const isNull = code === 'UNK' || code === 'ASKU'
  return conceptOf(isNull ? `${TERMINOLOGY}/v3-NullFlavor` : system, code, set.display(studio))
}

/** Names of code systems in HL7 table 0396, by their FHIR addresses. */
const SYSTEMS: Readonly<Record<string, string>> = {
  LN: LOINC,
  LOINC,
  SCT: 'http://snomed.info/sct',
  SNM: 'http://snomed.info/sct',
  SNOMED: 'http://snomed.info/sct',
  I10: 'http://hl7.org/fhir/sid/icd-10-cm',
  I10C: 'http://hl7.org/fhir/sid/icd-10-cm',
  ICD10: 'http://hl7.org/fhir/sid/icd-10-cm',
  I9C: 'http://hl7.org/fhir/sid/icd-9-cm',
  CVX: 'http://hl7.org/fhir/sid/cvx',
  RXNORM: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  NDC: 'http://hl7.org/fhir/sid/ndc',
  C4: 'http://www.ama-assn.org/go/cpt',
  CPT: 'http://www.ama-assn.org/go/cpt',
}

/** The address of a code system; undefined for a local one, which has none. */
function systemUri(system: string | undefined): string | undefined {
  if (system === undefined) return undefined
  return SYSTEMS[system.toUpperCase()] ?? (/^(?:https?:|urn:)/.test(system) ? system : undefined)
}

/** A stored code as a CodeableConcept. */
export function conceptOfCoded(value: unknown): Json | undefined {
  const { code, text, system } = (value ?? {}) as Coded
  if (code === undefined && text === undefined) return undefined
  const codings = code === undefined ? [] : [compacted({ system: systemUri(system), code, display: text })]
  return compacted({ coding: codings, text: text ?? code })
}

export const textConcept = (text: unknown): Json | undefined =>
  typeof text === 'string' && text !== '' ? { text } : undefined

/** A person by name, with the number kept beside it: Practice Studio has no resource for providers. */
export function personReference(value: unknown): Json | undefined {
  const person = (value ?? {}) as Person
  const display = [person.last_name, person.first_name].filter(Boolean).join(', ')
  const identifier =
    person.id === undefined
      ? undefined
      : compacted({ system: authorityUri(person.authority ?? ''), value: person.id })
  return display === '' && identifier === undefined ? undefined : compacted({ identifier, display })
}

/** An assigning authority as an identifier system. */
export function authorityUri(authority: string): string | undefined {
  if (authority === '') return undefined
  if (/^[0-2](?:\.\d+)+$/.test(authority)) return `urn:oid:${authority}`
  return /^(?:https?:|urn:)/i.test(authority)
    ? authority
    : `urn:practicestudio:authority:${encodeURIComponent(authority)}`
}

export function addressOf(value: Address | undefined, use?: string): Json | undefined {
  if (!value) return undefined
  const line = [value.line1, value.line2].filter((part) => part !== undefined && part !== '')
  const parts = compacted({
    line,
    city: value.city,
    district: value.county,
    state: value.state,
    postalCode: value.postal_code,
    country: value.country,
  })
  return Object.keys(parts).length === 0 ? undefined : compacted({ use, ...parts })
}

/** A telephone number as a ContactPoint; its extension has a place of its own. */
export function phoneOf(
  value: unknown,
  use: string,
  write: (number: string) => string = String,
): Json | undefined {
  if (typeof value !== 'string') return undefined
  const [number = '', extension] = value.split(';ext=')
  return compacted({
    extension: one(extension && phoneExtension(extension)),
    system: 'phone',
    value: write(number),
    use,
  })
}

const phoneExtension = (digits: string): Json => ({
  url: `${DEFINITION}/contactpoint-extension`,
  valueString: digits,
})

/** The us-core extension for race or ethnicity; its text is required. */
export function ombExtension(kind: 'race' | 'ethnicity', set: CodeSet, studio: unknown): Json | undefined {
  if (typeof studio !== 'string') return undefined
  const code = set.write(studio, 'fhir')
  const display = set.display(studio) ?? studio
  if (code === undefined) return undefined
  const system = code === 'UNK' || code === 'ASKU' ? `${TERMINOLOGY}/v3-NullFlavor` : CDCREC
  return {
    url: `${US_CORE}/us-core-${kind}`,
    extension: [
      { url: 'ombCategory', valueCoding: { system, code, display } },
      { url: 'text', valueString: display },
    ],
  }
}

export const absentReason = (reason: string): Json => ({
  url: `${DEFINITION}/data-absent-reason`,
  valueCode: reason,
})
