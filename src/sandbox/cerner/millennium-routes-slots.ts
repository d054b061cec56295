import { randomUUID } from 'node:crypto'
import { isSlotId } from '../../standards/mws/operations.ts'
import { idIn } from './base.ts'
import { APPOINTMENT_TYPES, CERNER_DEFINITION, concept } from './codes.ts'
import type { Grant, Resource, Versioned } from './contract.ts'
import { collect, sortable, type Row } from './millennium-routes-paging.ts'
import {
  isObject,
  listIn,
  objectIn,
  one,
  orNull,
  parametersOf,
  rangeIn,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'

/** Slots and holds. @see millennium-web-services.md §7 */

const MOST_HOLD_SECONDS = 300

export interface Hold {
  readonly id: string
  readonly owner: string
  readonly expires: number
}
export function findSlots(desk: Desk, call: ServiceCall): Reply {
  const query = parametersOf(call, ['service-type', 'location', 'practitioner', 'start'], ['start'])
  const range = rangeIn(query, 'start')
  if (!['service-type', 'location', 'practitioner'].some((name) => query.has(name)) || range === null)
    throw new ServiceRefusal('missing-parameter', { expression: 'service-type' })
  const search = new URLSearchParams()
  const copy = (from: string, to: string): void => {
    const value = query.get(from)
    if (value !== null) search.set(to, value)
  }
  copy('service-type', 'service-type')
  copy('location', '-location')
  copy('practitioner', 'schedule.actor')
  appendRange(search, 'start', range)
  search.set('_count', '200')
  const found = collect(desk.hospital.records, 'Slot', search, call.grant)
  return desk.pages.page(
    call,
    found.filter(({ resource }) => holdOf(desk, resource.id ?? '') === null).map(slotRow),
  )
}

export const appendRange = (
  search: URLSearchParams,
  name: string,
  { from, to }: { from: number; to: number },
): void => {
  search.append(name, `ge${new Date(from).toISOString()}`)
  search.append(name, `lt${new Date(to).toISOString()}`)
}

export const startOf = (resource: Resource): number => Date.parse(textIn(resource['start']) ?? '')

const slotRow = ({ resource }: Versioned): Row => ({
  place: `${sortable(startOf(resource))} ${resource.id ?? ''}`,
  id: resource.id ?? '',
  resource,
})

export function slotAt(desk: Desk, { request, grant }: ServiceCall): Versioned | null {
  const id = request.path['slot'] ?? ''
  return isSlotId(id) ? orNull(() => desk.hospital.records.read('Slot', id, grant)) : null
}

export function readSlot(desk: Desk, call: ServiceCall): Reply {
  const found = slotAt(desk, call)
  if (found === null) throw new ServiceRefusal('slot-not-found')
  const held = holdOf(desk, found.resource.id ?? '') !== null
  const status = found.resource['status'] === 'free' && !held ? 'free' : 'busy'
  return one(found, { ...found.resource, status })
}

/** The hold on a slot; one whose time is over counts no more. */
export function holdOf(desk: Desk, slotId: string): Hold | null {
  const hold = desk.holds.get(slotId)
  if (hold === undefined) return null
  if (hold.expires > desk.clock.now()) return hold
  desk.holds.delete(slotId)
  return null
}

export function holdSlot(desk: Desk, call: ServiceCall): Reply {
  const { ttlSeconds } = objectIn(call)
  if (typeof ttlSeconds !== 'number' || !(ttlSeconds >= 1 && ttlSeconds <= MOST_HOLD_SECONDS))
    throw new ServiceRefusal('invalid-parameter', { expression: 'ttlSeconds' })
  const slot = slotAt(desk, call)
  if (slot === null) throw new ServiceRefusal('slot-not-found')
  const id = slot.resource.id ?? ''
  const held = holdOf(desk, id)
  if (slot.resource['status'] !== 'free' || (held !== null && held.owner !== call.grant.clientId))
    throw new ServiceRefusal('slot-unavailable')
  const hold = { id: randomUUID(), owner: call.grant.clientId, expires: desk.clock.now() + ttlSeconds * 1000 }
  desk.holds.set(id, hold)
  return { status: 201, body: { holdId: hold.id, expires: new Date(hold.expires).toISOString() } }
}

export function releaseSlot(desk: Desk, { request, grant }: ServiceCall): Reply {
  const slotId = request.path['slot'] ?? ''
  const hold = holdOf(desk, slotId)
  if (hold === null || hold.id !== request.path['hold'] || hold.owner !== grant.clientId)
    throw new ServiceRefusal('not-found')
  desk.holds.delete(slotId)
  return { status: 204, body: null }
}

/** Who and where of a slot: its location, and the actors of its schedule. */
export function actorsOf(desk: Desk, slot: Resource, grant: Grant): string[] {
  const place = listIn(slot['extension']).find(
    (row) => isObject(row) && row['url'] === `${CERNER_DEFINITION}/scheduling-location`,
  )
  const scheduleId = idIn(slot['schedule'], 'Schedule')
  const schedule =
    scheduleId === null ? null : orNull(() => desk.hospital.records.read('Schedule', scheduleId, grant))
  const references = [
    isObject(place) ? place['valueReference'] : null,
    ...listIn(schedule?.resource['actor']),
  ]
  return references.flatMap((row) => (isObject(row) ? (textIn(row['reference']) ?? []) : []))
}

export function appointmentTypes(desk: Desk): Reply {
  const { tenant } = desk.hospital
  const types = Object.values(APPOINTMENT_TYPES).map((mapped) => ({
    type: concept(tenant, 14249, mapped),
    bookable: !desk.switches.typesNotBookable.includes(mapped.code),
  }))
  return { status: 200, body: { types } }
}
