import type { CernerSettings } from './definition.ts'

/**
 * The tenant of a connection, which gives logical ids their meaning: the last part of the FHIR address, else the host
 * of the services. Tenants are opaque: most are UUIDs and some are not (cerner-fhir-r4.md §1.1).
 */
export function tenantOf({ fhir, millennium }: Pick<CernerSettings, 'fhir' | 'millennium'>): string {
  const address = fhir.base || millennium.base || millennium.soap.endpoint
  if (address === '') return 'CERNER'
  const { pathname, host } = new URL(address)
  return pathname.split('/').findLast((part) => part !== '') ?? host
}
