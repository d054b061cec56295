import type { ClinicId } from './places.ts'

/** Someone who sees patients. Names and numbers are invented. */
export interface Provider {
  /** PRSNL.PERSON_ID. */
  readonly id: string
  /** National Provider Identifier: right check digit, but it begins with 2, and none such was ever given out. */
  readonly npi: string
  readonly family: string
  readonly given: string
  readonly degree: string
  readonly specialty: string
  readonly clinic: ClinicId
  readonly slotMinutes: 15 | 20 | 30
  /** Weekdays at work, Monday = 1. */
  readonly weekdays: readonly number[]
  /** First slot and end of the last, as hours of the day at the clinic. */
  readonly hours: readonly [number, number]
  /** The hour at which lunch begins; it lasts one hour. */
  readonly lunchAt: number
  readonly sees: 'all' | 'adults' | 'children' | 'women'
}

const ALL_WEEK = [1, 2, 3, 4, 5]

// prettier-ignore
export const PROVIDERS: readonly Provider[] = [
  provider(1,  'JOHNSON',    'JANE',     'MD',   'Family Medicine',         'SPFLD',  20, ALL_WEEK,     [8, 17],   12,   'all'),
  provider(2,  'OKAFOR',     'DANIEL',   'MD',   'Family Medicine',         'SPFLD',  15, ALL_WEEK,     [8, 17],   12,   'all'),
  provider(3,  'LINDQVIST',  'KAREN',    'DO',   'Family Medicine',         'SPFLD',  20, [1, 2, 4, 5], [7, 16],   11.5, 'all'),
  provider(4,  'PATEL',      'ANJALI',   'MD',   'Internal Medicine',       'SPFLD',  30, ALL_WEEK,     [8, 17],   12,   'adults'),
  provider(5,  'RAMIREZ',    'LUIS',     'MD',   'Pediatrics',              'SPFLD',  15, ALL_WEEK,     [8, 17],   12.5, 'children'),
  provider(6,  'BRENNAN',    'MOIRA',    'MD',   'Obstetrics & Gynecology', 'SPFLD',  20, [1, 2, 3, 4], [9, 17],   12,   'women'),
  provider(7,  'WHITFIELD',  'AARON',    'PA-C', 'Family Medicine',         'SPFLD',  15, ALL_WEEK,     [10, 19],  13,   'all'),
  provider(8,  'NGUYEN',     'THUY',     'APRN', 'Family Medicine',         'JAXVL',  20, ALL_WEEK,     [8, 17],   12,   'all'),
  provider(9,  'HALVORSEN',  'PETER',    'MD',   'Family Medicine',         'JAXVL',  20, [1, 3, 5],    [8, 16],   12,   'all'),
  provider(10, 'MCALLISTER', 'RUTH',     'MD',   'Family Medicine',         'THAUTE', 20, ALL_WEEK,     [8, 17],   12,   'all'),
  provider(11, "D'AMICO",    'VINCENT',  'DO',   'Internal Medicine',       'THAUTE', 30, [1, 2, 3, 4], [8, 17],   12,   'adults'),
  provider(12, 'CHO',        'SUNG-MIN', 'MD',   'Pediatrics',              'THAUTE', 15, [2, 3, 4, 5], [8, 16.5], 12,   'children'),
]

/** Clerks, nurses and interfaces that enter things: SCH-20, EVN-5. */
export const CLERKS = [
  { id: '9000201', family: 'FARROW', given: 'DENISE' },
  { id: '9000202', family: 'IBARRA', given: 'MARISOL' },
  { id: '9000203', family: 'STROUD', given: 'KEVIN' },
  { id: '9000204', family: 'PORTAL', given: 'PATIENT' },
] as const

/** The hospital doctors who admit and who see emergencies. */
// prettier-ignore
export const HOSPITALISTS: readonly Provider[] = [
  provider(31, 'ABERNATHY', 'CLARE', 'MD', 'Hospital Medicine',  'SPFLD', 30, ALL_WEEK, [7, 19], 12, 'adults'),
  provider(32, 'SORENSEN',  'ERIK',  'MD', 'Emergency Medicine', 'SPFLD', 30, ALL_WEEK, [7, 19], 12, 'all'),
]

function provider(
  number: number,
  family: string,
  given: string,
  degree: string,
  specialty: string,
  clinic: ClinicId,
  slotMinutes: 15 | 20 | 30,
  weekdays: readonly number[],
  hours: readonly [number, number],
  lunchAt: number,
  sees: Provider['sees'],
): Provider {
  const id = String(9_000_000 + number)
  return {
    id,
    npi: npi(number),
    family,
    given,
    degree,
    specialty,
    clinic,
    slotMinutes,
    weekdays,
    hours,
    lunchAt,
    sees,
  }
}

function npi(number: number): string {
  const body = `2${String(45_000_000 + number * 7919).padStart(8, '0')}`
  return `${body}${luhnDigit(`80840${body}`)}`
}

/** The check digit of ISO/IEC 7812; an NPI is checked with the prefix 80840 (45 CFR 162.406). */
export function luhnDigit(digits: string): number {
  let sum = 0
  for (let i = 0; i < digits.length; i += 1) {
    const digit = digits.charCodeAt(digits.length - 1 - i) - 48
    const doubled = i % 2 === 0 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return (10 - (sum % 10)) % 10
}

export function mayBeSeenBy(provider: Provider, age: number, sex: string): boolean {
  if (provider.sees === 'adults') return age >= 18
  if (provider.sees === 'children') return age < 18
  if (provider.sees === 'women') return sex === 'F' && age >= 14
  return true
}
