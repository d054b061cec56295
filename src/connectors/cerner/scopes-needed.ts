import { scopeFor } from '../../standards/smart/scopes.ts'
import type { Access } from '../../standards/smart/scopes.ts'
import type { Action, CernerSettings } from './definition.ts'
import { chooseRoad } from './roads.ts'

type Need = readonly [type: string, access: Access]

/** What each action needs at FHIR. */
const NEEDS: Readonly<Partial<Record<Action, readonly Need[]>>> = {
  person_search: [['Patient', 'read']],
  person_create: [['Patient', 'write']],
  person_update: [['Patient', 'write']],
  slots: [
    ['Slot', 'read'],
    ['Schedule', 'read'],
  ],
  book: [['Appointment', 'write']],
  reschedule: [['Appointment', 'write']],
  cancel: [['Appointment', 'write']],
  check_in: [['Appointment', 'write']],
  vital_signs: [['Observation', 'write']],
  document_create: [['DocumentReference', 'write']],
}

/** Scopes of the Millennium services (millennium-web-services.md §4). */
const SERVICE_SCOPES = {
  person: ['mws/Person.read', 'mws/Person.write'],
  scheduling: ['mws/Scheduling.read', 'mws/Scheduling.write'],
  clinical: ['mws/Results.read'],
  documents: ['mws/Documents.read', 'mws/Documents.write'],
} as const

/**
 * The scopes that what is switched on needs. Asking for more than that makes tokens large, and an app that asks for
 * what it does not use is asked why (cerner-fhir-r4.md §2.2).
 */
export function scopesNeeded(settings: CernerSettings): string[] {
  const { pull, auth, millennium, fhir } = settings
  const needs: Need[] = pull.resources.map((type): Need => [type, 'read'])
  if (needs.some(([type]) => type === 'DocumentReference')) needs.push(['Binary', 'read'])
  if (pull.group !== '') needs.push(['Group', 'read'])
  for (const [action, some] of Object.entries(NEEDS)) {
    if (chooseRoad(settings, action as Action).road === 'fhir') needs.push(...some)
  }
  // DSTU 2 has no places of its own, and a scope for what is not there is refused.
  const known = fhir.version === 'DSTU2' ? needs.filter(([type]) => !NOT_IN_DSTU2.has(type)) : needs
  const scopes =
    fhir.base === ''
      ? []
      : known.map(([type, access]) =>
          scopeFor({ persona: 'system', type, access, version: auth.scopeVersion }),
        )
  for (const service of ['person', 'scheduling', 'clinical', 'documents'] as const) {
    if (millennium[service]) scopes.push(...SERVICE_SCOPES[service])
  }
  // Few sites take results from outside, so the right to file them is asked for only where they go that way.
  if (chooseRoad(settings, 'vital_signs').road === 'millennium') scopes.push('mws/Results.write')
  return [...new Set(scopes)].sort()
}

const NOT_IN_DSTU2 = new Set(['Group', 'Location', 'Organization', 'Coverage', 'MedicationRequest'])

/** What is asked for with each token: as set, else what is needed. */
export const askedScopes = (settings: CernerSettings): string[] =>
  settings.auth.scopes.length > 0 ? [...settings.auth.scopes] : scopesNeeded(settings)
