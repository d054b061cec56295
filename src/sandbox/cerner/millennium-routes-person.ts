import { isEnough, MOST_MATCHES, nameKey, phoneKey } from '../../standards/mws/criteria.ts'
import { MRN_SYSTEM } from './codes.ts'
import { Refusal, type Grant, type Resource, type Versioned } from './contract.ts'
import { ORGANIZATIONS } from './organizations.ts'
import { collect, readCount, type Row } from './millennium-routes-paging.ts'
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
import type { Desk } from './millennium-routes-services.ts'

/** Person services. @see millennium-web-services.md §6 */

interface Criteria {
  readonly family: string | null
  readonly given: string | null
  readonly exact: { readonly family: boolean; readonly given: boolean }
  readonly birthdate: string | null
  readonly gender: string | null
  readonly identifier: string | null
  readonly phone: string | null
  readonly email: string | null
  readonly postalCode: string | null
  readonly id: string | null
  readonly inactive: boolean
}

// prettier-ignore
const PARAMETERS = new Map([
  ['family', 'valueString'], ['family:exact', 'valueString'], ['given', 'valueString'], ['given:exact', 'valueString'],
  ['birthdate', 'valueDate'], ['gender', 'valueCode'], ['identifier', 'valueString'], ['phone', 'valueString'],
  ['email', 'valueString'], ['address-postalcode', 'valueString'], ['_id', 'valueString'],
  ['_includeInactive', 'valueBoolean'], ['_count', 'valueInteger'], ['_cursor', 'valueString'],
])

export function searchPerson(desk: Desk, call: ServiceCall): Reply {
  const values = parameterValues(objectIn(call))
  const criteria = criteriaOf(values)
  if (!isEnough(values.keys())) throw new ServiceRefusal('insufficient-criteria')
  const found = findPersons(desk, criteria, call.grant)
  if (found.length > MOST_MATCHES) throw new ServiceRefusal('too-many-matches')
  const bound = [...values].filter(([name]) => name !== '_cursor' && name !== '_count')
  return desk.pages.page(call, found.map(rowOf), {
    query: `searchPerson?${JSON.stringify(bound.sort())}`,
    count: readCount(values.get('_count') ?? null),
    cursor: values.get('_cursor') ?? null,
  })
}

function parameterValues(body: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  if (body['resourceType'] !== 'Parameters' || !Array.isArray(body['parameter']))
    throw new ServiceRefusal('not-json')
  const values = new Map<string, string>()
  body['parameter'].forEach((parameter: unknown, n) => {
    const expression = `Parameters.parameter[${n}]`
    const name = isObject(parameter) ? textIn(parameter['name']) : null
    if (name === null || !isObject(parameter)) throw new ServiceRefusal('not-json', { expression })
    if (!PARAMETERS.has(name)) throw new ServiceRefusal('unknown-parameter', { expression })
    const value = valueOf(parameter, PARAMETERS.get(name) ?? '')
    if (value === null || value === '' || values.has(name))
      throw new ServiceRefusal('invalid-parameter', { expression })
    values.set(name, value)
  })
  return values
}

// Each may come as a string too, and an identifier as one whole.
function valueOf(parameter: Readonly<Record<string, unknown>>, member: string): string | null {
  const value = parameter[member] ?? parameter['valueString']
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  const identifier = parameter['valueIdentifier']
  if (!isObject(identifier)) return null
  const number = textIn(identifier['value'])
  return number === null ? null : `${textIn(identifier['system']) ?? ''}|${number}`
}

function criteriaOf(values: ReadonlyMap<string, string>): Criteria {
  const get = (name: string): string | null => values.get(name) ?? null
  const birthdate = get('birthdate')
  if (birthdate !== null && !/^(?:eq|ge|le|gt|lt)?\d{4}-\d\d-\d\d$/.test(birthdate))
    throw new ServiceRefusal('invalid-parameter', { expression: 'birthdate' })
  return {
    family: get('family') ?? get('family:exact'),
    given: get('given') ?? get('given:exact'),
    exact: { family: values.has('family:exact'), given: values.has('given:exact') },
    birthdate,
    gender: get('gender'),
    identifier: get('identifier'),
    phone: get('phone'),
    email: get('email'),
    postalCode: get('address-postalcode'),
    id: get('_id'),
    inactive: get('_includeInactive') === 'true',
  }
}

// --- finding by name keys ---

/** Every person who fits, at most one more than may be shown. */
function findPersons(desk: Desk, criteria: Criteria, grant: Grant): readonly Versioned[] {
  const found = candidates(desk, criteria, grant).filter(({ resource }) => fits(resource, criteria))
  return criteria.inactive ? found : found.filter(({ resource }) => resource['active'] !== false)
}

function candidates(desk: Desk, criteria: Criteria, grant: Grant): readonly Versioned[] {
  const { records } = desk.hospital
  if (criteria.id !== null)
    return collect(records, 'Patient', new URLSearchParams({ _id: criteria.id }), grant)
  const narrow = new URLSearchParams()
  if (criteria.identifier !== null) narrow.set('identifier', criteria.identifier.replace(/^\|/, ''))
  if (criteria.phone !== null) narrow.set('phone', phoneKey(criteria.phone))
  if (criteria.email !== null) narrow.set('email', criteria.email)
  if (criteria.birthdate !== null) narrow.set('birthdate', criteria.birthdate.replace(/^eq/, ''))
  // A number, a phone or one date of birth is narrow enough; names are compared here, by their keys.
  if (
    ['identifier', 'phone', 'email'].some((name) => narrow.has(name)) ||
    /^\d/.test(narrow.get('birthdate') ?? '')
  )
    return collect(records, 'Patient', narrow, grant)
  return byName(desk, narrow, nameKey(criteria.family ?? ''), nameKey(criteria.given ?? ''), grant)
}

