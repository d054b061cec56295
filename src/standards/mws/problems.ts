import { IntegrationError } from '../../kernel/errors.ts'
import type { MwsAnswer, Operation } from './operations.ts'
import { readOutcome } from './outcome.ts'
import type { DetailCode } from './outcome.ts'

/** What was asked, for the sentence of an error. Places only, never values. */
export interface Asked {
  /** `book Appointment`. */
  readonly call: string
  /** `mws/Scheduling.write`. */
  readonly scope: string
}

export const askedOf = ({ kind, scope, verb }: Operation): Asked => ({
  call: kind,
  scope: `${scope}.${verb === 'read' || verb === 'search' ? 'read' : 'write'}`,
})

type Make = (asked: Asked, place: string, status: number) => IntegrationError

const refused: Make = ({ call }, place) => new IntegrationError('FHIR_REQUEST_REFUSED', { call, place })
const broken: Make = ({ call }, place) => new IntegrationError('FHIR_RULE_BROKEN', { call, place })
const forbidden: Make = ({ call, scope }) => new IntegrationError('FHIR_FORBIDDEN', { call, needs: scope })
const unknown: Make = ({ call }) => new IntegrationError('FHIR_NOT_FOUND', { call })
const stale: Make = ({ call }, _place, status) => new IntegrationError('FHIR_VERSION_STALE', { call, status })
const locked: Make = ({ call }) => new IntegrationError('FHIR_RECORD_LOCKED', { call })
const throttled: Make = ({ call }) => new IntegrationError('FHIR_THROTTLED', { call })
const mediaType: Make = ({ call }, _place, status) =>
  new IntegrationError('FHIR_NOT_ACCEPTABLE', { call, status })
const unavailable: Make = ({ call }, _place, status) =>
  new IntegrationError('FHIR_UNAVAILABLE', { call, status })
const redirected: Make = ({ call }, _place, status) =>
  new IntegrationError('FHIR_REDIRECTED', { call, status })
const slotMismatch: Make = () => new IntegrationError('MWS_SLOT_MISMATCH', {})
const slotPast: Make = () => new IntegrationError('MWS_SLOT_PAST', {})
const unchangeable: Make = ({ call }) => new IntegrationError('MWS_NOT_CHANGEABLE', { call })
const document: Make = (_asked, place) => new IntegrationError('MWS_DOCUMENT_REFUSED', { place })
const precondition: Make = ({ call }) => new IntegrationError('MWS_PRECONDITION_MISSING', { call })
const gone: Make = ({ call }) => new IntegrationError('MWS_GONE', { call })
const needs =
  (type: string, what: string): Make =>
  () =>
    new IntegrationError('FHIR_SEARCH_INCOMPLETE', { type, needs: what })

/** By detail code, where the far side gives one. */
// prettier-ignore
const BY_CODE: Readonly<Record<DetailCode, Make>> = {
  'missing-parameter': refused,
  'invalid-parameter': refused,
  'unknown-parameter': refused,
  'version-conflict': stale,
  'precondition-required': precondition,
  'idempotency-mismatch': () => new IntegrationError('MWS_KEY_REUSED', {}),
  'still-running': ({ call }) => new IntegrationError('MWS_STILL_RUNNING', { call }),
  'record-locked': locked,
  'rate-limited': throttled,
  'upstream-timeout': unavailable,
  'not-found': unknown,
  'gone': gone,
  'not-allowed': unknown,
  'not-acceptable': mediaType,
  'media-type': mediaType,
  'not-json': refused,
  'rule-broken': broken,
  'not-supported': broken,
  'exception': unavailable,
  'too-many-matches': () => new IntegrationError('MWS_TOO_MANY_MATCHES', {}),
  'insufficient-criteria': needs('Patient', 'identifier, family and birthdate, family and given, or phone and birthdate'),
  'duplicate-suspect': () => new IntegrationError('MWS_DUPLICATE_SUSPECT', {}),
  'alias-in-use': () => new IntegrationError('MWS_ALIAS_IN_USE', {}),
  'person-combined': () => new IntegrationError('MWS_PERSON_COMBINED', {}),
  'confidential-record': forbidden,
  'slot-not-found': () => new IntegrationError('MWS_SLOT_UNKNOWN', {}),
  'slot-unavailable': () => new IntegrationError('FHIR_SLOT_TAKEN', {}),
  'slot-time-mismatch': slotMismatch,
  'appointment-type-not-bookable': () => new IntegrationError('MWS_TYPE_NOT_BOOKABLE', {}),
  'patient-double-booked': () => new IntegrationError('MWS_DOUBLE_BOOKED', {}),
  'past-slot': slotPast,
  'lead-time': slotPast,
  'status-transition': () => new IntegrationError('MWS_STATUS_REFUSED', {}),
  'cancel-reason-required': () => new IntegrationError('MWS_REASON_MISSING', {}),
  'not-cancelable': unchangeable,
  'not-reschedulable': unchangeable,
  'required': broken,
  'date-range-too-wide': needs('Observation', 'a range of at most 366 days'),
  'category-required': needs('Observation', 'a category or a code'),
  'unsupported-type': document,
  'document-too-large': document,
  'not-final': document,
  'checksum-mismatch': document,
}

/** By status, for sites that say no in their own words. */
const BY_STATUS: Readonly<Record<number, Make>> = {
  400: refused,
  401: ({ call }) => new IntegrationError('FHIR_UNAUTHORIZED', { call }),
  403: forbidden,
  404: unknown,
  405: unknown,
  406: mediaType,
  409: ({ call }, place) => new IntegrationError('MWS_CONFLICT', { call, place }),
  410: gone,
  412: stale,
  413: document,
  415: mediaType,
  422: broken,
  423: locked,
  428: precondition,
  429: throttled,
}

/**
 * The error an answer stands for.
 *
 * @param answer of 300 and above
 * @param repeatable whether the same call may be sent again: a read, or a write with its key. A 5xx after any other
 * write leaves open what became of it.
 * @see millennium-web-services.md §5.3, §5.4
 */
export function problemOf(
  answer: Pick<MwsAnswer, 'status' | 'body'>,
  asked: Asked,
  repeatable: boolean,
): IntegrationError {
  const { code, issue, place } = readOutcome(answer.body)
  const where = place ?? code ?? issue ?? 'no place is named'
  // A gateway's 5xx says nothing about what happened behind it.
  if (answer.status >= 500 && !repeatable)
    return new IntegrationError('FHIR_WRITE_UNCERTAIN', { call: asked.call, status: answer.status })
  const make = (code === null ? undefined : BY_CODE[code]) ?? BY_STATUS[answer.status]
  if (make !== undefined) return make(asked, where, answer.status)
  if (answer.status >= 500) return unavailable(asked, where, answer.status)
  return answer.status >= 400 ? refused(asked, where, answer.status) : redirected(asked, where, answer.status)
}
