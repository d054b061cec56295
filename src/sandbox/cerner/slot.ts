import { clinicById } from '../places.ts'
import { DAY_MS, dayOf, mondayOf } from '../practice-calendar.ts'
import { endOf } from './agenda.ts'
import {
  instant,
  meta,
  narrative,
  reference,
  type Base,
  type Operation,
  type Room,
  type SearchRule,
} from './base.ts'
import { APPOINTMENT_TYPES, CERNER_DEFINITION, codeSet, concept } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { BOOKABLE, offerOf, offersOf, scheduleIdOf, stemOf, type Offer } from './offers.ts'
import { againstRule, invalidRequest, parametersMissing } from './outcomes.ts'
import { providerName } from './patient-resource.ts'
import { checkAgainst } from './patching.ts'
import type { Query, Range } from './query.ts'

export interface SlotRoom extends Room {
  /** Whether somebody holds the time of an offer, now or by a booking to come. */
  isTaken(offer: Offer, except?: string): boolean
}

export const SLOT_SEARCH: SearchRule = {
  parameters: [
    { name: '_id', type: 'token', documentation: 'A single or comma separated list of Slot ids.' },
    {
      name: 'start',
      type: 'date',
      documentation: "A closed range, by 'ge' and 'lt', each with a time component.",
    },
    {
      name: 'service-type',
      type: 'token',
      documentation:
        'A single or comma separated list of appointment types that can be booked into the slot.',
    },
    {
      name: 'schedule.actor',
      type: 'reference',
      documentation: 'A single or comma separated list of schedule actors. Must be Practitioner actors.',
    },
    {
      name: '-location',
      type: 'reference',
      documentation: 'A single or comma separated list of Location references.',
    },
    {
      name: '_count',
      type: 'number',
      documentation: 'The maximum number of results to return in a page, from 5 to 200; 50 by default.',
    },
  ],
  required: ['_id', 'service-type', '-location', 'schedule.actor'],
  count: { otherwise: 50, most: 200, least: 5 },
  include: ['Slot:schedule', 'Schedule:actor:Practitioner'],
}

/** Places that can be booked, in the days of everyone who sees patients. @see cerner-fhir-r4.md §3.3 */
export function slotRoom(base: Base): SlotRoom {
  const { agenda, clock } = base
  const held = new Map<string, number>()
  const patches = new Map<string, number>()

  const isTaken = (offer: Offer, except?: string): boolean => {
    const holder = agenda.holder(offer.slot.provider.id, offer.slot.start, endOf(offer.slot))
    return holder !== null && holder !== except
  }
  const statusOf = (offer: Offer): string =>
    isTaken(offer) || offer.slot.start <= clock.now()
      ? 'busy'
      : held.has(offer.id)
        ? 'busy-tentative'
        : 'free'
  const isOpenWeek = (offer: Offer): boolean => {
    const { first, last } = agenda.weeks()
    const day = dayOf(offer.slot.start, offer.slot.clinic.zone)
    return day >= mondayOf(first) && day < mondayOf(last + 1)
  }
  const render = (offer: Offer): Versioned => {
    const touches = agenda.touches(offer.slot.provider.id, offer.slot.start, endOf(offer.slot))
    const patched = patches.get(offer.id) ?? 0
    const lastUpdated = Math.max(
      base.openedAt - (base.openedAt % DAY_MS),
      held.get(offer.id) ?? 0,
      ...touches,
    )
    const status = statusOf(offer)
    const version = `${offer.slot.start / 60_000}v${touches.length * 2 + patched + (status === 'busy' ? 1 : 0)}`
    return { resource: slotResource(base.tenant, offer, status, version, lastUpdated), version, lastUpdated }
  }
  return {
    type: 'Slot',
    verbs: ['read', 'search', 'patch'],
    search: SLOT_SEARCH,
    isTaken,
    read(id) {
      const offer = offerOf(id)
      return offer === null || !isOpenWeek(offer) ? null : render(offer)
    },
    find(query) {
      const wanted = wantedBy(base, query)
      return offersWithin(wanted, agenda.weeks())
        .filter((offer) => statusOf(offer) === 'free')
        .sort(inOrder)
        .map(({ id }) => id)
    },
    patch(now, operations) {
      const status = statusIn(operations)
      const id = String(now.resource.id)
      const offer = offerOf(id)
      if (offer === null || now.resource['status'] === 'busy') throw againstRule('/status')
      if (status === 'free') held.delete(id)
      else held.set(id, clock.now())
      patches.set(id, (patches.get(id) ?? 0) + 1)
      const after = render(offer)
      base.overlay.tell({ type: 'Slot', id, verb: 'update', now: after, before: now })
      return after
    },
    along(found, include) {
      const offer = offerOf(String(found.resource.id))
      if (offer === null) return []
      return include.flatMap((one) => {
        if (one === 'Slot:schedule') return [{ type: 'Schedule', id: scheduleIdOf(offer) }]
        return one === 'Schedule:actor:Practitioner'
          ? [{ type: 'Practitioner', id: offer.slot.provider.id }]
          : []
      })
    },
  }
}

