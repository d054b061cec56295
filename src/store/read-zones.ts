import { rowsOf, statement } from './reading.ts'
import type { Queryable } from './reading.ts'

/** The time zone of a location, where it is known. */
export interface Zones {
  of(locationId: string | null): string | null
}

// Cerner connections first: they say zones by location.
export const READ_ZONES = statement(
  'read-zones',
  `select settings -> 'timeZones' as by_location, settings ->> 'zone' as zone from connection
where practice_id = current_practice() order by (channel = 'cerner') desc, created_at, id`,
)

export const READ_PLACES = statement(
  'read-place-zones',
  `select id, detail ->> 'time_zone' as zone from directory_entry
where practice_id = current_practice() and kind = 'location' and detail ? 'time_zone'`,
)

const KEEP_MS = 5000
const kept = new WeakMap<Queryable, { until: number; zones: Promise<Zones> }>()

/** Zones as set, as the directory of places says, else that of the first connection. Kept for five seconds. */
export function zonesOf(database: Queryable): Promise<Zones> {
  const known = kept.get(database)
  if (known && known.until > performance.now()) return known.zones
  const zones = readZones(database)
  kept.set(database, { until: performance.now() + KEEP_MS, zones })
  zones.catch(() => kept.delete(database))
  return zones
}

async function readZones(database: Queryable): Promise<Zones> {
  const [connections, places] = await Promise.all([
    rowsOf<{ by_location: Record<string, string> | null; zone: string | null }>(database, READ_ZONES, []),
    rowsOf<{ id: string; zone: string }>(database, READ_PLACES, []),
  ])
  const byPlace = new Map(places.map(({ id, zone }) => [id, zone]))
  for (const { by_location: byLocation } of connections.toReversed()) {
    for (const [id, zone] of Object.entries(byLocation ?? {})) byPlace.set(id, zone)
  }
  const usual = connections.find(({ zone }) => zone !== null && zone !== '')?.zone ?? null
  return { of: (id) => (id === null ? usual : (byPlace.get(id) ?? usual)) }
}
