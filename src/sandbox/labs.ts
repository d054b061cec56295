import { frequencies, randomFor, type Frequencies, type Random } from './random.ts'

/** What a laboratory test measures, with its LOINC code and its UCUM unit. */
export interface Analyte {
  readonly loinc: string
  readonly name: string
  readonly unit: string
  /** Digits after the point. */
  readonly decimals: number
  /** Healthy mean and deviation, as [women, men]. */
  readonly mean: readonly [number, number]
  readonly deviation: number
  /** Reference range as [women, men] or one for both; null bounds are open. */
  readonly range: readonly [Range, Range]
  /** Beyond these a result is critical. */
  readonly critical?: Range
  /** Below this the instrument reports `<`. */
  readonly detection?: number
}

export type Range = readonly [low: number | null, high: number | null]

/** A result given in words: colour, presence. */
export interface Finding {
  readonly loinc: string
  readonly name: string
  readonly values: Frequencies<string>
  readonly normal: readonly string[]
  readonly range: string
}

export interface Panel {
  readonly id: PanelId
  /** LOINC of what is ordered, the laboratory's own code and the words on the order. */
  readonly loinc: string
  readonly localCode: string
  readonly name: string
  readonly section: 'HM' | 'CH' | 'UR' | 'MB' | 'CO'
  readonly specimen: { readonly code: string; readonly text: string }
  readonly tests: readonly (Analyte | Finding)[]
  readonly cpt: string
}

export type PanelId =
  | 'CBC'
  | 'BMP'
  | 'CMP'
  | 'LIPID'
  | 'A1C'
  | 'TSH'
  | 'UA'
  | 'PSA'
  | 'VITD'
  | 'CRP'
  | 'INR'
  | 'TROP'
  | 'ACR'
  | 'STREP'
  | 'COVID'

/** One result line. `value` is as the laboratory prints it. */
export interface LabResult {
  readonly loinc: string
  readonly name: string
  readonly kind: 'NM' | 'SN' | 'ST'
  readonly value: string
  readonly unit: string
  readonly range: string
  /** HL7 table 0078. */
  readonly flag: 'N' | 'L' | 'H' | 'LL' | 'HH' | 'A'
}

/** Who the specimen is from; what they have moves the values. */
export interface Subject {
  readonly seed: number
  readonly n: number
  readonly age: number
  readonly sex: string
  readonly conditions: ReadonlySet<string>
}

// prettier-ignore
const analyte = (
  loinc: string, name: string, unit: string, decimals: number, mean: number | readonly [number, number],
  deviation: number, range: Range | readonly [Range, Range], more: { critical?: Range; detection?: number } = {},
): Analyte => ({
  loinc, name, unit, decimals, deviation, ...more,
  mean: typeof mean === 'number' ? [mean, mean] : mean,
  range: Array.isArray(range[0]) ? (range as readonly [Range, Range]) : [range as Range, range as Range],
})

// prettier-ignore
const BASIC: readonly Analyte[] = [
  analyte('2345-7',  'Glucose',                          'mg/dL',  0, 92,           9,    [70, 99],               { critical: [45, 450] }),
  analyte('3094-0',  'Urea nitrogen',                    'mg/dL',  0, [13.5, 15],   3.2,  [7, 20],                { critical: [null, 100] }),
  analyte('2160-0',  'Creatinine',                       'mg/dL',  2, [0.76, 0.97], 0.11, [[0.51, 0.95], [0.67, 1.17]], { critical: [null, 7] }),
  analyte('2951-2',  'Sodium',                           'mmol/L', 0, 139.5,        2,    [136, 145],             { critical: [120, 160] }),
  analyte('2823-3',  'Potassium',                        'mmol/L', 1, 4.2,          0.33, [3.5, 5.1],             { critical: [2.8, 6.2] }),
  analyte('2075-0',  'Chloride',                         'mmol/L', 0, 103,          2.1,  [98, 107]),
  analyte('2028-9',  'Carbon dioxide, total',            'mmol/L', 0, 25.5,         1.9,  [22, 29],               { critical: [10, 40] }),
  analyte('17861-6', 'Calcium',                          'mg/dL',  1, 9.4,          0.35, [8.6, 10.2],            { critical: [6.5, 13] }),
  analyte('33037-3', 'Anion gap',                        'mmol/L', 0, 10,           2,    [4, 14]),
  analyte('98979-8', 'eGFR CKD-EPI 2021',                'mL/min/{1.73_m2}', 0, 98, 10,   [60, null]),
]

