import { IntegrationError } from '../../kernel/errors.ts'
import { cutBundle } from '../../standards/fhir/bundle.ts'
import type { Bundle } from '../../standards/fhir/bundle.ts'
import { ifMatch, readEtag } from '../../standards/fhir/etag.ts'
import { pathOf } from '../../standards/fhir/id.ts'
import { parseResource, writeResource } from '../../standards/fhir/json.ts'
import type { Operation } from '../../standards/fhir/patch.ts'
import { readReference } from '../../standards/fhir/reference.ts'
import { buildSearch } from '../../standards/fhir/search.ts'
import type { FhirVersion, SearchParameters } from '../../standards/fhir/search.ts'
import { scopeFor } from '../../standards/smart/scopes.ts'
import type { Access, Persona, ScopeVersion } from '../../standards/smart/scopes.ts'
import type { FhirResource, Read, Written } from '../cerner/port.ts'
import { WebClient, jsonTextOf, textOf } from './client.ts'
import type { Answer, CallRequest, ClientOptions } from './client.ts'

export interface FhirClientOptions extends Omit<ClientOptions, 'channel'> {
  version?: FhirVersion
  persona?: Persona
  scopeVersion?: ScopeVersion
}

/** A page of a search as it came, with what its answer says about time. */
export interface SearchPage extends Bundle {
  url: string
  answer: Pick<Answer, 'headers' | 'sentAtMs' | 'receivedAtMs'>
}

const MEDIA_TYPES: Readonly<Record<FhirVersion, string>> = {
  R4: 'application/fhir+json',
  DSTU2: 'application/json+fhir',
}

/** The interactions of FHIR over a {@link WebClient}: each is one call, classed and logged. */
export class FhirClient implements AsyncDisposable {
  readonly web: WebClient
  readonly version: FhirVersion
  readonly mediaType: string
  private readonly app: { persona: Persona; version: ScopeVersion }

  constructor(options: FhirClientOptions) {
    this.web = new WebClient({ ...options, channel: 'fhir' })
    this.version = options.version ?? 'R4'
    this.mediaType = MEDIA_TYPES[this.version]
    this.app = { persona: options.persona ?? 'system', version: options.scopeVersion ?? 'v1' }
  }

  /** @throws FHIR_NOT_FOUND, which is no proof that it was deleted */
  async read(type: string, id: string, signal?: AbortSignal): Promise<Read> {
    const request = this.get(`GET ${type}`, this.path(type, id), type, signal)
    return this.web.call(request, (answer) => {
      const text = jsonTextOf(answer, request.kind)
      const resource = wholeResource(text, request.kind)
      return { value: { resource, text, version: readEtag(answer.headers['etag']) ?? versionIn(resource) } }
    })
  }

  /** The first page. @throws FHIR_SEARCH_INCOMPLETE, FHIR_SEARCH_INVALID before anything is sent */
  async search(type: string, parameters: SearchParameters, signal?: AbortSignal): Promise<SearchPage> {
    return this.page(type, buildSearch(type, parameters, this.version), signal)
  }

  /** A page by its address, which is followed as it was given. @throws FHIR_FOREIGN_ADDRESS */
  async page(type: string, url: string, signal?: AbortSignal, prefer?: string): Promise<SearchPage> {
    const request = this.get(`GET ${type}`, url, type, signal)
    const headers = prefer === undefined ? { ...request.headers } : { ...request.headers, Prefer: prefer }
    return this.web.call({ ...request, headers }, (answer) => {
      const bundle = cutBundle(jsonTextOf(answer, request.kind), request.kind)
      return { value: { ...bundle, url: answer.url, answer }, keep: Buffer.from(bundle.shell) }
    })
  }

  /**
   * Creates a resource.
   *
   * @param body text goes over the wire byte for byte
   * @throws FHIR_ANSWER_LOST, FHIR_WRITE_UNCERTAIN when it may have been created
   */
  async create(type: string, body: FhirResource | string): Promise<Written> {
    const headers = { 'Content-Type': this.mediaType, Accept: this.mediaType }
    const request: CallRequest = {
      method: 'POST',
      url: type,
      kind: `POST ${type}`,
      headers,
      body: textOfBody(body),
    }
    const answer = await this.web.answer({ ...request, needs: this.needs(type, 'write') })
    const target = readReference(absolute(answer.headers['location'], answer.url), this.web.base)
    if (target?.kind !== 'local' && target?.kind !== 'foreign') throw uncertain(request.kind, answer)
    if (target.type !== type) throw uncertain(request.kind, answer)
    return { type, id: target.id, ...versionOf(answer) }
  }

  /** @throws FHIR_VERSION_STALE, FHIR_RECORD_LOCKED, FHIR_RULE_BROKEN, FHIR_ANSWER_LOST, FHIR_WRITE_UNCERTAIN */
  async update(type: string, id: string, version: string, body: FhirResource | string): Promise<Written> {
    return this.change('PUT', { type, id, version }, this.mediaType, textOfBody(body))
  }

