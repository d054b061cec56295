import type { IntegrationError } from '../../kernel/errors.ts'
import type { ErrorCode } from '../../kernel/errors.ts'
import { statusOf } from '../problems.ts'

type Issue = Record<string, unknown>

/** Issue types of our errors (FHIR R4 value set issue-type); the rest follows from the status. */
const ISSUES: Partial<Record<ErrorCode, string>> = {
  UNAUTHENTICATED: 'login',
  LAUNCH_ENDED: 'expired',
  FORBIDDEN: 'forbidden',
  SCOPE_MISSING: 'forbidden',
  LAUNCH_OTHER_PATIENT: 'forbidden',
  CSRF_MISSING: 'security',
  NOT_FOUND: 'not-found',
  REQUEST_INVALID: 'invalid',
  REQUEST_TOO_LARGE: 'too-long',
  TOO_MANY_REQUESTS: 'throttled',
  STORE_UNAVAILABLE: 'transient',
}

const ERROR_SYSTEM = 'urn:practicestudio:error'

/** An error as FHIR tells it: our code and sentence in `details`, what to do in `diagnostics`, no value anywhere. */
export function outcomeOf(error: IntegrationError, traceId: string): Record<string, unknown> {
  const place = error.at['place']
  return outcome([
    {
      severity: statusOf(error.code) >= 500 ? 'fatal' : 'error',
      code: ISSUES[error.code] ?? (statusOf(error.code) >= 500 ? 'exception' : 'processing'),
      details: { coding: [{ system: ERROR_SYSTEM, code: error.code }], text: error.message },
      diagnostics: `${error.todo} Trace id: ${traceId}`,
      ...(typeof place === 'string' && /^[A-Za-z_]/.test(place) ? { expression: [place] } : {}),
    },
  ])
}

/** What was left aside of a search that went on without it (`Prefer: handling=lenient`). */
export const ignoredOutcome = (names: readonly string[]): Record<string, unknown> =>
  outcome(
    names.map((name) => ({
      severity: 'warning',
      code: 'not-supported',
      details: {
        text: `The parameter ${name} is not supported and was left aside: there may be more results.`,
      },
    })),
  )

const outcome = (issue: Issue[]): Record<string, unknown> => ({ resourceType: 'OperationOutcome', issue })
