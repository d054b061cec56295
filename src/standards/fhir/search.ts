import { IntegrationError } from '../../kernel/errors.ts'
import { DSTU2_RULES, R4_RULES } from './search-rules.ts'
import type { Form, Prefix, SearchRule } from './search-rules.ts'

/**
 * Parameters of a search, by name or as pairs in the order they are sent. A parameter is repeated (an array, or two
 * pairs) for the two bounds of a range only.
 */
export type SearchParameters =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | readonly (readonly [name: string, value: string])[]
export type FhirVersion = 'R4' | 'DSTU2'

/**
 * Builds a search that Cerner will take: `Appointment?location=12&date=ge2026-01-01T00:00:00Z&date=lt…`.
 *
 * @throws FHIR_SEARCH_INCOMPLETE when the required combination is not met, or parameters exclude each other
 * @throws FHIR_SEARCH_INVALID when a parameter is unknown or its value has another form
 * @see cerner-fhir-r4.md §1.4, §3
 */
export function buildSearch(type: string, given: SearchParameters, version: FhirVersion = 'R4'): string {
  const found = (version === 'R4' ? R4_RULES : DSTU2_RULES)[type]
  if (!found) throw invalid(type, 'The type', `one that Cerner searches in ${version}`)
  const pairs = pairsOf(given)
  const names = new Set(pairs.map(([name]) => baseOf(name)))
  for (const [name, values] of pairs) checkParameter(type, found, name, values)
  checkRule(type, found, names)
  const query = pairs
    .flatMap(([name, values]) => values.map((value) => `${encode(name)}=${encode(value)}`))
    .join('&')
  return query === '' ? type : `${type}?${query}`
}

/** Each name once, with all its values. */
function pairsOf(given: SearchParameters): [string, readonly string[]][] {
  const all = new Map<string, string[]>()
  for (const [name, value] of isPairs(given) ? given : Object.entries(given)) {
    if (value === undefined) continue
    all.set(name, [...(all.get(name) ?? []), ...(typeof value === 'string' ? [value] : value)])
  }
  return [...all]
}

const isPairs = (given: SearchParameters): given is Extract<SearchParameters, readonly unknown[]> =>
  Array.isArray(given)

/** `family:exact` is the parameter `family`. */
const baseOf = (name: string): string => name.split(':')[0] ?? name

function checkRule(type: string, rule: SearchRule, names: ReadonlySet<string>): void {
  const incomplete = (needs: string): IntegrationError =>
    new IntegrationError('FHIR_SEARCH_INCOMPLETE', { type, needs })
  if (!rule.needs.some((set) => set.every((name) => names.has(name)))) throw incomplete(rule.says)
  for (const set of rule.oneOf) {
    if (set.filter((name) => names.has(name)).length > 1) throw incomplete(`only one of ${set.join(' and ')}`)
  }
  const lonely = rule.alone.find((name) => names.has(name))
  const beside = [...names].filter(
    (name) => name !== lonely && !name.startsWith('_include') && name !== '_revinclude',
  )
  if (lonely !== undefined && beside.length > 0) throw incomplete(`${lonely} without other parameters`)
  if (names.has('given') && type === 'Practitioner' && !names.has('family'))
    throw incomplete('family beside given')
  if (type === 'Encounter' && names.has('_count') && !names.has('patient'))
    throw incomplete('patient beside _count')
  if (names.has('address-city') && !names.has('address-state') && !names.has('address-postalcode'))
    throw incomplete('address-state or address-postalcode beside address-city')
}

function checkParameter(type: string, rule: SearchRule, name: string, values: readonly string[]): void {
  const form = rule.takes[baseOf(name)]
  if (!form) throw invalid(type, name, 'a parameter Cerner knows')
  const modifier = name.includes(':') ? name.slice(name.indexOf(':') + 1) : null
  if (modifier !== null && !mayModify(form, modifier)) throw invalid(type, name, 'a modifier Cerner knows')
  const expected = expectedOf(form, values)
  if (expected !== null) throw invalid(type, name, expected)
}

