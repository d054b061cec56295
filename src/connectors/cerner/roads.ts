import { IntegrationError } from '../../kernel/errors.ts'
import type { Action, CernerSettings, Road } from './definition.ts'
import { PROFILES } from './profiles.ts'
import type { Feature } from './profiles.ts'

/** An action as people call it, the feature of a version it belongs to, and the Millennium service that can do it. */
interface ActionRow {
  label: string
  feature: Feature
  service: 'person' | 'scheduling' | 'clinical' | 'documents'
}

// prettier-ignore
export const ACTION_TABLE: Readonly<Record<Action, ActionRow>> = {
  person_search:   { label: 'Find a person',           feature: 'demographics',     service: 'person' },
  person_read:     { label: 'Read a person',           feature: 'demographics',     service: 'person' },
  person_create:   { label: 'Register a person',       feature: 'demographics',     service: 'person' },
  person_update:   { label: 'Change demographics',     feature: 'demographics',     service: 'person' },
  slots:           { label: 'Find free slots',         feature: 'scheduling_read',  service: 'scheduling' },
  book:            { label: 'Book an appointment',     feature: 'scheduling_write', service: 'scheduling' },
  reschedule:      { label: 'Move an appointment',     feature: 'scheduling_write', service: 'scheduling' },
  cancel:          { label: 'Cancel an appointment',   feature: 'scheduling_write', service: 'scheduling' },
  check_in:        { label: 'Arrive and check in',     feature: 'scheduling_write', service: 'scheduling' },
  results:         { label: 'Read results',            feature: 'chart_read',       service: 'clinical' },
  vital_signs:     { label: 'File vital signs',        feature: 'chart_write',      service: 'clinical' },
  documents:       { label: 'Read documents',          feature: 'documents',        service: 'documents' },
  document_create: { label: 'File a document',         feature: 'documents',        service: 'documents' },
}

// Old domains are read only: their writes have other shapes and are out of support at Cerner (cerner-fhir-r4.md §4).
const BY_DSTU2 = new Set<Action>(['person_search', 'person_read', 'results', 'documents'])

export interface ChosenRoad {
  road: Road
  /** Why this one, or why none, in a sentence. */
  why: string
}

/** The road of an action: as set, else FHIR where the version has it, else the Millennium service. */
export function chooseRoad(settings: CernerSettings, action: Action): ChosenRoad {
  const { label, feature, service } = ACTION_TABLE[action]
  const support = PROFILES[settings.profile].features[feature]
  if (support.state === 'off') return { road: 'off', why: support.says }
  const asked = settings.roads[action]
  const fhir = fhirCan(settings, action)
  const millennium = serviceCan(settings, service)
  if (asked === 'off') return { road: 'off', why: `${label} is switched off in the settings.` }
  if (asked === 'millennium')
    return millennium === '' ? { road: asked, why: 'As set.' } : { road: 'off', why: millennium }
  if (asked === 'fhir') return fhir === '' ? { road: asked, why: 'As set.' } : { road: 'off', why: fhir }
  if (fhir === '') return { road: 'fhir', why: support.says }
  if (millennium === '') return { road: 'millennium', why: fhir }
  return { road: 'off', why: fhir }
}

function fhirCan({ fhir, profile }: CernerSettings, action: Action): string {
  const { features } = PROFILES[profile]
  if (fhir.base === '') return 'There is no FHIR address yet.'
  if (fhir.version === 'R4' && features.fhir_r4.state === 'off') return features.fhir_r4.says
  if (fhir.version === 'DSTU2' && features.fhir_dstu2.state === 'off') return features.fhir_dstu2.says
  if (fhir.version === 'DSTU2' && !BY_DSTU2.has(action)) return 'DSTU 2 is read only here.'
  return ''
}

function serviceCan({ millennium, profile }: CernerSettings, service: ActionRow['service']): string {
  const support = PROFILES[profile].features.millennium_services
  if (support.state === 'off') return support.says
  if (profile === 'communityworks' && service !== 'person' && service !== 'scheduling') return support.says
  const address =
    millennium.transport === 'rest' ? millennium.base : millennium.soap.endpoint || millennium.base
  if (address === '') return 'There is no address of the Millennium services yet.'
  return millennium[service] ? '' : 'The Millennium service for it is switched off.'
}

/** @throws PROFILE_FORBIDS, ROAD_OFF */
export function roadOf(settings: CernerSettings, action: Action): Exclude<Road, 'off'> {
  const { label, feature } = ACTION_TABLE[action]
  const support = PROFILES[settings.profile].features[feature]
  if (support.state === 'off')
    throw new IntegrationError('PROFILE_FORBIDS', { feature: label, reason: withoutStop(support.says) })
  const { road } = chooseRoad(settings, action)
  if (road === 'off') throw new IntegrationError('ROAD_OFF', { action: label.toLowerCase() })
  return road
}

/** A sentence as the end of another one. */
export const withoutStop = (sentence: string): string => sentence.replace(/\.$/, '')
