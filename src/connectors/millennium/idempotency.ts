import { createHash } from 'node:crypto'
import { v4, v5 } from 'uuid'
import { addressOf, operationOf } from '../../standards/mws/operations.ts'
import type { MwsRequest, OperationName } from '../../standards/mws/operations.ts'
import type { CallOwner } from '../cerner/port.ts'

// Our own name space for version 5 ids (RFC 9562 §5.5).
const KEYS = 'c2b7a3de-3f0c-5b7e-9d64-5d6a4f0f7c11'

// One exchange may file several of these, which only their content tells apart. Of the others it makes one.
const MANY: ReadonlySet<OperationName> = new Set<OperationName>([
  'createResult',
  'createDocument',
  'replaceDocument',
])

/** Gives a create the key under which the far side knows a repeat of it. @see millennium-web-services.md §5.6 */
export interface KeyRing {
  keyFor(request: MwsRequest): string
}

/**
 * Keys of one outbound exchange: the same exchange asks with the same key however often it is tried, in this process or
 * another, so a create whose answer was lost is not done twice. Should its content have changed meanwhile, the far side
 * refuses (MWS_KEY_REUSED) rather than making a second record.
 *
 * @param owner without an exchange (a call by hand) each call has a new key, which holds for its own tries
 */
export function keysOf({ connectionId, causedBy }: CallOwner): KeyRing {
  return {
    keyFor(request) {
      if (causedBy === null) return v4()
      const content = MANY.has(request.operation) ? digestOf(request.body ?? '') : ''
      return v5([connectionId, causedBy, request.operation, addressOf(request), content].join('\n'), KEYS)
    },
  }
}

const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The request with its key, where its operation takes one. */
export const keyed = (request: MwsRequest, keys: KeyRing): MwsRequest =>
  operationOf(request.operation).key === 'none' ? request : { ...request, key: keys.keyFor(request) }
