import { IntegrationError } from '../../kernel/errors.ts'
import {
  bookingBody,
  cancelBody,
  laidOut,
  personSearchBody,
  rescheduleBody,
  statusPatch,
} from '../../standards/mws/bodies.ts'
import type { PersonCriteria } from '../../standards/mws/bodies.ts'
import { isEnough, MINIMUM_SAYS, MOST_DAYS } from '../../standards/mws/criteria.ts'
import { isSlotId, request } from '../../standards/mws/operations.ts'
import type { MwsRequest } from '../../standards/mws/operations.ts'
import type { Booking, FhirResource, PersonQuery, SlotQuery } from '../cerner/port.ts'

/** The requests of our actions. What would be refused is refused here, before anything is sent. */

const DAY_MS = 86_400_000
const MOST_COUNT = 200

export const bodyOfSearch = (criteria: PersonCriteria, cursor: string | null = null): string =>
  personSearchBody(criteria, cursor)

/** @throws FHIR_SEARCH_INCOMPLETE below the minimum of §6 */
export function searchPersons(query: PersonQuery): (cursor: string | null) => MwsRequest {
  const given = Object.entries(query).filter(([, value]) => typeof value === 'string' && value !== '')
  if (!isEnough(given.map(([name]) => name)))
    throw new IntegrationError('FHIR_SEARCH_INCOMPLETE', { type: 'Patient', needs: MINIMUM_SAYS })
  const criteria = Object.fromEntries(given) as PersonCriteria
  return (cursor) => request('searchPerson', { body: bodyOfSearch(criteria, cursor) })
}

/** @throws FHIR_SEARCH_INCOMPLETE without type, place or doctor */
export function findSlots({ serviceTypes, from, to, location, practitioner, limit }: SlotQuery): MwsRequest {
  const who: [string, string][] = [
    ...(serviceTypes.length === 0 ? [] : [['service-type', serviceTypes.join(',')] as [string, string]]),
    ...(location === undefined ? [] : [['location', bare(location)] as [string, string]]),
    ...(practitioner === undefined ? [] : [['practitioner', bare(practitioner)] as [string, string]]),
  ]
  if (who.length === 0)
    throw new IntegrationError('FHIR_SEARCH_INCOMPLETE', {
      type: 'Slot',
      needs: 'a type, a location or a practitioner',
    })
  const count: [string, string][] =
    limit === undefined ? [] : [['_count', String(Math.min(MOST_COUNT, Math.max(1, limit)))]]
  return request('findSlots', { query: [...who, ['start', `ge${from}`], ['start', `lt${to}`], ...count] })
}

const bare = (reference: string): string => reference.replace(/^[A-Za-z]+\//, '')

/** Exactly the guide's call. @throws FHIR_RESOURCE_INVALID for a slot id that could lead to another address */
export function bookAppointment({
  slotId,
  start,
  end,
  patient,
  practitioner,
  reason,
  comment,
}: Booking): MwsRequest {
  const body = bookingBody({
    start,
    end,
    patient,
    ...(practitioner === undefined ? {} : { practitioner }),
    ...(reason === undefined ? {} : { description: reason }),
    ...(comment === undefined ? {} : { comment }),
  })
  return request('bookAppointment', { path: { slot: checkedSlot(slotId) }, body })
}

function checkedSlot(slotId: string): string {
  if (!isSlotId(slotId))
    throw new IntegrationError('FHIR_RESOURCE_INVALID', { place: 'Slot.id', expected: 'a slot id' })
  return slotId
}

export const reschedule = (
  id: string,
  version: string,
  { slotId, reason }: { slotId: string; reason?: string },
): MwsRequest =>
  request('rescheduleAppointment', {
    path: { id },
    version,
    body: rescheduleBody(checkedSlot(slotId), reason),
  })

export const cancel = (
  id: string,
  version: string,
  why: { code: string; system: string; comment?: string },
): MwsRequest => request('cancelAppointment', { path: { id }, version, body: cancelBody(why) })

export const setStatus = (id: string, version: string, status: string): MwsRequest =>
  request('setAppointmentStatus', { path: { id }, version, body: statusPatch(status) })

export const createPerson = (resource: FhirResource, isReviewed = false): MwsRequest =>
  request('createPerson', { body: laidOut(resource), isReviewed })

export const updatePerson = (id: string, version: string, operations: readonly unknown[]): MwsRequest =>
  request('updatePerson', { path: { id }, version, body: laidOut(operations) })

/** @param text of the resource, digits as written; made from the resource when absent */
export const createResult = (resource: FhirResource, text?: string): MwsRequest =>
  request('createResult', { body: text ?? laidOut(resource) })

export const createDocument = (resource: FhirResource): MwsRequest =>
  request('createDocument', { body: laidOut(resource) })

/** What the services call results; a search names one of them. */
const CATEGORIES = ['laboratory', 'vital-signs', 'social-history'] as const

export interface ChartQuery {
  readonly patient: string
  readonly category?: string
  /** Instants. */
  readonly from?: string
  readonly to?: string
}

/** The searches that together find what is asked for: one for each category and each year. @see §8 limits */
export function searchResults({ patient, category, from, to }: ChartQuery, nowMs: number): MwsRequest[] {
  const categories = category === undefined ? CATEGORIES : [category]
  return categories.flatMap((one) =>
    spans(from, to, nowMs).map((span) =>
      request('searchResults', {
        query: [
          ['patient', bare(patient)],
          ['category', one],
          ...rangeOf('effective', span),
          ['_count', String(MOST_COUNT)],
        ],
      }),
    ),
  )
}

export const searchDocuments = ({ patient, from, to }: ChartQuery, nowMs: number): MwsRequest =>
  request('searchDocuments', {
    query: [
      ['patient', bare(patient)],
      ...rangeOf('period', from === undefined ? null : { from: Date.parse(from), to: endOf(to, nowMs) }),
    ],
  })

interface Span {
  readonly from: number
  readonly to: number
}

// What is charted ahead of time is not later than tomorrow.
const endOf = (to: string | undefined, nowMs: number): number =>
  to === undefined ? nowMs + DAY_MS : Date.parse(to)

function spans(from: string | undefined, to: string | undefined, nowMs: number): (Span | null)[] {
  if (from === undefined) return [null]
  const end = endOf(to, nowMs)
  const found: Span[] = []
  for (let at = Date.parse(from); at < end; at += MOST_DAYS * DAY_MS)
    found.push({ from: at, to: Math.min(end, at + MOST_DAYS * DAY_MS) })
  return found
}

const rangeOf = (name: string, span: Span | null): [string, string][] =>
  span === null
    ? []
    : [
        [name, `ge${new Date(span.from).toISOString()}`],
        [name, `lt${new Date(span.to).toISOString()}`],
      ]
