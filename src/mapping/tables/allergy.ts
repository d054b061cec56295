import type { Allergy } from '../../model/values.ts'
import { calendarDate } from '../codecs/calendar-date.ts'
import { concept, conceptCode, conceptText } from '../codecs/concept.ts'
import { table } from '../table.ts'

/** One allergy of a patient; the set is a snapshot (hl7-v2.md §3.2). Type DA FA MA EA, severity SV MO MI U. */
// prettier-ignore
export const allergyTable = table<Allergy>('allergies', [
// studio field   CCL                     HL7 v2   FHIR R4 (AllergyIntolerance)        CSV   codec
  ['type',       'SUBSTANCE_TYPE_CD',    'AL1-2', 'category[0]',                       null, conceptCode],
  ['substance',  'SUBSTANCE_NOM_ID',     'AL1-3', 'code',                              null, concept],
  ['severity',   'SEVERITY_CD',          'AL1-4', 'reaction[0].severity',              null, conceptCode],
  ['reaction',   'REACTION_FTDESC',      'AL1-5', 'reaction[0].manifestation[0].text', null, conceptText],
  ['onset',      'ONSET_DT_TM',          'AL1-6', 'onsetDateTime',                     null, calendarDate],
])
