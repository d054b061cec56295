import { randomUUID } from 'node:crypto'
import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Base, Room } from './base.ts'
import { refuseModifiers } from './bodies.ts'
import type { Grant, HospitalChange, Page, R4Verb, Records, Resource, Versioned } from './contract.ts'
import {
  badRecord,
  forbidden,
  invalidRequest,
  lockedByUser,
  methodNotAllowed,
  notFound,
  noVersion,
  parametersMissing,
  stale,
} from './outcomes.ts'
import { readOperations } from './patching.ts'
import { readQuery, type Query } from './query.ts'
import { idIn } from './base.ts'

const LISTS_KEPT = 256
const ALWAYS = ['_id', '_count', '_include', '_revinclude', '_format', '-pageContext', '-pageDirection']

/** The records, also in one go for exports, which page nothing and suffer no misbehaviour. */
export interface AllRecords extends Records {
  all(type: string, query: URLSearchParams, grant: Grant): readonly Versioned[]
}

/** The rooms of the hospital behind one door: versions, locks, personas, paging and switches are the same for all. */
export function openRecords(base: Base, rooms: ReadonlyMap<string, Room>): AllRecords {
  const lists = rememberLists()
  const roomFor = (type: string, verb: R4Verb): Room => {
    const room = rooms.get(type)
    if (room === undefined) throw notFound()
    if (!room.verbs.includes(verb)) throw methodNotAllowed()
    return room
  }
  const readRaw = (room: Room, id: string, grant: Grant): Versioned => {
    const written = base.overlay.get(room.type, id)
    const found = written === null ? room.read(id, grant) : written.removed ? null : written.versioned
    if (found === null || !mayRead(found.resource, grant)) throw notFound()
    return found
  }
  const current = (room: Room, id: string, ifMatch: string | undefined, grant: Grant): Versioned => {
    const version = ifMatch === undefined ? undefined : /^W\/"([^"]+)"$/.exec(ifMatch)?.[1]
    if (version === undefined) throw noVersion()
    const now = readRaw(room, id, grant)
    if (base.switches.locked.has(`${room.type}/${id}`)) throw lockedByUser()
    if (now.version !== version) throw stale()
    return now
  }
  // What a search still shows while the delay of visibility lasts; a read by id sees a write at once.
  const written = new Map<string, HospitalChange & { readonly at: number }>()
  base.overlay.onChange((change) => {
    if (base.switches.visibilityDelayMs > 0)
      written.set(`${change.type}/${change.id}`, { ...change, at: base.clock.now() })
  })
  const shown = (room: Room, id: string, grant: Grant): Versioned | null => {
    const change = written.get(`${room.type}/${id}`)
    if (change !== undefined && base.clock.now() - change.at < base.switches.visibilityDelayMs)
      return change.before
    const kept = base.overlay.get(room.type, id)
    const found = kept === null ? room.read(id, grant) : kept.removed ? null : kept.versioned
    return found === null || !mayRead(found.resource, grant) ? null : found
  }

  return {
    read(type, id, grant) {
      return dressed(base, readRaw(roomFor(type, 'read'), id, grant))
    },
    search(type, query, context, grant) {
      const room = roomFor(type, 'search')
      if (base.switches.badRecord === type) throw badRecord(type)
      const place = context === null ? startOf(query) : placeIn(context)
      const read = readQuery(new URLSearchParams(place.query))
      const kept = context === null ? undefined : lists.get(place.serial)
      const ids = kept ?? lists.put(place.serial, idsFor(base, room, read, grant))
      const window = windowOf(base, room, read, place, ids)
      const found = ids.slice(window.from, window.to).flatMap((id) => {
        const one = shown(room, id, grant)
        return one === null ? [] : [dressed(base, one)]
      })
      const more = window.to < ids.length
      const next =
        more || base.switches.loopPages
          ? { ...place, offset: base.switches.loopPages && !more ? 0 : window.to }
          : null
      return {
        entries: [
          ...found.map((one) => ({ found: one, mode: 'match' as const })),
          ...included(base, rooms, room, read, found, grant),
        ],
        next: next === null ? null : contextOf(next),
        total: totalOf(base, room, ids, place.offset === 0 && !more),
      }
    },
    all(type, query, grant) {
      const room = roomFor(type, 'search')
      return idsFor(base, room, readQuery(query), grant).map((id) => dressed(base, readRaw(room, id, grant)))
    },
    create(type, body, grant) {
      const room = roomFor(type, 'create')
      refuseModifiers(ofType(body, type))
      return required(room.create)(body, grant)
    },
    update(type, id, ifMatch, body, grant) {
      const room = roomFor(type, 'update')
      const now = current(room, id, ifMatch, grant)
      refuseModifiers(ofType(body, type))
      if (body.id !== undefined && body.id !== id) throw invalidRequest()
      return required(room.update)(now, body, grant)
    },
    patch(type, id, ifMatch, operations, grant) {
      const room = roomFor(type, 'patch')
      const now = current(room, id, ifMatch, grant)
      return required(room.patch)(now, readOperations(operations), grant)
    },
    remove(type, id, ifMatch, grant) {
      const room = roomFor(type, 'delete')
      required(room.remove)(current(room, id, ifMatch, grant), grant)
    },
  }
}

