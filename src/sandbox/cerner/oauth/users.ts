import type { Hospital } from '../contract.ts'
import { HOSPITALISTS, PROVIDERS, type Provider } from '../../staff.ts'

/** Somebody who can sign in. There are no passwords: everybody here is invented. */
export interface SandboxUser {
  readonly id: string
  readonly username: string
  readonly name: string
  readonly persona: 'provider' | 'patient'
  /** `Practitioner/9000001`, `Patient/12345`, `Person/…` */
  readonly fhirUser: string
  /** Patient persona: self first, then whom this user stands proxy for. */
  readonly patients: readonly string[]
}

const PORTAL_USERS = 5

/** The clinicians of the practice and the hospital, and a few patients with a portal account. */
export function demoUsers(hospital: Pick<Hospital, 'patientId' | 'world'>): SandboxUser[] {
  const portal = Math.min(PORTAL_USERS, hospital.world.cast.population)
  return [
    ...[...PROVIDERS, ...HOSPITALISTS].map(clinician),
    ...Array.from({ length: portal }, (_, n) => portalUser(hospital, n)),
  ]
}

const clinician = ({ id, given, family, degree }: Provider): SandboxUser => ({
  id,
  username: `${given.charAt(0)}${family}`.replaceAll(/[^A-Z]/g, ''),
  name: `${family}, ${given} (${degree})`,
  persona: 'provider',
  fhirUser: `Practitioner/${id}`,
  patients: [],
})

function portalUser({ patientId, world }: Pick<Hospital, 'patientId' | 'world'>, n: number): SandboxUser {
  const person = world.person(n)
  const id = patientId(n)
  return {
    id: `portal-${id}`,
    username: `portal${n + 1}`,
    name: `${person.family}, ${person.given}`,
    persona: 'patient',
    fhirUser: `Patient/${id}`,
    patients: [id],
  }
}