  /** @throws as {@link update} */
  async patch(type: string, id: string, version: string, operations: readonly Operation[]): Promise<Written> {
    return this.change(
      'PATCH',
      { type, id, version },
      'application/json-patch+json',
      JSON.stringify(operations),
    )
  }

  /** What the server says about itself; needs no token. */
  async metadata(signal?: AbortSignal): Promise<FhirResource> {
    const request = {
      ...this.get('GET metadata', 'metadata', 'metadata', signal),
      authorization: 'none' as const,
    }
    return this.web.call(request, (answer) => ({
      value: wholeResource(jsonTextOf(answer, request.kind), request.kind),
    }))
  }

  /**
   * The bytes of an attachment: a Binary is unwrapped, anything else is taken as it is.
   *
   * @param url as the attachment names it, whole or under the base
   */
  async content(url: string, signal?: AbortSignal): Promise<{ bytes: Uint8Array; mediaType: string }> {
    const request = this.get('GET Binary', url, 'Binary', signal)
    return this.web.call(request, (answer) => {
      const mediaType = answer.headers['content-type'] ?? 'application/octet-stream'
      if (!/json/i.test(mediaType)) return { value: { bytes: answer.bytes, mediaType } }
      return { value: unwrap(textOf(answer), request.kind) }
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.web[Symbol.asyncDispose]()
  }

  private async change(
    method: 'PUT' | 'PATCH',
    at: { type: string; id: string; version: string },
    contentType: string,
    body: string,
  ): Promise<Written> {
    const { type, id, version } = at
    const kind = `${method} ${type}`
    const match = ifMatch(version)
    // Without a version Cerner answers 412: the record has to be read first, which is what stale means.
    if (match === null) throw new IntegrationError('FHIR_VERSION_STALE', { call: kind, status: 412 })
    const headers = { 'Content-Type': contentType, Accept: this.mediaType, 'If-Match': match }
    const url = this.path(type, id)
    const needs = this.needs(type, 'write')
    const answer = await this.web.answer({ method, url, kind, headers, body, needs })
    if (looksForeign(answer)) throw uncertain(kind, answer)
    return { type, id, ...versionOf(answer) }
  }

  private get(kind: string, url: string, type: string, signal: AbortSignal | undefined): CallRequest {
    return {
      method: 'GET',
      url,
      kind,
      headers: { Accept: this.mediaType },
      needs: this.needs(type, 'read'),
      signal,
    }
  }

  private needs(type: string, access: Access): string {
    return `the scope ${scopeFor({ ...this.app, type, access })}`
  }

  private path(type: string, id: string): string {
    const path = pathOf(type, id)
    if (path === null)
      throw new IntegrationError('FHIR_RESOURCE_INVALID', { place: `${type}.id`, expected: 'an id' })
    return path
  }
}

const textOfBody = (body: FhirResource | string): string =>
  typeof body === 'string' ? body : writeResource(body)

// Half an answer is no fault of the record, so it is tried again.
function wholeResource(text: string, call: string): FhirResource {
  try {
    return parseResource(text)
  } catch {
    throw new IntegrationError('FHIR_ANSWER_UNREADABLE', { call, reason: 'it is not whole JSON' })
  }
}

/** `Location` may be a path alone (RFC 9110 §10.2.2). */
const absolute = (location: string | undefined, url: string): string | undefined =>
  location !== undefined && URL.canParse(location, url) ? new URL(location, url).href : undefined

function versionIn(resource: FhirResource): string | null {
  const { meta } = resource
  const version = typeof meta === 'object' && meta !== null && 'versionId' in meta ? meta.versionId : null
  return typeof version === 'string' ? version : null
}

function versionOf({ headers }: Answer): Pick<Written, 'version' | 'lastModifiedMs'> {
  const modifiedMs = Date.parse(headers['last-modified'] ?? '')
  return { version: readEtag(headers['etag']), lastModifiedMs: Number.isNaN(modifiedMs) ? null : modifiedMs }
}

/** Cerner answers a change with nothing but headers; a page of HTML comes from somebody in between. */
const looksForeign = (answer: Answer): boolean =>
  answer.headers['etag'] === undefined && textOf(answer).trimStart().startsWith('<')

const uncertain = (call: string, { status }: Answer): IntegrationError =>
  new IntegrationError('FHIR_WRITE_UNCERTAIN', { call, status })

function unwrap(text: string, call: string): { bytes: Uint8Array; mediaType: string } {
  const { contentType, data } = wholeResource(text, call)
  if (typeof data !== 'string')
    throw new IntegrationError('FHIR_RESOURCE_INVALID', { place: 'Binary.data', expected: 'base64' })
  return {
    bytes: Buffer.from(data, 'base64'),
    mediaType: typeof contentType === 'string' ? contentType : 'application/octet-stream',
  }
}
