import type { VitalSignsRequest } from '../../../contract/outbound.ts'

interface Unit {
  /** UCUM */
  code: string
  label: string
  /** What is plausible for a living person; outside it is asked about, never refused. */
  low: number
  high: number
  /** To the unit that is filed, which is the first of its sign. */
  filed?: (value: number) => number
}
interface Sign {
  /** LOINC */
  code: string
  label: string
  units: readonly [Unit, ...Unit[]]
}

const POUND_KG = 0.453_592_37
const INCH_CM = 2.54

// prettier-ignore
export const SIGNS: readonly Sign[] = [
  { code: '8302-2',  label: 'Height',           units: [{ code: 'cm',    label: 'cm', low: 40,  high: 230 }, { code: '[in_i]',  label: 'in', low: 16,   high: 91,    filed: (inches) => inches * INCH_CM }] },
  { code: '29463-7', label: 'Weight',           units: [{ code: 'kg',    label: 'kg', low: 1.5, high: 300 }, { code: '[lb_av]', label: 'lb', low: 3.3,  high: 660,   filed: (pounds) => pounds * POUND_KG }] },
  { code: '8310-5',  label: 'Temperature',      units: [{ code: 'Cel',   label: '°C', low: 33,  high: 42 },  { code: '[degF]',  label: '°F', low: 91.4, high: 107.6, filed: (degrees) => (degrees - 32) / 1.8 }] },
  { code: '8867-4',  label: 'Pulse',            units: [{ code: '/min',  label: '/min', low: 30, high: 220 }] },
  { code: '9279-1',  label: 'Respiration',      units: [{ code: '/min',  label: '/min', low: 6,  high: 70 }] },
  { code: '59408-5', label: 'SpO₂',             units: [{ code: '%',     label: '%',        low: 70, high: 100 }] },
]
export const PRESSURE = '85354-9'
const MMHG = 'mm[Hg]'

/** What stands in the form: text as it was typed, by LOINC. */
export interface Draft {
  values: Readonly<Record<string, string>>
  units: Readonly<Record<string, string>>
  systolic: string
  diastolic: string
}
export const emptyDraft: Draft = { values: {}, units: {}, systolic: '', diastolic: '' }

export const unitOf = ({ units }: Draft, sign: Sign): Unit =>
  sign.units.find(({ code }) => code === units[sign.code]) ?? sign.units[0]

const NUMBER = /^\d{1,4}(\.\d{1,4})?$/
const WHOLE = /^\d{1,3}$/
/** A comma is how many write a decimal point; nothing else is changed, so that 180.0 keeps its digit. */
const written = (text: string): string => text.trim().replace(',', '.')

/** Why a value cannot be sent, by LOINC; blood pressure under its own code. */
export function faultsOf(draft: Draft): Record<string, string> {
  const faults: Record<string, string> = {}
  for (const { code } of SIGNS) {
    const text = written(draft.values[code] ?? '')
    if (text !== '' && !NUMBER.test(text)) faults[code] = 'A number, such as 36.8'
  }
  const [upper, lower] = [written(draft.systolic), written(draft.diastolic)]
  if ((upper === '') !== (lower === '')) faults[PRESSURE] = 'Both values are needed'
  else if (upper !== '' && !(WHOLE.test(upper) && WHOLE.test(lower)))
    faults[PRESSURE] = 'Whole numbers, such as 120 over 80'
  return faults
}

/** What is unusual, by LOINC: asked about, never refused. */
export function doubtsOf(draft: Draft): Record<string, string> {
  const doubts: Record<string, string> = {}
  for (const sign of SIGNS) {
    const text = written(draft.values[sign.code] ?? '')
    const { low, high, label } = unitOf(draft, sign)
    const value = Number(text)
    if (NUMBER.test(text) && (value < low || value > high))
      doubts[sign.code] = `Unusual: mostly ${low} to ${high} ${label}. Is the unit right?`
  }
  const [upper, lower] = [Number(draft.systolic), Number(draft.diastolic)]
  if (faultsOf(draft)[PRESSURE] === undefined && draft.systolic.trim() !== '') {
    if (upper <= lower) doubts[PRESSURE] = 'The upper value is not above the lower one. Are they swapped?'
    else if (upper < 60 || upper > 260 || lower < 30 || lower > 160)
      doubts[PRESSURE] = 'Unusual: mostly 60 to 260 over 30 to 160.'
  }
  return doubts
}

/** Below this a tenth is too coarse: a newborn of 7 lb 4 oz is 3.29 kg. */
const SMALL = 10

/**
 * The value in the unit that is filed. What was typed in that unit keeps its digits; what is converted gets one
 * decimal, small ones two.
 */
export function filedOf(draft: Draft, sign: Sign): { value: string; unit: Unit; converted: boolean } | null {
  const text = written(draft.values[sign.code] ?? '')
  if (!NUMBER.test(text)) return null
  const { filed } = unitOf(draft, sign)
  const [unit] = sign.units
  if (filed === undefined) return { value: text, unit, converted: false }
  const value = filed(Number(text))
  return { value: value.toFixed(Math.abs(value) < SMALL ? 2 : 1), unit, converted: true }
}

/** The signs that were filled in, as the API takes them: each in the unit that is filed. */
export function signsOf(draft: Draft): VitalSignsRequest['signs'] {
  const signs: VitalSignsRequest['signs'] = SIGNS.flatMap((sign) => {
    const filed = filedOf(draft, sign)
    return filed === null ? [] : [{ code: sign.code, value: filed.value, unit: filed.unit.code }]
  })
  const [systolic, diastolic] = [written(draft.systolic), written(draft.diastolic)]
  if (systolic !== '') signs.push({ code: PRESSURE, systolic, diastolic, unit: MMHG })
  return signs
}
