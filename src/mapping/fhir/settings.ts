import type { MapSettings } from '../settings.ts'

/** The settings of a Cerner connection that mapping depends on. Keep one object per connection. */
export interface FhirMapSettings extends MapSettings {
  /** The tenant: authority of FHIR logical ids, which are unique inside one base address only. */
  readonly source: string
  /** The FHIR address, for references that are written whole. */
  readonly base: string
  readonly version: 'R4' | 'DSTU2'
  /** Authority of SCH-2, so that SIU and FHIR meet in one appointment. */
  readonly appointmentAuthority: string
  /** Authority of PV1-19 and OBR-3, so that ADT and ORU meet FHIR in one visit and report. */
  readonly visitAuthority: string
}

/** Type of identifiers that are FHIR logical ids; their authority is the tenant. */
export const FHIR_ID = 'FHIR'
