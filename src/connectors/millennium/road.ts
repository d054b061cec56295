import { createHash } from 'node:crypto'
import { IntegrationError } from '../../kernel/errors.ts'
import { readReference } from '../../standards/fhir/reference.ts'
import { operationOf, request } from '../../standards/mws/operations.ts'
import type { MwsAnswer, MwsRequest } from '../../standards/mws/operations.ts'
import type { CallLog, CallOwner, CernerRoad, Read, TokenSource, Written } from '../cerner/port.ts'
import type { CernerSettings } from '../cerner/definition.ts'
import { WebClient } from '../fhir/client.ts'
import { systemTimer } from '../fhir/timer.ts'
import type { Timer } from '../fhir/timer.ts'
import { keyed, keysOf } from './idempotency.ts'
import { lookUp, withCursor } from './look-up.ts'
import { collect, readOf, versionIn } from './pages.ts'
import { patient } from './patience.ts'
import * as requests from './requests.ts'
import { restTransport } from './rest.ts'
import { soapTransport, withoutPasswords } from './soap.ts'
import type { Transport } from './transport.ts'

export interface MillenniumOptions {
  /** With its secrets opened. */
  settings: Pick<CernerSettings, 'millennium' | 'limits'>
  /** Null for SOAP with a user name. */
  tokens: TokenSource | null
  /** PEM of the trusted authorities; null for the public ones. */
  ca: string | null
  log: CallLog
  timer?: Timer
  /** From 0 to 1, for the jitter. */
  random?: () => number
}

/** The line to the services of one connection; shared by all its work. */
export interface Millennium extends AsyncDisposable {
  readonly transport: Transport
  readonly timer: Timer
  /** The road for the work of one exchange: its creates carry keys of that exchange. */
  road(owner: CallOwner): CernerRoad
}

/**
 * Opens the line to Millennium web services, over REST or SOAP as the settings say.
 *
 * @see millennium-web-services.md §5-§10
 */
export function openMillennium(options: MillenniumOptions): Millennium {
  const { settings, timer = systemTimer } = options
  const transport = transportOf(options, settings.millennium, timer)
  return {
    transport,
    timer,
    road: (owner) => millenniumRoad(transport, timer, owner),
    [Symbol.asyncDispose]: async () => transport[Symbol.asyncDispose](),
  }
}

function transportOf(
  options: MillenniumOptions,
  { base, transport, soap }: CernerSettings['millennium'],
  timer: Timer,
): Transport {
  const { settings, tokens, ca, log, random } = options
  const isRest = transport === 'rest'
  const web = new WebClient({
    base: isRest ? base : soap.endpoint === '' ? base : soap.endpoint,
    channel: 'millennium',
    limits: settings.limits,
    ca,
    tokens: !isRest && soap.username !== '' ? null : tokens,
    log: isRest ? log : withoutPasswords(log),
    timer,
    ...(random === undefined ? {} : { random }),
  })
  const patience = { timer, retries: settings.limits.retries, random: random ?? Math.random }
  if (isRest) return patient(restTransport(web), patience)
  const version = transport === 'soap11' ? '1.1' : '1.2'
  return patient(soapTransport(web, { ...soap, version }), patience, true)
}

/** The road to Cerner by Millennium web services. */
function millenniumRoad(transport: Transport, timer: Timer, owner: CallOwner): CernerRoad {
  const keys = keysOf(owner)
  const all = async (wanted: MwsRequest, signal?: AbortSignal, limit?: number): Promise<Read[]> =>
    collect(transport, { at: (cursor) => withCursor(wanted, cursor), limit, signal })
  const one = async (wanted: MwsRequest, signal?: AbortSignal): Promise<Read> =>
    readOf(await transport.send(wanted, signal), operationOf(wanted.operation).kind)
  const write = async (type: string, wanted: MwsRequest): Promise<Written> =>
    writtenIn(type, wanted, await transport.send(keyed(wanted, keys)))

  return {
    name: 'millennium',
    searchPersons: async (query, signal) => collect(transport, { at: requests.searchPersons(query), signal }),
    readPerson: async (id, signal) => one(request('readPerson', { path: { id } }), signal),
    createPerson: async (resource, how) => write('Patient', requests.createPerson(resource, how?.isReviewed)),
    updatePerson: async (id, version, operations) =>
      write('Patient', requests.updatePerson(id, version, operations)),
    findSlots: async (query, signal) => all(requests.findSlots(query), signal, query.limit),
    book: async (booking) => write('Appointment', requests.bookAppointment(booking)),
    reschedule: async (id, version, to) => write('Appointment', requests.reschedule(id, version, to)),
    cancel: async (id, version, why) => write('Appointment', requests.cancel(id, version, why)),
    setStatus: async (id, version, status) => write('Appointment', requests.setStatus(id, version, status)),
    readAppointment: async (id, signal) => one(request('readAppointment', { path: { id } }), signal),
    createObservation: async (resource, text) => write('Observation', requests.createResult(resource, text)),
    createDocument: async (resource) => write('DocumentReference', requests.createDocument(resource)),
    async results(query, signal) {
      const found: Read[] = []
      for (const wanted of requests.searchResults(query, timer.now()))
        found.push(...(await all(wanted, signal)))
      return before(found, query, 'effectiveDateTime')
    },
    async documents(query, signal) {
      return before(await all(requests.searchDocuments(query, timer.now()), signal), query, 'date')
    },
    content: async (url, signal) => contentOf(transport, url, signal),
    lookUp: async (lost) => lookUp(transport, lost),
  }
}