// prettier-ignore
const LIVER: readonly Analyte[] = [
  analyte('2885-2', 'Protein, total',            'g/dL',  1, 7.1,      0.4,  [6.4, 8.3]),
  analyte('1751-7', 'Albumin',                   'g/dL',  1, 4.3,      0.3,  [3.5, 5.2]),
  analyte('1975-2', 'Bilirubin, total',          'mg/dL', 1, [0.5, 0.7], 0.2, [0.2, 1.2],           { critical: [null, 15] }),
  analyte('6768-6', 'Alkaline phosphatase',      'U/L',   0, [72, 76], 18,   [40, 130]),
  analyte('1742-6', 'Alanine aminotransferase',  'U/L',   0, [18, 25], 8,    [[7, 35], [10, 50]],   { detection: 5 }),
  analyte('1920-8', 'Aspartate aminotransferase','U/L',   0, [19, 23], 6,    [[9, 32], [10, 40]],   { detection: 5 }),
]

// prettier-ignore
const BLOOD_COUNT: readonly Analyte[] = [
  analyte('6690-2', 'Leukocytes',   '10*3/uL', 1, 7,            1.7,  [4, 11],                  { critical: [1.5, 30] }),
  analyte('789-8',  'Erythrocytes', '10*6/uL', 2, [4.5, 5.05],  0.32, [[3.8, 5.1], [4.3, 5.8]]),
  analyte('718-7',  'Hemoglobin',   'g/dL',    1, [13.4, 15],   1,    [[12, 15.5], [13.5, 17.5]], { critical: [7, 20] }),
  analyte('4544-3', 'Hematocrit',   '%',       1, [40.2, 45],   2.8,  [[36, 46], [40, 52]],     { critical: [21, 60] }),
  analyte('787-2',  'MCV',          'fL',      1, 89.5,         4,    [80, 100]),
  analyte('785-6',  'MCH',          'pg',      1, 29.8,         1.6,  [27, 33]),
  analyte('786-4',  'MCHC',         'g/dL',    1, 33.3,         0.8,  [32, 36]),
  analyte('788-0',  'RDW',          '%',       1, 13.2,         0.9,  [11.5, 14.5]),
  analyte('777-3',  'Platelets',    '10*3/uL', 0, [262, 245],   55,   [150, 400],               { critical: [30, 1000] }),
]

// prettier-ignore
const LIPIDS: readonly Analyte[] = [
  analyte('2093-3',  'Cholesterol, total',     'mg/dL', 0, 188,      34,  [null, 200]),
  analyte('2571-8',  'Triglycerides',          'mg/dL', 0, 122,      48,  [null, 150]),
  analyte('2085-9',  'Cholesterol in HDL',     'mg/dL', 0, [58, 48], 12,  [[50, null], [40, null]]),
  analyte('13457-7', 'Cholesterol in LDL, calculated', 'mg/dL', 0, 108, 28, [null, 100]),
  analyte('43396-1', 'Cholesterol non-HDL',    'mg/dL', 0, 132,      32,  [null, 130]),
]

const finding = (
  loinc: string,
  name: string,
  range: string,
  pairs: readonly (readonly [string, number])[],
  normal?: readonly string[],
): Finding => ({
  loinc,
  name,
  range,
  values: frequencies(pairs),
  normal: normal ?? [range],
})

const PRESENCE = (loinc: string, name: string, positive: number): Finding =>
  finding(loinc, name, 'Negative', [
    ['Negative', 100 - positive],
    ['Trace', positive * 0.4],
    ['1+', positive * 0.35],
    ['2+', positive * 0.17],
    ['3+', positive * 0.08],
  ])