const mayModify = (form: Form, modifier: string): boolean =>
  (form.is === 'one' && modifier === 'exact') ||
  (form.is === 'references' && /^[A-Z][A-Za-z]+$/.test(modifier))

const LIST = /^[^,\s][^\r\n]*$/
const REFERENCES = /^(?:[A-Z][A-Za-z]+\/)?[A-Za-z0-9.-]{1,64}(?:,(?:[A-Z][A-Za-z]+\/)?[A-Za-z0-9.-]{1,64})*$/

/** What the values should have been, or null when they are right. */
function expectedOf(form: Form, values: readonly string[]): string | null {
  if (form.is === 'date' || form.is === 'instant') return expectedRange(form, values)
  const [value] = values
  if (value === undefined || value.trim() === '') return 'a value'
  // Several includes are several parameters (§3.3: Slot:schedule and Schedule:actor:Practitioner).
  if (form.is === 'choice')
    return values.every((one) => form.of.includes(one)) ? null : `one of ${form.of.join(', ')}`
  if (values.length > 1) return 'given once; several values are one list with commas'
  switch (form.is) {
    case 'list':
      return LIST.test(value) ? null : 'a code or a list of codes'
    case 'one':
      return null
    case 'references':
      return REFERENCES.test(value) ? null : 'an id or a list of ids'
    case 'count':
      return /^\d+$/.test(value) && Number(value) >= form.min && Number(value) <= form.max
        ? null
        : `a number from ${form.min} to ${form.max}`
    default:
      return form satisfies never
  }
}

const PREFIXED = /^(eq|ge|gt|le|lt)?(.+)$/
const DATE = /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])$/
const PARTIAL = /^\d{4}(?:-\d{2}(?:-\d{2})?)?$/
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/

function expectedRange(
  form: Extract<Form, { is: 'date' | 'instant' }>,
  values: readonly string[],
): string | null {
  const bounds = values.map((value) => {
    const [, prefix, rest = ''] = PREFIXED.exec(value) ?? []
    return { prefix: (prefix ?? 'eq') as Prefix, rest }
  })
  if (!bounds.every(({ rest }) => isMoment(form, rest)))
    return form.is === 'date' ? 'a date without a time' : 'a time with its zone'
  const lower = bounds.filter(({ prefix }) => form.from.includes(prefix) && prefix !== 'eq').length
  const upper = bounds.filter(({ prefix }) => form.to.includes(prefix)).length
  if (form.sides === 'both') {
    if (lower !== 1 || upper !== 1 || bounds.length !== 2)
      return `a range: ${form.from.join(' or ')} and ${form.to.join(' or ')}`
    return null
  }
  if (form.sides === 'any' && bounds.length === 2)
    return lower === 1 && upper === 1 ? null : 'a range of two bounds'
  if (bounds.length !== 1) return 'one bound'
  const [only] = bounds
  const allowed: readonly Prefix[] = [...form.from, ...form.to]
  return only && allowed.includes(only.prefix)
    ? null
    : `one with ${[...new Set(allowed)].join(', ')} in front`
}

function isMoment(form: Extract<Form, { is: 'date' | 'instant' }>, text: string): boolean {
  if (form.is === 'date') return DATE.test(text)
  return INSTANT.test(text) || (form.bare === true && PARTIAL.test(text))
}

// Commas, colons and slashes are legal in a query and keep it readable in the log.
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/%2C/g, ',').replace(/%3A/g, ':').replace(/%2F/g, '/').replace(/%24/g, '$')

const invalid = (type: string, place: string, expected: string): IntegrationError =>
  new IntegrationError('FHIR_SEARCH_INVALID', { type, place, expected })

/** The two bounds of a half-open range, as Cerner documents it: `ge` the start, `lt` the end. */
export const range = (from: string, to: string): readonly [string, string] => [`ge${from}`, `lt${to}`]
