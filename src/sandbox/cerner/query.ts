import { invalidRequest } from './outcomes.ts'

/** From `from`, included, to `to`, not included; milliseconds since 1970. */
export interface Range {
  readonly from: number
  readonly to: number
}

export const inRange = (ms: number, range: Range | null): boolean =>
  range === null || (ms >= range.from && ms < range.to)

export type Time = 'time' | 'any' | 'never'

export interface Token {
  /** Null: any system. */
  readonly system: string | null
  readonly code: string
}

/** The parameters of one search as Cerner reads them. @see cerner-fhir-r4.md §1.4 */
export interface Query {
  has(name: string): boolean
  names(): readonly string[]
  /** The one value. @throws Refusal 400 when the parameter is repeated or empty */
  one(name: string): string | null
  /** The values of a comma list, null when absent. */
  list(name: string): readonly string[] | null
  /** Ids of references: `123`, `Patient/123`, and `subject:Patient=123`. */
  references(name: string, type: string): readonly string[] | null
  tokens(name: string): readonly Token[] | null
  /** One value with a prefix, or two that form a closed range; `time` says whether they carry a time of day. */
  range(name: string, time?: Time): Range | null
  /** A number below `least` (1) is refused; one above `most` is cut off without a word. */
  count(otherwise: number, most: number, least?: number): number
}

export function readQuery(from: URLSearchParams): Query {
  const one = (name: string): string | null => {
    const values = from.getAll(name)
    if (values.length > 1 || values[0] === '') throw invalidRequest()
    return values[0] ?? null
  }
  const list = (name: string): readonly string[] | null =>
    one(name)
      ?.split(',')
      .map((part) => part.trim())
      .filter((part) => part !== '') ?? null
  return {
    has: (name) => from.has(name),
    names: () => [...new Set(from.keys())],
    one,
    list,
    references: (name, type) => referencesOf(list(name) ?? list(`${name}:${type}`), type),
    tokens: (name) => list(name)?.map(tokenOf) ?? null,
    range: (name, time = 'any') => rangeOf(from.getAll(name), time),
    count(otherwise, most, least = 1) {
      const value = one('_count')
      if (value === null) return otherwise
      if (!/^\d+$/.test(value) || Number(value) < least) throw invalidRequest()
      return Math.min(Number(value), most)
    },
  }
}

function referencesOf(values: readonly string[] | null, type: string): readonly string[] | null {
  return (
    values?.map((value) => {
      const [first, second] = value.split('/').slice(-2)
      if (second === undefined) return first ?? ''
      if (first !== type) throw invalidRequest()
      return second
    }) ?? null
  )
}

function tokenOf(value: string): Token {
  const bar = value.lastIndexOf('|')
  return bar < 0
    ? { system: null, code: value }
    : { system: bar === 0 ? null : value.slice(0, bar), code: value.slice(bar + 1) }
}

const DATE = /^(eq|ge|gt|le|lt)?(\d{4}(?:-\d\d(?:-\d\d(T.*)?)?)?)$/

interface Bound {
  readonly prefix: string
  readonly span: Range
}

function rangeOf(values: readonly string[], time: Time): Range | null {
  if (values.length === 0) return null
  const bounds = values.map((value) => boundOf(value, time))
  const [first, second] = bounds
  if (first === undefined || bounds.length > 2) throw invalidRequest()
  if (second === undefined) return rangeFrom(first)
  const lower = bounds.find((bound) => bound.prefix.startsWith('g'))
  const upper = bounds.find((bound) => bound.prefix.startsWith('l'))
  if (lower === undefined || upper === undefined) throw invalidRequest()
  return { from: rangeFrom(lower).from, to: rangeFrom(upper).to }
}

function rangeFrom({ prefix, span }: Bound): Range {
  switch (prefix) {
    case 'ge':
      return { from: span.from, to: Infinity }
    case 'gt':
      return { from: span.to, to: Infinity }
    case 'lt':
      return { from: -Infinity, to: span.from }
    case 'le':
      return { from: -Infinity, to: span.to }
    default:
      return span
  }
}

function boundOf(value: string, time: Time): Bound {
  // A plus of a time zone arrives as a blank when it was not percent-encoded.
  const match = DATE.exec(value.replace(' ', '+'))
  const text = match?.[2]
  if (match === null || text === undefined) throw invalidRequest()
  if (time !== 'any' && (time === 'time') !== (match[3] !== undefined)) throw invalidRequest()
  return { prefix: match[1] ?? 'eq', span: spanOf(text) }
}

/** The span of time that a date or an instant of any precision covers; without a zone it is UTC. */
export function spanOf(text: string): Range {
  const [year = 0, month, day] = text.slice(0, 10).split('-').map(Number)
  if (!text.includes('T')) {
    const from = Date.UTC(year, (month ?? 1) - 1, day ?? 1)
    const to =
      day !== undefined
        ? from + 86_400_000
        : month !== undefined
          ? Date.UTC(year, month, 1)
          : Date.UTC(year + 1, 0, 1)
    return checked({ from, to })
  }
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`
  const from = Date.parse(zoned)
  const clock = zoned.slice(11).replace(/(?:Z|[+-]\d\d:?\d\d)$/, '')
  const width = clock.includes('.') ? 1 : clock.length > 5 ? 1000 : 60_000
  return checked({ from, to: from + width })
}

function checked(range: Range): Range {
  if (!Number.isFinite(range.from)) throw invalidRequest()
  return range
}

/** Whether a CodeableConcept carries one of the tokens. */
export function matches(
  concepts: readonly { readonly coding?: readonly { system?: string; code?: string }[] }[],
  tokens: readonly Token[] | null,
): boolean {
  if (tokens === null) return true
  return concepts.some(({ coding }) =>
    (coding ?? []).some((one) =>
      tokens.some(
        (token) => one.code === token.code && (token.system === null || one.system === token.system),
      ),
    ),
  )
}
