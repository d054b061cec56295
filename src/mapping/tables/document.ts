import type { DocumentFields } from '../../model/fields.ts'
import { coded } from '../codecs/coded.ts'
import { concept, conceptText } from '../codecs/concept.ts'
import { moment } from '../codecs/moment.ts'
import { person } from '../codecs/person.ts'
import { wholeNumber } from '../codecs/quantity.ts'
import { referenceId } from '../codecs/reference.ts'
import { text } from '../codecs/text.ts'
import { documentStatus } from '../codesets/document-status.ts'
import { table } from '../table.ts'

/** Clinical documents (cerner-fhir-r4.md §3.6). Of several contents the PDF is meant, else the first. */
// prettier-ignore
export const documentTable = table<DocumentFields>('document', [
// studio field    CCL                   HL7 v2 FHIR R4 (DocumentReference)                           CSV   codec
  ['external_id',  'EVENT_ID',           null, 'id',                                                 null, text],
  ['status',       'RESULT_STATUS_CD',   null, 'status',                                             null, coded(documentStatus)],
  ['doc_status',   'RESULT_STATUS_CD',   null, 'docStatus',                                          null, text],
  ['type',         'EVENT_CD',           null, 'type',                                               null, concept],
  ['category',     'EVENT_CLASS_CD',     null, 'category[0]',                                        null, conceptText],
  ['title',        'EVENT_TITLE_TEXT',   null, 'content.attachment.title | description | type.text', null, text],
  ['author',       'PERFORMED_PRSNL_ID', null, 'author[0]',                                          null, person],
  ['created_at',   'CLINSIG_UPDT_DT_TM', null, 'date | content.attachment.creation',                 null, moment],
  ['period_start', 'EVENT_START_DT_TM',  null, 'context.period.start',                               null, moment],
  ['period_end',   'EVENT_END_DT_TM',    null, 'context.period.end',                                 null, moment],
  ['media_type',   'FORMAT_CD',          null, 'content.attachment.contentType',                     null, text],
  ['content_url',  'BLOB_HANDLE',        null, 'content.attachment.url',                             null, text],
  ['size_bytes',   'BLOB_LENGTH',        null, 'content.attachment.size',                            null, wholeNumber],
  ['encounter_id', 'ENCNTR_ID',          null, 'context.encounter[0]',                               null, referenceId('Encounter')],
])