// A range with an end alone is not asked for: the services want both ends.
function before(found: Read[], { from, to }: { from?: string; to?: string }, member: string): Read[] {
  if (to === undefined || from !== undefined) return found
  return found.filter(({ resource }) => !(Date.parse(String(resource[member])) >= Date.parse(to)))
}

/**
 * Where a write ended: by the body, else by Location and ETag.
 *
 * @throws FHIR_WRITE_UNCERTAIN when the answer does not say
 */
function writtenIn(
  type: string,
  wanted: MwsRequest,
  { status, body, location, version, lastModified }: MwsAnswer,
): Written {
  const resource =
    body === null
      ? null
      : readOf({ status, body, location, version, lastModified, retryAfter: null, content: null }, type)
          .resource
  const target = readReference(location?.split(/[?#]/)[0])
  const named = target?.kind === 'local' || target?.kind === 'foreign' ? target.id : null
  const id = resource?.resourceType === type ? (resource.id ?? null) : null
  const found = id ?? named ?? idIn(location) ?? wanted.path['id']
  if (found === undefined)
    throw new IntegrationError('FHIR_WRITE_UNCERTAIN', { call: operationOf(wanted.operation).kind, status })
  const modifiedMs = Date.parse(lastModified ?? '')
  return {
    type,
    id: found,
    version: version ?? (resource === null ? null : versionIn(resource)),
    lastModifiedMs: Number.isNaN(modifiedMs) ? null : modifiedMs,
  }
}

// `…/scheduling/v1/appointments/123`
const idIn = (location: string | null): string | undefined =>
  /\/v\d+\/[A-Za-z]+\/([A-Za-z0-9.-]{1,64})$/.exec(location?.split(/[?#]/)[0] ?? '')?.[1]

/**
 * The bytes of a document, held against their checksum.
 *
 * @param url of the attachment, of the document, or the id of the document
 * @throws MWS_CONTENT_DAMAGED
 */
async function contentOf(
  transport: Transport,
  url: string,
  signal?: AbortSignal,
): Promise<{ bytes: Uint8Array; mediaType: string }> {
  const wanted = request('readDocumentContent', { path: { id: documentIn(url) } })
  const { content } = await transport.send(wanted, signal)
  const call = operationOf(wanted.operation).kind
  if (content === null)
    throw new IntegrationError('FHIR_ANSWER_UNREADABLE', { call, reason: 'it carries no bytes' })
  const { bytes, mediaType, digest } = content
  const sum = /(?:^|,)\s*sha-256=([A-Za-z0-9+/=]+)/i.exec(digest ?? '')?.[1]
  if (sum !== undefined && sum !== createHash('sha256').update(bytes).digest('base64'))
    throw new IntegrationError('MWS_CONTENT_DAMAGED', { call })
  return { bytes, mediaType }
}

function documentIn(url: string): string {
  const id = /(?:^|\/documents\/|\/?DocumentReference\/)([A-Za-z0-9.-]{1,64})(?:\/content)?$/.exec(
    url.split(/[?#]/)[0] ?? '',
  )?.[1]
  if (id === undefined)
    throw new IntegrationError('FHIR_RESOURCE_INVALID', {
      place: 'Attachment.url',
      expected: 'the address of a document',
    })
  return id
}
