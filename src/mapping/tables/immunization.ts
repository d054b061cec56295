import type { Immunization, KeyedRow } from '../../model/values.ts'
import { concept, conceptCode, conceptText } from '../codecs/concept.ts'
import { moment } from '../codecs/moment.ts'
import { person } from '../codecs/person.ts'
import { text } from '../codecs/text.ts'
import { table } from '../table.ts'

/** One vaccination of a patient; each row is one Immunization (cerner-fhir-r4.md §3.8). */
// prettier-ignore
export const immunizationTable = table<Omit<Immunization, keyof KeyedRow>>('immunizations', [
// studio field    CCL                          HL7 v2 FHIR R4 (Immunization) CSV   codec
  ['vaccine',      'EVENT_CD',                  null, 'vaccineCode',        null, concept],
  ['status',       'RESULT_STATUS_CD',          null, 'status',             null, conceptCode],
  ['given',        'ADMIN_START_DT_TM',         null, 'occurrenceDateTime', null, moment],
  ['lot',          'SUBSTANCE_LOT_NUMBER',      null, 'lotNumber',          null, text],
  ['manufacturer', 'SUBSTANCE_MANUFACTURER_CD', null, 'manufacturer',       null, conceptText],
  ['site',         'ADMIN_SITE_CD',             null, 'site',               null, conceptText],
  ['performer',    'ADMIN_PROVIDER_ID',         null, 'performer[0].actor', null, person],
])
