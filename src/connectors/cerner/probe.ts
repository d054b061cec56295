import type { Capability } from '../../standards/fhir/capability.ts'
import type { CernerSettings } from './definition.ts'
import type { Call } from './port.ts'
import { Course, servicesAddress, timed } from './probe-course.ts'
import type { CernerProbe } from './probe-course.ts'
import { compareClocks, discoverServer } from './probe-discovery.ts'
import { lookAtFlow } from './probe-flow.ts'
import { compareProfile, readMetadata } from './probe-metadata.ts'
import { findName, openPort, placeOf, reachAll, shakeHands } from './probe-network.ts'
import type { Reach } from './probe-network.ts'
import { measureHeadroom, readKnownPatient, searchNobody } from './probe-reads.ts'
import { lookAtServices, servicesAreElsewhere, servicesNeedToken, usesServices } from './probe-services.ts'
import type { NamedFinding } from './probe-services.ts'
import { lookAtSettings } from './probe-settings.ts'
import { skipped } from './probe-step.ts'
import type { Finding, ProbeStep } from './probe-step.ts'
import { ticketOf } from './probe-ticket.ts'
import { askToken, compareGrant } from './probe-token.ts'

export type { CernerProbe, FlowState, KnownEndpoints, Remembered } from './probe-course.ts'

/** A rung: what it is called, what has to hold first, whether these settings have it, and the work. */
interface Rung {
  rung: string
  name: string
  /** Names of rungs, and of what a finding says it stops. */
  needs: readonly string[] | ((settings: CernerSettings) => readonly string[])
  /** Why these settings have no such rung; empty when they have. */
  absent?: (course: Course) => string
  climb: (course: Course) => Promise<Finding | NamedFinding[]> | Finding
}

const reachOf = ({ limits, ca, timer }: Course): Reach => ({
  connectTimeoutMs: limits.connectTimeoutMs,
  ca,
  nowMs: timer.now(),
})
const homeOf = (course: Course) => placeOf(course.home)
const noFhir = ({ hasFhir }: Course): string => (hasFhir ? '' : 'There is no FHIR address.')
const noServices = ({ settings }: Course): string =>
  usesServices(settings) ? '' : 'No Millennium service is switched on.'

// prettier-ignore
const LADDER: readonly Rung[] = [
  { rung: 'settings', name: 'Settings are complete', needs: [], climb: lookAtSettings },
  { rung: 'dns', name: 'The name resolves', needs: ['address'], climb: (course) => findName(homeOf(course), reachOf(course)) },
  { rung: 'tcp', name: 'The port answers', needs: ['dns'], climb: (course) => openPort(homeOf(course), reachOf(course)) },
  { rung: 'tls', name: 'The certificate is trusted', needs: ['tcp'], climb: (course) => shakeHands(homeOf(course), reachOf(course)) },
  { rung: 'discovery', name: 'The authorization server is found', needs: ['tls'], absent: noFhir, climb: discoverServer },
  { rung: 'clock', name: 'The clocks agree', needs: ['tls'], absent: noAnswer, climb: compareClocks },
  { rung: 'authorization', name: 'The authorization server is reachable', needs: ['tls', 'discovery'], absent: sameHost, climb: reachAuthorization },
  { rung: 'token', name: 'A token is given', needs: ['settings', 'tls', 'discovery', 'authorization'], absent: noToken, climb: askToken },
  { rung: 'scopes', name: 'All scopes are granted', needs: ['token'], absent: noToken, climb: compareGrant },
  { rung: 'metadata', name: 'The server offers what is used', needs: ['discovery'], absent: noFhir, climb: readMetadata },
  { rung: 'profile', name: 'The Cerner version is the one set', needs: ['metadata'], absent: noFhir, climb: compareProfile },
  { rung: 'patient', name: 'The test patient can be read', needs: ['token', 'version'], absent: noFhir, climb: readKnownPatient },
  { rung: 'search', name: 'A search is answered', needs: ['token', 'version', 'accepted'], absent: noFhir, climb: searchNobody },
  { rung: 'headroom', name: 'There is headroom', needs: ['search'], absent: noFhir, climb: measureHeadroom },
  { rung: 'services-host', name: 'The services are reachable', needs: ['address'], absent: sameServices, climb: (course) => reachAll(servicesAddress(course.settings.millennium), reachOf(course)) },
  { rung: 'services', name: 'Millennium services answer', needs: servicesNeeds, absent: noServices, climb: lookAtServices },
  { rung: 'flow', name: 'Changes flow', needs: [], climb: (course) => lookAtFlow(course.probe.flow, course.settings, course.timer.now()) },
]

