import { CLINICS, HOSPITAL } from '../places.ts'
import {
  ALIAS,
  APPOINTMENT_TYPES,
  CANCEL_REASONS,
  codeSet,
  INTERPRETATIONS,
  LANGUAGES,
  MARITAL_STATUS,
  ROLES,
  type Mapped,
} from './codes.ts'
import { collect, type Row } from './millennium-routes-paging.ts'
import {
  parametersOf,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'
import type { Versioned } from './contract.ts'

/** Reference services. @see millennium-web-services.md §10 */

const SETS: Readonly<Record<string, Readonly<Record<string, Mapped>>>> = {
  '4': ALIAS,
  '36': LANGUAGES,
  '38': MARITAL_STATUS,
  '52': INTERPRETATIONS,
  '14229': CANCEL_REASONS,
  '14249': APPOINTMENT_TYPES,
  '14250': ROLES,
}

export function readCodeSet({ hospital }: Desk, { request }: ServiceCall): Reply {
  const set = request.path['set'] ?? ''
  const rows = SETS[set]
  if (rows === undefined) throw new ServiceRefusal('not-found')
  const values = Object.entries(rows).map(([meaning, { code, display }]) => ({
    code,
    meaning,
    display,
    active: true,
  }))
  return { status: 200, body: { set, system: codeSet(hospital.tenant, Number(set)), values } }
}

const rowOf = ({ resource }: Versioned): Row => ({
  place: `${textIn(resource['name']) ?? ''} ${resource.id ?? ''}`,
  id: resource.id ?? '',
  resource,
})

export function findPractitioners(desk: Desk, call: ServiceCall): Reply {
  const query = parametersOf(call, ['identifier', '_id'])
  if (!query.has('identifier') && !query.has('_id'))
    throw new ServiceRefusal('missing-parameter', { expression: 'identifier' })
  const search = new URLSearchParams([...query].filter(([name]) => name === 'identifier' || name === '_id'))
  return desk.pages.page(call, collect(desk.hospital.records, 'Practitioner', search, call.grant).map(rowOf))
}

export function listLocations(desk: Desk, call: ServiceCall): Reply {
  parametersOf(call, [])
  const search = new URLSearchParams({ _id: CLINICS.map(({ locationCd }) => locationCd).join(',') })
  return desk.pages.page(call, collect(desk.hospital.records, 'Location', search, call.grant).map(rowOf))
}

/** What is there, and when and where: needs no token. */
export function readMetadata({ clock, hospital, switches }: Desk): Reply {
  const services = switches.services
  return {
    status: 200,
    body: {
      product: 'Practice Studio sandbox of Millennium web services',
      versions: ['v1'],
      tenant: hospital.tenant,
      services: Object.fromEntries(Object.entries(services).map(([name, enabled]) => [name, { enabled }])),
      timeZone: HOSPITAL.zone,
      serverTime: new Date(clock.now()).toISOString(),
    },
  }
}
