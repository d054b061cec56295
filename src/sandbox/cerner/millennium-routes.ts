import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import {
  OPERATION_NAMES,
  OPERATIONS,
  type Operation,
  type OperationName,
} from '../../standards/mws/operations.ts'
import { readEtag } from '../../standards/fhir/etag.ts'
import { Refusal, type CernerPlugin, type CernerPluginOptions, type Grant } from './contract.ts'
import { etag, replyFor, ServiceRefusal, type Reply } from './millennium-routes-reply.ts'
import { servicesOf, type Services } from './millennium-routes-services.ts'

/** The services answer where the guide calls them, and under `/mws` for those who share the host with others. */
const PREFIXES = ['', '/mws'] as const
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const LARGEST_BODY_BYTES = 5 * 1024 * 1024

/** For metadata, which needs no token. */
const ANYONE: Grant = { clientId: 'anyone', persona: 'system', scopes: [], patient: null, user: null }

/**
 * Millennium web services over REST.
 *
 * @see millennium-web-services.md §5-§10
 */
export const millenniumRoutes: CernerPlugin = async (app, options) => {
  const services = servicesOf(options.hospital, options.clock)
  // What goes wrong before a route runs (no JSON, an unknown media type) is said in the words of the services too.
  app.setErrorHandler(async (thrown, request, reply) =>
    send(request, reply, replyFor(wordedAs(thrown), request.id)),
  )
  for (const prefix of PREFIXES) {
    for (const name of OPERATION_NAMES) {
      app.route({
        method: OPERATIONS[name].method,
        url: prefix + routeOf(OPERATIONS[name]),
        handler: async (request, reply) => {
          const answer = await answerTo(options, services, name, prefix, request)
          return send(request, reply, answer)
        },
      })
    }
    refuseOtherMethods(app, prefix)
  }
  switchRoutes(app, services)
}

const routeOf = ({ path }: Operation): string => path.replaceAll(/\{(\w+)\}/g, ':$1')

function refuseOtherMethods(app: FastifyInstance, prefix: string): void {
  const byPath = Map.groupBy(OPERATION_NAMES, (name) => routeOf(OPERATIONS[name]))
  for (const [path, names] of byPath) {
    const offered = names.map((name) => OPERATIONS[name].method as string)
    app.route({
      method: METHODS.filter((method) => !offered.includes(method)),
      url: prefix + path,
      handler: async (request, reply) => {
        const refusal = new ServiceRefusal('not-allowed', {}, { headers: { allow: offered.join(', ') } })
        return send(request, reply, replyFor(refusal, request.id))
      },
    })
  }
}

async function answerTo(
  { gate, endpoints }: CernerPluginOptions,
  services: Services,
  operation: OperationName,
  prefix: string,
  request: FastifyRequest,
): Promise<Reply> {
  try {
    const { scope, verb } = OPERATIONS[operation]
    const isOpen = operation === 'readMetadata'
    const grant = isOpen ? ANYONE : gate.admit(request.headers.authorization, { type: scope, verb })
    refuseMedia(operation, request)
    const { body } = request
    return await services.handle({
      request: {
        operation,
        path: request.params as Record<string, string>,
        query: [...new URLSearchParams(request.url.split('?')[1] ?? '')],
        body: body === undefined || body === null ? null : JSON.stringify(body),
        version: readEtag(headerOf(request, 'if-match')),
        key: headerOf(request, 'idempotency-key'),
      },
      body,
      grant,
      requestId: request.id,
      base: endpoints().mws + prefix,
      allowOverlap: headerOf(request, 'x-allow-overlap') === 'true',
      duplicateReviewed: headerOf(request, 'x-duplicate-override') === 'reviewed',
      wantsCandidates: headerOf(request, 'prefer')?.includes('return=representation') === true,
    })
  } catch (thrown) {
    return replyFor(thrown, request.id)
  }
}

function headerOf({ headers }: FastifyRequest, name: string): string | null {
  const value = headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}

const JSON_FAMILY = /^application\/(?:fhir\+json|json|json-patch\+json)\b/

function refuseMedia(operation: OperationName, request: FastifyRequest): void {
  const accept = headerOf(request, 'accept')
  const takes = accept === null || /application\/(?:fhir\+json|json|\*)|\*\/\*/.test(accept)
  if (!takes && operation !== 'readDocumentContent') throw new ServiceRefusal('not-acceptable')
  const hasBody = request.body !== undefined && request.body !== null
  if (hasBody && !JSON_FAMILY.test(headerOf(request, 'content-type') ?? ''))
    throw new ServiceRefusal('media-type')
  const length = Number(request.headers['content-length'] ?? 0)
  if (OPERATIONS[operation].service !== 'documents' && length > LARGEST_BODY_BYTES)
    throw new ServiceRefusal('document-too-large')
}

// The answer is of the request's family of media types.
function mediaTypeFor(request: FastifyRequest): string {
  const asked = `${headerOf(request, 'accept') ?? ''} ${headerOf(request, 'content-type') ?? ''}`
  return asked.includes('fhir+json') ? 'application/fhir+json' : 'application/json'
}

function send(request: FastifyRequest, reply: FastifyReply, answer: Reply): FastifyReply {
  reply
    .code(answer.status)
    .header('x-request-id', request.id)
    .headers(answer.headers ?? {})
  const key = headerOf(request, 'idempotency-key')
  if (key !== null) reply.header('idempotency-key', key)
  if (answer.version !== undefined) reply.header('etag', etag(answer.version))
  if (answer.lastModifiedMs !== undefined)
    reply.header('last-modified', new Date(answer.lastModifiedMs).toUTCString())
  if (answer.location !== undefined) reply.header('location', answer.location)
  const { content, body } = answer
  if (content !== undefined) {
    reply.type(content.mediaType)
    if (content.digest !== null) reply.header('digest', content.digest)
    return reply.send(Buffer.from(content.bytes))
  }
  if (body === null) return reply.send()
  return reply.type(mediaTypeFor(request)).send(JSON.stringify(body))
}

/** What Fastify throws, in our words; our own and the hospital's pass. */
function wordedAs(thrown: unknown): unknown {
  // The frame's parser says so of what is no JSON.
  if (thrown instanceof Refusal && thrown.status === 400) return new ServiceRefusal('not-json')
  const status = thrown instanceof Error && 'statusCode' in thrown ? thrown.statusCode : null
  if (status === 415) return new ServiceRefusal('media-type')
  if (status === 413) return new ServiceRefusal('document-too-large')
  return typeof status === 'number' && status < 500 ? new ServiceRefusal('not-json') : thrown
}

// --- how the site has its services set ---

const changes = z.strictObject({
  rateLimits: z.boolean().optional(),
  noshow: z.boolean().optional(),
  leadSeconds: z.number().int().min(0).optional(),
  resultsWritable: z.boolean().optional(),
  typesNotBookable: z.array(z.string()).optional(),
  services: z
    .strictObject({
      person: z.boolean().optional(),
      scheduling: z.boolean().optional(),
      clinical: z.boolean().optional(),
      documents: z.boolean().optional(),
    })
    .optional(),
})

function switchRoutes(app: FastifyInstance, { switches }: Services): void {
  app.get('/_sandbox/millennium', async () => switches)
  app.patch('/_sandbox/millennium', async (request, reply) => {
    const read = changes.safeParse(request.body)
    if (!read.success) return reply.code(400).send({ message: z.prettifyError(read.error) })
    const { services, ...others } = read.data
    Object.assign(switches, defined(others))
    Object.assign(switches.services, defined(services ?? {}))
    return switches
  })
}

const defined = (given: object): object =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
