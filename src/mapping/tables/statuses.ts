import { ENCOUNTER_STATUS } from '../../model/fields.ts'
import type { EncounterStatus } from '../../model/fields.ts'
import type { LeafCodec } from '../codec.ts'
import { textOf } from '../fhir/elements.ts'

/** The status words of a visit, as FHIR writes them. */
export const encounterStatusText: LeafCodec<EncounterStatus> = {
  kind: 'leaf',
  name: 'encounterStatus',
  read: (raw, at) => ENCOUNTER_STATUS.find((status) => status === raw) ?? at.refuse('an encounter status'),
  write: (value) => value,
  fhir: {
    read(found, at) {
      const code = textOf(found)
      if (code === '' || code === 'unknown') return undefined
      const status = FHIR_STATUS[code]
      if (status === undefined) at.warn('CODE_NOT_IN_SET', { field: at.place, set: 'encounter-status' })
      return status
    },
  },
}

// A visit has four states here; the steps of an open visit are not told apart.
const FHIR_STATUS: Readonly<Record<string, EncounterStatus>> = {
  planned: 'planned',
  arrived: 'in-progress',
  triaged: 'in-progress',
  'in-progress': 'in-progress',
  onleave: 'in-progress',
  finished: 'finished',
  cancelled: 'cancelled',
  'entered-in-error': 'cancelled',
}