function required<T>(part: T | undefined): T {
  if (part === undefined) throw methodNotAllowed()
  return part
}

function ofType(body: Resource, type: string): Resource {
  if (typeof body !== 'object' || body === null || body.resourceType !== type) throw invalidRequest()
  return body
}

// --- who may see what ---

/** A patient sees what is about them; everyone else what their scopes say. */
function mayRead(resource: Resource, grant: Grant): boolean {
  if (grant.persona !== 'patient') return true
  const about = patientsIn(resource)
  return about === null || (grant.patient !== null && about.includes(grant.patient))
}

/** Ids of the patients whom a resource is about; null when it is about none, as a Location is. */
export function patientsIn(resource: Resource): readonly string[] | null {
  if (resource.resourceType === 'Patient') return [resource.id ?? '']
  const direct = ['subject', 'patient', 'beneficiary', 'securityContext'].flatMap(
    (name) => idIn(resource[name], 'Patient') ?? [],
  )
  if (direct.length > 0) return direct
  if (resource.resourceType !== 'Appointment') return null
  const participants = Array.isArray(resource['participant']) ? resource['participant'] : []
  return participants.flatMap((one: { actor?: unknown }) => idIn(one.actor, 'Patient') ?? [])
}

function refuseForeignPatient(read: Query, grant: Grant): void {
  if (grant.persona !== 'patient') return
  for (const name of ['patient', 'subject', 'beneficiary'])
    for (const id of read.references(name, 'Patient') ?? []) if (id !== grant.patient) throw forbidden()
}

// --- one search ---

function idsFor(base: Base, room: Room, read: Query, grant: Grant): readonly string[] {
  const rule = room.search
  if (rule === null) throw methodNotAllowed()
  const known = rule.parameters.map((one) => one.name)
  const plain = read.names().map((name) => name.split(':')[0] ?? name)
  const unknown = plain.filter((name) => !known.includes(name) && !ALWAYS.includes(name))
  if (base.switches.strictParameters && unknown.length > 0) throw invalidRequest()
  if (rule.required.length > 0 && !rule.required.some((name) => plain.includes(name)))
    throw parametersMissing([...rule.required, '-pageContext'])
  refuseForeignPatient(read, grant)
  const ids = read.list('_id')
  if (ids !== null && known.includes('_id')) {
    // `_id` stands alone.
    if (plain.some((name) => known.includes(name) && name !== '_id' && name !== '_count'))
      throw invalidRequest()
    return [...new Set(ids)].filter((id) => isThere(base, room, id, grant))
  }
  return required(room.find)(read, grant)
}

function isThere(base: Base, room: Room, id: string, grant: Grant): boolean {
  const written = base.overlay.get(room.type, id)
  const found = written === null ? room.read(id, grant) : written.removed ? null : written.versioned
  // Merged records are read by id and found by no search.
  return found !== null && mayRead(found.resource, grant) && found.resource['active'] !== false
}

/** Where a paged search stands: what was asked, which list of ids it walks, and how far it came. */
interface Place {
  readonly query: string
  readonly serial: string
  readonly offset: number
}

