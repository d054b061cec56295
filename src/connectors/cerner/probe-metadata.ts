import { IntegrationError } from '../../kernel/errors.ts'
import { driftOf, offers, readCapability } from '../../standards/fhir/capability.ts'
import type { Capability, Drift } from '../../standards/fhir/capability.ts'
import { jsonTextOf } from '../fhir/client.ts'
import { ACTIONS } from './definition.ts'
import type { Action, CernerSettings, Pulled } from './definition.ts'
import { PROFILES } from './profiles.ts'
import type { Feature } from './profiles.ts'
import type { Course } from './probe-course.ts'
import { explain } from './probe-explain.ts'
import { count, duration, failed, passed, some, warning } from './probe-step.ts'
import type { Finding } from './probe-step.ts'
import { ACTION_TABLE, chooseRoad } from './roads.ts'

type Use = readonly [type: string, interaction: string]

/** What each action does at FHIR R4. DSTU 2 changes by PUT (cerner-fhir-r4.md §3, §4). */
const BY_ACTION: Readonly<Partial<Record<Action, Use>>> = {
  person_search: ['Patient', 'search'],
  person_read: ['Patient', 'read'],
  person_create: ['Patient', 'create'],
  person_update: ['Patient', 'patch'],
  slots: ['Slot', 'search'],
  book: ['Appointment', 'create'],
  reschedule: ['Appointment', 'patch'],
  cancel: ['Appointment', 'patch'],
  check_in: ['Appointment', 'patch'],
  results: ['Observation', 'search'],
  vital_signs: ['Observation', 'create'],
  documents: ['DocumentReference', 'search'],
  document_create: ['DocumentReference', 'create'],
}

/** What a pull of each kind belongs to, as the version has it. */
const FEATURE_OF: Readonly<Partial<Record<Pulled, Feature>>> = {
  Location: 'scheduling_read',
  Practitioner: 'scheduling_read',
  Appointment: 'scheduling_read',
  DocumentReference: 'documents',
  Organization: 'demographics',
  Patient: 'demographics',
  Coverage: 'demographics',
}
const NOT_IN_DSTU2 = new Set<string>(['Location', 'Organization', 'Coverage'])

/** Types and interactions that what is switched on uses, `Appointment.patch`. */
function usesOf(settings: CernerSettings): string[] {
  const { pull, fhir, profile } = settings
  const { features } = PROFILES[profile]
  const isDstu2 = fhir.version === 'DSTU2'
  const pulled = pull.enabled
    ? pull.resources.filter(
        (type) =>
          features[FEATURE_OF[type] ?? 'chart_read'].state !== 'off' && !(isDstu2 && NOT_IN_DSTU2.has(type)),
      )
    : []
  const done = ACTIONS.flatMap((action) => {
    const use = BY_ACTION[action]
    return use && chooseRoad(settings, action).road === 'fhir' ? [use] : []
  })
  const uses: Use[] = [...pulled.map((type): Use => [type, 'search']), ...done]
  const named = uses.map(([type, verb]) => `${type}.${isDstu2 && verb === 'patch' ? 'update' : verb}`)
  return [...new Set(named)].sort()
}

/** What the server says it offers still holds what we use. */
export async function readMetadata(course: Course): Promise<Finding> {
  const from = course.calls.length
  const kind = 'GET metadata'
  try {
    course.capability = await course.plain.call(
      {
        method: 'GET',
        url: `${course.plain.base}/metadata`,
        kind,
        // Both versions, so that the other one is recognised and not just refused.
        headers: { Accept: 'application/fhir+json, application/json+fhir, application/json' },
        authorization: 'none',
      },
      (answer) => ({ value: capabilityIn(jsonTextOf(answer, kind), kind) }),
    )
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    const call = course.calls.slice(from).at(-1)
    return explain({ error, call, stopped: 'The server does not say what it offers' })
  }
  return compare(course, course.capability, course.calls.at(-1)?.tookMs ?? 0)
}

function capabilityIn(text: string, call: string): Capability {
  const unreadable = (reason: string): IntegrationError =>
    new IntegrationError('FHIR_ANSWER_UNREADABLE', { call, reason })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw unreadable('it is not whole JSON')
  }
  const read = readCapability(value)
  if (read === null) throw unreadable('it is no CapabilityStatement')
  return read
}

