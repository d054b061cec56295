import { DETAILS, outcomeOf } from '../../standards/mws/outcome.ts'
import type { DetailCode, OutcomeParts } from '../../standards/mws/outcome.ts'
import type { MwsContent, MwsRequest } from '../../standards/mws/operations.ts'
import { Refusal, type Grant, type Versioned } from './contract.ts'

/** What one operation is handed, whichever way it came. */
export interface ServiceCall {
  readonly request: MwsRequest
  /** Parsed; undefined when there is none. */
  readonly body: unknown
  readonly grant: Grant
  readonly requestId: string
  /** The address that `/patient/v1` follows, for links. */
  readonly base: string
  /** `X-Allow-Overlap: true`. */
  readonly allowOverlap: boolean
  /** `X-Duplicate-Override: reviewed`. */
  readonly duplicateReviewed: boolean
  /** `Prefer: return=representation`. */
  readonly wantsCandidates: boolean
}

/** What an operation answers, before it takes the form of REST or SOAP. */
export interface Reply {
  readonly status: number
  /** Null for an empty body. */
  readonly body: object | null
  readonly version?: string
  readonly lastModifiedMs?: number
  readonly location?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly content?: MwsContent
}

/** A service says no. */
export class ServiceRefusal extends Error {
  readonly code: DetailCode
  readonly parts: OutcomeParts
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** In place of the OperationOutcome. */
  readonly body: object | null
  constructor(
    code: DetailCode,
    parts: OutcomeParts = {},
    more: { status?: number; headers?: Readonly<Record<string, string>>; body?: object } = {},
  ) {
    super(code)
    this.name = 'ServiceRefusal'
    this.code = code
    this.parts = parts
    this.status = more.status ?? DETAILS[code].status
    this.headers = more.headers ?? {}
    this.body = more.body ?? null
  }
}

/** The answer for something thrown: our refusals, the hospital's, and faults of the program. */
export function replyFor(thrown: unknown, requestId: string): Reply {
  if (thrown instanceof ServiceRefusal) {
    const body = thrown.body ?? outcomeOf(thrown.code, { ...thrown.parts, requestId })
    return { status: thrown.status, body, headers: thrown.headers }
  }
  if (thrown instanceof Refusal) return replyOfHospital(thrown, requestId)
  return { status: 500, body: outcomeOf('exception', { requestId }) }
}

// What the hospital's records say in FHIR's words, said in the words of the services.
const HOSPITAL_SAYS: Readonly<Record<number, DetailCode>> = {
  400: 'invalid-parameter',
  404: 'not-found',
  405: 'not-allowed',
  409: 'version-conflict',
  412: 'precondition-required',
  422: 'rule-broken',
  423: 'record-locked',
}

function replyOfHospital(refusal: Refusal, requestId: string): Reply {
  const code = HOSPITAL_SAYS[refusal.status]
  // 401 and 403 are the gate's, and keep its body and challenge.
  if (code === undefined)
    return { status: refusal.status, body: objectOr(refusal.body), headers: refusal.headers }
  const expression = placeIn(refusal.body)
  return {
    status: DETAILS[code].status,
    body: outcomeOf(code, { requestId, ...(expression === null ? {} : { expression }) }),
  }
}

const objectOr = (body: unknown): object | null => (typeof body === 'object' && body !== null ? body : null)

function placeIn(body: unknown): string | null {
  const issue = (body as { issue?: { expression?: unknown[] }[] } | null)?.issue?.[0]
  const [place] = issue?.expression ?? []
  return typeof place === 'string' ? place : null
}

/** Runs something at the hospital and says another word where its rule was broken (422). */
export function orRefuse<T>(code: DetailCode, run: () => T, parts: OutcomeParts = {}): T {
  try {
    return run()
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.status === 422) throw new ServiceRefusal(code, parts)
    throw thrown
  }
}

/** Null where the hospital knows nothing under the id. */
export function orNull<T>(run: () => T): T | null {
  try {
    return run()
  } catch (thrown) {
    if (thrown instanceof Refusal && thrown.status === 404) return null
    throw thrown
  }
}

export const one = (found: Versioned, resource: object, more: Partial<Reply> = {}): Reply => ({
  status: 200,
  body: resource,
  version: found.version,
  lastModifiedMs: found.lastUpdated,
  ...more,
})

export const etag = (version: string): string => `W/"${version}"`

/**
 * The version of the record, checked against If-Match.
 *
 * @throws ServiceRefusal 428 without, 412 for another version
 */
export function matched(call: ServiceCall, now: Versioned, required: boolean): string {
  const { version } = call.request
  if (version === null && required) throw new ServiceRefusal('precondition-required')
  if (version !== null && version !== now.version) throw new ServiceRefusal('version-conflict')
  return etag(now.version)
}

type Json = Readonly<Record<string, unknown>>
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @throws ServiceRefusal 400 for a body that is no object */
export function objectIn({ body }: ServiceCall): Json {
  if (!isObject(body)) throw new ServiceRefusal('not-json')
  return body
}

export const textIn = (value: unknown): string | null => (typeof value === 'string' ? value : null)
export const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The parameters of a GET, each once but for ranges. */
export function parametersOf(
  { request }: ServiceCall,
  known: readonly string[],
  required: readonly string[] = [],
): URLSearchParams {
  const query = new URLSearchParams(request.query.map(([name, value]) => [name, value]))
  for (const name of new Set(query.keys())) {
    if (![...known, '_count', 'cursor'].includes(name))
      throw new ServiceRefusal('unknown-parameter', { expression: name })
    if (query.getAll(name).some((value) => value === ''))
      throw new ServiceRefusal('invalid-parameter', { expression: name })
  }
  const missing = required.find((name) => !query.has(name))
  if (missing !== undefined) throw new ServiceRefusal('missing-parameter', { expression: missing })
  return query
}

/** A range of instants `ge…` and `lt…`, in milliseconds. @throws ServiceRefusal 400 */
export function rangeIn(query: URLSearchParams, name: string): { from: number; to: number } | null {
  const values = query.getAll(name)
  if (values.length === 0) return null
  const bound = (prefix: string): number => {
    const text = values.find((value) => value.startsWith(prefix))?.slice(2)
    const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/.test(text ?? '')
      ? Date.parse(text ?? '')
      : NaN
    if (Number.isNaN(ms)) throw new ServiceRefusal('invalid-parameter', { expression: name })
    return ms
  }
  if (values.length !== 2) throw new ServiceRefusal('missing-parameter', { expression: name })
  return { from: bound('ge'), to: bound('lt') }
}
