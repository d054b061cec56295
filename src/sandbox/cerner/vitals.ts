import { ageIn, POPULATION_YEAR } from '../households.ts'
import type { SyntheticPerson } from '../population.ts'
import { MINUTE_MS } from '../practice-calendar.ts'
import { randomFor } from '../random.ts'
import type { Stay } from './chart.ts'

/** What is measured at a visit, with LOINC, UCUM and the normal range of adults. */
export interface Vital {
  /** Two digits within the visit. */
  readonly key: string
  readonly loinc: string
  readonly name: string
  readonly unit: string
  readonly ucum: string
  readonly range: readonly [number, number] | null
}

// prettier-ignore
export const VITALS: readonly Vital[] = [
  { key: '01', loinc: '8302-2',  name: 'Body height',       unit: 'cm',     ucum: 'cm',     range: null },
  { key: '02', loinc: '29463-7', name: 'Body weight',       unit: 'kg',     ucum: 'kg',     range: null },
  { key: '03', loinc: '39156-5', name: 'Body mass index',   unit: 'kg/m2',  ucum: 'kg/m2',  range: [18.5, 25] },
  { key: '04', loinc: '8310-5',  name: 'Body temperature',  unit: 'degC',   ucum: 'Cel',    range: [36.1, 37.5] },
  { key: '05', loinc: '8867-4',  name: 'Heart rate',        unit: 'bpm',    ucum: '/min',   range: [60, 100] },
  { key: '06', loinc: '9279-1',  name: 'Respiratory rate',  unit: 'br/min', ucum: '/min',   range: [12, 20] },
  { key: '07', loinc: '59408-5', name: 'SpO2',              unit: '%',      ucum: '%',      range: [94, 100] },
]
export const PRESSURE = { loinc: '85354-9', name: 'Blood pressure', unit: 'mmHg', ucum: 'mm[Hg]' } as const
export const PRESSURE_PARTS = [
  { key: '08', loinc: '8480-6', name: 'Systolic Blood Pressure', range: [90, 140] },
  { key: '09', loinc: '8462-4', name: 'Diastolic Blood Pressure', range: [60, 90] },
] as const

/** LOINC codes that vital signs may be written with at this site. */
export const WRITABLE_VITALS: ReadonlyMap<
  string,
  { readonly name: string; readonly ucum: readonly string[] }
> = new Map([
  ...VITALS.map((one) => [one.loinc, { name: one.name, ucum: UNITS(one.ucum) }] as const),
  ['8331-1', { name: 'Oral temperature', ucum: UNITS('Cel') }],
  ['8328-7', { name: 'Axillary temperature', ucum: UNITS('Cel') }],
  ['75539-7', { name: 'Temporal artery temperature', ucum: UNITS('Cel') }],
  ['2708-6', { name: 'Oxygen saturation in Arterial blood', ucum: UNITS('%') }],
  ['9843-4', { name: 'Head Occipital-frontal circumference', ucum: UNITS('cm') }],
])

function UNITS(ucum: string): readonly string[] {
  const others: Readonly<Record<string, readonly string[]>> = {
    cm: ['cm', 'm', '[in_i]'],
    kg: ['kg', 'g', '[lb_av]'],
    Cel: ['Cel', '[degF]'],
  }
  return others[ucum] ?? [ucum]
}

/** When vital signs are taken: some minutes after arrival. */
export const takenAt = (stay: Stay): number => stay.visit.startedAt + 6 * MINUTE_MS

/** Nobody measures at the laboratory's window. */
export const hasVitals = ({ visit }: Stay): boolean => visit.reason !== 'LABORATORY'

/** The values of one visit by key, and the two of the blood pressure under 08 and 09. */
export function vitalsOf(seed: number, person: SyntheticPerson, stay: Stay): ReadonlyMap<string, number> {
  const own = randomFor(seed, 'build', person.n)
  const day = randomFor(seed, 'vitals', stay.number)
  const age = Math.max(0, ageIn(POPULATION_YEAR, person))
  const has = (code: string): boolean => person.conditions.some((one) => one.code === code)
  const man = person.sex === 'M'
  const grown = man ? 176 + 7 * own.normal() : 163 + 6.5 * own.normal()
  const height = age >= 18 ? grown : Math.min(grown, 52 + age * 6.6 + (age < 3 ? age * 6 : 12) + own.normal())
  const bulk = (age < 18 ? 15 + age * 0.4 : 25.5) + (has('E66.9') ? 8 : 0) + 2.2 * own.normal()
  const index = Math.min(48, Math.max(13, bulk))
  const feverish = /FEVER|PNEUMONIA|CELLULITIS/.test(stay.visit.reason)
  const systolic = (age < 18 ? 96 + age * 1.2 : 121) + (has('I10') ? 14 : 0) + 8 * day.normal()
  const round = (value: number, digits: number): number => Number(value.toFixed(digits))
  const weight = (index * height * height) / 10_000 + 0.6 * day.normal()
  return new Map([
    ['01', round(height, 1)],
    ['02', round(weight, 1)],
    ['03', round((weight * 10_000) / (height * height), 1)],
    ['04', round(36.8 + (feverish ? 1.4 : 0) + 0.25 * day.normal(), 1)],
    ['05', round((age < 10 ? 100 - 2 * age : 74) + (feverish ? 14 : 0) + 8 * day.normal(), 0)],
    ['06', round((age < 10 ? 24 - age : 15) + (has('J44.9') ? 3 : 0) + 1.4 * day.normal(), 0)],
    ['07', Math.min(100, round(97.6 - (has('J44.9') ? 4 : 0) + day.normal(), 0))],
    ['08', round(systolic, 0)],
    ['09', round(systolic * 0.62 + 3 * day.normal(), 0)],
  ])
}