const startOf = (query: URLSearchParams): Place => ({
  query: query.toString(),
  serial: randomUUID(),
  offset: 0,
})

const contextOf = (place: Place): string => deflateRawSync(JSON.stringify(place)).toString('base64url')

/** @throws Refusal 400 for a context that this hospital never gave */
function placeIn(context: string): Place {
  try {
    const read: unknown = JSON.parse(inflateRawSync(Buffer.from(context, 'base64url')).toString())
    if (isPlace(read)) return read
  } catch {
    // Falls through to the refusal: whatever it was, it is no place of ours.
  }
  throw invalidRequest()
}

const isPlace = (value: unknown): value is Place =>
  typeof value === 'object' &&
  value !== null &&
  'query' in value &&
  typeof value.query === 'string' &&
  'serial' in value &&
  typeof value.serial === 'string' &&
  'offset' in value &&
  typeof value.offset === 'number'

function windowOf(
  base: Base,
  room: Room,
  read: Query,
  { offset }: Place,
  ids: readonly string[],
): { from: number; to: number } {
  const rule = room.search
  const all = { from: 0, to: ids.length }
  if (rule === null || rule.count === null || read.has('_id')) return all
  const { otherwise, most, least } = rule.count
  const size = base.switches.pageSize ?? read.count(otherwise, most, least)
  const first = offset === 0 ? (rule.firstPage?.(ids) ?? 0) : 0
  const from = base.switches.duplicateAcrossPages && offset > 0 ? offset - 1 : offset
  return { from, to: Math.min(ids.length, Math.max(offset + size, first)) }
}

function totalOf(base: Base, room: Room, ids: readonly string[], onePage: boolean): number | null {
  if (base.switches.withTotal) return ids.length
  // Some one-page results say how many they are, most say nothing.
  return onePage && (room.type === 'Encounter' || room.type === 'Patient') ? ids.length : null
}

function included(
  base: Base,
  rooms: ReadonlyMap<string, Room>,
  room: Room,
  read: Query,
  found: readonly Versioned[],
  grant: Grant,
): Page['entries'] {
  const include = [...(read.list('_include') ?? []), ...(read.list('_revinclude') ?? [])]
  if (include.length === 0) return []
  const offered = [...(room.search?.include ?? []), ...(room.search?.revinclude ?? [])]
  if (!include.every((one) => offered.includes(one))) throw invalidRequest()
  const wanted = new Map<string, { type: string; id: string }>()
  for (const one of found) {
    const provenance = include.includes('Provenance:target')
      ? [{ type: 'Provenance', id: `${one.resource.resourceType}.${one.resource.id ?? ''}` }]
      : []
    for (const along of [...provenance, ...(room.along?.(one, include) ?? [])])
      wanted.set(`${along.type}/${along.id}`, along)
  }
  return [...wanted.values()].flatMap(({ type, id }) => {
    const one = rooms.get(type)?.read(id, grant)
    return one === null || one === undefined ? [] : [{ found: dressed(base, one), mode: 'include' as const }]
  })
}

/** As the wire has it: `meta` of the version, or none where the hospital is told to leave it out. */
function dressed(base: Base, found: Versioned): Versioned {
  const { resource } = found
  if (base.switches.versionless === resource.resourceType) {
    const { meta: _meta, ...rest } = resource
    return { ...found, resource: rest }
  }
  if (resource['meta'] !== undefined) return found
  const { resourceType, id, ...rest } = resource
  const made = { versionId: found.version, lastUpdated: new Date(found.lastUpdated).toISOString() }
  return { ...found, resource: { resourceType, ...(id === undefined ? {} : { id }), meta: made, ...rest } }
}

/** The ids of late searches, so that a page costs no more than its rows and shows no row twice. */
function rememberLists(): {
  get(key: string): readonly string[] | undefined
  put(key: string, ids: readonly string[]): readonly string[]
} {
  const known = new Map<string, readonly string[]>()
  return {
    get: (key) => known.get(key),
    put(key, ids) {
      known.set(key, ids)
      const [oldest] = known.keys()
      if (known.size > LISTS_KEPT && oldest !== undefined) known.delete(oldest)
      return ids
    },
  }
}
