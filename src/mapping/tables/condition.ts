import type { Condition, KeyedRow } from '../../model/values.ts'
import { concept, conceptCode, conceptText } from '../codecs/concept.ts'
import { moment } from '../codecs/moment.ts'
import { table } from '../table.ts'

/** One problem or diagnosis of a patient; each row is one Condition (cerner-fhir-r4.md §3.8). */
// prettier-ignore
export const conditionTable = table<Omit<Condition, keyof KeyedRow>>('conditions', [
// studio field    CCL                        HL7 v2 FHIR R4 (Condition)                        CSV   codec
  ['condition',    'NOMENCLATURE_ID',         null, 'code',                                    null, concept],
  ['status',       'LIFE_CYCLE_STATUS_CD',    null, 'clinicalStatus',                          null, conceptCode],
  ['verification', 'CONFIRMATION_STATUS_CD',  null, 'verificationStatus',                      null, conceptCode],
  ['category',     'CLASSIFICATION_CD',       null, 'category[0]',                             null, conceptCode],
  ['onset',        'ONSET_DT_TM',             null, 'onsetDateTime | onsetPeriod.start',       null, moment],
  ['ended',        'ACTUAL_RESOLUTION_DT_TM', null, 'abatementDateTime | abatementPeriod.end', null, moment],
  ['recorded',     'BEG_EFFECTIVE_DT_TM',     null, 'recordedDate',                            null, moment],
  ['severity',     'SEVERITY_CD',             null, 'severity',                                null, conceptText],
])
