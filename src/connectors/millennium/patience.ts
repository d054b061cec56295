import { IntegrationError } from '../../kernel/errors.ts'
import type { ErrorCode } from '../../kernel/errors.ts'
import { operationOf } from '../../standards/mws/operations.ts'
import type { MwsRequest } from '../../standards/mws/operations.ts'
import { delayBefore } from '../fhir/backoff.ts'
import type { Timer } from '../fhir/timer.ts'
import { askedWaitOf, isRead } from './transport.ts'
import type { Transport } from './transport.ts'

export interface Patience {
  readonly timer: Timer
  /** How often a read over SOAP, or a write with a key, is tried again. */
  readonly retries: number
  /** From 0 to 1, for the jitter. */
  readonly random: () => number
}

const LOCK_TRIES = 3
const LOCK_MS = 5000
const RUNNING_TRIES = 5
const RUNNING_MS = 2000

/** After these nobody knows whether a write was done; the key makes a repeat safe. */
const LOST: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FHIR_ANSWER_LOST',
  'FHIR_WRITE_UNCERTAIN',
  'FHIR_ANSWER_UNREADABLE',
  'SOAP_UNREADABLE',
])
/** After these it was surely not done. */
const REFUSED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['FHIR_UNREACHABLE', 'FHIR_THROTTLED'])
/** Over SOAP these come as faults with status 500, which the HTTP client leaves alone. */
const SOAP_READS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FHIR_THROTTLED',
  'FHIR_UNAVAILABLE',
  'SOAP_UNREADABLE',
])

/**
 * A transport that tries again where that is safe: any call while a Millennium user holds the record open, a write with
 * its key until its answer is there, a read over SOAP. Reads over REST are the HTTP client's own work.
 *
 * A write whose tries were lost ends in FHIR_ANSWER_LOST, whatever the last of them said: the queue must not believe that
 * it was surely not done.
 *
 * @see millennium-web-services.md §5.3, §5.6
 */
export function patient(transport: Transport, patience: Patience, soap = false): Transport {
  return {
    send: async (request, signal) => {
      const course = { locked: 0, running: 0, failed: 0, lost: false }
      for (;;) {
        try {
          return await transport.send(request, signal)
        } catch (error) {
          if (!(error instanceof IntegrationError)) throw error
          const waitMs = waitFor(error, request, course, patience, soap)
          if (waitMs === null) throw course.lost ? lostOr(error, request) : error
          await patience.timer.sleep(waitMs, signal)
        }
      }
    },
    [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose](),
  }
}

interface Course {
  locked: number
  running: number
  failed: number
  /** Whether some try may have been done. */
  lost: boolean
}

/** @returns null when it is not worth waiting */
function waitFor(
  error: IntegrationError,
  request: MwsRequest,
  course: Course,
  { retries, random }: Patience,
  soap: boolean,
): number | null {
  const code: ErrorCode = error.code
  const read = isRead(operationOf(request.operation))
  if (code === 'FHIR_RECORD_LOCKED') return (course.locked += 1) <= LOCK_TRIES ? LOCK_MS : null
  if (code === 'MWS_STILL_RUNNING') {
    course.lost = true
    return (course.running += 1) <= RUNNING_TRIES ? RUNNING_MS : null
  }
  if (!read && request.key !== null && LOST.has(code)) course.lost = true
  const again = read
    ? soap && SOAP_READS.has(code)
    : request.key !== null && (LOST.has(code) || REFUSED.has(code))
  if (!again || (course.failed += 1) > retries) return null
  return delayBefore(course.failed, askedWaitOf(error), random)
}

/** Nothing of these is about the write: the account, the line, or a first try that has not ended. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'FHIR_UNAUTHORIZED',
  'FHIR_FORBIDDEN',
  'FHIR_TOKEN_REFUSED',
  'FHIR_TOKEN_UNAVAILABLE',
  'FHIR_DISCOVERY_FAILED',
  'FHIR_RECORD_LOCKED',
  'MWS_STILL_RUNNING',
])

// An answer that is really about this write stands; anything else leaves open what the lost try did.
function lostOr(error: IntegrationError, { operation }: MwsRequest): IntegrationError {
  const code: ErrorCode = error.code
  if (!LOST.has(code) && !REFUSED.has(code) && !ELSEWHERE.has(code)) return error
  return new IntegrationError('FHIR_ANSWER_LOST', { call: operationOf(operation).kind }, { cause: error })
}
