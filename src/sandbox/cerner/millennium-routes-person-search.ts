import { isEnough, MOST_MATCHES } from '../../standards/mws/criteria.ts'
import { readCount } from './millennium-routes-paging.ts'
import { type Criteria, findPersons, rowOf } from './millennium-routes-person-find.ts'
import {
  isObject,
  objectIn,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'

/** The search for persons. @see millennium-web-services.md §6 */

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
