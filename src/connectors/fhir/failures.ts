import { IntegrationError } from '../../kernel/errors.ts'
import { placeOf, readOutcome } from '../../standards/fhir/outcome.ts'
import type { Outcome } from '../../standards/fhir/outcome.ts'

/** An answer that says no. */
export interface Refused {
  /** `GET Patient` */
  call: string
  status: number
  body: string
  /** True for a read, and for a write that the far side knows how to repeat. */
  repeatable: boolean
  /** What the call needs, for 403: `the scope system/Patient.read`. */
  needs: string
}

/**
 * Classes an answer by its status and body.
 *
 * @see cerner-fhir-r4.md §1.5
 */
export function classify(refused: Refused): IntegrationError {
  const { call, status } = refused
  const outcome = readOutcome(refused.body)
  switch (status) {
    case 401:
      return new IntegrationError('FHIR_UNAUTHORIZED', { call })
    case 403:
      return new IntegrationError('FHIR_FORBIDDEN', { call, needs: neededFor(outcome, refused.needs) })
    case 404:
    case 410:
      return new IntegrationError('FHIR_NOT_FOUND', { call })
    case 406:
    case 415:
      return new IntegrationError('FHIR_NOT_ACCEPTABLE', { call, status })
    case 409:
    case 412:
      return new IntegrationError('FHIR_VERSION_STALE', { call, status })
    case 422:
      return new IntegrationError('FHIR_RULE_BROKEN', { call, place: placeOf(outcome) })
    case 423:
      return new IntegrationError('FHIR_RECORD_LOCKED', { call })
    case 424:
      return new IntegrationError('FHIR_DEPENDENT_FAILED', { call })
    case 429:
      return new IntegrationError('FHIR_THROTTLED', { call })
    default:
      return byRange(refused, outcome)
  }
}

function byRange({ call, status, repeatable }: Refused, outcome: Outcome): IntegrationError {
  if (status >= 500 || status === 408) {
    // 500 with a required field: one bad record at Cerner fails the whole search, and waiting does not mend it (E8).
    if (repeatable && outcome.code === 'required')
      return new IntegrationError('FHIR_STORED_RECORD_BROKEN', { call, place: placeOf(outcome) })
    if (repeatable) return new IntegrationError('FHIR_UNAVAILABLE', { call, status })
    // A gateway says 502, 503 or 504 also when the answer behind it was lost: the write may be done.
    return new IntegrationError('FHIR_WRITE_UNCERTAIN', { call, status })
  }
  if (status >= 300 && status < 400) return new IntegrationError('FHIR_REDIRECTED', { call, status })
  return new IntegrationError('FHIR_REQUEST_REFUSED', { call, place: placeOf(outcome) })
}

function neededFor(outcome: Outcome, needs: string): string {
  if (outcome.known === 'tenant-unknown') return 'a tenant that Cerner knows and has enabled for this app'
  if (outcome.known === 'tenant-mismatch') return 'a token of this tenant'
  if (outcome.oauth === 'insufficient_scope' || outcome.urn?.endsWith('insufficient-scopes')) return needs
  return `${needs}, and the right of this account to the record`
}

const TRY_AGAIN = new Set<IntegrationError['code']>([
  'FHIR_UNREACHABLE',
  'FHIR_THROTTLED',
  'FHIR_UNAVAILABLE',
  'FHIR_ANSWER_UNREADABLE',
])

// A certificate that is not trusted now is not trusted in a second either.
const WRONG_CERTIFICATE = /^(ERR_TLS|ERR_SSL|CERT|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO|HOSTNAME)/

/** True when the same call may succeed in a moment. A plain 500 is left to the queue: it rarely passes by itself. */
export const mayPassSoon = (error: IntegrationError, status: number | null): boolean =>
  TRY_AGAIN.has(error.code) && status !== 500 && !WRONG_CERTIFICATE.test(String(error.at['reason'] ?? ''))
