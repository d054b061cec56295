import { MRN_SYSTEM } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { collect } from './millennium-routes-paging.ts'
import { findPersons, rowOf } from './millennium-routes-person-find.ts'
import {
  isObject,
  listIn,
  matched,
  objectIn,
  one,
  parametersOf,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import { NO_CRITERIA } from './millennium-routes-person-find.ts'
import type { Desk } from './millennium-routes-services.ts'
import { ORGANIZATIONS } from './organizations.ts'

/** Person services. @see millennium-web-services.md §6 */

/** A confidential person is shown without address, phone and email. */
export function shown(resource: Resource): Resource {
  const meta = isObject(resource['meta']) ? resource['meta'] : {}
  const codes = listIn(meta['security']).map((one) => (isObject(one) ? one['code'] : null))
  if (!codes.includes('R') && !codes.includes('V')) return resource
  const { address: _address, telecom: _telecom, ...rest } = resource
  return rest
}

export function findPersonByAlias(desk: Desk, call: ServiceCall): Reply {
  const query = parametersOf(call, ['identifier'], ['identifier'])
  const value = query.get('identifier') ?? ''
  if (!/^[^|]+\|[^|]+$/.test(value))
    throw new ServiceRefusal('invalid-parameter', { expression: 'identifier' })
  const found = collect(
    desk.hospital.records,
    'Patient',
    new URLSearchParams({ identifier: value }),
    call.grant,
  )
  return desk.pages.page(call, found.map(rowOf))
}

const read = (desk: Desk, { request, grant }: ServiceCall): Versioned =>
  desk.hospital.records.read('Patient', request.path['id'] ?? '', grant)

/** A combined person is read as well: inactive, with the link to the surviving one. */
export function readPerson(desk: Desk, call: ServiceCall): Reply {
  const found = read(desk, call)
  return one(found, shown(found.resource))
}

export function personLinks(desk: Desk, call: ServiceCall): Reply {
  const { resource } = read(desk, call)
  const { resourceType, id, active, link } = resource as Resource & { active?: unknown; link?: unknown }
  return desk.pages.page(call, [
    { place: '0', id: id ?? '', resource: { resourceType, id, active, link: link ?? [] } },
  ])
}

export function createPerson(desk: Desk, call: ServiceCall): Reply {
  const body = objectIn(call)
  if (body['resourceType'] !== 'Patient') throw new ServiceRefusal('not-json', { expression: 'Patient' })
  if ('modifierExtension' in body || 'implicitRules' in body)
    throw new ServiceRefusal('not-supported', { expression: 'Patient.modifierExtension' })
  const { family, given } = requiredOf(body)
  if (!call.duplicateReviewed)
    refuseDuplicate(desk, call, {
      family,
      given,
      birthdate: textIn(body['birthDate']),
      gender: textIn(body['gender']),
    })
  const created = desk.hospital.records.create('Patient', enrolled(body), call.grant)
  const id = created.resource.id ?? ''
  return one(created, shown(created.resource), {
    status: 201,
    location: `${call.base}/patient/v1/Patient/${id}`,
  })
}

function requiredOf(body: Readonly<Record<string, unknown>>): { family: string; given: string } {
  const [name] = listIn(body['name'])
  const family = isObject(name) ? textIn(name['family']) : null
  const given = isObject(name) ? textIn(listIn(name['given'])[0]) : null
  const missing = [
    [family, 'Patient.name[0].family'],
    [given, 'Patient.name[0].given'],
    [textIn(body['gender']), 'Patient.gender'],
    [textIn(body['birthDate']), 'Patient.birthDate'],
  ].find(([value]) => value === null)
  if (missing !== undefined) throw new ServiceRefusal('required', { expression: missing[1] ?? 'Patient' })
  return { family: family ?? '', given: given ?? '' }
}

/** The record numbers are Millennium's to give. */
function enrolled(body: Readonly<Record<string, unknown>>): Resource {
  const identifiers = listIn(body['identifier'])
  const own = identifiers.findIndex((one) => isObject(one) && isMrn(one))
  if (own >= 0) throw new ServiceRefusal('rule-broken', { expression: `Patient.identifier[${own}]` })
  const others = identifiers.filter((one) => isObject(one) && 'value' in one)
  const [organization] = ORGANIZATIONS
  const assigner = { assigner: { reference: `Organization/${organization?.id ?? ''}` } }
  const names = listIn(body['name']).map((name) =>
    isObject(name) && !('use' in name) ? { use: 'official', ...name } : name,
  )
  return { ...body, resourceType: 'Patient', identifier: [assigner, ...others], name: names }
}

function isMrn(identifier: Readonly<Record<string, unknown>>): boolean {
  const type = isObject(identifier['type']) ? listIn(identifier['type']['coding']) : []
  return (
    identifier['system'] === MRN_SYSTEM || type.some((coding) => isObject(coding) && coding['code'] === 'MR')
  )
}

function refuseDuplicate(
  desk: Desk,
  call: ServiceCall,
  {
    family,
    given,
    birthdate,
    gender,
  }: { family: string; given: string; birthdate: string | null; gender: string | null },
): void {
  const criteria = { ...NO_CRITERIA, family, given, birthdate, gender, exact: { family: true, given: true } }
  const found = findPersons(desk, criteria, call.grant)
  if (found.length === 0) return
  const ids = found.map(({ resource }) => `Patient/${resource.id ?? ''}`).join(' ')
  const body = call.wantsCandidates ? desk.pages.page(call, found.map(rowOf)).body : null
  throw new ServiceRefusal('duplicate-suspect', { diagnostics: ids }, body === null ? {} : { body })
}

export function updatePerson(desk: Desk, call: ServiceCall): Reply {
  const now = read(desk, call)
  const ifMatch = matched(call, now, true)
  if (now.resource['active'] === false) throw new ServiceRefusal('person-combined', survivorOf(now.resource))
  if (!Array.isArray(call.body)) throw new ServiceRefusal('not-json')
  const { records } = desk.hospital
  const after = records.patch('Patient', now.resource.id ?? '', ifMatch, call.body, call.grant)
  return one(after, shown(after.resource))
}

/** `Patient/…` that a combined person lives on as, for `diagnostics`. */
export function survivorOf(resource: Resource): { diagnostics?: string } {
  const link = listIn(resource['link']).find((row) => isObject(row) && row['type'] === 'replaced-by')
  const other = isObject(link) && isObject(link['other']) ? textIn(link['other']['reference']) : null
  return other === null ? {} : { diagnostics: other }
}