// prettier-ignore
const URINE: readonly (Analyte | Finding)[] = [
  finding('5778-6', 'Color of urine',   'Yellow', [['Yellow', 82], ['Straw', 12], ['Amber', 5], ['Red', 1]], ['Yellow', 'Straw']),
  finding('5767-9', 'Appearance of urine', 'Clear', [['Clear', 82], ['Hazy', 12], ['Cloudy', 6]]),
  analyte('5811-5', 'Specific gravity of urine', '{ratio}', 3, 1.017, 0.006, [1.005, 1.03]),
  analyte('5803-2', 'pH of urine', '[pH]', 1, 6.1, 0.6, [5, 8]),
  PRESENCE('20454-5', 'Protein in urine', 9),
  PRESENCE('25428-4', 'Glucose in urine', 5),
  PRESENCE('2514-8',  'Ketones in urine', 6),
  PRESENCE('5794-3',  'Hemoglobin in urine', 8),
  finding('5802-4', 'Nitrite in urine', 'Negative', [['Negative', 94], ['Positive', 6]]),
  PRESENCE('5799-2',  'Leukocyte esterase in urine', 12),
]

const BLOOD = { code: 'BLD', text: 'Whole blood' }
const SERUM = { code: 'SER', text: 'Serum' }
const URINE_SPECIMEN = { code: 'UR', text: 'Urine' }

// prettier-ignore
export const PANELS: Readonly<Record<PanelId, Panel>> = {
  CBC:   panel('CBC',   '58410-2', '3200', 'CBC panel - Blood by Automated count',            'HM', BLOOD, BLOOD_COUNT, '85027'),
  BMP:   panel('BMP',   '24321-2', '3110', 'Basic metabolic 2000 panel - Serum or Plasma',     'CH', SERUM, BASIC, '80048'),
  CMP:   panel('CMP',   '24323-8', '3112', 'Comprehensive metabolic 2000 panel - Serum or Plasma', 'CH', SERUM, [...BASIC, ...LIVER], '80053'),
  LIPID: panel('LIPID', '24331-1', '3130', 'Lipid 1996 panel - Serum or Plasma',               'CH', SERUM, LIPIDS, '80061'),
  A1C:   panel('A1C',   '4548-4',  '3140', 'Hemoglobin A1c/Hemoglobin.total in Blood',         'CH', BLOOD, [
    analyte('4548-4', 'Hemoglobin A1c', '%', 1, 5.4, 0.25, [4, 5.6], { critical: [null, 14] }),
    analyte('27353-2', 'Estimated average glucose', 'mg/dL', 0, 108, 8, [68, 114]),
  ], '83036'),
  TSH:   panel('TSH',   '3016-3',  '3150', 'Thyrotropin [Units/volume] in Serum or Plasma',    'CH', SERUM, [analyte('3016-3', 'Thyrotropin', 'm[IU]/L', 2, 1.9, 0.85, [0.27, 4.2], { detection: 0.01 })], '84443'),
  UA:    panel('UA',    '24356-8', '3300', 'Urinalysis complete panel - Urine',                'UR', URINE_SPECIMEN, URINE, '81001'),
  PSA:   panel('PSA',   '2857-1',  '3160', 'Prostate specific Ag [Mass/volume] in Serum or Plasma', 'CH', SERUM, [analyte('2857-1', 'Prostate specific antigen', 'ng/mL', 2, 1.4, 0.9, [null, 4], { detection: 0.02 })], '84153'),
  VITD:  panel('VITD',  '62292-8', '3170', '25-Hydroxyvitamin D2+D3 in Serum or Plasma',       'CH', SERUM, [analyte('62292-8', '25-Hydroxyvitamin D', 'ng/mL', 1, 31, 10, [30, 100], { detection: 4 })], '82306'),
  CRP:   panel('CRP',   '1988-5',  '3180', 'C reactive protein [Mass/volume] in Serum or Plasma', 'CH', SERUM, [analyte('1988-5', 'C reactive protein', 'mg/L', 1, 2.4, 2, [null, 5], { detection: 0.6 })], '86140'),
  INR:   panel('INR',   '34528-0', '3220', 'PT panel - Platelet poor plasma by Coagulation assay', 'CO', { code: 'PPP', text: 'Platelet poor plasma' }, [
    analyte('5902-2', 'Prothrombin time', 's', 1, 12.6, 0.8, [11, 13.5]),
    analyte('6301-6', 'INR', '{INR}', 1, 1, 0.08, [0.8, 1.2], { critical: [null, 5] }),
  ], '85610'),
  TROP:  panel('TROP',  '89579-7', '3190', 'Troponin I.cardiac [Mass/volume] in Serum or Plasma by High sensitivity method', 'CH', SERUM, [analyte('89579-7', 'Troponin I, high sensitivity', 'ng/L', 0, [5, 7], 5, [[null, 15], [null, 20]], { critical: [null, 100], detection: 3 })], '84484'),
  ACR:   panel('ACR',   '9318-7',  '3310', 'Albumin/Creatinine [Mass Ratio] in Urine',         'UR', URINE_SPECIMEN, [analyte('9318-7', 'Albumin/Creatinine ratio', 'mg/g{creat}', 0, 12, 8, [null, 30], { detection: 5 })], '82043'),
  STREP: panel('STREP', '78012-2', '3400', 'Streptococcus pyogenes Ag [Presence] in Throat by Rapid immunoassay', 'MB', { code: 'THRT', text: 'Throat' }, [finding('78012-2', 'Streptococcus pyogenes antigen', 'Negative', [['Negative', 76], ['Positive', 24]])], '87880'),
  COVID: panel('COVID', '94500-6', '3410', 'SARS-CoV-2 (COVID-19) RNA [Presence] in Respiratory system specimen by NAA with probe detection', 'MB', { code: 'NPH', text: 'Nasopharynx' }, [finding('94500-6', 'SARS-CoV-2 RNA', 'Not detected', [['Not detected', 88], ['Detected', 12]])], '87635'),
}

