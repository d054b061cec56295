import { duplicateRegistration } from './duplicates.ts'
import { personAt, type SyntheticPerson } from './population.ts'
import type { Cast } from './schedule.ts'

/** The hospital's present: everyone as drawn, with what has changed since. Memory grows with the changes only. */
export interface World {
  readonly cast: Cast
  person(n: number): SyntheticPerson
  /** The mistaken second registration of person `n`. */
  twinRecord(n: number): SyntheticPerson
  amend(n: number, change: Partial<SyntheticPerson>): SyntheticPerson
}

export function openWorld(cast: Cast): World {
  const changes = new Map<number, Partial<SyntheticPerson>>()
  const person = (n: number): SyntheticPerson => ({ ...personAt(cast.seed, n), ...changes.get(n) })
  return {
    cast,
    person,
    twinRecord: (n) => duplicateRegistration(cast.seed, personAt(cast.seed, n)),
    amend(n, change) {
      changes.set(n, { ...changes.get(n), ...change })
      return person(n)
    },
  }
}
