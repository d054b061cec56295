import type { Base, Room } from './base.ts'
import type { Resource, Versioned } from './contract.ts'
import type { Query } from './query.ts'

/** What differs between the types that hang on a patient. */
export interface ClinicalSettings extends Pick<
  Room,
  'type' | 'verbs' | 'search' | 'create' | 'update' | 'patch' | 'remove' | 'along'
> {
  /** Ids of what the story has of a person by now. */
  ids(n: number): readonly string[]
  read(id: string): Versioned | null
  /** Which of a person's records a search means. */
  wanted?(query: Query): (found: Versioned) => boolean
  order?(query: Query): (a: Versioned, b: Versioned) => number
  /** Persons a search means, where it does not name them as patient or subject. */
  among?(query: Query): readonly string[] | null
}

/** A room of records of patients: the story's, with what was written over it and beside it. */
export function clinicalRoom(base: Base, settings: ClinicalSettings): Room {
  const { overlay, patients } = base
  const present = (id: string): Versioned | null => {
    const written = overlay.get(settings.type, id)
    if (written === null) return settings.read(id)
    return written.removed ? null : written.versioned
  }
  return {
    ...settings,
    read: settings.read,
    find(query) {
      const among = settings.among?.(query) ?? null
      const ids = among ?? [...new Set(personsIn(query).flatMap((id) => idsOf(id)))]
      const wanted = settings.wanted?.(query) ?? ((): boolean => true)
      const found = ids
        .map(present)
        .filter((one) => one !== null)
        .filter(wanted)
      const order = settings.order?.(query)
      if (order !== undefined) found.sort(order)
      return found.map(({ resource }) => String(resource.id))
    },
  }
  function idsOf(personId: string): readonly string[] {
    const n = patients.numberOf(personId)
    return n === undefined ? [] : [...settings.ids(n), ...overlay.idsOf(settings.type, n)]
  }
}

export const personsIn = (query: Query): readonly string[] =>
  query.references('patient', 'Patient') ?? query.references('subject', 'Patient') ?? []

/** The newest first, by the moment a member tells. */
export const newestFirst =
  (moment: (resource: Resource) => unknown) =>
  (a: Versioned, b: Versioned): number => {
    const [one, two] = [String(moment(a.resource) ?? ''), String(moment(b.resource) ?? '')]
    return one < two ? 1 : one > two ? -1 : String(a.resource.id) < String(b.resource.id) ? -1 : 1
  }
