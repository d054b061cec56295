import type { Observation } from '../../model/values.ts'
import { concept } from '../codecs/concept.ts'
import {
  attachment,
  interpretations,
  notes,
  performerName,
  quantityValue,
  range,
  valueCodes,
  valueText,
} from '../codecs/observation.ts'
import { moment } from '../codecs/moment.ts'
import { table } from '../table.ts'

/** The parts of a result that FHIR holds at one place each; the others come from the resource around it. */
type Parts = Omit<Observation, 'key' | 'status' | 'sub_id' | 'value_type' | 'reported_at' | 'previous'>

/**
 * One result: an Observation, or a component of one. HL7 v2 has no column here, because what OBX-5 holds depends on
 * OBX-2; read-observations.ts reads it.
 */
// prettier-ignore
export const observationTable = table<Parts>('observations', [
// studio field       CCL                   HL7 v2 FHIR R4 (Observation, component)                                                                                                                           CSV   codec
  ['code',            'EVENT_CD',           null, 'code',                                                                                                                                                    null, concept],
  ['quantity',        'RESULT_VAL',         null, 'valueQuantity',                                                                                                                                           null, quantityValue],
  ['codes',           null,                 null, 'valueCodeableConcept',                                                                                                                                    null, valueCodes],
  ['attachment',      null,                 null, 'valueAttachment',                                                                                                                                         null, attachment],
  ['text',            null,                 null, 'valueString | valueCodeableConcept | valueBoolean | valueInteger | valueDateTime | valueTime | valuePeriod | valueRange | valueRatio | dataAbsentReason', null, valueText],
  ['reference_range', 'NORMAL_LOW',         null, 'referenceRange[*]',                                                                                                                                       null, range],
  ['interpretation',  'NORMALCY_CD',        null, 'interpretation[*]',                                                                                                                                       null, interpretations],
  ['effective_at',    'EVENT_END_DT_TM',    null, 'effectiveDateTime | effectivePeriod.start | effectiveInstant',                                                                                            null, moment],
  ['performer',       'PERFORMED_PRSNL_ID', null, 'performer',                                                                                                                                               null, performerName],
  ['notes',           'LONG_TEXT',          null, 'note[*]',                                                                                                                                                 null, notes],
])
