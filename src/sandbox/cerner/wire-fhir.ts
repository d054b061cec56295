import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal, type Page, type Switches, type Versioned } from './contract.ts'
import { invalidRequest } from './outcomes.ts'

/** Headers, media types and bodies that the FHIR roads share. @see cerner-fhir-r4.md §1.2, §1.3 */

export const R4_JSON = 'application/fhir+json'
export const DSTU2_JSON = 'application/json+fhir'

export const etag = (version: string): string => `W/"${version}"`
export const httpDate = (ms: number): string => new Date(ms).toUTCString()

const JSON_KINDS = [
  'application/fhir+json',
  'application/json+fhir',
  'application/json',
  'application/*',
  '*/*',
]

/** @throws Refusal 406, empty, when none of the media types in `Accept` is ours */
export function acceptJson(request: FastifyRequest): void {
  const accept = request.headers.accept
  if (accept === undefined || accept.trim() === '') return
  const wanted = accept.split(',').map((one) => (one.split(';')[0] ?? '').trim().toLowerCase())
  if (!wanted.some((one) => JSON_KINDS.includes(one))) throw new Refusal(406, null)
}

export function sendFound(reply: FastifyReply, found: Versioned, type = R4_JSON): FastifyReply {
  return versionHeaders(reply, found).type(type).send(JSON.stringify(found.resource))
}

export function versionHeaders(reply: FastifyReply, { version, lastUpdated }: Versioned): FastifyReply {
  return reply
    .header('etag', etag(version))
    .header('last-modified', httpDate(lastUpdated))
    .header('cache-control', 'no-cache')
}

const EMPTY_GZIP = gzipSync(Buffer.alloc(0))

/** An answer to a write: no body, which often claims to be HTML, and may be an empty gzip member. */
export function sendEmpty(reply: FastifyReply, status: number, switches: Switches): FastifyReply {
  reply.code(status).type('text/html')
  return switches.gzipEmpty ? reply.header('content-encoding', 'gzip').send(EMPTY_GZIP) : reply.send('')
}

export interface Links {
  readonly self: string
  readonly next: string | null
}

/** A searchset with a fresh id; `entry` is left out when nothing was found. */
export function bundle(base: string, page: Page, links: Links, modes = true): unknown {
  const link = [{ relation: 'self', url: links.self }]
  if (links.next !== null) link.push({ relation: 'next', url: links.next })
  const entry = page.entries.map(({ found: { resource }, mode }) => ({
    fullUrl: `${base}/${resource.resourceType}/${resource.id ?? ''}`,
    resource,
    ...(modes ? { search: { mode } } : {}),
  }))
  return {
    resourceType: 'Bundle',
    id: randomUUID(),
    type: 'searchset',
    ...(page.total === null ? {} : { total: page.total }),
    link,
    ...(entry.length === 0 ? {} : { entry }),
  }
}

/** Bodies are read here when the server around has not said how. */
export function readJsonBodies(app: FastifyInstance): void {
  for (const type of [R4_JSON, DSTU2_JSON, 'application/json-patch+json']) {
    if (app.hasContentTypeParser(type)) continue
    app.addContentTypeParser(type, { parseAs: 'string' }, (_request, body, done) => {
      try {
        done(null, body === '' ? undefined : JSON.parse(String(body)))
      } catch {
        done(invalidRequest())
      }
    })
  }
}

/** Turns a refusal into its answer, for servers that do not do it themselves. */
export function answerRefusals(app: FastifyInstance, type: string): void {
  app.setErrorHandler((thrown, _request, reply) => {
    if (!(thrown instanceof Refusal)) throw thrown
    const { status, body, headers } = thrown
    reply.code(status)
    if (body === null || body === undefined) return reply.type('text/html').headers(headers).send('')
    if (typeof body === 'string') return reply.type('text/plain').headers(headers).send(body)
    const isFhir = typeof body === 'object' && 'resourceType' in body
    return reply
      .type(isFhir ? type : 'application/json')
      .headers(headers)
      .send(JSON.stringify(body))
  })
}

export const requestHeaders = (app: FastifyInstance): void =>
  void app.addHook('onRequest', async (request, reply) => {
    if (!reply.hasHeader('x-request-id')) reply.header('x-request-id', request.id)
    if (!reply.hasHeader('opc-request-id')) reply.header('opc-request-id', `/${hex()}/${hex()}`)
    if (!reply.hasHeader('vary')) reply.header('vary', 'Origin')
    if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-cache')
  })

const hex = (): string => randomUUID().replace(/-/g, '').toUpperCase()