function panel(
  id: PanelId,
  loinc: string,
  localCode: string,
  name: string,
  section: Panel['section'],
  specimen: Panel['specimen'],
  tests: readonly (Analyte | Finding)[],
  cpt: string,
): Panel {
  return { id, loinc, localCode, name, section, specimen, tests, cpt }
}

/**
 * The results of one specimen. A person keeps their own level from specimen to specimen, illness moves what it
 * moves in life, and what a laboratory calculates is calculated (LDL, MCV, anion gap, eGFR, average glucose).
 *
 * @param key tells one specimen from the next
 */
export function resultsOf(of: Panel, subject: Subject, key: string): LabResult[] {
  const random = randomFor(subject.seed, 'results', subject.n, key, of.id)
  const values = new Map<string, number>()
  for (const test of of.tests) {
    if ('mean' in test) values.set(test.loinc, measure(test, subject, random))
  }
  calculate(values, subject)
  return of.tests.map((test) =>
    'mean' in test ? numeric(test, values.get(test.loinc) ?? 0, subject) : worded(test, random),
  )
}

function measure(test: Analyte, subject: Subject, random: Random): number {
  const own = randomFor(subject.seed, 'level', subject.n, test.loinc).normal()
  const mean = test.mean[subject.sex === 'M' ? 1 : 0] + (SHIFTS[test.loinc]?.(subject, own) ?? 0)
  const value = mean + test.deviation * (0.75 * own + 0.5 * random.normal())
  // Nothing measured is negative; a value far down is as rare as the lower tail of the instrument.
  return Math.max(value, mean * 0.12)
}

