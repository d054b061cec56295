import type { Diagnosis } from '../../model/values.ts'
import { concept, conceptCode } from '../codecs/concept.ts'
import { moment } from '../codecs/moment.ts'
import { table } from '../table.ts'

/** One diagnosis of a visit (DG1). Type A admitting, W working, F final (table 0052). */
// prettier-ignore
export const diagnosisTable = table<Diagnosis>('diagnoses', [
// studio field CCL                HL7 v2   FHIR R4 (Condition) CSV   codec
  ['diagnosis', 'NOMENCLATURE_ID', 'DG1-3', null, null, concept],
  ['onset',     'DIAG_DT_TM',      'DG1-5', null, null, moment],
  ['type',      'DIAG_TYPE_CD',    'DG1-6', null, null, conceptCode],
])
