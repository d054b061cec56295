import { CLINICS, HOSPITAL } from '../places.ts'
import type { Base } from './base.ts'
import { hasBegun, type Stay, type Test } from './chart.ts'

/** A visit by its number, once it has begun. */
export function stayOf(base: Base, number: string): Stay | null {
  const n = base.charts.patientOf(number)
  const stay = n === null ? undefined : base.charts.of(n).stays.find((one) => one.number === number)
  return stay === undefined || !hasBegun(stay, base.clock.now()) ? null : stay
}

/** An order by its placer number: the visit's number and one digit. */
export function testOf(base: Base, placer: string): Test | null {
  const n = base.charts.patientOf(placer.slice(0, -1))
  return n === null ? null : (base.charts.of(n).tests.find((one) => one.order.placer === placer) ?? null)
}

export const staysOf = (base: Base, n: number): Stay[] => {
  const now = base.clock.now()
  return base.charts.of(n).stays.filter((stay) => hasBegun(stay, now))
}

/** A place of the hospital or the practice. */
export interface Place {
  readonly id: string
  readonly name: string
  readonly kind: 'building' | 'ambulatory' | 'nurse-unit' | 'facility'
  readonly partOf: string | null
  readonly clinic: (typeof CLINICS)[number] | null
}

export const HOSPITAL_LOCATION = '21250300'
export const PRACTICE_LOCATION = '21250400'

const UNITS = [HOSPITAL.emergency, ...HOSPITAL.wards, HOSPITAL.laboratory]

export const PLACES: readonly Place[] = [
  { id: HOSPITAL_LOCATION, name: HOSPITAL.name, kind: 'facility', partOf: null, clinic: null },
  ...UNITS.map((name, i): Place => ({
    id: String(Number(HOSPITAL_LOCATION) + i + 1),
    name,
    kind: name === HOSPITAL.laboratory ? 'ambulatory' : 'nurse-unit',
    partOf: HOSPITAL_LOCATION,
    clinic: null,
  })),
  { id: PRACTICE_LOCATION, name: 'Prairie Family Practice', kind: 'facility', partOf: null, clinic: null },
  ...CLINICS.map((clinic): Place => ({
    id: clinic.locationCd,
    name: clinic.name,
    kind: 'ambulatory',
    partOf: PRACTICE_LOCATION,
    clinic,
  })),
]

/** Where a visit is, by PV1-3.1. */
export const placeOfCare = (pointOfCare: string): Place | undefined =>
  PLACES.find((one) => (one.clinic?.pointOfCare ?? one.name) === pointOfCare)
