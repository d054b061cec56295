import type { EncounterFields } from '../../model/fields.ts'
import { coded } from '../codecs/coded.ts'
import { concept, conceptCode, localCode } from '../codecs/concept.ts'
import { moment } from '../codecs/moment.ts'
import { person } from '../codecs/person.ts'
import { pointOfCare } from '../codecs/point-of-care.ts'
import { text } from '../codecs/text.ts'
import { visitClass } from '../codesets/visit-class.ts'
import { table } from '../table.ts'
import { encounterStatusText } from './statuses.ts'

/** Visits. `status` comes from the event (events.ts), not from a field of the message. */
// prettier-ignore
export const encounterTable = table<EncounterFields>('encounter', [
// studio field             CCL                     HL7 v2                      FHIR R4                                 CSV   codec
  ['external_id',           'ENCNTR_ID',            'PV1-19 | PV1-50 | PID-18', 'identifier[VN].value | id',            null, text],
  ['account_number',        'FIN',                  'PID-18',                   'identifier[AN].value',                 null, text],
  ['status',                'ENCNTR_STATUS_CD',     null,                       'status',                               null, encounterStatusText],
  ['class',                 'ENCNTR_TYPE_CLASS_CD', 'PV1-2',                    'class',                                null, coded(visitClass)],
  ['location',              'LOC_NURSE_UNIT_CD',    'PV1-3',                    'location.location',                    null, pointOfCare],
  ['attending',             'ATTENDDOC',            'PV1-7',                    'participant[ATND].individual',         null, person],
  ['referring',             'REFERDOC',             'PV1-8',                    'participant[REF].individual',          null, person],
  ['consulting',            'CONSULTDOC',           'PV1-9',                    'participant[CON].individual',          null, person],
  ['admitting',             'ADMITDOC',             'PV1-17',                   'participant[ADM].individual',          null, person],
  ['service',               'MED_SERVICE_CD',       'PV1-10',                   'serviceType',                          null, localCode('medical-service')],
  ['admit_source',          'ADMIT_SRC_CD',         'PV1-14',                   'hospitalization.admitSource',          null, localCode('admit-source')],
  ['discharge_disposition', 'DISCH_DISPOSITION_CD', 'PV1-36',                   'hospitalization.dischargeDisposition', null, localCode('discharge-disposition')],
  ['financial_class',       'FINANCIAL_CLASS_CD',   'PV1-20',                   null,                                   null, conceptCode],
  ['start_time',            'REG_DT_TM',            'PV1-44',                   'period.start',                         null, moment],
  ['end_time',              'DISCH_DT_TM',          'PV1-45',                   'period.end',                           null, moment],
  ['reason',                'REASON_FOR_VISIT',     'PV2-3',                    'reasonCode[0]',                        null, concept],
])
