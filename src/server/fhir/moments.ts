import { IntegrationError } from '../../kernel/errors.ts'

/** A stretch of time in milliseconds: from, and up to but without. */
export interface Stretch {
  from: number
  to: number
}

const MOMENT =
  /^(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?)?)?$/

/**
 * The stretch that a date, a month, a year or a time covers: days are those of the practice's zone (FHIR R4 §3.1.1.4.7).
 *
 * @returns undefined for what is no FHIR date
 */
export function stretchOf(text: string, zone: string): Stretch | undefined {
  const [, year, month, day, hour, , second, offset] = MOMENT.exec(text) ?? []
  if (year === undefined) return undefined
  try {
    if (hour !== undefined) return timeStretch(text, { second, offset, zone })
    const first = Temporal.PlainDate.from(`${year}-${month ?? '01'}-${day ?? '01'}`)
    const length = day !== undefined ? { days: 1 } : month !== undefined ? { months: 1 } : { years: 1 }
    const at = (one: Temporal.PlainDate): number => one.toZonedDateTime(zone).epochMilliseconds
    return { from: at(first), to: at(first.add(length)) }
  } catch {
    return undefined
  }
}

function timeStretch(
  text: string,
  { second, offset, zone }: { second: string | undefined; offset: string | undefined; zone: string },
): Stretch {
  const whole = second === undefined ? text.replace(/(T\d{2}:\d{2})/, '$1:00') : text
  const from =
    offset === undefined
      ? Temporal.PlainDateTime.from(whole).toZonedDateTime(zone).epochMilliseconds
      : Temporal.Instant.from(whole).epochMilliseconds
  const lasts = second === undefined ? 60_000 : /\.\d+/.test(text) ? 1 : 1000
  return { from, to: from + lasts }
}

const PREFIXES = ['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb'] as const
export type Prefix = (typeof PREFIXES)[number]

export interface DateWanted {
  prefix: Prefix
  stretch: Stretch
}

/** Reads `ge2026-03-01`. @throws REQUEST_INVALID naming the parameter */
export function readDate(name: string, value: string, zone: string): DateWanted {
  // A plus of an offset arrives as a blank where it was not escaped.
  const text = value.trim().replace(' ', '+')
  const prefix = PREFIXES.find((one) => text.startsWith(one))
  const stretch = stretchOf(prefix === undefined ? text : text.slice(2), zone)
  if (stretch === undefined)
    throw new IntegrationError('REQUEST_INVALID', {
      place: name,
      reason: 'write a date such as 2026-03-04 or ge2026-03-04T10:00:00Z',
    })
  return { prefix: prefix ?? 'eq', stretch }
}

/** How a value stands to what is wanted (FHIR R4 §3.1.1.4.1). */
export function isWanted(value: Stretch, { prefix, stretch }: DateWanted): boolean {
  switch (prefix) {
    case 'eq':
      return stretch.from <= value.from && value.to <= stretch.to
    case 'ne':
      return !(stretch.from <= value.from && value.to <= stretch.to)
    case 'gt':
      return value.to > stretch.to
    case 'lt':
      return value.from < stretch.from
    case 'ge':
      return value.to > stretch.from
    case 'le':
      return value.from < stretch.to
    case 'sa':
      return value.from >= stretch.to
    case 'eb':
      return value.to <= stretch.from
    default:
      return prefix satisfies never
  }
}
