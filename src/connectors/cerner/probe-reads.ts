import { IntegrationError } from '../../kernel/errors.ts'
import { covers, parseScope, parseScopes, scopeFor } from '../../standards/smart/scopes.ts'
import type { SearchParameters } from '../../standards/fhir/search.ts'
import type { Call, FhirResource } from './port.ts'
import type { Course } from './probe-course.ts'
import { explain } from './probe-explain.ts'
import { count, duration, failed, passed, skipped, warning } from './probe-step.ts'
import type { Finding } from './probe-step.ts'

/** The test patient of the settings can be read: nothing of it is shown. */
export async function readKnownPatient(course: Course): Promise<Finding> {
  const { knownPatient } = course.settings
  if (knownPatient === '')
    return skipped(
      'No test patient is named in the settings.',
      'Whether a patient can be read by id is not proven.',
      'Ask Cerner for a patient made for tests in this domain, and name its id under Test patient.',
    )
  const from = course.calls.length
  try {
    const { resource } = await course.fhir.read('Patient', knownPatient)
    return judgePatient(resource, course.calls.at(-1)?.tookMs ?? 0)
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    const finding = explain({
      error,
      call: course.calls.slice(from).at(-1),
      stopped: 'The test patient cannot be read',
    })
    return error.code === 'FHIR_NOT_FOUND' ? { ...finding, ...UNKNOWN_PATIENT } : finding
  }
}

const UNKNOWN_PATIENT = {
  meaning:
    'Cerner does not know the test patient, or does not show it to this account: ids differ between test and production.',
  remedy:
    'Name the id of a patient of this very tenant under Test patient. 404 alone is no proof of a missing right.',
}

function judgePatient(resource: FhirResource, tookMs: number): Finding {
  const evidence = `GET Patient: read after ${duration(tookMs)}.`
  if (resource.resourceType !== 'Patient')
    return failed({
      evidence: `${evidence} It is no Patient.`,
      meaning: 'The answer is another resource than the one that was asked for.',
      remedy: 'Send the ticket to Cerner.',
      acts: 'cerner',
    })
  if (resource['active'] === false)
    return warning({
      evidence: `${evidence} It is not active.`,
      meaning: 'The test patient was combined into another record or taken out of use.',
      remedy: 'Name another test patient, so that this test keeps its worth.',
      acts: 'practice',
    })
  return passed(evidence, 'Address, token, scope and rights are good for a read.')
}

/** An identifier that nobody has: the search is complete, and finds nothing. */
const NOBODY = 'urn:practicestudio:probe|none'
const SEARCHES: readonly (readonly [type: string, parameters: SearchParameters])[] = [
  ['Patient', { identifier: NOBODY }],
  ['Practitioner', { identifier: NOBODY }],
  ['Location', { identifier: NOBODY }],
  ['Organization', { identifier: NOBODY }],
]

type Search = (typeof SEARCHES)[number]

/** The first search that the token opens. */
function searchFor({ granted, settings }: Course): Search | undefined {
  const held = parseScopes(granted?.token.scope ?? '')
  const { scopeVersion: version } = settings.auth
  return SEARCHES.find(([type]) =>
    covers(held, parseScope(scopeFor({ persona: 'system', type, access: 'read', version }))),
  )
}

/** A search with its required parameter is answered with a Bundle (cerner-fhir-r4.md §1.4). */
export async function searchNobody(course: Course): Promise<Finding> {
  const search = searchFor(course)
  if (search === undefined) return noSearch()
  const [type, parameters] = search
  const from = course.calls.length
  try {
    const page = await course.fhir.search(type, parameters)
    const tookMs = course.calls.at(-1)?.tookMs ?? 0
    const found = page.entries.filter(({ mode }) => mode === 'match').length
    const evidence = `GET ${type}: ${count(found, 'match', 'matches')} after ${duration(tookMs)}.`
    if (found === 0) return passed(evidence, 'Searches are understood and answered.')
    return warning({
      evidence: `${evidence} It asked for an identifier that nobody has.`,
      meaning: 'The server does not look at the search parameter, so searches find what they should not.',
      remedy: 'Do not rely on searches by identifier. Send the ticket to Cerner.',
      acts: 'cerner',
      ask: 'Tell us why a search by an unknown identifier finds records.',
    })
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    const call = course.calls.slice(from).at(-1)
    return explain({ error, call, stopped: 'A search cannot be made' })
  }
}

const noSearch = (): Finding =>
  skipped(
    'The token opens none of Patient, Practitioner, Location and Organization.',
    'There is no search that could be tried without asking about a real patient.',
  )

const QUICK_CALLS = 12
const SLOW_MS = 5_000

/** How quickly a few calls are answered at the pace of the settings, and whether Cerner bears that pace. */
export async function measureHeadroom(course: Course): Promise<Finding> {
  const search = searchFor(course)
  if (search === undefined) return noSearch()
  const [type, parameters] = search
  const from = course.calls.length
  const work = Array.from({ length: QUICK_CALLS }, () => course.fhir.search(type, parameters))
  await Promise.allSettled(work)
  return judgePace(course, course.calls.slice(from))
}

function judgePace({ settings }: Course, calls: readonly Call[]): Finding {
  const { concurrency, requestsPerSecond } = settings.limits
  const times = calls.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b)
  const throttled = calls.filter(({ status }) => status === 429).length
  const broken = calls.filter(({ error, status }) => error !== null && status !== 429).length
  const p95 = percentile(times, 95)
  const evidence = [
    `${count(calls.length, 'call')}, ${concurrency} at the same time: p50 ${duration(percentile(times, 50))}, p95 ${duration(p95)};`,
    `${throttled} throttled (429), ${broken} failed.`,
    `Set: at most ${requestsPerSecond} a second.`,
  ].join(' ')
  if (throttled > 0)
    return warning({
      evidence,
      meaning: 'Cerner throttles this account already at a handful of calls: pulls will take long.',
      remedy: `Lower the calls at the same time below ${concurrency} and the calls a second below ${requestsPerSecond}, and test again.`,
      acts: 'practice',
      ask: 'Tell us how many calls a minute are allowed for this client and tenant.',
    })
  if (broken > 0)
    return warning({
      evidence,
      meaning: `${broken} of ${calls.length} equal calls failed, so the server is not steady.`,
      remedy: 'Test again in some minutes, and send the ticket to Cerner if it lasts.',
      acts: 'cerner',
      ask: 'Tell us why some of these equal calls fail.',
    })
  if (p95 > SLOW_MS)
    return warning({
      evidence,
      meaning: 'The server answers slowly: a first pull may take days.',
      remedy: 'Pull less at first, or ask Cerner for a group to export in bulk.',
      acts: 'cerner',
      ask: 'Tell us whether these answer times are expected.',
    })
  return passed(evidence, 'There is room for the work of the day.')
}

/** Nearest rank. @param sorted upwards */
const percentile = (sorted: readonly number[], percent: number): number =>
  sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? 0
