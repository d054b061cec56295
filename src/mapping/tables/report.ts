import type { ReportFields } from '../../model/fields.ts'
import { coded } from '../codecs/coded.ts'
import { concept, conceptCode } from '../codecs/concept.ts'
import { moment } from '../codecs/moment.ts'
import { person, personInComponent } from '../codecs/person.ts'
import { referenceId } from '../codecs/reference.ts'
import { text } from '../codecs/text.ts'
import { reportStatus } from '../codesets/report-status.ts'
import { table } from '../table.ts'

/** Reports, one per OBR (hl7-v2.md §9). */
// prettier-ignore
export const reportTable = table<ReportFields>('report', [
// studio field         CCL                   HL7 v2                         FHIR R4                                                         CSV   codec
  ['external_id',       'ACCESSION_NBR',      'OBR-3.1 | ORC-3.1 | OBR-2.1', 'identifier[FILL].value | id',                                  null, text],
  ['placer_order',      'ORDER_ID',           'OBR-2.1 | ORC-2.1',           'basedOn[0]',                                                   null, referenceId('ServiceRequest')],
  ['code',              'CATALOG_CD',         'OBR-4',                       'code',                                                         null, concept],
  ['status',            'RESULT_STATUS_CD',   'OBR-25',                      'status',                                                       null, coded(reportStatus)],
  ['effective_at',      'EVENT_END_DT_TM',    'OBR-7',                       'effectiveDateTime | effectivePeriod.start | effectiveInstant', null, moment],
  ['issued_at',         'VERIFIED_DT_TM',     'OBR-22',                      'issued',                                                       null, moment],
  ['category',          'CATALOG_TYPE_CD',    'OBR-24',                      'category[0]',                                                  null, conceptCode],
  ['ordering_provider', 'ORDER_PRSNL_ID',     'OBR-16 | ORC-12',             null,                                                           null, person],
  ['performer',         'PERFORMED_PRSNL_ID', 'OBR-32.1 | OBR-34.1',         'performer',                                                    null, personInComponent],
  ['notes',             'LONG_TEXT',          'NTE-3',                       'conclusion',                                                   null, text],
])
