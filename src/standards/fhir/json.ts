import { IntegrationError } from '../../kernel/errors.ts'

/**
 * JSON of resources with decimals kept as they were written: in FHIR the digits carry precision, so `180.0` cm is not
 * `180` cm (FHIR R4 §2.24.0.1 decimal).
 */

/** A number as its text; `JSON.stringify` writes it back as it was. Frozen, and not to be cloned between threads. */
export interface RawNumber {
  readonly rawJSON: string
}

/** A resource as parsed. Numbers with a fraction, an exponent or more than 15 digits are {@link RawNumber}s. */
export interface ParsedResource {
  resourceType: string
  id?: string
  [member: string]: unknown
}

// The language has these since 2025; the compiler's library does not know them yet.
interface SourceText {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown
  rawJSON(text: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
}
const json = JSON as unknown as SourceText

// A number stands behind a colon, a comma or a bracket. A string that looks so costs time only.
const NEEDS_CARE = /(?:"\s*:|[[,])\s*(?:-?\d+[.eE]|-?\d{16}|-0)/
const EXACT = /^(?:0|-?[1-9]\d{0,14})$/
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/

/**
 * Parses JSON with decimals kept as written.
 *
 * @throws SyntaxError as JSON.parse does
 */
export function parseExact(text: string): unknown {
  if (!NEEDS_CARE.test(text)) return JSON.parse(text) as unknown
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !EXACT.test(source) ? json.rawJSON(source) : value,
  )
}

/**
 * Parses one resource.
 *
 * @param place names it in the error: `Bundle.entry[3].resource`
 * @throws FHIR_RESOURCE_INVALID when it is not JSON, or has no resourceType
 */
export function parseResource(text: string, place = 'The resource'): ParsedResource {
  const value = parsed(text, place)
  if (isResource(value)) return value
  throw new IntegrationError('FHIR_RESOURCE_INVALID', { place, expected: 'an object with a resourceType' })
}

function parsed(text: string, place: string): unknown {
  try {
    return parseExact(text)
  } catch {
    // The cause is left out: V8 quotes the text around the fault, which may name a patient.
    throw new IntegrationError('FHIR_RESOURCE_INVALID', { place, expected: 'JSON' })
  }
}

export const isResource = (value: unknown): value is ParsedResource =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  'resourceType' in value &&
  typeof value.resourceType === 'string'

/** Writes a resource, its kept decimals digit by digit. */
export const writeResource = (resource: object): string => JSON.stringify(resource)

/** A decimal to be written with these digits: `decimal('180.0')`. */
export function decimal(digits: string): RawNumber {
  if (!NUMBER.test(digits)) throw new RangeError('not a JSON number')
  return json.rawJSON(digits)
}

/** The digits of a number as they were written, or undefined for what is no number. */
export function digitsOf(value: unknown): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : undefined
  return json.isRawJSON(value) && NUMBER.test(value.rawJSON) ? value.rawJSON : undefined
}
