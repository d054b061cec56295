import type { FastifyInstance } from 'fastify'
import type { Clock } from '../../kernel/clock.ts'
import type { World } from '../world.ts'

/** What the parts of the sandbox Cerner agree on: one hospital, many roads to it. */

/** A FHIR R4 resource as it goes over the wire. */
export interface Resource {
  readonly resourceType: string
  readonly id?: string
  readonly [member: string]: unknown
}

/** A resource with the version the hospital gives it; `version` is the ETag without `W/"…"`, and opaque. */
export interface Versioned {
  readonly resource: Resource
  readonly version: string
  /** Milliseconds since 1970. */
  readonly lastUpdated: number
}

/** Who calls: what the token says. */
export interface Grant {
  readonly clientId: string
  readonly persona: 'system' | 'provider' | 'patient'
  /** As granted: `system/Patient.read` or `user/Patient.rs`. */
  readonly scopes: readonly string[]
  readonly patient: string | null
  readonly user: string | null
}

/** What the hospital's own people and programs may do: everything. */
export const INTERNAL_GRANT: Grant = {
  clientId: 'millennium',
  persona: 'system',
  scopes: [],
  patient: null,
  user: null,
}

/** Why the hospital says no: the status and the issue that cerner-fhir-r4.md §1.5 gives it. */
export class Refusal extends Error {
  readonly status: number
  /** Whole body; null for an empty one. */
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}) {
    super(`refused with ${status}`)
    this.name = 'Refusal'
    this.status = status
    this.body = body
    this.headers = headers
  }
}

export type R4Verb = 'read' | 'search' | 'create' | 'update' | 'patch' | 'delete'

/**
 * Checks a token. `/_sandbox` and metadata need none. For Millennium services `type` is `mws/Person` and so on: reading
 * verbs need `mws/Person.read`, writing verbs `mws/Person.write` (millennium-web-services.md §4).
 */
export interface Gate {
  /** @throws Refusal 401 or 403 with Cerner's bodies (cerner-fhir-r4.md §1.5 E3, E4, E5) */
  admit(authorization: string | undefined, need: { type: string; verb: R4Verb }): Grant
}

/** One page of a search. */
export interface Page {
  readonly entries: readonly { readonly found: Versioned; readonly mode: 'match' | 'include' }[]
  /** Opaque; null on the last page. */
  readonly next: string | null
  readonly total: number | null
}

/**
 * The hospital's records as FHIR R4, generated from the population and overlaid with what was written. Every road
 * (FHIR, DSTU 2, Millennium services, HL7) reads and writes here, so the same patient and appointment come by all.
 */
export interface Records {
  read(type: string, id: string, grant: Grant): Versioned
  /** @param context the opaque `-pageContext`, null for the first page */
  search(type: string, query: URLSearchParams, context: string | null, grant: Grant): Page
  create(type: string, body: Resource, grant: Grant): Versioned
  update(type: string, id: string, ifMatch: string | undefined, body: Resource, grant: Grant): Versioned
  patch(type: string, id: string, ifMatch: string | undefined, operations: unknown, grant: Grant): Versioned
  remove(type: string, id: string, ifMatch: string | undefined, grant: Grant): void
}

/** What changed, for the roads that tell others about it (SIU, ADT). */
export interface HospitalChange {
  readonly type: string
  readonly id: string
  readonly verb: 'create' | 'update'
  readonly now: Versioned
  readonly before: Versioned | null
}

export interface Hospital {
  readonly world: World
  /** The tenant, also called EHR source id. */
  readonly tenant: string
  readonly clock: Clock
  readonly records: Records
  readonly switches: Switches
  /** Logical ids of the population: `Patient.id` is PERSON.PERSON_ID. */
  patientId(n: number): string
  patientNumber(id: string): number | undefined
  onChange(listener: (change: HospitalChange) => void): () => void
  /** Where records say that their attachments lie: the FHIR R4 base. */
  publishAt?(baseUrl: () => string): void
}

/** How the hospital misbehaves beyond status codes and sockets; set by `POST /_sandbox/faults` (cerner-fhir-r4.md §5). */
export interface Switches {
  /** Overrides every default page size. */
  pageSize: number | null
  duplicateAcrossPages: boolean
  /** `next` leads back to the first page. */
  loopPages: boolean
  withTotal: boolean
  /** Milliseconds until a search sees what was written; a read by id sees it at once. */
  visibilityDelayMs: number
  strictParameters: boolean
  /** The next booking of any slot finds it taken (422). */
  slotRace: boolean
  /** Searches of this type fail with 500 as a stored record lacks a required field (E8). */
  badRecord: string | null
  /** `meta` is left out of this type. */
  versionless: string | null
  /** Records that a Millennium user holds open: 423. `Appointment/123`. */
  locked: Set<string>
  /** Gateway bodies (E5) in place of OperationOutcomes. */
  gatewayErrors: boolean
  gzipEmpty: boolean
}

export const STILL: Switches = {
  pageSize: null,
  duplicateAcrossPages: false,
  loopPages: false,
  withTotal: false,
  visibilityDelayMs: 0,
  strictParameters: false,
  slotRace: false,
  badRecord: null,
  versionless: null,
  locked: new Set(),
  gatewayErrors: false,
  gzipEmpty: false,
}

/** Where the hospital listens. No address ends in a slash. */
export interface CernerEndpoints {
  /** `http://127.0.0.1:49152` */
  readonly origin: string
  /** `{origin}/r4/{tenant}` */
  readonly fhir: string
  /** `{origin}/dstu2/{tenant}` */
  readonly dstu2: string
  /** Millennium services over REST: `{mws}/patient/v1/…`. It is the origin. */
  readonly mws: string
  /** Millennium services over SOAP: `{origin}/soap/MillenniumServices`, its WSDL at `?wsdl`. */
  readonly soap: string
  /** `{origin}/tenants/{tenant}` */
  readonly issuer: string
  readonly authorize: string
  readonly token: string
  readonly revoke: string
  readonly introspect: string
  readonly manage: string
  readonly jwks: string
  /** `{fhir}/.well-known/smart-configuration`, served by the server itself. */
  readonly smartConfiguration: string
}

/** What a part is handed when the server takes it in. */
export interface CernerPluginOptions {
  readonly hospital: Hospital
  readonly gate: Gate
  readonly clock: Clock
  /** The FHIR R4 base `{origin}/r4/{tenant}`, from the address that is really listened on. */
  baseUrl(): string
  endpoints(): CernerEndpoints
}

/**
 * A part of the hospital on the web. The server has parsed the body by its media type (`addBodyParsers` of
 * server-parsers.ts: FHIR JSON and JSON Patch to values, forms to URLSearchParams, XML and SOAP to text), sets
 * X-Request-Id, opc-request-id and CORS headers, and turns a thrown {@link Refusal} into its answer.
 *
 * `request.url` may have lost a leading host name: `/fhir-ehr.cerner.com/r4/…` arrives as `/r4/…`.
 */
export type CernerPlugin = (app: FastifyInstance, options: CernerPluginOptions) => Promise<void>
