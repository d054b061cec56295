import { ifMatch, readEtag } from '../../standards/fhir/etag.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { addressOf, mediaTypeOf, operationOf } from '../../standards/mws/operations.ts'
import type { MwsAnswer, MwsRequest, Operation } from '../../standards/mws/operations.ts'
import { askedOf, problemOf } from '../../standards/mws/problems.ts'
import { readRetryAfter } from '../fhir/backoff.ts'
import { jsonTextOf, textOf } from '../fhir/client.ts'
import type { Answer, CallRequest, WebClient } from '../fhir/client.ts'
import { isRead, withAskedWait } from './transport.ts'
import type { Transport } from './transport.ts'

/**
 * Millennium services over REST. A read is tried again by the client, a write is sent once.
 *
 * @see millennium-web-services.md §5
 */
export function restTransport(web: WebClient): Transport {
  return {
    async send(request, signal) {
      const operation = operationOf(request.operation)
      return web.call(callOf(request, operation, signal), (answer) => ({
        value: answerOf(request, operation, answer),
      }))
    },
    [Symbol.asyncDispose]: async () => web[Symbol.asyncDispose](),
  }
}

function callOf(request: MwsRequest, operation: Operation, signal: AbortSignal | undefined): CallRequest {
  const asked = askedOf(operation)
  const repeatable = isRead(operation)
  return {
    method: operation.method,
    url: addressOf(request),
    kind: asked.call,
    headers: headersOf(request, asked.call),
    body: request.body,
    repeatable,
    needs: `the scope ${asked.scope}`,
    judge: (answer) =>
      withAskedWait(
        problemOf({ status: answer.status, body: textOf(answer) }, asked, repeatable),
        readRetryAfter(answer.headers['retry-after'], answer.receivedAtMs),
      ),
    about: aboutOf(request),
    signal,
  }
}

function headersOf(
  { operation, body, version, key, isReviewed }: MwsRequest,
  call: string,
): Record<string, string> {
  return {
    ...(body === null ? {} : { 'Content-Type': mediaTypeOf(operation) }),
    ...(version === null ? {} : { 'If-Match': matchOf(version, call) }),
    ...(key === null ? {} : { 'Idempotency-Key': key }),
    ...(isReviewed === true ? { 'X-Duplicate-Override': 'reviewed' } : {}),
  }
}

/** @throws FHIR_VERSION_STALE for what can be no version: the record has to be read first */
function matchOf(version: string, call: string): string {
  const value = ifMatch(version)
  if (value === null) throw new IntegrationError('FHIR_VERSION_STALE', { call, status: 412 })
  return value
}

/** `Patient/123` or `Appointment/123`, where the path names it. */
export function aboutOf({ operation, path }: Pick<MwsRequest, 'operation' | 'path'>): string | null {
  const { id } = path
  if (id === undefined) return null
  const type = /(Patient|Appointment|Observation|DocumentReference|document)/.exec(
    operationOf(operation).kind,
  )?.[1]
  if (type === undefined) return null
  return `${type === 'document' ? 'DocumentReference' : type}/${id}`
}

function answerOf({ operation }: MwsRequest, { kind, verb }: Operation, answer: Answer): MwsAnswer {
  const { status, headers } = answer
  const isContent = operation === 'readDocumentContent'
  // An answer to a write may be empty; one to a read may not.
  const mayBeEmpty = verb === 'create' || verb === 'patch' || status === 204
  const isEmpty = answer.bytes.length === 0
  return {
    status,
    body: isContent || (isEmpty && mayBeEmpty) ? null : jsonOf(answer, kind, verb),
    version: readEtag(headers['etag']),
    lastModified: headers['last-modified'] ?? null,
    location: headers['location'] ?? null,
    retryAfter: headers['retry-after'] ?? null,
    content: isContent
      ? {
          bytes: answer.bytes,
          mediaType: headers['content-type'] ?? 'application/octet-stream',
          digest: headers['digest'] ?? null,
        }
      : null,
  }
}

/** @throws FHIR_ANSWER_UNREADABLE for a read; a write whose answer is a page of somebody in between is uncertain */
function jsonOf(answer: Answer, call: string, verb: Operation['verb']): string {
  try {
    const text = jsonTextOf(answer, call)
    JSON.parse(text)
    return text
  } catch (error) {
    if (verb === 'patch') throw new IntegrationError('FHIR_WRITE_UNCERTAIN', { call, status: answer.status })
    if (error instanceof IntegrationError) throw error
    // The cause is left out: V8 quotes the text around the fault.
    throw new IntegrationError('FHIR_ANSWER_UNREADABLE', { call, reason: 'it is not whole JSON' })
  }
}
