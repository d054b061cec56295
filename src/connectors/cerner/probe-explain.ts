import { IntegrationError } from '../../kernel/errors.ts'
import { readOutcome } from '../../standards/fhir/outcome.ts'
import type { Outcome } from '../../standards/fhir/outcome.ts'
import type { Call } from './port.ts'
import { duration, failed } from './probe-step.ts'
import type { Finding } from './probe-step.ts'

/** How a call of the test went wrong: the error that was thrown, and the last call of the rung. */
export interface Trouble {
  error: unknown
  call: Call | undefined
  /** What cannot be done now: `The patient cannot be read`. */
  stopped: string
  /** How long an answer is waited for: a call that ended sooner was cut off. */
  patienceMs?: number
}

type Said = Omit<Finding, 'outcome' | 'evidence'>

/** A failed call in words: what came, what it means, who acts (cerner-fhir-r4.md §1.5). */
export function explain(trouble: Trouble): Finding {
  const { call, stopped } = trouble
  const said =
    (call && (meaningOfAnswer(call) ?? meaningOfSilence(call, trouble.patienceMs ?? 0))) ??
    meaningOfError(trouble.error)
  const meaning = `${stopped}: ${said.meaning}`
  // What is done with a refused token proves nothing more.
  const stops = call?.status === 401 ? ['accepted'] : []
  return failed({ evidence: evidenceOf(trouble), ...said, meaning, stops })
}

function evidenceOf({ error, call }: Trouble): string {
  if (call === undefined) return error instanceof IntegrationError ? error.message : 'No call was made.'
  const { kind, status, tookMs } = call
  if (status === null)
    return `${kind}: no answer after ${duration(tookMs)} (${call.error?.code ?? 'unknown'}).`
  const more = wordsOf(readOutcome(bodyOf(call)), status)
  return `${kind}: HTTP ${status} after ${duration(tookMs)}${more === '' ? '' : ` (${more})`}.`
}

// What says yes holds a record or a statement, whose words explain nothing.
function wordsOf({ form, code, oauth, places }: Outcome, status: number): string {
  if (form === 'html') return 'an HTML page'
  if (status < 400) return ''
  return [...new Set([code, oauth ?? '', ...places])].filter((part) => part !== '').join(', ')
}

/** The body of an answer as text, at most what an error needs. */
export function bodyOf({ responseBody }: Call): string {
  return responseBody === null ? '' : Buffer.from(responseBody).subarray(0, 65_536).toString('utf8')
}

/** The tenant is told of in the body or in the header that asks for a token. */
const outcomeOf = (call: Call): Outcome => {
  const outcome = readOutcome(bodyOf(call))
  const challenge = call.responseHeaders['www-authenticate'] ?? ''
  return outcome.known === null && /tenant-mismatch/i.test(challenge)
    ? { ...outcome, known: 'tenant-mismatch' }
    : outcome
}

const say = (acts: Finding['acts'], meaning: string, remedy: string, ask?: string): Said => ({
  acts,
  meaning,
  remedy,
  ...(ask === undefined ? {} : { ask }),
})

const SUPPORT = 'Send the ticket to Cerner: it names the calls.'

function meaningOfAnswer(call: Call): Said | null {
  const { status } = call
  if (status === null) return null
  const outcome = outcomeOf(call)
  if (outcome.known === 'tenant-unknown')
    return say(
      'practice',
      'Cerner does not know the tenant in the address, or has not enabled this app for it.',
      'Compare the tenant in the FHIR address with the one of the site, sign by sign.',
      'Tell us the tenant of the site, and whether our app is enabled for it.',
    )
  if (outcome.known === 'tenant-mismatch')
    return say(
      'practice',
      'the token was made for another tenant than the one in the FHIR address (tenant-mismatch).',
      'Empty the token address in the settings so that it is discovered, and check the tenant in the FHIR address.',
      'Tell us why a token of the discovered token address is not of this tenant.',
    )
  if (outcome.form === 'html' && status < 500)
    return say(
      'network',
      'a web page answers in Cerner’s place, of a gateway, a proxy or a log-in that stands between.',
      'Ask the network team to let calls to this host through without a log-in page.',
      'Let calls from the machine of Practice Studio to this host through as they are, without a page of your own.',
    )
  return byStatus(status, outcome, call)
}

