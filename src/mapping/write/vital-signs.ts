import { IntegrationError } from '../../kernel/errors.ts'
import type { Instant } from '../../kernel/calendar-date.ts'
import { decimal } from '../../standards/fhir/json.ts'
import type { RawNumber } from '../../standards/fhir/json.ts'
import type { FhirResource } from '../fhir/json.ts'
import { compacted, dateTime, LOINC, one, TERMINOLOGY, UCUM } from './parts.ts'
import type { Json } from './parts.ts'

/** One measure: its LOINC code and words, its unit as people and as UCUM write it, and what a living person can have. */
interface Measure {
  readonly code: string
  readonly display: string
  readonly unit: string
  readonly ucum: string
  readonly low: number
  readonly high: number
}

const measure = (
  code: string,
  display: string,
  unit: string,
  ucum: string,
  low: number,
  high: number,
): Measure => ({
  code,
  display,
  unit,
  ucum,
  low,
  high,
})

/** The vital signs we send, by the LOINC codes of the FHIR vital signs profile; each must be mapped at the site too. */
// prettier-ignore
export const VITAL_SIGNS = {
  //                           LOINC      display                                                unit           UCUM      low  high
  height:             measure('8302-2',  'Body height',                                         'cm',          'cm',      20,  280),
  weight:             measure('29463-7', 'Body weight',                                         'kg',          'kg',      0.2, 650),
  temperature:        measure('8310-5',  'Body temperature',                                    'degC',        'Cel',     25,  45),
  pulse:              measure('8867-4',  'Heart rate',                                          'beats/min',   '/min',    10,  350),
  respiratory_rate:   measure('9279-1',  'Respiratory rate',                                    'breaths/min', '/min',    1,   150),
  oxygen_saturation:  measure('59408-5', 'Oxygen saturation in Arterial blood by Pulse oximetry','%',          '%',       30,  100),
  bmi:                measure('39156-5', 'Body mass index (BMI) [Ratio]',                       'kg/m2',       'kg/m2',   5,   150),
  head_circumference: measure('9843-4',  'Head Occipital-frontal circumference',                'cm',          'cm',      15,  80),
} as const satisfies Readonly<Record<string, Measure>>

const PRESSURE = { code: '85354-9', display: 'Blood pressure panel with all children optional' }
// prettier-ignore
const SYSTOLIC = measure('8480-6', 'Systolic blood pressure', 'mmHg', 'mm[Hg]', 30, 350)
// prettier-ignore
const DIASTOLIC = measure('8462-4', 'Diastolic blood pressure', 'mmHg', 'mm[Hg]', 10, 250)

/** UCUM code of the unit of a measure that we know, for writing stored values: `degC` is `Cel`. */
export const ucumOf = (unit: string): string | undefined =>
  [...Object.values(VITAL_SIGNS), SYSTOLIC].find((one) => one.unit === unit)?.ucum

export type VitalSignName = keyof typeof VITAL_SIGNS | 'blood_pressure'

/** A vital sign as it was taken. Values are the digits that were entered: `180.0` says more than `180`. */
export type VitalSign = {
  /** Logical ids at Cerner. */
  patient: string
  encounter?: string
  /** Who answers for it (legal authenticator); Cerner asks for one. */
  performer?: string
  effectiveAt: Instant
  status?: 'final' | 'amended' | 'corrected'
  note?: string
} & (
  | { sign: keyof typeof VITAL_SIGNS; value: string }
  | { sign: 'blood_pressure'; systolic: string; diastolic: string }
)

/**
 * The Observation that records a vital sign at Cerner (cerner-fhir-r4.md §3.5). Its decimals are kept digit by digit
 * when it is written with JSON.stringify.
 *
 * @throws VITAL_SIGN_NOT_PLAUSIBLE for what is no number, or no value a living person has in that unit
 */
export function observationToFhir(vital: VitalSign): FhirResource {
  const panel = vital.sign === 'blood_pressure' ? PRESSURE : VITAL_SIGNS[vital.sign]
  return {
    resourceType: 'Observation',
    ...compacted({
      status: vital.status ?? 'final',
      category: [
        {
          coding: [
            { system: `${TERMINOLOGY}/observation-category`, code: 'vital-signs', display: 'Vital Signs' },
          ],
        },
      ],
      code: codeOf(panel),
      subject: { reference: `Patient/${vital.patient}` },
      encounter: vital.encounter && { reference: `Encounter/${vital.encounter}` },
      effectiveDateTime: dateTime(vital.effectiveAt),
      performer: one(vital.performer && performerOf(vital.performer)),
      ...valueOf(vital),
      note: one(vital.note && { text: vital.note }),
    }),
  }
}

function valueOf(vital: VitalSign): Json {
  if (vital.sign !== 'blood_pressure')
    return { valueQuantity: quantityOf(VITAL_SIGNS[vital.sign], vital.value, `vital_signs.${vital.sign}`) }
  const systolic = quantityOf(SYSTOLIC, vital.systolic, 'vital_signs.blood_pressure.systolic')
  const diastolic = quantityOf(DIASTOLIC, vital.diastolic, 'vital_signs.blood_pressure.diastolic')
  if (Number(vital.diastolic) >= Number(vital.systolic))
    throw implausible('vital_signs.blood_pressure', 'a systolic value above the diastolic one')
  return {
    component: [
      { code: codeOf(SYSTOLIC), valueQuantity: systolic },
      { code: codeOf(DIASTOLIC), valueQuantity: diastolic },
    ],
  }
}

const codeOf = ({ code, display }: Pick<Measure, 'code' | 'display'>): Json => ({
  coding: [{ system: LOINC, code, display }],
  text: display,
})

function quantityOf({ unit, ucum, low, high }: Measure, digits: string, place: string): Json {
  const value = Number(digits)
  if (!(value >= low && value <= high)) throw implausible(place, `between ${low} and ${high} ${unit}`)
  return { value: numberOf(digits, place), unit, system: UCUM, code: ucum }
}

function numberOf(digits: string, place: string): RawNumber {
  try {
    return decimal(digits)
  } catch (cause) {
    throw new IntegrationError('VITAL_SIGN_NOT_PLAUSIBLE', { place, expected: 'a number' }, { cause })
  }
}

const implausible = (place: string, expected: string): IntegrationError =>
  new IntegrationError('VITAL_SIGN_NOT_PLAUSIBLE', { place, expected })

const performerOf = (practitioner: string): Json => ({
  extension: [
    {
      url: 'http://hl7.org/fhir/StructureDefinition/event-performerFunction',
      valueCodeableConcept: {
        coding: [
          { system: `${TERMINOLOGY}/v3-ParticipationType`, code: 'LA', display: 'legal authenticator' },
        ],
      },
    },
  ],
  reference: `Practitioner/${practitioner}`,
})
