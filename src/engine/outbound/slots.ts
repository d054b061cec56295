import type { SlotQuery } from '../../connectors/cerner/port.ts'
import type { Slot, SlotQueryRequest } from '../../contract/scheduling.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { readSchedule, readSlot } from '../../mapping/map-fhir.ts'
import type { Coded, DirectoryEntry } from '../../model/values.ts'
import { readDirectory } from '../../store/directory.ts'
import type { RunningCerner } from '../connection.ts'
import { carrierOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'

/** Names and zones of the people and places of a connection. */
export interface Directory {
  of(kind: DirectoryEntry['kind'], id: string): DirectoryEntry | undefined
  all(kind: DirectoryEntry['kind']): DirectoryEntry[]
}

export async function openDirectory({ database }: OutboundParts, id: ConnectionId): Promise<Directory> {
  const entries = await readDirectory(database, id)
  const byName = new Map(entries.map((entry) => [`${entry.kind}/${entry.id}`, entry]))
  return {
    of: (kind, entryId) => byName.get(`${kind}/${entryId}`),
    all: (kind) => entries.filter((entry) => entry.kind === kind && entry.active),
  }
}

/** The zone of a location: as set, as the directory says, else that of the connection. */
export function zoneOf({ settings }: RunningCerner, directory: Directory, locationId: string | null): string {
  if (locationId === null) return settings.zone
  return (
    settings.timeZones[locationId] ?? directory.of('location', locationId)?.detail.time_zone ?? settings.zone
  )
}

const MOST_SLOTS = 500

/** Free times as Cerner has them now. */
export async function findSlots(parts: OutboundParts, query: SlotQueryRequest): Promise<Slot[]> {
  const named = query.connection_id as ConnectionId | undefined
  const { connection, road } = await carrierOf(parts, 'slots', named)
  const [from, to] = [instant(query.from, 'query.from'), instant(query.to, 'query.to')]
  if (from >= to)
    throw new IntegrationError('REQUEST_INVALID', { place: 'query.to', reason: 'it is not after from' })
  const asked: SlotQuery = { serviceTypes: [query.service_type], from, to, limit: MOST_SLOTS }
  if (query.location_id !== undefined) asked.location = query.location_id
  if (query.practitioner_id !== undefined) asked.practitioner = query.practitioner_id
  const [reads, directory] = await Promise.all([road.findSlots(asked), openDirectory(parts, connection.id)])
  const schedules = new Map(
    reads.flatMap(({ resource }) =>
      resource.resourceType === 'Schedule' ? [[resource.id ?? '', readSchedule(resource)] as const] : [],
    ),
  )
  return reads
    .filter(({ resource }) => resource.resourceType === 'Slot')
    .map(({ resource }) => readSlot(resource))
    .filter(({ status, start }) => status === 'free' && start >= from && start < to)
    .map((slot) => {
      const schedule = slot.scheduleId === null ? undefined : schedules.get(slot.scheduleId)
      const practitionerId = schedule?.practitionerIds[0] ?? query.practitioner_id ?? null
      const location = placeOf(directory, 'location', slot.locationId ?? query.location_id ?? null, undefined)
      return {
        id: slot.id,
        connection_id: connection.id,
        start: slot.start,
        end: slot.end,
        service_type: chosenType(slot.serviceTypes, query.service_type),
        location,
        practitioner: placeOf(directory, 'practitioner', practitionerId, schedule?.actors[0]),
        time_zone: zoneOf(connection, directory, location?.id ?? null),
      }
    })
    .sort((a, b) => (a.start < b.start ? -1 : Number(a.start > b.start)))
}

function placeOf(
  directory: Directory,
  kind: DirectoryEntry['kind'],
  id: string | null,
  words: string | undefined,
): { id: string; name: string } | null {
  return id === null ? null : { id, name: directory.of(kind, id)?.name ?? words ?? '' }
}

/** The coding that was asked for, else the first. */
function chosenType(types: readonly Coded[], asked: string): Coded {
  return types.find((one) => valueOfType(one) === asked) ?? types[0] ?? {}
}

/** `system|code`, as slots are searched by. */
export const valueOfType = ({ system, code }: Coded): string =>
  system === undefined ? (code ?? '') : `${system}|${code ?? ''}`

export function instant(text: string, place: string): string {
  const ms = Date.parse(text)
  if (!Number.isFinite(ms) || !/T.*(Z|[+-]\d{2}:?\d{2})$/.test(text)) {
    throw new IntegrationError('REQUEST_INVALID', {
      place,
      reason: 'it is not an ISO 8601 instant with its zone',
    })
  }
  return new Date(ms).toISOString()
}
