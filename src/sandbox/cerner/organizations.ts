import { PAYERS } from '../payers.ts'
import { CLINICS, HOSPITAL } from '../places.ts'
import type { Address } from '../places.ts'

/** An organization of the sandbox: the hospital, the practice and the payers. */
export interface Organization {
  readonly id: string
  readonly name: string
  /** Code set 278, and its FHIR organization type where it has one. */
  readonly type: { readonly code: string; readonly display: string; readonly standard: string | null }
  readonly phone: string | null
  readonly address: Pick<Address, 'line1' | 'city' | 'state' | 'postalCode'> | null
}

const PROVIDER = { code: 'FACILITY', display: 'Facility', standard: 'prov' } as const

export const HOSPITAL_ORGANIZATION: Organization = {
  id: '675844',
  name: HOSPITAL.name,
  type: PROVIDER,
  phone: '+12175550110',
  address: { line1: '900 N Synthetic Blvd', city: 'Springfield', state: 'IL', postalCode: '62702' },
}

export const PRACTICE_ORGANIZATION: Organization = {
  id: '675852',
  name: 'Prairie Family Practice',
  type: PROVIDER,
  phone: CLINICS[0]?.phone ?? null,
  address: CLINICS[0]?.address ?? null,
}

/** Payers by their id on IN1-3. */
export const payerOrganizationId = (payerId: string): string => `5898${payerId.slice(3)}`

export const ORGANIZATIONS: readonly Organization[] = [
  HOSPITAL_ORGANIZATION,
  PRACTICE_ORGANIZATION,
  ...PAYERS.map((payer): Organization => ({
    id: payerOrganizationId(payer.id),
    name: payer.name,
    type: { code: 'INSCO', display: 'Insurance Company', standard: 'ins' },
    phone: payer.phone,
    address: payer.address,
  })),
]
