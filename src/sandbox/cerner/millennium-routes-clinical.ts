import { MOST_DAYS } from '../../standards/mws/criteria.ts'
import type { Resource, Versioned } from './contract.ts'
import { collect, sortableDown, type Row } from './millennium-routes-paging.ts'
import {
  objectIn,
  one,
  orRefuse,
  parametersOf,
  rangeIn,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'

/** Clinical results services. @see millennium-web-services.md §8 */

const DAY_MS = 86_400_000

export function searchResults(desk: Desk, call: ServiceCall): Reply {
  const query = parametersOf(call, ['patient', 'category', 'code', 'effective'], ['patient'])
  if (!query.has('category') && !query.has('code'))
    throw new ServiceRefusal('category-required', { expression: 'category' })
  return desk.pages.page(
    call,
    found(desk, call, 'Observation', query, ['patient', 'category', 'code']).map(rowOf),
  )
}

export function searchReports(desk: Desk, call: ServiceCall): Reply {
  const query = parametersOf(call, ['patient', 'category', 'code', 'effective'], ['patient'])
  return desk.pages.page(
    call,
    found(desk, call, 'DiagnosticReport', query, ['patient', 'category', 'code']).map(rowOf),
  )
}

function found(
  desk: Desk,
  call: ServiceCall,
  type: string,
  query: URLSearchParams,
  names: readonly string[],
): readonly Versioned[] {
  const range = rangeIn(query, 'effective')
  if (range !== null && range.to - range.from > MOST_DAYS * DAY_MS)
    throw new ServiceRefusal('date-range-too-wide', { expression: 'effective' })
  const search = new URLSearchParams([...query].filter(([name]) => names.includes(name)))
  search.set('_count', '200')
  if (range !== null) {
    search.append('date', `ge${new Date(range.from).toISOString()}`)
    search.append('date', `lt${new Date(range.to).toISOString()}`)
  }
  return collect(desk.hospital.records, type, search, call.grant)
}

/** The newest first. */
function rowOf({ resource }: Versioned): Row {
  const at = Date.parse(textIn(resource['effectiveDateTime']) ?? textIn(resource['issued']) ?? '')
  return {
    place: `${sortableDown(Number.isNaN(at) ? 0 : at)} ${resource.id ?? ''}`,
    id: resource.id ?? '',
    resource,
  }
}

/** A retracted result is read as well: `entered-in-error`, never a 404. */
export function readResult(desk: Desk, { request, grant }: ServiceCall): Reply {
  const result = desk.hospital.records.read('Observation', request.path['id'] ?? '', grant)
  return one(result, result.resource)
}

/** Vital signs from outside; off unless the site has opened it. */
export function createResult(desk: Desk, call: ServiceCall): Reply {
  if (!desk.switches.resultsWritable) throw new ServiceRefusal('not-supported')
  const body = objectIn(call)
  if (body['resourceType'] !== 'Observation')
    throw new ServiceRefusal('not-json', { expression: 'Observation' })
  const created = orRefuse('rule-broken', () =>
    desk.hospital.records.create('Observation', body as unknown as Resource, call.grant),
  )
  return one(created, created.resource, {
    status: 201,
    location: `${call.base}/clinical/v1/results/${created.resource.id ?? ''}`,
  })
}
