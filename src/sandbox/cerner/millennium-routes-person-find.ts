import { nameKey, phoneKey } from '../../standards/mws/criteria.ts'
import { Refusal, type Grant, type Resource, type Versioned } from './contract.ts'
import { collect, type Row } from './millennium-routes-paging.ts'
import { shown } from './millennium-routes-person.ts'
import { listIn, ServiceRefusal, textIn } from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'

/** Finding persons by the keys of their names. @see millennium-web-services.md §6 */

export interface Criteria {
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

export const NO_CRITERIA: Criteria = {
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

/** Every person who fits, at most one more than may be shown. */
export function findPersons(desk: Desk, criteria: Criteria, grant: Grant): readonly Versioned[] {
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
export function rowOf({ resource }: Versioned): Row {
  const [name] = listIn(resource['name']) as readonly Name[]
  const id = resource.id ?? ''
  const place = [nameKey(name?.family ?? ''), nameKey(name?.given?.[0] ?? ''), id.padStart(20, '0')].join(
    '\u0000',
  )
  return { place, id, resource: shown(resource) }
}
