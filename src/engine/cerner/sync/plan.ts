import { PROFILES } from '../../../connectors/cerner/profiles.ts'
import { PULLED } from '../../../connectors/cerner/definition.ts'
import type { CernerSettings, Pulled } from '../../../connectors/cerner/definition.ts'
import type { Feature } from '../../../connectors/cerner/profiles.ts'

/** A search: type and parameters, in the order they are sent. */
export interface Search {
  type: string
  params: readonly (readonly [name: string, value: string])[]
}

/** How one kind of chart data is asked for, by patient (cerner-fhir-r4.md §1.4, §3). */
interface Means {
  /** What says "changed since": none where Cerner has no such parameter, and the whole is read each time. */
  delta: '_lastUpdated' | null
  /** What bounds the first pull. */
  since: 'date' | null
  /** The largest page it gives; null where it gives all at once. */
  count: number | null
}

// prettier-ignore
export const CHART: Readonly<Partial<Record<Pulled, Means>>> = {
  Coverage:           { delta: null,           since: null,   count: null },
  Encounter:          { delta: '_lastUpdated', since: 'date', count: 100 },
  AllergyIntolerance: { delta: '_lastUpdated', since: null,   count: null },
  Condition:          { delta: '_lastUpdated', since: null,   count: null },
  MedicationRequest:  { delta: '_lastUpdated', since: null,   count: 100 },
  Immunization:       { delta: '_lastUpdated', since: null,   count: null },
  DiagnosticReport:   { delta: '_lastUpdated', since: 'date', count: 100 },
  Observation:        { delta: '_lastUpdated', since: 'date', count: 200 },
  DocumentReference:  { delta: '_lastUpdated', since: 'date', count: 100 },
}

/** The same in DSTU 2, which has no "changed since" and fewer types (cerner-fhir-r4.md §4). */
// prettier-ignore
const CHART_DSTU2: typeof CHART = {
  Encounter:          { delta: null, since: null,   count: null },
  AllergyIntolerance: { delta: null, since: null,   count: null },
  Condition:          { delta: null, since: null,   count: null },
  Immunization:       { delta: null, since: null,   count: null },
  DiagnosticReport:   { delta: null, since: null,   count: null },
  Observation:        { delta: null, since: 'date', count: 100 },
  DocumentReference:  { delta: null, since: null,   count: null },
}

export const isChart = (resource: Pulled): boolean => CHART[resource] !== undefined

const FEATURE: Readonly<Record<Pulled, Feature>> = {
  Organization: 'demographics',
  Location: 'scheduling_read',
  Practitioner: 'scheduling_read',
  Patient: 'demographics',
  Coverage: 'demographics',
  Appointment: 'scheduling_read',
  Encounter: 'chart_read',
  AllergyIntolerance: 'chart_read',
  Condition: 'chart_read',
  MedicationRequest: 'chart_read',
  Immunization: 'chart_read',
  DiagnosticReport: 'chart_read',
  Observation: 'chart_read',
  DocumentReference: 'documents',
}

// What DSTU 2 lacks (cerner-fhir-r4.md §4).
const NOT_IN_DSTU2 = new Set<Pulled>(['Location', 'Organization', 'Coverage', 'MedicationRequest'])

export interface PlannedStep {
  resource: Pulled
  /** Why it is left out; empty when it is not. */
  skipped: string
}

/** The steps of a run, in the order in which what others point at comes first. */
export function planSteps(settings: CernerSettings, asked: readonly string[]): PlannedStep[] {
  const { features } = PROFILES[settings.profile]
  const wanted = asked.length > 0 ? PULLED.filter((one) => asked.includes(one)) : PULLED
  return wanted
    .filter((resource) => asked.length > 0 || settings.pull.resources.includes(resource))
    .map((resource) => {
      const support = features[FEATURE[resource]]
      if (support.state === 'off') return { resource, skipped: support.says }
      if (settings.fhir.version === 'DSTU2' && NOT_IN_DSTU2.has(resource))
        return { resource, skipped: 'DSTU 2 has no such resource.' }
      return { resource, skipped: '' }
    })
}

/** The searches of one patient's chart data of one kind. */
export function chartSearches(
  settings: CernerSettings,
  resource: Pulled,
  patient: string,
  since: { changed: string | null; from: string },
): Search[] {
  const means = (settings.fhir.version === 'DSTU2' ? CHART_DSTU2 : CHART)[resource]
  if (!means) return []
  const base: (readonly [string, string])[] = [['patient', patient]]
  if (since.changed !== null && means.delta) base.push([means.delta, `ge${since.changed}`])
  else if (means.since) base.push([means.since, `ge${since.from}`])
  if (means.count !== null) base.push(['_count', String(means.count)])
  if (resource !== 'Observation') return [{ type: resource, params: base }]
  // One search for all kinds, where more than one is wanted: a comma list is one parameter.
  return [{ type: resource, params: [...base, ['category', settings.pull.observationCategories.join(',')]] }]
}

const WINDOW_DAYS = 7
const DAY_MS = 86_400_000

/** Searches of appointments: a week at a time, by location, else by practitioner, else by the given patients. */
export function appointmentSearches(
  settings: CernerSettings,
  bounds: { fromMs: number; toMs: number },
  patients: readonly string[],
): Search[] {
  const { locations, practitioners } = settings.pull
  const who: [string, string][] =
    locations.length > 0
      ? [['location', locations.join(',')]]
      : practitioners.length > 0
        ? [['practitioner', practitioners.join(',')]]
        : chunks(patients, PATIENTS_AT_ONCE).map((some): [string, string] => ['patient', some.join(',')])
  // By patient a window need not be short, since few people have many.
  const step = who[0]?.[0] === 'patient' ? bounds.toMs - bounds.fromMs : WINDOW_DAYS * DAY_MS
  const searches: Search[] = []
  for (let from = bounds.fromMs; from < bounds.toMs; from += step) {
    const to = Math.min(bounds.toMs, from + step)
    const date: [string, string][] = [
      ['date', `ge${instantOf(from)}`],
      ['date', `lt${instantOf(to)}`],
    ]
    for (const one of who) searches.push({ type: 'Appointment', params: [one, ...date, ['_count', '200']] })
  }
  return searches
}

export const PATIENTS_AT_ONCE = 50

/** Reads by a list of ids: `_id` excludes every other parameter. */
export const idSearches = (type: string, ids: readonly string[]): Search[] =>
  chunks(ids, PATIENTS_AT_ONCE).map((some) => ({ type, params: [['_id', some.join(',')]] }))

export function chunks<T>(list: readonly T[], size: number): T[][] {
  const parts: T[][] = []
  for (let at = 0; at < list.length; at += size) parts.push(list.slice(at, at + size))
  return parts
}

export const instantOf = (ms: number): string => new Date(ms).toISOString()
