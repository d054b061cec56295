import type { ParsedResource } from '../../standards/fhir/json.ts'

/** A FHIR element: a JSON object whose members are read with the functions of elements.ts. */
export type FhirElement = Readonly<Record<string, unknown>>

export type FhirResource = Readonly<ParsedResource>

/** True for an object; a decimal that was kept with its digits is none. */
export const isElement = (value: unknown): value is FhirElement =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('rawJSON' in value)