// What age and illness do to a level, in the test's own unit. `own` is the person's standing, -2 to 2 for most.
const SHIFTS: Readonly<Record<string, (subject: Subject, own: number) => number>> = {
  '2345-7': ({ conditions, age }, own) => (conditions.has('E11.9') ? 52 + 24 * own : age > 50 ? 5 : 0),
  '4548-4': ({ conditions, age }, own) => (conditions.has('E11.9') ? 1.9 + 0.7 * own : age > 50 ? 0.15 : 0),
  '3094-0': ({ conditions, age }) => (conditions.has('N18.30') ? 13 : age > 65 ? 3 : age < 15 ? -2 : 0),
  '2160-0': ({ conditions, age }) =>
    conditions.has('N18.30') ? 0.72 : age < 4 ? -0.45 : age < 13 ? -0.32 : 0,
  '2823-3': ({ conditions }) => (conditions.has('N18.30') ? 0.4 : 0),
  '2571-8': ({ conditions }) => (conditions.has('E78.5') ? 45 : 0) + (conditions.has('E11.9') ? 30 : 0),
  '2093-3': ({ conditions, age }) => (age < 20 ? -28 : 0) + (conditions.has('E78.5') ? 24 : 0),
  '2085-9': ({ conditions }) => (conditions.has('E66.9') ? -7 : 0),
  '3016-3': ({ conditions }) => (conditions.has('E03.9') ? 1.7 : 0),
  '718-7': ({ conditions, age }) =>
    (conditions.has('N18.30') ? -1.7 : 0) + (conditions.has('Z34.90') ? -1.3 : 0) + (age < 6 ? -1.5 : 0),
  '6301-6': ({ conditions }, own) => (conditions.has('I48.91') ? 1.4 + 0.4 * own : 0),
  '5902-2': ({ conditions }, own) => (conditions.has('I48.91') ? 14 + 4 * own : 0),
  '9318-7': ({ conditions }) => (conditions.has('N18.30') ? 90 : conditions.has('E11.9') ? 25 : 0),
  '2857-1': ({ conditions, age }) => (conditions.has('N40.0') ? 1.8 : 0) + (age > 70 ? 0.8 : 0),
  '6768-6': ({ age }) => (age < 16 ? 150 : 0),
  '1742-6': ({ conditions }) => (conditions.has('E66.9') ? 8 : 0),
}

function calculate(values: Map<string, number>, subject: Subject): void {
  const derive = (loinc: string, from: readonly string[], of: (...inputs: number[]) => number): void => {
    const inputs = from.map((one) => values.get(one))
    if (values.has(loinc) && inputs.every((one) => one !== undefined)) values.set(loinc, of(...inputs))
  }
  derive('789-8', ['718-7', '789-8'], (hemoglobin, red) => (2 * (hemoglobin / 2.98) + red) / 3)
  derive('4544-3', ['718-7', '786-4'], (hemoglobin, mchc) => (hemoglobin / mchc) * 100)
  derive('787-2', ['4544-3', '789-8'], (hematocrit, red) => (hematocrit / red) * 10)
  derive('785-6', ['718-7', '789-8'], (hemoglobin, red) => (hemoglobin / red) * 10)
  derive('13457-7', ['2093-3', '2085-9', '2571-8'], (total, hdl, fat) => Math.max(20, total - hdl - fat / 5)) // Friedewald
  derive('43396-1', ['2093-3', '2085-9'], (total, hdl) => total - hdl)
  derive(
    '33037-3',
    ['2951-2', '2075-0', '2028-9'],
    (na, cl, co2) => Math.round(na) - Math.round(cl) - Math.round(co2),
  )
  derive('27353-2', ['4548-4'], (a1c) => 28.7 * a1c - 46.7) // ADAG
  derive('1920-8', ['1742-6', '1920-8'], (alt, ast) => 0.5 * ast + 0.4 * alt)
  derive('98979-8', ['2160-0'], (creatinine) => filtration(creatinine, subject))
}

/** eGFR by CKD-EPI 2021 (Inker et al., N Engl J Med 2021;385:1737). It holds for adults; children get the bedside value of 18. */
function filtration(creatinine: number, { age, sex }: Subject): number {
  const female = sex !== 'M'
  const ratio = creatinine / (female ? 0.7 : 0.9)
  const below = power(Math.min(ratio, 1), female ? -0.241 : -0.302)
  const above = power(Math.max(ratio, 1), -1.2)
  return 142 * below * above * power(0.9938, Math.max(18, age)) * (female ? 1.012 : 1)
}

