import { buffer } from 'node:stream/consumers'
import type { Readable } from 'node:stream'
import { Refusal } from './contract.ts'
import type { FaultStatus } from './fault-schema.ts'
import {
  badRecord,
  conflict,
  gatewayPage,
  INVALID_REQUEST,
  loginNeeded,
  NOT_FOUND,
  scopeMissing,
  THROTTLED,
  UNPROCESSABLE,
} from './server-bodies.ts'

/** Cerner's answer for a status (cerner-fhir-r4.md §1.5). @param at the FHIR host, and the type asked for */
export function answerOf(
  status: FaultStatus,
  at: { realm: string; type: string | null },
  retryAfter?: number,
): Refusal {
  const headers: Record<string, string> =
    retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }
  if (status === 401) headers['www-authenticate'] = `Bearer realm="${at.realm}", error="invalid_token"`
  return new Refusal(status, bodyOf(status, at), headers)
}

function bodyOf(status: FaultStatus, { realm, type }: { realm: string; type: string | null }): unknown {
  switch (status) {
    case 400:
      return INVALID_REQUEST
    case 401:
      return loginNeeded(realm)
    case 403:
      return scopeMissing(realm)
    case 404:
      return NOT_FOUND
    case 406:
      return null
    case 409:
      return conflict('conflict', 'Conflict')
    case 412:
      return conflict('conflict', 'Precondition Failed')
    case 422:
      return UNPROCESSABLE
    case 423:
      return conflict('lock-error', 'Locked')
    case 424:
      return conflict('processing', 'Failed Dependency')
    case 429:
      return THROTTLED
    case 500:
      return badRecord(type ?? 'Patient')
    case 502:
      return gatewayPage(502, 'Bad Gateway')
    case 503:
      return gatewayPage(503, 'Service Unavailable')
    case 504:
      return gatewayPage(504, 'Gateway Time-out')
  }
}

/** Pulls a payload of Fastify together: text, bytes, a stream, or none. */
export async function bytesOf(payload: unknown): Promise<Buffer> {
  if (payload === null || payload === undefined) return Buffer.alloc(0)
  if (typeof payload === 'string') return Buffer.from(payload)
  if (Buffer.isBuffer(payload)) return payload
  if (payload instanceof Uint8Array) return Buffer.from(payload)
  return buffer(payload as Readable)
}

/** JSON that breaks off before its last sign; an empty answer becomes the beginning of one. */
export const malformed = (bytes: Buffer): Buffer =>
  bytes.length < 2 ? Buffer.from('{"resourceType":') : bytes.subarray(0, bytes.length - 1)

/** A Bundle whose `next` is the page itself; anything else as it came. */
export function loopedBack(bytes: Buffer, url: string): Buffer {
  const bundle = bundleOf(bytes)
  if (bundle === null) return bytes
  const links = bundle.link.filter(({ relation }) => relation !== 'next')
  return Buffer.from(JSON.stringify({ ...bundle, link: [...links, { relation: 'next', url }] }))
}

interface Links {
  readonly link: readonly { readonly relation?: string; readonly url?: string }[]
}

function bundleOf(bytes: Buffer): Links | null {
  try {
    const read: unknown = JSON.parse(bytes.toString('utf8'))
    return typeof read === 'object' && read !== null && 'link' in read && Array.isArray(read.link)
      ? (read as Links)
      : null
  } catch {
    return null
  }
}