/** The rungs from the bottom up, as the reference lists them. */
export const RUNGS: readonly Pick<Rung, 'rung' | 'name'>[] = LADDER.map(({ rung, name }) => ({ rung, name }))

function noAnswer({ calls }: Course): string {
  return calls.length === 0 ? 'No call was made that could tell the time.' : ''
}

function sameHost(course: Course): string {
  const { tokenUrl, home } = course
  if (tokenUrl === '') return 'There is no token address.'
  return new URL(tokenUrl).origin === new URL(home).origin ? 'It is the same host as above.' : ''
}

function reachAuthorization(course: Course): Promise<Finding> {
  return reachAll(course.tokenUrl, reachOf(course))
}

/** Only SOAP with a user name goes without a token. */
function noToken({ hasFhir, settings }: Course): string {
  return !hasFhir && !servicesNeedToken(settings) ? 'The services are opened by user name.' : ''
}

function sameServices(course: Course): string {
  const { settings } = course
  if (!usesServices(settings)) return noServices(course)
  return servicesAreElsewhere(settings) ? '' : 'It is the same host as above.'
}

function servicesNeeds(settings: CernerSettings): readonly string[] {
  const host = servicesAreElsewhere(settings) ? 'services-host' : 'tls'
  return servicesNeedToken(settings) ? [host, 'token'] : [host]
}

export interface Probed {
  steps: ProbeStep[]
  /** What was seen of the other side, to be remembered; null for what was not seen or is not good. */
  seen: { endpoints: Course['endpoints']; capability: Capability | null }
}

/**
 * The connectivity test of a Cerner connection, rung by rung from the settings to what flows. It asks for a token of its
 * own, reads the test patient and searches for nobody; it writes nothing. What fails stops what stands on it. Never
 * throws for what goes wrong on the other side.
 *
 * @see cerner-fhir-r4.md §1, §2, §5
 */
export async function probeCerner(probe: CernerProbe): Promise<Probed> {
  await using course = new Course(probe)
  const steps: ProbeStep[] = []
  /** What does not hold, and the name of the rung that is to blame. */
  const stopped = new Map<string, string>()
  for (const one of LADDER) {
    const needs = typeof one.needs === 'function' ? one.needs(course.settings) : one.needs
    const blame = needs.map((need) => stopped.get(need)).find((name) => name !== undefined)
    const climbed = blame === undefined ? await climb(course, one) : [notTried(one, blame)]
    for (const { finding, name, rung } of climbed) {
      if (finding.outcome === 'failed')
        for (const gone of [rung, ...(finding.stops ?? [])]) stopped.set(gone, name)
    }
    if (blame !== undefined) stopped.set(one.rung, blame)
    steps.push(...climbed.map((found) => stepOf(course, found)))
  }
  return {
    steps,
    seen: { endpoints: course.endpoints, capability: course.keepCapability ? course.capability : null },
  }
}

interface Climbed extends NamedFinding {
  /** Null for what was not tried. */
  ms: number | null
}

const notTried = ({ rung, name }: Rung, blame: string): Climbed => ({
  rung,
  name,
  finding: skipped(`Not tried: “${blame}” failed.`, 'It stands on a rung that does not hold.'),
  calls: [],
  ms: null,
})

async function climb(course: Course, one: Rung): Promise<Climbed[]> {
  const { rung, name } = one
  const absent = one.absent?.(course) ?? ''
  if (absent !== '')
    return [{ rung, name, finding: skipped(absent, 'These settings do not need it.'), calls: [], ms: null }]
  const from = course.calls.length
  const { value, ms } = await timed(async () => one.climb(course))
  if (!Array.isArray(value)) return [{ rung, name, finding: value, calls: course.calls.slice(from), ms }]
  return value.map((found, n) => ({ ...found, ms: n === 0 ? ms : tookOf(found.calls) }))
}

const tookOf = (calls: readonly Call[]): number | null =>
  calls.length === 0 ? null : calls.reduce((sum, { tookMs }) => sum + tookMs, 0)

function stepOf(course: Course, { rung, name, finding, calls, ms }: Climbed): ProbeStep {
  const { outcome, evidence, meaning, remedy, acts } = finding
  const { settings, tokenUrl, timer } = course
  const tokenHost = tokenUrl === '' ? null : new URL(tokenUrl).host
  const ticket = ticketOf({ name, finding, settings, calls, tokenHost, atMs: timer.now() })
  return {
    name,
    rung,
    outcome,
    evidence,
    meaning,
    remedy,
    acts,
    ...(ms === null ? {} : { took_ms: Math.round(ms * 10) / 10 }),
    ...(ticket === undefined ? {} : { ticket }),
  }
}
