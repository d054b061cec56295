import type { Clock } from '../../kernel/clock.ts'
import { instantOf } from '../../standards/mws/booking.ts'
import type { Hospital, Resource } from './contract.ts'
import { sortable, type Row } from './millennium-routes-paging.ts'
import {
  orNull,
  parametersOf,
  ServiceRefusal,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'

/** What changed since a moment. @see millennium-web-services.md §10 */

const KEPT_MS = 7 * 86_400_000

interface Change {
  readonly at: number
  /** Order of changes within a millisecond. */
  readonly turn: number
}

export interface Feed {
  /** Last change of each record of a type since a moment, that moment included. */
  since(type: string, from: number): readonly (Change & { readonly id: string })[]
}

/** Listens to the hospital from now on. Of each record only the last change counts, so memory grows with records. */
export function openFeed(hospital: Hospital, clock: Clock): Feed {
  const changes = new Map<string, Map<string, Change>>()
  let turn = 0
  hospital.onChange(({ type, id, now }) => {
    const list = changes.get(type) ?? new Map<string, Change>()
    changes.set(type, list)
    turn += 1
    list.set(id, { at: Math.max(now.lastUpdated, clock.now()), turn })
  })
  return {
    since: (type, from) =>
      [...(changes.get(type) ?? [])]
        .filter(([, { at }]) => at >= from && at > clock.now() - KEPT_MS)
        .map(([id, change]) => ({ id, ...change })),
  }
}

/**
 * A page of changes. The watermark is where the next question starts; the moment itself is asked for again, since more
 * may have changed in it.
 */
export function changesOf(
  type: string,
  show: (desk: Desk, resource: Resource) => object,
): (desk: Desk, call: ServiceCall) => Reply {
  return (desk, call) => {
    const query = parametersOf(call, ['since'], ['since'])
    const since = instantOf(query.get('since'))
    if (since === undefined) throw new ServiceRefusal('invalid-parameter', { expression: 'since' })
    if (since < desk.clock.now() - KEPT_MS) throw new ServiceRefusal('gone', { expression: 'since' })
    const changes = desk.feed.since(type, since)
    const rows = changes.map((change) => rowOf(desk, call, type, change, show))
    const watermark = new Date(Math.max(since, ...changes.map(({ at }) => at))).toISOString()
    return desk.pages.page(call, rows, { type: 'history', headers: { 'x-change-watermark': watermark } })
  }
}

function rowOf(
  desk: Desk,
  { grant }: ServiceCall,
  type: string,
  { id, at, turn }: Change & { id: string },
  show: (desk: Desk, resource: Resource) => object,
): Row {
  const found = orNull(() => desk.hospital.records.read(type, id, grant))
  const url = `${type}/${id}`
  const lastModified = new Date(at).toISOString()
  const place = `${sortable(at)} ${sortable(turn)}`
  return found === null
    ? {
        place,
        id,
        resource: { resourceType: type, id },
        entry: { request: { method: 'DELETE', url }, response: { status: '204', lastModified } },
      }
    : {
        place,
        id,
        resource: show(desk, found.resource),
        entry: { request: { method: 'PUT', url }, response: { status: '200', lastModified } },
      }
}
