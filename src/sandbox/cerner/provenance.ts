import { instant, meta, reference, type Room } from './base.ts'
import type { Grant, Versioned } from './contract.ts'
import { HOSPITAL_ORGANIZATION } from './organizations.ts'
import { rule } from './parameters.ts'

export const PROVENANCE_SEARCH = rule('Provenance', '_id target', ['_id', 'target'], null)

/** Where a record came from, one for each record: `{Type}.{id}`. @see cerner-fhir-r4.md §1.4 */
export function provenanceRoom(find: (type: string, id: string, grant: Grant) => Versioned | null): Room {
  return {
    type: 'Provenance',
    verbs: ['read', 'search'],
    search: PROVENANCE_SEARCH,
    read(id, grant) {
      const [type = '', ...rest] = id.split('.')
      const target = rest.join('.')
      const found = type === 'Provenance' ? null : find(type, target, grant)
      if (found === null) return null
      return {
        resource: {
          resourceType: 'Provenance',
          id,
          meta: meta(found.version, found.lastUpdated),
          target: [reference(type, target)],
          recorded: instant(found.lastUpdated),
          agent: [
            {
              type: {
                coding: [
                  {
                    system: 'http://terminology.hl7.org/CodeSystem/provenance-participant-type',
                    code: 'author',
                  },
                ],
                text: 'Author',
              },
              who: reference('Organization', HOSPITAL_ORGANIZATION.id, HOSPITAL_ORGANIZATION.name),
            },
          ],
        },
        version: found.version,
        lastUpdated: found.lastUpdated,
      }
    },
    find(query, grant) {
      const targets = query.list('target') ?? []
      return targets
        .map((one) => one.replace('/', '.'))
        .filter((id) => {
          const [type = '', ...rest] = id.split('.')
          return find(type, rest.join('.'), grant) !== null
        })
    },
  }
}
