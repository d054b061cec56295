import { IntegrationError } from '../../kernel/errors.ts'
import { skewOf } from '../fhir/client.ts'
import { discover } from './discover.ts'
import type { Discovery } from './discover.ts'
import type { Call } from './port.ts'
import type { Course } from './probe-course.ts'
import { bodyOf, explain } from './probe-explain.ts'
import { count, duration, failed, passed, skipped, warning } from './probe-step.ts'
import type { Finding } from './probe-step.ts'

/** The FHIR address tells where its authorization server is (cerner-fhir-r4.md §2.1). */
export async function discoverServer(course: Course): Promise<Finding> {
  const { settings } = course
  const from = course.calls.length
  try {
    const found = await discover(course.plain)
    const { tokenUrl, authorizeUrl, issuer, jwksUrl } = found.configuration
    course.endpoints = {
      token: tokenUrl,
      authorize: authorizeUrl ?? '',
      issuer: issuer ?? '',
      jwks: jwksUrl ?? '',
      foundIn: found.evidence.at(-1)?.place === 'metadata' ? 'metadata' : '.well-known/smart-configuration',
    }
    return judge(course, found, course.calls.slice(from))
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    const finding = undiscovered(error, course.calls.slice(from))
    if (settings.fhir.tokenUrl === '') return finding
    // Set by hand, so that a token can be asked for all the same.
    return warning({ ...finding, evidence: `${finding.evidence} The token address of the settings is used.` })
  }
}

function judge({ settings, probe }: Course, { configuration, evidence }: Discovery, calls: Call[]): Finding {
  const { tokenUrl } = configuration
  const place = evidence.at(-1)?.place === 'metadata' ? 'metadata' : '.well-known/smart-configuration'
  const first =
    place === 'metadata' ? `No .well-known/smart-configuration (HTTP ${evidence[0]?.status ?? 'none'}). ` : ''
  const seen = `${first}${place} answered in ${duration(calls.at(-1)?.tookMs ?? 0)} and names the authorization server ${new URL(tokenUrl).host}.`
  const set = settings.fhir.tokenUrl
  if (set !== '' && set !== tokenUrl)
    return warning({
      evidence: `${seen} The settings name ${new URL(set).host}${new URL(set).host === new URL(tokenUrl).host ? ', with another path' : ''}.`,
      meaning: 'The token address in the settings is not the one that the server names.',
      remedy: 'Empty the token address in the settings, so that it is discovered.',
      acts: 'practice',
    })
  const { endpoints: before } = probe.before
  if (before !== null && before.value.token !== tokenUrl)
    return warning({
      evidence: `${seen} On ${dayOf(before.atMs)} it was ${hostOf(before.value.token)}, at another address.`,
      meaning: 'The token address has changed since it was last looked up.',
      remedy: 'Nothing here: the new address is used from now on. A firewall may have to be told.',
      acts: 'nobody',
    })
  const same = before === null ? '' : ` The same as on ${dayOf(before.atMs)}.`
  return passed(`${seen}${same}`, 'Cerner serves the tenant, and says where tokens are given.')
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'another')
const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

const STOPPED = 'The authorization server cannot be found'

function undiscovered(error: IntegrationError, calls: readonly Call[]): Finding {
  const telling = calls.find(isTelling)
  if (error.code !== 'FHIR_DISCOVERY_FAILED' || telling !== undefined)
    return explain({ error, call: telling ?? calls.at(-1), stopped: STOPPED })
  const statuses = calls.map(({ kind, status }) => `${kind}: HTTP ${status ?? 'none'}`).join('; ')
  const answers = calls.filter(({ status }) => status === 200)
  if (answers.some((call) => !isJson(bodyOf(call))))
    return failed({
      evidence: `${statuses}.`,
      meaning: `${STOPPED}: the answer is not whole JSON, though it says it is fine.`,
      remedy: 'Test again. If it lasts, ask the network team what changes answers on their way.',
      acts: 'network',
      ask: 'Find out what shortens or changes the answers below on their way.',
    })
  if (answers.length === 0)
    return failed({
      evidence: `${statuses}.`,
      meaning: `${STOPPED}: neither document is at this address, so it is no FHIR address of a tenant.`,
      remedy: 'Compare the FHIR address with the one of the site, tenant and version included.',
      acts: 'practice',
    })
  return failed({
    evidence: `${statuses}, and neither names a token address.`,
    meaning: `${STOPPED}: the server describes itself and names no authorization server, as one without log-in does.`,
    remedy: 'Check that it is the secured address. If it is, set the token address by hand.',
    acts: 'practice',
    ask: 'Tell us the token address of this FHIR address, and publish it in its metadata.',
  })
}

/** An answer that says more than that a document is not there. */
const isTelling = (call: Call): boolean => {
  const { status } = call
  if (status === null || status === 404) return false
  return status !== 200 || bodyOf(call).trimStart().startsWith('<')
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const NOTABLE_MS = 30_000
const TOO_MUCH_MS = 120_000

/** Both clocks tell the same time: signed tokens and "changed since" depend on it. */
export function compareClocks({ calls }: Course): Finding {
  const skews = calls.flatMap((call) => {
    const skew = skewOfCall(call)
    return skew === null ? [] : [skew]
  })
  const skewMs = skews.toSorted((a, b) => a - b)[Math.floor(skews.length / 2)]
  if (skewMs === undefined)
    return skipped('No answer said what time it is.', 'There is nothing to compare our clock with.')
  const size = Math.abs(skewMs)
  // The header has whole seconds, so less than one is not told apart.
  const apart =
    size < 1000
      ? 'Less than a second apart'
      : `Cerner is ${duration(size)} ${skewMs >= 0 ? 'ahead of' : 'behind'} this machine`
  const evidence = `${apart}, by ${count(skews.length, 'answer')}.`
  const remedy = 'Have this machine keep its time by NTP.'
  if (size > TOO_MUCH_MS)
    return failed({
      evidence,
      meaning:
        'The clock of this machine is off: signed requests are refused, and changes are asked for from the wrong time.',
      remedy,
      acts: 'practice',
    })
  if (size > NOTABLE_MS)
    return warning({ evidence, meaning: 'The clock of this machine runs off.', remedy, acts: 'practice' })
  return passed(evidence, 'The clocks agree.')
}

const skewOfCall = ({ status, responseHeaders, startedAtMs, tookMs }: Call): number | null =>
  status === null
    ? null
    : skewOf({ headers: responseHeaders, sentAtMs: startedAtMs, receivedAtMs: startedAtMs + tookMs })
