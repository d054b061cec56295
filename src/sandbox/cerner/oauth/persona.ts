import type { Grant, R4Verb } from '../contract.ts'
import { levelsFor } from './scopes.ts'

/**
 * The one patient whose records this caller may see, or null for no such limit: the patient persona sees the person
 * who signed in (or stands proxy), and a provider whose scopes are `patient/…` sees the patient in context.
 *
 * @see cerner-fhir-r4.md §2.2
 */
export function patientLimit(grant: Grant, type: string, verb: R4Verb): string | null {
  if (grant.persona === 'patient') return grant.patient ?? NOBODY
  const levels = levelsFor(grant.scopes, type, verb)
  return levels.length > 0 && levels.every((level) => level === 'patient') ? (grant.patient ?? NOBODY) : null
}

/** Whether a record of this patient may be shown; one that may not is answered 404 (§1.5). */
export function maySeePatient(grant: Grant, type: string, verb: R4Verb, patientId: string): boolean {
  const limit = patientLimit(grant, type, verb)
  return limit === null || limit === patientId
}

// No patient has this id, so a caller without context sees nothing.
const NOBODY = ''