/** x to the y by series in plain arithmetic, so that every machine rounds alike; x from 0.05 to 20. */
export function power(x: number, y: number): number {
  const z = (x - 1) / (x + 1)
  let term = z
  let logarithm = 0
  for (let k = 1; k < 400; k += 2) {
    logarithm += term / k
    term *= z * z
  }
  const exponent = 2 * logarithm * y
  let sum = 1
  let part = 1
  for (let k = 1; k < 60; k += 1) {
    part *= exponent / k
    sum += part
  }
  return sum
}

function numeric(test: Analyte, measured: number, subject: Subject): LabResult {
  const [low, high] = test.range[subject.sex === 'M' ? 1 : 0]
  const undetected = test.detection !== undefined && measured < test.detection
  const value = undetected ? `<^${test.detection}` : measured.toFixed(test.decimals)
  const shown = undetected ? (test.detection ?? 0) : Number(value)
  return {
    loinc: test.loinc,
    name: test.name,
    kind: undetected ? 'SN' : 'NM',
    value,
    unit: test.unit,
    range: rangeText(low, high, test.decimals),
    flag: flagOf(shown, low, high, test.critical),
  }
}

export function flagOf(
  value: number,
  low: number | null,
  high: number | null,
  critical?: Range,
): LabResult['flag'] {
  if (critical?.[0] !== undefined && critical[0] !== null && value < critical[0]) return 'LL'
  if (critical?.[1] !== undefined && critical[1] !== null && value > critical[1]) return 'HH'
  if (low !== null && value < low) return 'L'
  if (high !== null && value > high) return 'H'
  return 'N'
}

function rangeText(low: number | null, high: number | null, decimals: number): string {
  if (low !== null && high !== null) return `${low.toFixed(decimals)}-${high.toFixed(decimals)}`
  if (high !== null) return `<=${high.toFixed(decimals)}`
  return low === null ? '' : `>=${low.toFixed(decimals)}`
}

function worded(test: Finding, random: Random): LabResult {
  const value = random.draw(test.values)
  return {
    loinc: test.loinc,
    name: test.name,
    kind: 'ST',
    value,
    unit: '',
    range: test.range,
    flag: test.normal.includes(value) ? 'N' : 'A',
  }
}

/** Which panels a visit brings, by age and what the person has; often none. */
export function panelsFor(subject: Subject, random: Random, reason: string): PanelId[] {
  if (reason === 'SORE THROAT') return random.chance(0.8) ? ['STREP'] : []
  if (reason === 'COUGH AND FEVER') return random.chance(0.6) ? ['COVID'] : []
  if (subject.age < 12) return random.chance(0.08) ? ['CBC'] : []
  const panels: PanelId[] = []
  const add = (id: PanelId, chance: number): void => {
    if (random.chance(chance)) panels.push(id)
  }
  const has = (code: string): boolean => subject.conditions.has(code)
  const yearly = reason === 'ANNUAL PHYSICAL'
  add('CBC', yearly ? 0.75 : 0.14)
  add('CMP', yearly ? 0.8 : has('I10') ? 0.3 : 0.12)
  if (!panels.includes('CMP')) add('BMP', has('I10') || has('N18.30') ? 0.3 : 0.05)
  add('LIPID', yearly && subject.age > 20 ? 0.7 : has('E78.5') ? 0.22 : 0.02)
  add('A1C', has('E11.9') ? 0.62 : yearly && subject.age > 40 ? 0.3 : 0.02)
  add('ACR', has('E11.9') ? 0.25 : 0)
  add('TSH', has('E03.9') ? 0.4 : yearly ? 0.15 : 0.02)
  add('UA', reason === 'URINARY SYMPTOMS' ? 0.9 : has('Z34.90') ? 0.5 : yearly ? 0.2 : 0.03)
  add('VITD', yearly ? 0.12 : 0.01)
  add('INR', has('I48.91') ? 0.45 : 0)
  add('PSA', subject.sex === 'M' && subject.age > 50 && yearly ? 0.4 : 0)
  return panels
}
