import type { FastifyReply, FastifyRequest } from 'fastify'
import { IntegrationError } from '../../kernel/errors.ts'
import type { FhirResource } from '../../mapping/map-fhir.ts'

export const FHIR_JSON = 'application/fhir+json; charset=utf-8'

const JSON_FORMATS = /^(?:json|(?:application|text)\/(?:fhir\+)?json)(?:\s*;.*)?$/i

/** The façade speaks JSON. @throws REQUEST_INVALID where only something else is taken */
export function checkFormat(request: Pick<FastifyRequest, 'url' | 'headers'>): void {
  const format = queryOf(request).get('_format')
  if (format !== null && !JSON_FORMATS.test(format.replaceAll(' ', '+'))) throw notJson('_format')
  const { accept = '*/*' } = request.headers
  if (format === null && !/json|\*/i.test(accept)) throw notJson('Accept')
}

const notJson = (place: string): IntegrationError =>
  new IntegrationError('REQUEST_INVALID', { place, reason: 'ask for application/fhir+json' })

export const queryOf = ({ url }: Pick<FastifyRequest, 'url'>): URLSearchParams =>
  new URL(url, 'http://localhost').searchParams

/** Sends a resource; numbers keep their digits. */
export function sendFhir(
  request: FastifyRequest,
  reply: FastifyReply,
  resource: Record<string, unknown>,
): FastifyReply {
  const isPretty = queryOf(request).get('_pretty') === 'true'
  return reply
    .type(FHIR_JSON)
    .header('cache-control', reply.getHeader('cache-control') ?? 'no-store')
    .send(JSON.stringify(resource, null, isPretty ? 2 : undefined))
}

/** Sends a resource with its version, or 304 when the caller has it already (FHIR R4 §3.1.0.1.3). */
export function sendRead(request: FastifyRequest, reply: FastifyReply, resource: FhirResource): FastifyReply {
  const { versionId, lastUpdated } = (resource['meta'] ?? {}) as { versionId?: string; lastUpdated?: string }
  const etag = versionId === undefined ? undefined : `W/"${versionId}"`
  if (etag !== undefined) reply.header('etag', etag)
  if (lastUpdated !== undefined) reply.header('last-modified', new Date(lastUpdated).toUTCString())
  return hasAlready(request, etag) ? reply.code(304).send() : sendFhir(request, reply, resource)
}

// By the version alone: the time of a row that is part of a record is when it was true, not when it was written.
const hasAlready = ({ headers }: FastifyRequest, etag: string | undefined): boolean =>
  etag !== undefined &&
  (headers['if-none-match'] ?? '').split(',').some((one) => bare(one) === bare(etag) || one.trim() === '*')

const bare = (etag: string): string => etag.trim().replace(/^W\//, '')
