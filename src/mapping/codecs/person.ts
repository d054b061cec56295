import type { Person } from '../../model/values.ts'
import { hasAuthority } from '../authority.ts'
import type { PartsCodec } from '../codec.ts'
import { readFhirPerson } from '../fhir/person.ts'
import { trimmed } from './text.ts'

/**
 * A person in a role (XCN): id 1, family 2, given 3, authority 9.
 *
 * Some senders put the authority one place early, in XCN-8: it is taken from there when 9 is empty, as in the guide's
 * `12345^JOHNSON^JANE^^^^^CERNER^^^^PROVID` (hl7-v2.md §12).
 */
export const person: PartsCodec<Person> = {
  kind: 'parts',
  name: 'person',
  read(cell, at) {
    const id = trimmed(cell.get(1))
    const last = trimmed(cell.get(2))
    const first = trimmed(cell.get(3))
    const value: Person = {}
    if (said(id)) value.id = id
    if (said(id) && hasAuthority(cell, 9)) {
      value.authority = at.authorityOf(cell.get(9, 1), cell.get(9, 2), cell.get(9, 3))
    } else if (said(id) && cell.get(8) !== '') {
      value.authority = at.authorityOf(cell.get(8), '', '')
    }
    if (said(last)) value.last_name = last
    if (said(first)) value.first_name = first
    return value.id === undefined && value.last_name === undefined ? undefined : value
  },
  write: (value) => [
    value.id ?? '',
    value.last_name ?? '',
    value.first_name ?? '',
    ...['', '', '', '', ''],
    value.authority ?? '',
  ],
  fhir: { read: readFhirPerson },
}

const said = (text: string): boolean => text !== '' && text !== '""'

/** The id of a person or resource alone, for columns that link by id. */
export const personId: PartsCodec<string> = {
  kind: 'parts',
  name: 'personId',
  read: (cell) => {
    const id = trimmed(cell.get(1))
    return said(id) ? id : undefined
  },
  write: (value) => [value],
  fhir: { read: (value, at) => readFhirPerson(value, at)?.id },
}

/** A person inside one component (NDL-1): the parts are subcomponents, id 1, family 2, given 3. */
export const personInComponent: PartsCodec<Person> = {
  kind: 'parts',
  name: 'personInComponent',
  read: (cell, at) => person.read({ get: (part = 1, sub = 1) => (sub === 1 ? cell.get(1, part) : '') }, at),
  write: (value) => [
    [
      value.id ?? '',
      value.last_name ?? '',
      value.first_name ?? '',
      ...['', '', '', '', ''],
      value.authority ?? '',
    ],
  ],
  fhir: { read: readFhirPerson },
}
