import type { Address, DirectoryEntry } from '../../model/values.ts'
import { address } from '../codecs/address.ts'
import { phone } from '../codecs/phone.ts'
import { chooser } from './choose.ts'
import { wordsOf } from './coding.ts'
import { elementIn, elementsIn, isOutOfDate, textIn, textOf } from './elements.ts'
import { identifierTypeOf } from './identifier.ts'
import type { FhirElement, FhirResource } from './json.ts'
import type { FhirReading } from './reading.ts'

/** Practitioner, Location and Organization: whom and what other resources point at (cerner-fhir-r4.md §3.7). */
export function readDirectoryEntry(resource: FhirResource, id: string, at: FhirReading): DirectoryEntry {
  switch (resource.resourceType) {
    case 'Practitioner':
      return practitioner(resource, id, at)
    case 'Location':
      return place(resource, id, at, 'location')
    default:
      return place(resource, id, at, 'organization')
  }
}

export const DIRECTORY_TYPES = ['Practitioner', 'Location', 'Organization']

function practitioner(resource: FhirResource, id: string, at: FhirReading): DirectoryEntry {
  const name = chosen(resource, 'name', null, at)
  const last = textIn(name, 'family').trim()
  const given = name?.['given']
  const first = Array.isArray(given)
    ? (given as readonly unknown[]).map(textOf).filter(Boolean).join(' ')
    : ''
  const npi = elementsIn(resource, 'identifier').find((one) => isNpi(one, at))
  const specialty = elementsIn(resource, 'qualification')
    .map((one) => wordsOf(one['code']))
    .find(Boolean)
  return {
    kind: 'practitioner',
    id,
    name: textIn(name, 'text').trim() || [last, first].filter(Boolean).join(', ') || id,
    active: resource['active'] !== false,
    detail: said({
      npi: textIn(npi, 'value').trim(),
      last_name: last,
      first_name: first,
      specialty,
      ...contact(resource, at),
    }),
  }
}

const isNpi = (identifier: FhirElement, at: FhirReading): boolean =>
  !isOutOfDate(identifier, at.nowMs) &&
  (textIn(identifier, 'system') === 'http://hl7.org/fhir/sid/us-npi' ||
    identifierTypeOf(identifier, at) === 'NPI')

function place(
  resource: FhirResource,
  id: string,
  at: FhirReading,
  kind: 'location' | 'organization',
): DirectoryEntry {
  const partOf = elementIn(resource, 'partOf')
  const parent =
    kind === 'location'
      ? (at.idOf(partOf, 'Location') ?? at.idOf(elementIn(resource, 'managingOrganization'), 'Organization'))
      : at.idOf(partOf, 'Organization')
  const type = wordsOf(resource['physicalType']) || wordsOf(elementIn(resource, 'type'))
  const status = textIn(resource, 'status')
  return {
    kind,
    id,
    name: textIn(resource, 'name').trim() || id,
    active: resource['active'] !== false && status !== 'inactive' && status !== 'suspended',
    detail: said({ part_of: parent, type, ...contact(resource, at) }),
  }
}

function contact(
  resource: FhirResource,
  at: FhirReading,
): { phone: string | undefined; address: Address | undefined } {
  at.place = `${resource.resourceType}.telecom`
  const number =
    chosen(resource, 'telecom', 'phone,work', at) ??
    elementsIn(resource, 'telecom').find((one) => textIn(one, 'system') === 'phone')
  at.place = `${resource.resourceType}.address`
  const home = chosen(resource, 'address', null, at)
  return { phone: number && phone.fhir?.read(number, at), address: home && address.fhir?.read(home, at) }
}

function chosen(
  resource: FhirResource,
  name: string,
  words: string | null,
  at: FhirReading,
): FhirElement | undefined {
  const list = elementsIn(resource, name)
  const index = chooser(name, words)?.(list, words ?? '', at) ?? 0
  return list[index]
}

/** Without the parts that were not said. */
function said<T extends object>(parts: { [K in keyof T]: T[K] | undefined | '' }): T {
  return Object.fromEntries(
    Object.entries(parts).filter(([, value]) => value !== undefined && value !== ''),
  ) as T
}
