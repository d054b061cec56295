import type { FhirResource } from '../../mapping/map-fhir.ts'
import { idOfRow } from '../../mapping/write/row-id.ts'
import type { Address, DirectoryEntry } from '../../model/values.ts'
import { listFacadeEntries } from '../../store/read-facade.ts'
import type { FacadeEntry } from '../../store/read-facade.ts'
import type { Queryable } from '../../store/reading.ts'

/** People and places that records point at, as US Core writes them. */

export type DirectoryType = 'Practitioner' | 'Location' | 'Organization'

const KINDS: Readonly<Record<DirectoryType, DirectoryEntry['kind']>> = {
  Practitioner: 'practitioner',
  Location: 'location',
  Organization: 'organization',
}

export const isDirectoryType = (type: string): type is DirectoryType => Object.hasOwn(KINDS, type)

/** All of a type, by descending id. A site has hundreds, so they are taken whole. */
export async function directoryOf(database: Queryable, type: DirectoryType): Promise<FhirResource[]> {
  const entries = await listFacadeEntries(database, KINDS[type])
  return entries.map((entry) => WRITERS[type](entry)).sort((a, b) => (String(a.id) < String(b.id) ? 1 : -1))
}

const NPI = 'http://hl7.org/fhir/sid/us-npi'
const PROFILE = 'http://hl7.org/fhir/us/core/StructureDefinition'

/** Our own id of an entry, which stays the same as long as the connection does. */
const idOf = ({ connection_id: connection, kind, id }: FacadeEntry, other = { kind, id }): string =>
  idOfRow(connection, `${other.kind}/${other.id}`)

const head = (entry: FacadeEntry, type: DirectoryType): FhirResource => ({
  resourceType: type,
  id: idOf(entry),
  meta: { lastUpdated: entry.updated_at, profile: [`${PROFILE}/us-core-${type.toLowerCase()}`] },
  // The number at the other side, in a name space of the connection it came from.
  identifier: [
    ...(entry.detail.npi === undefined ? [] : [{ system: NPI, value: entry.detail.npi }]),
    { system: `urn:practicestudio:connection:${entry.connection_id}`, value: entry.id },
  ],
})

const WRITERS: Readonly<Record<DirectoryType, (entry: FacadeEntry) => FhirResource>> = {
  Practitioner: (entry) => ({
    ...head(entry, 'Practitioner'),
    active: entry.active,
    name: [
      said({
        family: entry.detail.last_name ?? entry.name,
        given: entry.detail.first_name?.split(' ').filter(Boolean),
        text: entry.name,
      }),
    ],
    ...contact(entry),
    ...(entry.detail.specialty === undefined
      ? {}
      : { qualification: [{ code: { text: entry.detail.specialty } }] }),
  }),
  Location: (entry) => ({
    ...head(entry, 'Location'),
    status: entry.active ? 'active' : 'inactive',
    name: entry.name,
    ...(entry.detail.type === undefined ? {} : { type: [{ text: entry.detail.type }] }),
    ...contact(entry, true),
  }),
  Organization: (entry) => ({
    ...head(entry, 'Organization'),
    active: entry.active,
    name: entry.name,
    ...(entry.detail.type === undefined ? {} : { type: [{ text: entry.detail.type }] }),
    ...contact(entry),
    ...(entry.detail.part_of === undefined
      ? {}
      : {
          partOf: {
            reference: `Organization/${idOf(entry, { kind: 'organization', id: entry.detail.part_of })}`,
          },
        }),
  }),
}

function contact({ detail }: FacadeEntry, isPlace = false): Record<string, unknown> {
  const address = detail.address && addressOf(detail.address)
  return {
    ...(detail.phone === undefined
      ? {}
      : { telecom: [{ system: 'phone', value: detail.phone.split(';')[0], use: 'work' }] }),
    ...(address === undefined ? {} : { address: isPlace ? address : [address] }),
  }
}

function addressOf(address: Address): Record<string, unknown> | undefined {
  const { line1, line2, city, state, postal_code: postalCode, country } = address
  const line = [line1, line2].filter((one) => one !== undefined && one !== '')
  const members = said({ line, city, state, postalCode, country })
  return Object.keys(members).length === 0 ? undefined : members
}

const said = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(members).filter(
      ([, value]) => value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0),
    ),
  )