function byStatus(status: number, outcome: Outcome, call: Call): Said | null {
  switch (status) {
    case 401:
      return say(
        'cerner',
        'Cerner does not accept the token that was given a moment ago.',
        `Check that token address and FHIR address are of the same domain. ${SUPPORT}`,
        'Tell us why this token is refused.',
      )
    case 403:
      return forbidden(outcome)
    case 404:
    case 410:
      return say(
        'practice',
        'Cerner does not know what was asked for, or does not show it to this account.',
        'Check the address. A path or version that the server does not have is answered like this.',
      )
    case 406:
    case 415:
      return say(
        'practice',
        'the server does not take the media type of this FHIR version.',
        'Check the FHIR version in the settings: R4 and DSTU 2 have different addresses.',
      )
    case 429:
      return say(
        'practice',
        'Cerner asks for fewer calls (429, throttled).',
        'Wait some minutes and test again. If it repeats, lower the calls a second and the calls at the same time.',
        'Tell us how many calls a minute are allowed for this client and tenant.',
      )
    case 408:
    case 500:
    case 502:
    case 503:
    case 504:
      return say(
        'cerner',
        `the server fails by itself (${status}), whatever we ask.`,
        `Test again in some minutes. If it lasts, it is on Cerner’s side. ${SUPPORT}`,
        'Look up the calls below by their ids and tell us why they fail.',
      )
    default:
      return ofRange(status, call)
  }
}

function ofRange(status: number, call: Call): Said | null {
  if (status >= 300 && status < 400)
    return say(
      'network',
      'the call was sent elsewhere: a proxy or a log-in page answers in Cerner’s place.',
      'Check the address, and ask the network team about a proxy.',
      'Let calls from the machine of Practice Studio to this host through without sending them elsewhere.',
    )
  if (status >= 400)
    return say(
      'cerner',
      `Cerner refuses the call as it is (${status}).`,
      SUPPORT,
      'Tell us what is wrong with it.',
    )
  return call.error === null ? null : unreadable(call)
}

/** A 200 that cannot be used. */
function unreadable(call: Call): Said {
  const cut = call.error?.place?.includes('ends in the middle') ?? false
  const remedy =
    'Test again. If it lasts, something between the two cuts or changes answers: ask the network team, with the ticket.'
  const meaning = cut
    ? 'the answer breaks off in the middle.'
    : 'the answer is not whole JSON, though it says it is fine.'
  return say('network', meaning, remedy, 'Find out what shortens or changes the answers below on their way.')
}

function forbidden(outcome: Outcome): Said {
  const noScope =
    outcome.oauth === 'insufficient_scope' || (outcome.urn ?? '').endsWith('insufficient-scopes')
  if (noScope)
    return say(
      'cerner',
      'the token lacks the scope for it (403, insufficient scope).',
      'Ask Cerner to enable the scope for this app and tenant. Changes take about fifteen minutes.',
      'Enable the scope for our app and tenant.',
    )
  return say(
    'cerner',
    'the token is good, and the account has no right to it (403).',
    'Ask the site to give the account the right.',
    'Give the system account the right to read it.',
  )
}

function meaningOfSilence({ error, tookMs }: Call, patienceMs: number): Said {
  const place = error?.place ?? ''
  const reason = /[A-Z]+(?:_[A-Z]+)+|E[A-Z]{4,}/.exec(place)?.[0] ?? ''
  if (error?.code === 'FHIR_UNREACHABLE')
    return say(
      'network',
      `no connection could be opened (${place}).`,
      'Test again. The port took a connection a moment ago, so look for a firewall that allows few of them.',
      'Tell us whether a firewall limits how many connections may be open at the same time.',
    )
  if (place.includes('ends in the middle')) return unreadableCut()
  // A write that was lost says no reason; how long it took does.
  const late = place === '' && tookMs >= patienceMs
  if (late || /HEADERS_TIMEOUT|BODY_TIMEOUT|TimeoutError/.test(place))
    return say(
      'cerner',
      `the server took the call and gave no answer within ${duration(tookMs)}: it is too slow, or hangs.`,
      `Test again. If it lasts, raise the answer timeout in the settings only if Cerner says so. ${SUPPORT}`,
      'Tell us why the calls below are not answered in time.',
    )
  return say(
    'network',
    `the connection was closed before the answer came${reason === '' ? '' : ` (${reason})`}.`,
    'Test again. If it lasts, ask the network team whether a firewall ends connections.',
    'Tell us whether something between the two ends the connections below.',
  )
}

const unreadableCut = (): Said =>
  say(
    'network',
    'the answer breaks off in the middle.',
    'Test again. If it lasts, something between the two cuts answers short: ask the network team, with the ticket.',
    'Find out what cuts the answers below short on their way.',
  )

function meaningOfError(error: unknown): Said {
  if (error instanceof IntegrationError) return say('practice', error.message, error.todo)
  return say('practice', 'something went wrong on our side.', 'Look into the log of this program.')
}
