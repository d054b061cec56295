import { cutScopes, readResourceScope } from './scopes.ts'
import { challengeOf, type Authority } from './authority.ts'
import type { Client } from './clients.ts'
import { isOurAudience } from './endpoints.ts'
import { AuthorizeRefusal, type AuthorizeProblem } from './problems.ts'
import type { Launch } from './sessions.ts'
import type { SandboxUser } from './users.ts'

/** A call of the authorize address that may go on (cerner-fhir-r4.md §2.3). */
export interface Asked {
  readonly client: Client
  readonly persona: 'provider' | 'patient'
  /** As sent; null when left out, and then it must be left out at the token address too. */
  readonly redirectUri: string | null
  /** Where the answer goes. */
  readonly target: string
  readonly state: string | null
  readonly nonce: string | null
  readonly challenge: string | null
  readonly scopes: readonly string[]
  /** Null for a standalone launch. */
  readonly launch: Launch | null
}

/** What the person at the page chose. */
export interface Choice {
  readonly user: SandboxUser
  readonly patient: string | null
  readonly scopes: readonly string[]
}

/**
 * Checks in the order that keeps answers safe: nothing is sent to an address before it is known to be the app's own.
 *
 * @throws AuthorizeRefusal
 */
export function readAsked(
  authority: Authority,
  persona: Asked['persona'],
  tenant: string,
  query: URLSearchParams,
): Asked {
  if (tenant !== authority.tenant) throw new AuthorizeRefusal('tenant', null)
  const client = authority.clients.get(query.get('client_id') ?? '')
  if (client === undefined) throw new AuthorizeRefusal('unknownClient', null)
  const redirectUri = query.get('redirect_uri')
  const target = targetOf(client, redirectUri)
  const state = query.get('state')
  const refuse = (problem: AuthorizeProblem): never => {
    throw new AuthorizeRefusal(problem, { uri: target, state })
  }
  const problem = problemOf(authority, client, persona, query)
  if (problem !== null) return refuse(problem)
  const launch = launchOf(authority, client, query) ?? refuse('launchCode')
  const scopes = cutScopes(client, query.get('scope') ?? '').filter(
    (one) => one !== 'launch' || launch !== 'none',
  )
  const asked = {
    client,
    persona,
    redirectUri,
    target,
    state,
    nonce: query.get('nonce'),
    challenge: query.get('code_challenge'),
    scopes,
    launch: launch === 'none' ? null : launch,
  }
  if (scopes.length === 0) return refuse('emptyScopes')
  if (wantsPatient(scopes) && !knowsPatient(asked)) return refuse('onePatient')
  return asked
}

// One different sign is a different address: http and https, a slash at the end, a query.
function targetOf({ redirectUris }: Client, sent: string | null): string {
  const only = redirectUris.length === 1 ? redirectUris[0] : undefined
  if (sent === null && only !== undefined) return only
  if (sent !== null && redirectUris.includes(sent)) return sent
  const slashed = redirectUris.some((one) => sent !== null && bare(one) === bare(sent))
  throw new AuthorizeRefusal(slashed ? 'redirectUriSlash' : 'redirectUri', null)
}

const bare = (uri: string): string => uri.replace(/\/$/, '')

function problemOf(
  authority: Authority,
  client: Client,
  persona: Asked['persona'],
  query: URLSearchParams,
): AuthorizeProblem | null {
  const repeated = [...query.keys()].some((name) => query.getAll(name).length > 1)
  if (repeated) return 'request'
  if (!client.enabled || client.persona !== persona) return 'unauthorizedClient'
  if (query.get('response_type') !== 'code') return query.has('response_type') ? 'responseType' : 'request'
  if (!isOurAudience(query.get('aud') ?? '', authority.endpoints())) return 'audience'
  const method = query.get('code_challenge_method')
  const challenge = query.get('code_challenge')
  // Without a method RFC 7636 means `plain`, which this server does not take.
  if (challenge === null) return method === null ? null : 'request'
  return method === 'S256' && /^[A-Za-z0-9_-]{43}$/.test(challenge) ? null : 'request'
}

function launchOf({ sessions }: Authority, client: Client, query: URLSearchParams): Launch | 'none' | null {
  const code = query.get('launch')
  return code === null ? 'none' : sessions.takeLaunch(code, client.id)
}

const wantsPatient = (scopes: readonly string[]): boolean =>
  scopes.some((scope) => readResourceScope(scope)?.level === 'patient')

const knowsPatient = ({ persona, launch, scopes }: Pick<Asked, 'persona' | 'launch' | 'scopes'>): boolean =>
  persona === 'patient' || scopes.includes('launch/patient') || (launch !== null && launch.patient !== null)

/** Whether the person has to choose a patient. */
export const needsPatient = ({ persona, launch, scopes }: Asked): boolean =>
  persona === 'patient' || (scopes.includes('launch/patient') && (launch === null || launch.patient === null))

/** Whether nothing is left to ask: a user inside PowerChart opened the app with everything it needs. */
export const goesStraight = (asked: Asked): boolean =>
  asked.launch !== null && asked.client.consent === 'standalone' && !needsPatient(asked)

/** Makes the code and returns the address to send the browser to. */
export function agree(authority: Authority, asked: Asked, { user, patient, scopes }: Choice): string {
  const { client, persona, launch, nonce, redirectUri, challenge, state } = asked
  const session = launch?.session ?? authority.sessions.start(user)
  const agreement = {
    client,
    persona,
    scopes,
    user,
    patient: patient ?? launch?.patient ?? null,
    encounter: launch?.encounter ?? null,
    session,
    nonce,
  }
  const code = authority.issueCode({ agreement, redirectUri, challenge, state })
  return withQuery(asked.target, { code, state })
}

/** Adds parameters to an address, which may have some already; null leaves one out. */
export function withQuery(uri: string, parameters: Readonly<Record<string, string | null>>): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters))
    if (value !== null) url.searchParams.set(name, value)
  return url.href
}

/** PKCE (RFC 7636 §4.6): a code that came with a challenge needs the verifier. */
export const provesChallenge = (challenge: string | null, verifier: string | null): boolean =>
  challenge === null || (verifier !== null && challengeOf(verifier) === challenge)
