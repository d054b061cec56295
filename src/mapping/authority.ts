import type { Cell } from './codec.ts'
import type { MapSettings } from './settings.ts'

/** Reads an assigning authority (HD): namespace, universal id and its type, as they stand in subcomponents. */
export type AuthorityReader = (namespace: string, universalId: string, universalIdType: string) => string

const readers = new WeakMap<MapSettings, AuthorityReader>()

/**
 * The authority by the connection's alias table (hl7-v2.md §8.3): the whole HD is looked up, then the universal id,
 * then the namespace. Without an alias the namespace is kept, else the universal id, in upper case. An empty HD is
 * the connection's default authority.
 */
export function authorityReader(settings: MapSettings): AuthorityReader {
  const made = readers.get(settings)
  if (made) return made
  const aliases = new Map<string, string>()
  for (const [alias, name] of Object.entries(settings.authorityAliases))
    aliases.set(alias.trim().toUpperCase(), name.trim().toUpperCase())
  const fallback = settings.defaultAuthority.trim().toUpperCase()

  const resolve: AuthorityReader = (namespace, universalId, universalIdType) => {
    const name = namespace.trim().toUpperCase()
    const uid = universalId.trim().toUpperCase()
    if (name === '' && uid === '') return fallback
    const whole = `${name}&${uid}&${universalIdType.trim().toUpperCase()}`
    return (
      (uid === '' ? undefined : (aliases.get(whole) ?? aliases.get(uid))) ??
      aliases.get(name) ??
      (name || uid)
    )
  }
  const reader = remembered(resolve)
  readers.set(settings, reader)
  return reader
}

// A feed names a handful of authorities millions of times.
function remembered(resolve: AuthorityReader): AuthorityReader {
  const seen = new Map<string, string>()
  return (namespace, universalId, universalIdType) => {
    if (universalId !== '') return resolve(namespace, universalId, universalIdType)
    const known = seen.get(namespace)
    if (known !== undefined) return known
    const authority = resolve(namespace, universalId, universalIdType)
    if (seen.size < 1000) seen.set(namespace, authority)
    return authority
  }
}

/** True when the HD at that component of the cell says anything. */
export const hasAuthority = (cell: Cell, component: number): boolean =>
  cell.get(component, 1) !== '' || cell.get(component, 2) !== ''