function compare(course: Course, now: Capability, tookMs: number): Finding {
  const before = course.probe.before.capability
  const lacking = usesOf(course.settings).filter((use) => !offersUse(now, use))
  const drift = before === null ? [] : driftOf(before.value, now)
  const seen = `${now.software === '' ? 'FHIR' : now.software} ${now.fhirVersion}, ${count(now.types.size, 'type')}, in ${duration(tookMs)}.`
  const evidence = [seen, ...wordsOf(drift, before?.atMs ?? null)].join(' ')
  // Another version of FHIR offers other things by nature; the next rung says so.
  if (lacking.length > 0 && versionOf(now) === course.settings.fhir.version)
    return failed({
      evidence: `${evidence} Used and not offered: ${some(lacking, 10)}.`,
      meaning: `The server does not offer what we use: ${some(labelsOf(course.settings, lacking), 4)}.`,
      remedy:
        'Send the ticket to Cerner. Until it is back, switch off here what needs it, so that nothing fails in vain.',
      acts: 'cerner',
      ask: `Tell us why ${some(lacking, 10)} is no longer offered, and bring it back.`,
    })
  // What lacks something stays compared with what was good, until it is good again.
  course.keepCapability = versionOf(now) === course.settings.fhir.version
  const changed = drift.some(({ place, change }) => change === 'changed' && place === 'fhirVersion')
  if (changed)
    return warning({
      evidence,
      meaning: 'The server has been brought to another version of FHIR.',
      remedy: 'Pull everything once and look at the compare before you rely on it.',
      acts: 'practice',
    })
  return passed(evidence, 'What is switched on here is offered there.')
}

function offersUse(capability: Capability, use: string): boolean {
  const [type = '', interaction = ''] = use.split('.')
  return offers(capability, type, interaction)
}

function wordsOf(drift: readonly Drift[], sinceMs: number | null): string[] {
  if (sinceMs === null) return []
  const day = new Date(sinceMs).toISOString().slice(0, 10)
  if (drift.length === 0) return [`The same as on ${day}.`]
  const of = (change: Drift['change']): string =>
    some(
      drift.filter((one) => one.change === change).map((one) => one.place),
      5,
    )
  const went = of('went')
  const came = of('came')
  const changed = of('changed')
  return [
    `Since ${day}:`,
    ...(went === '' ? [] : [`gone ${went}.`]),
    ...(came === '' ? [] : [`new ${came}.`]),
    ...(changed === '' ? [] : [`changed ${changed}.`]),
  ]
}

/** The actions that lose their use, as people call them, and the pulls. */
function labelsOf(settings: CernerSettings, lacking: readonly string[]): string[] {
  const actions = ACTIONS.filter((action) => {
    const [type, verb] = BY_ACTION[action] ?? []
    return chooseRoad(settings, action).road === 'fhir' && lacking.includes(`${type}.${verb}`)
  }).map((action) => ACTION_TABLE[action].label.toLowerCase())
  const pulls = settings.pull.resources.filter((type) => lacking.includes(`${type}.search`))
  return [...actions, ...pulls.map((type) => `pull ${type}`)]
}

export const versionOf = ({ fhirVersion }: Pick<Capability, 'fhirVersion'>): string =>
  fhirVersion.startsWith('4') ? 'R4' : fhirVersion.startsWith('1') ? 'DSTU2' : `FHIR ${fhirVersion}`

const OFFERED: readonly (readonly [Feature, Use])[] = [
  ['scheduling_read', ['Appointment', 'search']],
  ['scheduling_write', ['Appointment', 'create']],
  ['chart_read', ['Observation', 'search']],
  ['chart_write', ['Observation', 'create']],
  ['documents', ['DocumentReference', 'create']],
]

/** The Cerner version of the settings is the one that answers. */
export function compareProfile({ settings, capability }: Course): Finding {
  if (capability === null) throw new IntegrationError('INTERNAL', {})
  const { fhir, profile } = settings
  const { label, features } = PROFILES[profile]
  const real = versionOf(capability)
  const evidence = `Set: ${label}, FHIR ${fhir.version}. The server says ${capability.fhirVersion} (${real}).`
  if (real !== fhir.version)
    return failed({
      evidence,
      meaning: `The settings say ${fhir.version}, and the server speaks ${real}: its records would be read wrong.`,
      remedy: `Set the FHIR version to ${real}, or give the ${fhir.version} address of the site.`,
      acts: 'practice',
      // What is read of the other version proves nothing.
      stops: ['version'],
    })
  const own = fhir.version === 'R4' ? features.fhir_r4 : features.fhir_dstu2
  if (own.state === 'off')
    return warning({
      evidence,
      meaning: `The Cerner version of the settings has no FHIR ${fhir.version}, and the server speaks it.`,
      remedy:
        'If the site has been upgraded, choose its version under Cerner version; until then FHIR is not used.',
      acts: 'practice',
    })
  const more = OFFERED.filter(
    ([feature, [type, verb]]) => features[feature].state === 'off' && offers(capability, type, verb),
  )
  if (more.length > 0)
    return warning({
      evidence: `${evidence} Off here and offered there: ${more.map(([, [type, verb]]) => `${type} ${verb}`).join(', ')}.`,
      meaning: 'The server offers more than the Cerner version of the settings uses.',
      remedy:
        'If the site has been upgraded, choose its version under Cerner version. Else nothing: it stays off here.',
      acts: 'practice',
    })
  return passed(evidence, 'What answers is what the settings expect.')
}