function statusIn(operations: readonly Operation[]): 'free' | 'busy-tentative' {
  checkAgainst([{ op: 'replace', path: /^\/status$/ }], operations)
  const value = operations.find((one) => one.op === 'replace')?.value
  if (value !== 'free' && value !== 'busy-tentative') throw againstRule('/status')
  return value
}

function slotResource(
  tenant: string,
  offer: Offer,
  status: string,
  version: string,
  lastUpdated: number,
): Resource {
  const { slot, type } = offer
  const mapped = APPOINTMENT_TYPES[type]
  return {
    resourceType: 'Slot',
    id: offer.id,
    meta: meta(version, lastUpdated),
    text: narrative('Slot', [
      ['Service Type', mapped?.display ?? null],
      ['Start', instant(slot.start)],
      ['End', instant(endOf(slot))],
      ['Status', status],
    ]),
    extension: [
      {
        valueReference: reference('Location', slot.clinic.locationCd),
        url: `${CERNER_DEFINITION}/scheduling-location`,
      },
    ],
    serviceType: mapped === undefined ? [] : [concept(tenant, 14249, mapped)],
    schedule: reference('Schedule', scheduleIdOf(offer)),
    status,
    start: instant(slot.start),
    end: instant(endOf(slot)),
  }
}

// --- search ---

interface Wanted {
  readonly range: Range
  readonly types: ReadonlySet<string> | null
  readonly providers: ReadonlySet<string> | null
  readonly locations: ReadonlySet<string> | null
}

function wantedBy(base: Base, query: Query): Wanted {
  const types = typesWanted(base, query)
  const providers = query.references('schedule.actor', 'Practitioner')
  const locations = query.references('-location', 'Location')
  if (types === null && providers === null && locations === null)
    throw parametersMissing(['_id', 'service-type', '-location', 'schedule.actor'])
  const range = query.range('start', 'time')
  // Half a range would be the rest of the calendar.
  if (range === null || range.from === -Infinity || range.to === Infinity) throw invalidRequest()
  return {
    range,
    types,
    providers: providers && new Set(providers),
    locations: locations && new Set(locations),
  }
}

function typesWanted(base: Base, query: Query): ReadonlySet<string> | null {
  const tokens = query.tokens('service-type')
  if (tokens === null) return null
  const own = codeSet(base.tenant, 14249)
  const systems = new Set(tokens.map((token) => token.system === null || token.system === own))
  // All of the site's own codes, or all standard ones.
  if (systems.size > 1) throw invalidRequest()
  const found = Object.entries(APPOINTMENT_TYPES).filter(([, { code, standard }]) =>
    tokens.some(
      (token) =>
        (token.code === code && (token.system === null || token.system === own)) ||
        (standard !== null &&
          token.code === standard.code &&
          (token.system === null || token.system === standard.system)),
    ),
  )
  return new Set(found.map(([type]) => type))
}

function offersWithin(
  { range, types, providers, locations }: Wanted,
  open: { readonly first: number; readonly last: number },
): Offer[] {
  const fitting = BOOKABLE.filter(
    (one) =>
      (providers === null || providers.has(one.id)) &&
      (locations === null || locations.has(clinicById(one.clinic).locationCd)),
  )
  // No more than the open weeks, however wide the range asked for.
  const from = Math.max(Math.floor(range.from / DAY_MS) - 1, mondayOf(open.first))
  const to = Math.min(Math.floor(range.to / DAY_MS) + 1, mondayOf(open.last + 1) - 1)
  const offers: Offer[] = []
  for (let day = from; day <= to; day += 1) {
    for (const provider of fitting) {
      for (const offer of offersOf(provider, day)) {
        const within = offer.slot.start >= range.from && offer.slot.start < range.to
        if (within && (types === null || types.has(offer.type))) offers.push(offer)
      }
    }
  }
  return offers
}

/** Start, then type, then place. */
const inOrder = (a: Offer, b: Offer): number =>
  a.slot.start - b.slot.start || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)

// --- schedules ---

export const SCHEDULE_SEARCH: SearchRule = {
  parameters: [
    { name: '_id', type: 'token', documentation: 'A single or comma separated list of Schedule ids.' },
  ],
  required: ['_id'],
  count: null,
}

export const scheduleRoom = (base: Base): Room => ({
  type: 'Schedule',
  verbs: ['read', 'search'],
  search: SCHEDULE_SEARCH,
  read(id) {
    const stem = stemOf(id)
    const mapped = APPOINTMENT_TYPES[stem?.type ?? '']
    if (stem === null || mapped === undefined) return null
    const lastUpdated = base.openedAt - (base.openedAt % DAY_MS)
    const version = `${stem.day}v${stem.provider.id}`
    const actor = providerName(stem.provider)
    const resource = {
      resourceType: 'Schedule',
      id,
      meta: meta(version, lastUpdated),
      text: narrative('Schedule', [
        ['Status', 'Active'],
        ['Service Type', mapped.display],
        ['Practitioner', actor],
      ]),
      active: true,
      serviceType: [concept(base.tenant, 14249, mapped)],
      actor: [reference('Practitioner', stem.provider.id, actor)],
    }
    return { resource, version, lastUpdated }
  },
})
