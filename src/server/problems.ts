import { ERRORS, IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode, ErrorKind } from '../kernel/errors.ts'
import type { Problem } from '../contract/common.ts'

/** The HTTP status of the errors a caller can do something about; the others follow from their kind. */
// prettier-ignore
const STATUS: Partial<Record<ErrorCode, number>> = {
  REQUEST_INVALID:    400,
  UNAUTHENTICATED:    401,
  LOGIN_REFUSED:      401,
  FORBIDDEN:          403,
  CSRF_MISSING:       403,
  SCOPE_MISSING:      403,
  LAUNCH_INVALID:     400,
  LAUNCH_ENDED:       401,
  LAUNCH_REFUSED:     403,
  LAUNCH_OFF:         403,
  LAUNCH_OTHER_PATIENT: 403,
  NOT_FOUND:          404,
  VERSION_CONFLICT:   409,
  PATIENT_MAY_EXIST:  409,
  PATIENT_NOT_YET_AT_CERNER: 409,
  REQUEST_TOO_LARGE:  413,
  TOO_MANY_REQUESTS:  429,
  INTERNAL:           500,
  KEY_MISSING:        500,
  SEAL_BROKEN:        500,
  STORE_UNAVAILABLE:  503,
  STORE_COMMIT_UNKNOWN: 503,
}

const STATUS_OF_KIND: Record<ErrorKind, number> = { transient: 503, ambiguous: 502, permanent: 422 }

export const PROBLEM_TYPE = 'application/problem+json'

export const statusOf = (code: ErrorCode): number => STATUS[code] ?? STATUS_OF_KIND[ERRORS[code].kind]

/** An error as RFC 9457 sends it. */
export function problemOf(error: IntegrationError, traceId: string): Problem {
  return {
    type: `/api/docs#${error.code}`,
    title: titleOf(error.code),
    status: statusOf(error.code),
    code: error.code,
    detail: error.message,
    todo: error.todo,
    trace_id: traceId,
  }
}

/** `STORE_UNAVAILABLE` → `Store unavailable`: a title is the same for every occurrence (RFC 9457 §3.1.3). */
function titleOf(code: ErrorCode): string {
  const words = code.toLowerCase().replaceAll('_', ' ')
  const sentence = words.charAt(0).toUpperCase() + words.slice(1)
  return sentence.replace(/\b(hl7|mllp|csrf|tls|ccl|fhir)\b/gi, (name) => name.toUpperCase())
}

interface Issue {
  instancePath?: string
  message?: string
}

/**
 * Brings whatever was thrown to an error of the table. Only the place and the reason of a bad request are told; what
 * was sent stays out.
 */
export function integrationErrorOf(thrown: unknown): IntegrationError {
  if (thrown instanceof IntegrationError) return thrown
  if (!(thrown instanceof Error)) return new IntegrationError('INTERNAL', {}, { cause: thrown })
  const failure: FrameworkFailure = thrown
  const [issue] = failure.validation ?? []
  if (issue)
    return new IntegrationError('REQUEST_INVALID', {
      place: placeOf(failure, issue),
      reason: reasonOf(issue),
    })
  if (failure.statusCode === 413) return new IntegrationError('REQUEST_TOO_LARGE', {})
  if (failure.statusCode === 404) return new IntegrationError('NOT_FOUND', { what: 'address' })
  if (failure.statusCode === 415) {
    return new IntegrationError('REQUEST_INVALID', { place: 'Content-Type', reason: 'send application/json' })
  }
  if (failure.statusCode !== undefined && failure.statusCode >= 400 && failure.statusCode < 500) {
    return new IntegrationError('REQUEST_INVALID', { place: 'body', reason: 'it cannot be read' })
  }
  return new IntegrationError('INTERNAL', {}, { cause: thrown })
}

interface FrameworkFailure extends Error {
  statusCode?: number
  validation?: Issue[]
  validationContext?: string
}

function placeOf(failure: FrameworkFailure, issue: Issue): string {
  const context =
    failure.validationContext === 'querystring' ? 'query' : (failure.validationContext ?? 'request')
  const path = (issue.instancePath ?? '').split('/').filter((part) => part !== '')
  return [context, ...path].join('.')
}

// Zod says what it expected and never quotes the value, but an unknown key would be quoted: that is cut off.
const reasonOf = (issue: Issue): string =>
  (issue.message ?? 'not as described').replace(/"[^"]*"/g, '…').replace(/\.$/, '')
