import type { Allergy } from '../../model/values.ts'
import { allergyReaction, allergySeverity, allergyType } from '../codecs/allergy.ts'
import { localDate } from '../codecs/calendar-date.ts'
import { concept, conceptCode } from '../codecs/concept.ts'
import { table } from '../table.ts'

/** One allergy of a patient; a snapshot in HL7 (hl7-v2.md §3.2), one by one in FHIR. Type DA FA MA EA, severity SV MO MI U. */
// prettier-ignore
export const allergyTable = table<Allergy>('allergies', [
// studio field CCL                  HL7 v2   FHIR R4 (AllergyIntolerance)         CSV   codec
  ['type',      'SUBSTANCE_TYPE_CD', 'AL1-2', 'category[0]',                       null, allergyType],
  ['substance', 'SUBSTANCE_NOM_ID',  'AL1-3', 'code',                              null, concept],
  ['severity',  'SEVERITY_CD',       'AL1-4', 'reaction[*]',                       null, allergySeverity],
  ['reaction',  'REACTION_FTDESC',   'AL1-5', 'reaction[*]',                       null, allergyReaction],
  ['onset',     'ONSET_DT_TM',       'AL1-6', 'onsetDateTime | onsetPeriod.start', null, localDate],
  ['status',    null,                null,    'clinicalStatus',                    null, conceptCode],
])
