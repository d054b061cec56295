import { IntegrationError } from '../../kernel/errors.ts'
import { compareScopes, parseScope, scopeFor, useOf } from '../../standards/smart/scopes.ts'
import type { Access, ScopeVersion } from '../../standards/smart/scopes.ts'
import { meaningOf, readTokenError } from '../../standards/smart/token.ts'
import type { TokenError } from '../../standards/smart/token.ts'
import type { CernerSettings } from './definition.ts'
import type { Call } from './port.ts'
import type { Course } from './probe-course.ts'
import { bodyOf, explain } from './probe-explain.ts'
import { count, duration, failed, passed, some, warning } from './probe-step.ts'
import type { Finding } from './probe-step.ts'
import { askedScopes, scopesNeeded } from './scopes-needed.ts'

const PROOFS = {
  client_secret_basic: 'client secret (HTTP Basic)',
  private_key_jwt: 'signed assertion',
  none: 'client id alone',
} as const

const proofOf = ({ auth }: Pick<CernerSettings, 'auth'>): string =>
  auth.method === 'private_key_jwt'
    ? `${PROOFS[auth.method]} (${auth.algorithm}${auth.keyId === '' ? '' : `, key ${auth.keyId}`})`
    : PROOFS[auth.method]

/** The system account gets a token (cerner-fhir-r4.md §2.5, §2.6). */
export async function askToken(course: Course): Promise<Finding> {
  course.asked = askedScopes(course.settings)
  const from = course.calls.length
  const proof = proofOf(course.settings)
  try {
    course.granted = await course.ask(course.asked)
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    return refused(course, error, course.calls.slice(from))
  }
  const calls = course.calls.slice(from)
  const seconds = course.granted.answer.expiresInSeconds
  const evidence = `Token after ${duration(calls.at(-1)?.tookMs ?? 0)}, good for ${seconds} s; proof by ${proof}.`
  if (calls.length > 1)
    return warning({
      evidence: `${evidence} The first of ${calls.length} assertions was refused.`,
      meaning: 'The assertion was taken only after its times were set by Cerner’s clock.',
      remedy: 'Have this machine keep its time by NTP.',
      acts: 'practice',
    })
  return passed(evidence, 'Cerner knows this account and gives it tokens.')
}

async function refused(course: Course, error: IntegrationError, calls: readonly Call[]): Promise<Finding> {
  const call = calls.at(-1)
  const read = call === undefined || (call.status ?? 500) >= 500 ? null : readTokenError(bodyOf(call))
  if (read !== null && call !== undefined) return byReason(course, read, call)
  if (call === undefined) return explain({ error, call, stopped: 'No token can be asked for' })
  if (call.status === 404 || call.status === 405)
    return failed({
      evidence: `POST token: HTTP ${call.status}.`,
      meaning: 'There is no token endpoint at the token address.',
      remedy: 'Empty the token address in the settings, so that it is discovered.',
      acts: 'practice',
    })
  const stopped = 'The authorization server gives no token'
  return explain({ error, call, stopped, patienceMs: course.limits.answerTimeoutMs })
}

interface Reason {
  meaning: string
  remedy: string
  acts: Finding['acts']
  ask: string
}

async function byReason(course: Course, read: TokenError, call: Call): Promise<Finding> {
  const evidence = [
    `POST token: HTTP ${call.status ?? 'none'} after ${duration(call.tookMs)}, ${read.error}`,
    ...(read.urn === null ? [] : [read.urn]),
    `proof by ${proofOf(course.settings)}`,
  ].join('; ')
  const known = meaningOf(read)
  const reason: Reason = {
    meaning: known?.means ?? 'Cerner refuses a token, for a reason that is not known here.',
    remedy: known?.todo ?? 'Send the ticket to Cerner: it has the id of the refusal.',
    acts: actsOn(read),
    ask: 'Look up the refusal by its Cerner-Correlation-ID and tell us which part of our registration does not fit.',
  }
  return failed({ evidence: `${evidence}.`, ...reason, ...(await closer(course, read, call)) })
}

const BY_CERNER = new Set(['unauthorized_client', 'server_error', 'temporarily_unavailable', 'access_denied'])
const actsOn = ({ error, urn }: TokenError): Finding['acts'] =>
  BY_CERNER.has(error) || meaningOf({ error, urn }) === undefined ? 'cerner' : 'practice'

/** What can be told beyond the table: by the settings, and for scopes by asking once more in the other syntax. */
async function closer(course: Course, { error, urn }: TokenError, call: Call): Promise<Partial<Reason>> {
  if (urn === 'token:empty-scopes' || error === 'invalid_scope') return scopesInOtherSyntax(course)
  if (urn === 'token:invalid-client-credentials') return credentials(course.settings, call)
  return {}
}

function credentials({ auth }: CernerSettings, call: Call): Partial<Reason> {
  // Where Cerner does not know the client it says so in the address of the error.
  const unknown = /[?&]client=unknown\b/.test(bodyOf(call))
  if (unknown)
    return {
      meaning: 'Cerner does not know the client id.',
      remedy: 'Copy the client id of the system account from the vendor console, for this environment.',
    }
  const blank = /^\s|\s$/.test(auth.clientSecret)
  if (blank)
    return { meaning: 'The client id or its secret is wrong; the secret begins or ends with a blank.' }
  return {}
}

