import type { Instant } from '../../kernel/calendar-date.ts'

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/

/** A FHIR instant in UTC with milliseconds; undefined when the text is none. */
export function readFhirInstant(text: string): Instant | undefined {
  if (!INSTANT.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}