/**
 * The hospital's index compares names as they are written. So it is asked for beginnings, with each mark that a key
 * leaves out, and the beginnings grow until few enough match.
 */
function byName(
  desk: Desk,
  narrow: URLSearchParams,
  family: string,
  given: string,
  grant: Grant,
): readonly Versioned[] {
  for (let length = 1; length <= 4; length += 1) {
    const asked = beginnings(family.slice(0, length)).flatMap((last) =>
      beginnings(given.slice(0, Math.max(1, length - 1))).map((first) => ({ last, first })),
    )
    const found = collectAll(desk, narrow, asked, grant)
    if (found !== null) return found
  }
  throw new ServiceRefusal('too-many-matches')
}

function collectAll(
  desk: Desk,
  narrow: URLSearchParams,
  asked: readonly { last: string; first: string }[],
  grant: Grant,
): readonly Versioned[] | null {
  const found = new Map<string, Versioned>()
  for (const { last, first } of asked) {
    const query = new URLSearchParams(narrow)
    if (last !== '') query.set('family', last)
    if (first !== '') query.set('given', first)
    try {
      for (const row of collect(desk.hospital.records, 'Patient', query, grant))
        found.set(row.resource.id ?? '', row)
    } catch (thrown) {
      // More than the index tells at once.
      if (thrown instanceof Refusal && thrown.status === 422) return null
      throw thrown
    }
  }
  return [...found.values()]
}

const MARKS = ['', "'", ' ', '-', '.', '’']

/** `OB` as it may be written: `OB`, `O'B`, `O B`, `O-B` … */
function beginnings(key: string): readonly string[] {
  const [first = '', ...rest] = [...key]
  return rest.reduce<string[]>(
    (heads, letter) => heads.flatMap((head) => MARKS.map((mark) => head + mark + letter)),
    [first],
  )
}

interface Name {
  readonly family?: string
  readonly given?: readonly string[]
}

function fits(resource: Resource, criteria: Criteria): boolean {
  const names = listIn(resource['name']) as readonly Name[]
  const telecom = listIn(resource['telecom']) as readonly { system?: string; value?: string }[]
  const addresses = listIn(resource['address']) as readonly { postalCode?: string }[]
  const same = (have: string | undefined, want: string, exact: boolean): boolean =>
    exact ? nameKey(have ?? '') === nameKey(want) : nameKey(have ?? '').startsWith(nameKey(want))
  const { family, given, exact } = criteria
  return (
    (family === null || names.some((name) => same(name.family, family, exact.family))) &&
    (given === null ||
      names.some((name) => (name.given ?? []).some((part) => same(part, given, exact.given)))) &&
    bornAs(textIn(resource['birthDate']), criteria.birthdate) &&
    (criteria.gender === null || resource['gender'] === criteria.gender) &&
    (criteria.phone === null ||
      telecom.some(
        ({ system, value }) => system === 'phone' && phoneKey(value ?? '') === phoneKey(criteria.phone ?? ''),
      )) &&
    (criteria.email === null ||
      telecom.some(({ value }) => value?.toLowerCase() === criteria.email?.toLowerCase())) &&
    (criteria.postalCode === null ||
      addresses.some(({ postalCode }) => postalCode?.startsWith(criteria.postalCode ?? '')))
  )
}

function bornAs(born: string | null, wanted: string | null): boolean {
  if (wanted === null) return true
  if (born === null) return false
  const [, prefix = 'eq', date = ''] = /^(eq|ge|le|gt|lt)?(.*)$/.exec(wanted) ?? []
  if (prefix === 'ge') return born >= date
  if (prefix === 'gt') return born > date
  if (prefix === 'le') return born <= date
  return prefix === 'lt' ? born < date : born === date
}

/** By last name, first name, id. */
function rowOf({ resource }: Versioned): Row {
  const [name] = listIn(resource['name']) as readonly Name[]
  const id = resource.id ?? ''
  const place = [nameKey(name?.family ?? ''), nameKey(name?.given?.[0] ?? ''), id.padStart(20, '0')].join(
    '\u0000',
  )
  return { place, id, resource: shown(resource) }
}

/** A confidential person is shown without address, phone and email. */
export function shown(resource: Resource): Resource {
  const meta = isObject(resource['meta']) ? resource['meta'] : {}
  const codes = listIn(meta['security']).map((one) => (isObject(one) ? one['code'] : null))
  if (!codes.includes('R') && !codes.includes('V')) return resource
  const { address: _address, telecom: _telecom, ...rest } = resource
  return rest
}

// --- the other operations ---

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

const NO_CRITERIA: Criteria = {
  family: null,
  given: null,
  exact: { family: false, given: false },
  birthdate: null,
  gender: null,
  identifier: null,
  phone: null,
  email: null,
  postalCode: null,
  id: null,
  inactive: false,
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