const OTHER: Readonly<Record<ScopeVersion, ScopeVersion>> = { v1: 'v2', v2: 'v1' }

/** An app is registered for one syntax, and the other is dropped without a word (cerner-fhir-r4.md §2.2). */
async function scopesInOtherSyntax(course: Course): Promise<Partial<Reason>> {
  const version = versionOf(course.asked) ?? course.settings.auth.scopeVersion
  const other = OTHER[version]
  const asked = course.asked.map((scope) => rewritten(scope, other))
  const ask = `Enable the ${count(asked.length, 'scope')} of our app for this tenant: ${some(course.asked)}.`
  try {
    await course.ask(asked)
    return {
      meaning: `The app is registered for ${other} scopes, and the settings ask in ${version} syntax, so Cerner drops them all.`,
      remedy: `Set the scope syntax to ${other} in the settings. Asked in ${other}, a token was given just now.`,
      acts: 'practice',
      ask,
    }
  } catch {
    return {
      meaning: `None of the ${count(asked.length, 'scope')} asked for is enabled for this app and tenant, in neither syntax.`,
      remedy: 'Ask Cerner to enable the scopes for this app and tenant; changes take about fifteen minutes.',
      acts: 'cerner',
      ask,
    }
  }
}

function versionOf(scopes: readonly string[]): ScopeVersion | null {
  for (const text of scopes) {
    const scope = parseScope(text)
    if (scope.kind === 'resource') return scope.version
  }
  return null
}

function rewritten(text: string, version: ScopeVersion): string {
  const scope = parseScope(text)
  if (scope.kind !== 'resource') return text
  return scopeFor({ persona: scope.persona, type: scope.type, access: accessOf(scope.rights), version })
}

const accessOf = (rights: string): Access => (/[cud]/.test(rights) ? 'write' : 'read')

/** What was asked for was granted: what is missing shows only later, as 403 (cerner-fhir-r4.md §5.2). */
export function compareGrant({ settings, asked, granted }: Course): Finding {
  const scope = granted?.token.scope ?? ''
  const { missing, extra, because } = compareScopes(asked, scope)
  const needed = scopesNeeded(settings)
  const lacking = compareScopes(needed, scope).missing
  const unasked = lacking.filter((one) => !missing.includes(one))
  const evidence = [
    `${asked.length - missing.length} of ${count(asked.length, 'scope')} granted.`,
    ...(missing.length > 0 ? [`Missing: ${some(missing)}.`] : []),
    ...(unasked.length > 0 ? [`Needed and not asked for: ${some(unasked)}.`] : []),
    ...(extra.length > 0 ? [`Granted without being asked for: ${some(extra)}.`] : []),
  ].join(' ')
  if (missing.length > 0 && lacking.length > 0)
    return failed({ evidence, ...notGranted(missing, lacking, because, settings) })
  if (missing.length > 0) return warning({ evidence, ...notGranted(missing, missing, because, settings) })
  if (unasked.length > 0)
    return warning({
      evidence,
      meaning: sentences('What is switched on needs scopes that the settings do not ask for.', unasked),
      remedy: 'Empty the list of scopes in the settings, so that what is needed is asked for.',
      acts: 'practice',
    })
  return passed(evidence, 'The token opens everything that is switched on.')
}

function notGranted(
  missing: readonly string[],
  lacking: readonly string[],
  because: readonly string[],
  { auth }: CernerSettings,
): Pick<Finding, 'meaning' | 'remedy' | 'acts' | 'ask'> {
  const ask = `Enable for our app and tenant: ${missing.join(' ')}`
  if (because.includes('other-syntax'))
    return {
      meaning: sentences('Scopes are written in the other syntax than the app is registered for.', lacking),
      remedy: `Set the scope syntax to ${OTHER[auth.scopeVersion]}, and write scopes that are set by hand in it.`,
      acts: 'practice',
      ask,
    }
  if (because.includes('wildcard') || because.includes('comma'))
    return {
      meaning: sentences('Cerner drops wildcards, and scopes that are joined by commas.', lacking),
      remedy: 'Write each scope by its type in the settings.',
      acts: 'practice',
      ask,
    }
  return {
    meaning: sentences('Cerner did not grant all that was asked for.', lacking),
    remedy:
      'Ask Cerner to enable the missing scopes for this app and tenant; changes take about fifteen minutes. Or switch off here what needs them.',
    acts: 'cerner',
    ask,
  }
}

/** The first sentence, then what an analyst sees without these scopes, each sentence once. */
function sentences(first: string, scopes: readonly string[]): string {
  const breaks = scopes.map((text) => {
    const scope = parseScope(text)
    if (scope.kind === 'resource') return useOf(scope.type, accessOf(scope.rights))?.without ?? ''
    return text.startsWith('mws/') ? 'Actions that go by this Millennium service do not work.' : ''
  })
  return [first, ...new Set(breaks)].filter((one) => one !== '').join(' ')
}
