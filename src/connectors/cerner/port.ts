import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'

/** What a road to Cerner is asked to do and what it answers, in FHIR R4 shapes; FHIR and Millennium services both serve it. */

/** A FHIR resource as JSON, digits of decimals as written where the text was kept. */
export interface FhirResource {
  resourceType: string
  id?: string
  [member: string]: unknown
}

/** One HTTP call as the log keeps it. The Authorization header is kept as `Bearer …` without its value. */
export interface Call {
  method: string
  /** Whole, with its query: it may name a patient, so it is sealed. */
  url: string
  /** `GET Patient`, `POST Appointment`, `POST token`: what the log shows to everybody. */
  kind: string
  channel: 'fhir' | 'millennium'
  requestHeaders: Readonly<Record<string, string>>
  requestBody: Uint8Array | null
  /** Null when no answer came. */
  status: number | null
  responseHeaders: Readonly<Record<string, string>>
  /** Decoded from gzip. For a page of results: the Bundle with each resource taken out, since each is kept by itself. */
  responseBody: Uint8Array | null
  startedAtMs: number
  tookMs: number
  /** X-Request-Id, opc-request-id, Cerner-Correlation-ID: vendor support asks for them. */
  requestIds: Readonly<Record<string, string>>
  /** 1 for the first try. */
  attempt: number
  error: { code: string; place: string | null } | null
  /** Id in the address or Location (`Patient/123`), for the blind patient key; null when none. */
  about: string | null
}

/** The door of the log for calls. Given each call when it ended; never throws. */
export interface CallLog {
  note(call: Call): void
}

export interface AccessToken {
  value: string
  /** Milliseconds since 1970 by our clock. */
  expiresAtMs: number
  /** As granted. */
  scope: string
  /** Raw token response without the token itself, for the settings page. */
  tokenType: string
}

/** The one token of a connection, shared by all work and all processes (DESIGN §7.2). */
export interface TokenSource {
  /** @throws FHIR_TOKEN_REFUSED, FHIR_TOKEN_UNAVAILABLE */
  token(signal?: AbortSignal): Promise<AccessToken>
  /** The far side refused this token (401): the next caller gets a new one. A no-op when a newer one is already held. */
  discard(token: AccessToken): Promise<void>
}

/** Where a write ended: Cerner answers creates with an empty body, a Location and an ETag. */
export interface Written {
  type: string
  id: string
  /** Without `W/"…"`; null when none was given. */
  version: string | null
  lastModifiedMs: number | null
}

/** A resource as read, with its exact bytes. */
export interface Read {
  resource: FhirResource
  text: string
  version: string | null
}

export interface PersonQuery {
  family?: string
  given?: string
  birthdate?: string
  identifier?: string
  phone?: string
  email?: string
}

export interface SlotQuery {
  /** `system|code` of appointment types. */
  serviceTypes: readonly string[]
  /** Instants. */
  from: string
  to: string
  location?: string
  practitioner?: string
  limit?: number
}

export interface Booking {
  slotId: string
  /** Instants of the slot, as it was shown. */
  start: string
  end: string
  patient: { id: string; display: string }
  practitioner?: { id: string; display: string }
  reason?: string
  comment?: string
}

/** How a write can be found again after its answer was lost (cerner-fhir-r4.md §5.10). */
export interface LostWrite {
  type: 'Patient' | 'Appointment' | 'Observation' | 'DocumentReference'
  /** The body that was sent. */
  body: FhirResource
  sentAtMs: number
}

/** One road. Every method may throw the errors of the section "FHIR and web services". */
export interface CernerRoad {
  readonly name: 'fhir' | 'millennium'
  searchPersons(query: PersonQuery, signal?: AbortSignal): Promise<Read[]>
  readPerson(id: string, signal?: AbortSignal): Promise<Read>
  /** @param how `isReviewed`: a person has seen who may be the same, and it is none of them */
  createPerson(resource: FhirResource, how?: { isReviewed: boolean }): Promise<Written>
  /** @param operations JSON Patch with its `test`s */
  updatePerson(id: string, version: string, operations: readonly unknown[]): Promise<Written>
  findSlots(query: SlotQuery, signal?: AbortSignal): Promise<Read[]>
  book(booking: Booking): Promise<Written>
  reschedule(id: string, version: string, to: { slotId: string; reason?: string }): Promise<Written>
  cancel(
    id: string,
    version: string,
    why: { code: string; system: string; comment?: string },
  ): Promise<Written>
  setStatus(id: string, version: string, status: 'arrived' | 'checked-in' | 'fulfilled'): Promise<Written>
  readAppointment(id: string, signal?: AbortSignal): Promise<Read>
  /** @param text the body to send byte for byte; made of the resource when not said */
  createObservation(resource: FhirResource, text?: string): Promise<Written>
  createDocument(resource: FhirResource): Promise<Written>
  results(
    query: { patient: string; category?: string; from?: string; to?: string },
    signal?: AbortSignal,
  ): Promise<Read[]>
  documents(query: { patient: string; from?: string; to?: string }, signal?: AbortSignal): Promise<Read[]>
  /** Bytes of an attachment with their media type. */
  content(url: string, signal?: AbortSignal): Promise<{ bytes: Uint8Array; mediaType: string }>
  /** The resource that a lost write made, or null when there is none. */
  lookUp(lost: LostWrite): Promise<Written | null>
}

/** Who owns the calls of a road, for the log. */
export interface CallOwner {
  connectionId: ConnectionId
  /** The outbound exchange or the run that caused them. */
  causedBy: ExchangeId | null
}
