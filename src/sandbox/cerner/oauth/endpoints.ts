import type { CernerEndpoints } from '../contract.ts'

const SMART = 'protocols/oauth2/profiles/smart-v1'

/** @param origin `http://127.0.0.1:49152` @see cerner-fhir-r4.md §2.1 */
export function endpointsOf(origin: string, tenant: string): CernerEndpoints {
  const issuer = `${origin}/tenants/${tenant}`
  const fhir = `${origin}/r4/${tenant}`
  return {
    origin,
    fhir,
    dstu2: `${origin}/dstu2/${tenant}`,
    mws: origin,
    soap: `${origin}/soap/MillenniumServices`,
    issuer,
    authorize: authorizeAddress(issuer, 'provider'),
    token: `${issuer}/hosts/${new URL(origin).hostname}/${SMART}/token`,
    revoke: `${issuer}/${SMART}/token/revoke`,
    introspect: `${origin}/tokeninfo`,
    manage: `${issuer}/personas/provider/my-authorizations`,
    jwks: `${origin}/jwk`,
    smartConfiguration: `${fhir}/.well-known/smart-configuration`,
  }
}

export const authorizeAddress = (issuer: string, persona: 'provider' | 'patient'): string =>
  `${issuer}/${SMART}/personas/${persona}/authorize`

/** The token endpoint as it was before hosts came into its path; still accepted. */
export const olderTokenAddress = (issuer: string): string => `${issuer}/${SMART}/token`

/** Names that stand for hosts of the vendor at the front of a path, as one address serves them all here. */
export const HOST_NAMES = [
  'fhir-ehr.cerner.com',
  'fhir-ehr-code.cerner.com',
  'fhir-myrecord.cerner.com',
  'authorization.cerner.com',
] as const
export const PATIENT_HOST = 'fhir-myrecord.cerner.com'

/** `/fhir-ehr.cerner.com/r4/…` → `/r4/…` */
export function withoutHostName(path: string): string {
  const name = HOST_NAMES.find((one) => path.startsWith(`/${one}/`))
  return name === undefined ? path : path.slice(name.length + 1)
}

/** Whether `aud` names this hospital's FHIR: R4 or DSTU 2, by any of its host names, with a slash at the end or none. */
export function isOurAudience(aud: string, endpoints: CernerEndpoints): boolean {
  if (!aud.startsWith(`${endpoints.origin}/`)) return false
  const path = withoutHostName(aud.slice(endpoints.origin.length)).replace(/\/$/, '')
  return [endpoints.fhir, endpoints.dstu2].includes(endpoints.origin + path)
}
