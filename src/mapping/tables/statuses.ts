import { ENCOUNTER_STATUS } from '../../model/fields.ts'
import type { EncounterStatus } from '../../model/fields.ts'
import type { LeafCodec } from '../codec.ts'

/** The status words of a visit, as FHIR writes them. */
export const encounterStatusText: LeafCodec<EncounterStatus> = {
  kind: 'leaf',
  name: 'encounterStatus',
  read: (raw, at) => ENCOUNTER_STATUS.find((status) => status === raw) ?? at.refuse('an encounter status'),
  write: (value) => value,
}
