import type { KeyedRow, Medication } from '../../model/values.ts'
import { concept, conceptCode } from '../codecs/concept.ts'
import { dosage } from '../codecs/dosage.ts'
import { moment } from '../codecs/moment.ts'
import { person } from '../codecs/person.ts'
import { yesNo } from '../codecs/yes-no.ts'
import { table } from '../table.ts'

/** One prescription or order of a drug; each row is one MedicationRequest (cerner-fhir-r4.md §3.8). */
// prettier-ignore
export const medicationTable = table<Omit<Medication, keyof KeyedRow>>('medications', [
// studio field  CCL                      HL7 v2 FHIR R4 (MedicationRequest)                        CSV   codec
  ['medication', 'CATALOG_CD',            null, 'medicationCodeableConcept | medicationReference', null, concept],
  ['status',     'ORDER_STATUS_CD',       null, 'status',                                          null, conceptCode],
  ['intent',     'ORIG_ORD_AS_FLAG',      null, 'intent',                                          null, conceptCode],
  ['dosage',     'CLINICAL_DISPLAY_LINE', null, 'dosageInstruction[*]',                            null, dosage],
  ['authored',   'ORIG_ORDER_DT_TM',      null, 'authoredOn',                                      null, moment],
  ['prescriber', 'ORDER_PROVIDER_ID',     null, 'requester',                                       null, person],
  ['reported',   'ORIG_ORD_AS_FLAG',      null, 'reportedBoolean',                                 null, yesNo],
])
