import { PARAMETER_NAMES } from './search-rules.ts'

/**
 * What an error answer says, without any value in it: codes, places and names of parameters only. The body itself stays
 * in the exchange, where access is audited.
 */
export interface Outcome {
  form: 'outcome' | 'gateway' | 'json' | 'text' | 'html' | 'empty'
  /** Issue code (`not-found`), or the code of the gateway (`403`); empty when there is none. */
  code: string
  severity: string
  /** Paths and header names, `/f:AllergyIntolerance/f:status`; then parameters that the text names. */
  places: readonly string[]
  /** `urn:cerner:error:oauth2:resource-access:insufficient-scopes` */
  urn: string | null
  /** `insufficient_scope`, `invalid_token`; of the gateway its subcode follows in {@link places}. */
  oauth: string | null
  /** Codes of `details.coding`. */
  details: readonly string[]
  /** Set when the text is one of the sentences Cerner is known to use. */
  known: Known | null
}

export type Known = 'tenant-unknown' | 'tenant-mismatch' | 'search-without-parameters' | 'if-match'

const SENTENCES: readonly (readonly [RegExp, Known])[] = [
  [/tenant not valid or accessible/i, 'tenant-unknown'],
  [/tenant-mismatch/i, 'tenant-mismatch'],
  [/no supported search parameters/i, 'search-without-parameters'],
  [/invalid If-Match|no If-Match/i, 'if-match'],
]

const EMPTY: Outcome = {
  form: 'empty',
  code: '',
  severity: '',
  places: [],
  urn: null,
  oauth: null,
  details: [],
  known: null,
}
const LONGEST_READ = 64 * 1024

/**
 * Reads the body of an answer that says no: OperationOutcome, gateway body, plain text, HTML or nothing.
 *
 * @see cerner-fhir-r4.md §1.5
 */
export function readOutcome(body: string): Outcome {
  const text = body.slice(0, LONGEST_READ).trim()
  if (text === '') return EMPTY
  if (text.startsWith('<')) return { ...EMPTY, form: 'html' }
  const value = parsed(text)
  if (typeof value !== 'object' || value === null) return fromText('text', '', text)
  const record = value as Record<string, unknown>
  if (Array.isArray(record['issue'])) return fromIssues(record['issue'])
  if ('message' in record) return fromText('gateway', codeOf(record['code']), textOf(record['message']))
  return { ...EMPTY, form: 'json' }
}

/** The issue that says most: `fatal` before `error` before the rest. */
function fromIssues(issues: readonly unknown[]): Outcome {
  const rows = issues.map((issue) => recordOf(issue))
  const ranked = rows.toSorted((a, b) => rankOf(a['severity']) - rankOf(b['severity']))
  const [first] = ranked
  if (!first) return { ...EMPTY, form: 'outcome' }
  const details = recordOf(first['details'])
  const words = `${textOf(details['text'])} ${textOf(first['diagnostics'])}`
  const paths = ranked
    .flatMap((row) => [...listOf(row['expression']), ...listOf(row['location'])])
    .filter(isPath)
  const read = fromText('outcome', codeOf(first['code']), words)
  return {
    ...read,
    severity: codeOf(first['severity']),
    places: [...new Set([...paths, ...read.places])],
    details: listOf(details['coding']).flatMap((coding) => codeOf(recordOf(coding)['code']) || []),
  }
}

function fromText(form: Outcome['form'], code: string, text: string): Outcome {
  const subcode = /subcode="([a-z_]{1,64})"/.exec(text)?.[1]
  return {
    ...EMPTY,
    form,
    code,
    places: [...(subcode === undefined ? [] : [subcode]), ...(form === 'gateway' ? [] : namedIn(text))],
    urn: /urn:cerner:error:[a-z0-9:._-]{1,150}/.exec(text)?.[0] ?? null,
    oauth: /error="([a-z_]{1,64})"/.exec(text)?.[1] ?? null,
    known: SENTENCES.find(([sentence]) => sentence.test(text))?.[1] ?? null,
  }
}

// Only words of the vocabulary come out of a text: whatever else stands there may be a value.
const namedIn = (text: string): string[] => [
  ...new Set(text.split(/[^A-Za-z0-9_.-]+/).filter((word) => PARAMETER_NAMES.has(word))),
]

const XPATH = /^(?:\/f:[A-Za-z]{1,64}(?:\[\d{1,4}\])?){1,12}$/
const FHIRPATH = /^[A-Za-z][A-Za-z-]{1,63}(?:\[\d{1,4}\])?(?:\.[A-Za-z-]{1,64}(?:\[\d{1,4}\])?){1,12}$/

const isPath = (text: unknown): text is string =>
  typeof text === 'string' && (XPATH.test(text) || FHIRPATH.test(text))

/** What to name in an error: places first, then codes. */
export function placeOf(outcome: Outcome): string {
  const named = outcome.places.join(', ') || outcome.details.join(', ') || outcome.urn || outcome.code
  return named || (outcome.form === 'empty' ? 'without a reason' : 'the reason is in the answer')
}

const RANKS = ['fatal', 'error', 'warning', 'information']
const rankOf = (severity: unknown): number => {
  const rank = RANKS.indexOf(textOf(severity))
  return rank < 0 ? RANKS.length : rank
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
/** A code is short and has no blanks; anything else could be a value. */
const codeOf = (value: unknown): string =>
  typeof value === 'number' ? String(value) : (/^[A-Za-z0-9_.-]{1,64}$/.exec(textOf(value))?.[0] ?? '')
