import type { Clock } from '../../kernel/clock.ts'
import type { HospitalChange, Resource, Versioned } from './contract.ts'

/** A resource that somebody wrote, whole, in place of the generated one or beside it. */
export interface Written {
  readonly versioned: Versioned
  /** What a search still sees while the visibility delay lasts; null when there was nothing. */
  readonly before: Versioned | null
  readonly writtenAt: number
  readonly removed: boolean
}

/** What was written since the hospital opened. Memory grows with the writes only. */
export interface Overlay {
  get(type: string, id: string): Written | null
  put(
    type: string,
    id: string,
    resource: Resource,
    before: Versioned | null,
    patient: number | null,
  ): Versioned
  remove(type: string, id: string, before: Versioned): void
  /** Ids written for a patient, or for nobody (null), in the order they were first written. */
  idsOf(type: string, patient: number | null): readonly string[]
  /** A number nobody had before. */
  nextNumber(): number
  /** Tells the listeners of a change. */
  tell(change: HospitalChange): void
  onChange(listener: (change: HospitalChange) => void): () => void
}

export function openOverlay(clock: Clock): Overlay {
  const written = new Map<string, Written>()
  const byPatient = new Map<string, string[]>()
  const listeners = new Set<(change: HospitalChange) => void>()
  let numbers = 0

  const tell = (change: HospitalChange): void => {
    for (const listener of listeners) listener(change)
  }
  const keep = (type: string, id: string, entry: Written): void => {
    written.set(`${type}/${id}`, entry)
  }
  return {
    get: (type, id) => written.get(`${type}/${id}`) ?? null,
    put(type, id, resource, before, patient) {
      const now = clock.now()
      const known = written.has(`${type}/${id}`)
      const versioned = { resource: { ...resource, id }, version: nextVersion(before), lastUpdated: now }
      keep(type, id, { versioned, before, writtenAt: now, removed: false })
      if (!known) {
        const key = `${type}/${patient ?? ''}`
        const ids = byPatient.get(key)
        if (ids === undefined) byPatient.set(key, [id])
        else if (!ids.includes(id)) ids.push(id)
      }
      tell({ type, id, verb: before === null ? 'create' : 'update', now: versioned, before })
      return versioned
    },
    remove(type, id, before) {
      keep(type, id, { versioned: before, before, writtenAt: clock.now(), removed: true })
    },
    idsOf: (type, patient) => byPatient.get(`${type}/${patient ?? ''}`) ?? [],
    nextNumber: () => (numbers += 1),
    tell,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The first version is 0; later ones count on in the style the record has (`1`, `24-24`, `34v23`). */
export function nextVersion(before: Versioned | null): string {
  if (before === null) return '0'
  const match = /^(.*?)(\d+)$/.exec(before.version)
  return match === null ? `${before.version}1` : `${match[1] ?? ''}${Number(match[2]) + 1}`
}
