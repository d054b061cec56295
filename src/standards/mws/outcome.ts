/** How a service says no: OperationOutcome with our detail codes. @see millennium-web-services.md §5.3, §5.4 */

export const ERROR_SYSTEM = 'urn:practicestudio:mws:error'

interface Row {
  readonly status: number
  /** FHIR issue type. */
  readonly issue: string
  readonly text: string
}

// prettier-ignore
export const DETAILS = {
  // all services
  'missing-parameter':     { status: 400, issue: 'required',      text: 'A parameter is missing' },
  'invalid-parameter':     { status: 400, issue: 'value',         text: 'A value is not valid' },
  'unknown-parameter':     { status: 400, issue: 'invalid',       text: 'A parameter is not known' },
  'version-conflict':      { status: 412, issue: 'conflict',      text: 'The record was changed since it was read' },
  'precondition-required': { status: 428, issue: 'required',      text: 'If-Match or Idempotency-Key is missing' },
  'idempotency-mismatch':  { status: 422, issue: 'business-rule', text: 'The Idempotency-Key was used for another request' },
  'still-running':         { status: 409, issue: 'conflict',      text: 'The first request with this Idempotency-Key is still running' },
  'record-locked':         { status: 423, issue: 'lock-error',    text: 'The record is open at another place' },
  'rate-limited':          { status: 429, issue: 'throttled',     text: 'Too many requests' },
  'upstream-timeout':      { status: 504, issue: 'timeout',       text: 'Millennium did not answer in time' },
  'not-found':             { status: 404, issue: 'not-found',     text: 'Not found' },
  'gone':                  { status: 410, issue: 'deleted',       text: 'No longer available' },
  'not-allowed':           { status: 405, issue: 'not-supported', text: 'Method not allowed' },
  'not-acceptable':        { status: 406, issue: 'not-supported', text: 'Only JSON is answered' },
  'media-type':            { status: 415, issue: 'not-supported', text: 'The media type is not taken' },
  'not-json':              { status: 400, issue: 'structure',     text: 'The body is not JSON of the expected kind' },
  'rule-broken':           { status: 422, issue: 'business-rule', text: 'A rule forbids it' },
  'not-supported':         { status: 422, issue: 'not-supported', text: 'Not supported here' },
  'exception':             { status: 500, issue: 'exception',     text: 'Something went wrong' },
  // person
  'too-many-matches':      { status: 422, issue: 'too-costly',    text: 'Too many persons match' },
  'insufficient-criteria': { status: 422, issue: 'required',      text: 'The search says too little' },
  'duplicate-suspect':     { status: 409, issue: 'duplicate',     text: 'Such a person is known' },
  'alias-in-use':          { status: 409, issue: 'duplicate',     text: 'The number belongs to another person' },
  'person-combined':       { status: 409, issue: 'conflict',      text: 'The person was combined with another' },
  'confidential-record':   { status: 403, issue: 'forbidden',     text: 'The record is confidential' },
  // scheduling
  'slot-not-found':        { status: 404, issue: 'not-found',     text: 'There is no such slot' },
  'slot-unavailable':      { status: 409, issue: 'conflict',      text: 'Slot is no longer free' },
  'slot-time-mismatch':    { status: 422, issue: 'business-rule', text: 'The slot has another time' },
  'appointment-type-not-bookable': { status: 422, issue: 'business-rule', text: 'This type cannot be booked from outside' },
  'patient-double-booked': { status: 409, issue: 'conflict',      text: 'The patient has another appointment at that time' },
  'past-slot':             { status: 422, issue: 'business-rule', text: 'The slot is in the past' },
  'lead-time':             { status: 422, issue: 'business-rule', text: 'The slot begins too soon' },
  'status-transition':     { status: 422, issue: 'business-rule', text: 'The status may not follow' },
  'cancel-reason-required': { status: 422, issue: 'required',     text: 'A reason of code set 14229 is needed' },
  'not-cancelable':        { status: 422, issue: 'business-rule', text: 'The appointment cannot be cancelled' },
  'not-reschedulable':     { status: 422, issue: 'business-rule', text: 'The appointment cannot be moved' },
  'required':              { status: 422, issue: 'required',      text: 'A required member is missing or not as required' },
  // clinical
  'date-range-too-wide':   { status: 400, issue: 'too-costly',    text: 'The range of dates is too wide' },
  'category-required':     { status: 422, issue: 'required',      text: 'A category or a code is needed' },
  // documents
  'unsupported-type':      { status: 422, issue: 'not-supported', text: 'The type is not taken' },
  'document-too-large':    { status: 413, issue: 'too-costly',    text: 'The document is too large' },
  'not-final':             { status: 422, issue: 'business-rule', text: 'Only final documents are taken' },
  'checksum-mismatch':     { status: 422, issue: 'value',         text: 'The hash does not fit the bytes' },
} as const satisfies Record<string, Row>

export type DetailCode = keyof typeof DETAILS
export const isDetailCode = (text: string): text is DetailCode => Object.hasOwn(DETAILS, text)

export interface OperationOutcome {
  readonly resourceType: 'OperationOutcome'
  readonly id?: string
  readonly issue: readonly {
    readonly severity: string
    readonly code: string
    readonly details?: {
      readonly coding?: readonly { system: string; code: string }[]
      readonly text?: string
    }
    readonly diagnostics?: string
    readonly expression?: readonly string[]
  }[]
}

export interface OutcomeParts {
  readonly requestId?: string
  readonly expression?: string
  readonly diagnostics?: string
}

/** An answer that says no, with the words and the issue type of the table. */
export function outcomeOf(
  code: DetailCode,
  { requestId, expression, diagnostics }: OutcomeParts = {},
): OperationOutcome {
  const { issue, text } = DETAILS[code]
  return {
    resourceType: 'OperationOutcome',
    ...(requestId === undefined ? {} : { id: requestId }),
    issue: [
      {
        severity: 'error',
        code: issue,
        details: { coding: [{ system: ERROR_SYSTEM, code }], text },
        ...(diagnostics === undefined ? {} : { diagnostics }),
        ...(expression === undefined ? {} : { expression: [expression] }),
      },
    ],
  }
}

/** What an answer that says no tells a program. Words are left behind: they may quote what was sent. */
export interface ReadOutcome {
  /** The detail code, when it is one of the contract's. */
  readonly code: DetailCode | null
  /** FHIR issue type. */
  readonly issue: string | null
  /** A place in the body that was sent: `Appointment.slot[0]`; null when none is named or it is no path. */
  readonly place: string | null
}

const NOTHING: ReadOutcome = { code: null, issue: null, place: null }
const PLACE = /^[A-Za-z][A-Za-z0-9_.[\]:-]{0,120}$/

/** Reads the first issue of an OperationOutcome; anything else reads as nothing. */
export function readOutcome(text: string | null): ReadOutcome {
  const [issue] = list(member(parsed(text), 'issue'))
  if (issue === undefined) return NOTHING
  const codes = list(member(member(issue, 'details'), 'coding'))
    .filter((coding) => member(coding, 'system') === ERROR_SYSTEM)
    .map((coding) => member(coding, 'code'))
  const code = codes.find((one): one is DetailCode => typeof one === 'string' && isDetailCode(one))
  const [place] = [...list(member(issue, 'expression')), ...list(member(issue, 'location'))]
  const type = member(issue, 'code')
  return {
    code: code ?? null,
    issue: typeof type === 'string' && /^[a-z-]{1,40}$/.test(type) ? type : null,
    place: typeof place === 'string' && PLACE.test(place) ? place : null,
  }
}

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '') as unknown
  } catch {
    return null
  }
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
