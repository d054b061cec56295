import { setTimeout as sleep } from 'node:timers/promises'
import { launchProof, requestToken } from '../../connectors/cerner/auth.ts'
import type { TokenSource } from '../../connectors/cerner/port.ts'
import type { LaunchContext } from '../../contract/launch.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { compareScopes, parseScope } from '../../standards/smart/scopes.ts'
import { readToken } from '../../store/access-tokens.ts'
import {
  endSmartSession,
  extendSmartSession,
  launchPurpose,
  placePatient,
  readSmartSession,
} from '../../store/smart.ts'
import type { SmartSessionRow } from '../../store/smart.ts'
import type { RunningCerner } from '../connection.ts'
import { openFacts, sealFacts } from './launch-parts.ts'
import type { LaunchFacts, LaunchParts } from './launch-parts.ts'
import { recordsOf } from './launch-patient.ts'
import { wordsOf } from './status.ts'
import { openTokenSource } from './token-source.ts'

/** A token that lives shorter than this is renewed by whoever uses the session next. */
export const RENEW_BEFORE_MS = 75_000
/** Cerner may be away for a while; a session whose token ran out longer ago than this waits for it. */
const GRACE_MS = 15 * 60_000
const LOOK_AGAIN_MS = 50
const MOST_WAIT_MS = 5_000

export const CERNER_ENDED =
  'Cerner has ended it: the session in the chart is over, or access was taken back. Open the app again from the chart.'
export const NOT_RENEWABLE =
  'The time that Cerner gave is over, and online_access was not granted, so it cannot be renewed. Open the app again from the chart.'
export const ENDED_HERE = 'It was ended here. Open the app again from the chart.'

interface Found {
  row: SmartSessionRow
  facts: LaunchFacts
}

/** @throws NOT_FOUND for a session without a launch */
async function find({ database, vault }: LaunchParts, sessionId: string): Promise<Found> {
  const row = await readSmartSession(database, sessionId)
  if (!row) throw new IntegrationError('NOT_FOUND', { what: 'launch' })
  return { row, facts: openFacts(vault, row) }
}

/**
 * The token of a launch, renewed by its refresh token: by one process at a time, before it runs out. A refresh token
 * that Cerner no longer takes ends the session; whatever else goes wrong leaves it as it is, to be tried again.
 *
 * @see cerner-fhir-r4.md §2.4
 */
export function launchTokens(parts: LaunchParts, connection: RunningCerner, sessionId: string): TokenSource {
  const { database, vault, clock } = parts
  return openTokenSource({
    database,
    vault,
    clock,
    connectionId: connection.id,
    purpose: launchPurpose(sessionId),
    ask: async (signal) => {
      const { facts } = await find(parts, sessionId)
      if (facts.refreshToken === null) throw new IntegrationError('LAUNCH_ENDED', {})
      const link = await parts.linkOf(connection)
      const { token: tokenUrl } = await link.endpoints(signal)
      try {
        const { token } = await requestToken({
          web: link.plain,
          tokenUrl,
          proof: launchProof(connection.settings),
          grant: { type: 'refresh_token', refreshToken: facts.refreshToken },
          ...(signal ? { signal } : {}),
        })
        await extendSmartSession(database, { sessionId, scope: token.scope, expiresAtMs: token.expiresAtMs })
        return { token, asked: facts.asked.join(' ') }
      } catch (error) {
        if (!isOver(error)) throw error
        await endSession(parts, sessionId, CERNER_ENDED)
        throw new IntegrationError('LAUNCH_ENDED', {}, { cause: error })
      }
    },
  })
}

const isOver = (error: unknown): boolean =>
  error instanceof IntegrationError &&
  error.code === 'FHIR_TOKEN_REFUSED' &&
  error.at['error'] === 'invalid_grant'

/** Ends the launch for good: the refresh token is forgotten, and the reason kept for the page. */
export async function endSession(parts: LaunchParts, sessionId: string, because: string): Promise<boolean> {
  const { database, vault, clock } = parts
  const { facts } = await find(parts, sessionId)
  const sealed = sealFacts(vault, sessionId, { ...facts, refreshToken: null, ended: because })
  return endSmartSession(database, sessionId, { nowMs: clock.now(), sealed })
}

/**
 * Makes sure that the launch under a session still lives, renewing its token when it soon runs out.
 *
 * @throws LAUNCH_ENDED; FHIR_TOKEN_UNAVAILABLE when the token ran out long ago and Cerner does not answer
 */
export async function keepSession(parts: LaunchParts, sessionId: string): Promise<void> {
  const { row, facts } = await find(parts, sessionId)
  const endsAtMs = Date.parse(row.expires_at)
  const now = parts.clock.now()
  if (row.ended_at !== null) throw ended()
  if (endsAtMs - now > RENEW_BEFORE_MS) return
  if (facts.refreshToken === null) {
    if (now < endsAtMs) return
    await endSession(parts, sessionId, NOT_RENEWABLE)
    throw ended()
  }
  try {
    await launchTokens(parts, parts.connections.cerner(row.connection_id), sessionId).token()
  } catch (error) {
    if (isEnded(error) || now > endsAtMs + GRACE_MS) throw error
  }
  await othersDone(parts, row)
  // A renewal that was refused while the old token still lived has ended the session without a word.
  if ((await readSmartSession(parts.database, sessionId))?.ended_at !== null) throw ended()
}

/**
 * Waits until whoever renews the token has done it. The old one is still good meanwhile, but only the answer tells
 * whether the session in the chart still lives.
 */
async function othersDone({ database }: LaunchParts, row: SmartSessionRow): Promise<void> {
  const deadline = performance.now() + MOST_WAIT_MS
  while (performance.now() < deadline) {
    const token = await readToken(database, row.connection_id, launchPurpose(row.session_id))
    if (!token?.renewing || token.error_code !== null) return
    await sleep(LOOK_AGAIN_MS)
  }
}

const ended = (): IntegrationError => new IntegrationError('LAUNCH_ENDED', {})
const isEnded = (error: unknown): boolean =>
  error instanceof IntegrationError && error.code === 'LAUNCH_ENDED'

/** The launch as its page shows it. @throws NOT_FOUND for a session without one */
export async function contextOf(parts: LaunchParts, sessionId: string): Promise<LaunchContext> {
  const lives = await keepSession(parts, sessionId).then(
    () => true,
    (error: unknown) => {
      if (isEnded(error)) return false
      throw error
    },
  )
  const { row, facts } = await find(parts, sessionId)
  const connection = parts.connections.cerner(row.connection_id)
  const records = lives ? await recordsOf(parts, connection, facts) : { patientId: null, encounterId: null }
  // It may have come since, or have been merged into another.
  if (records.patientId !== null && records.patientId !== row.patient_id)
    await placePatient(parts.database, sessionId, records.patientId)
  return {
    connection_id: connection.id,
    connection_name: connection.name,
    kind: facts.kind,
    patient_id: records.patientId,
    encounter_id: records.encounterId,
    user: facts.user,
    need_patient_banner: facts.needPatientBanner,
    refused: refusedScopes(facts.asked, row.scope),
    expires_at: row.expires_at,
    state: lives ? 'live' : 'ended',
    says: facts.ended,
  }
}

const WORDS: Readonly<Record<string, string>> = {
  launch: 'The patient of the chart is not handed over.',
  'launch/patient': 'No patient can be chosen at Cerner.',
  openid: 'Who is signed in is not proven to us.',
  fhirUser: 'The name of who is signed in is not known.',
  profile: 'The name of who is signed in may be missing.',
  online_access: 'The session ends with its first token, after about ten minutes.',
  offline_access: 'The session ends with the session in the chart.',
}

/** What was asked for and not given, with what does not work; Cerner drops scopes without a word (§2.2). */
export const refusedScopes = (asked: readonly string[], granted: string): LaunchContext['refused'] =>
  compareScopes(asked, granted).missing.map((scope) => ({
    scope,
    breaks: WORDS[scope] ?? launchUse(scope) ?? wordsOf(scope).without,
  }))

/** With the token of a launch only two types are read; the rest of the chart comes by the system account. */
function launchUse(text: string): string | undefined {
  const scope = parseScope(text)
  if (scope.kind !== 'resource' || !scope.rights.includes('r')) return undefined
  if (scope.type === 'Patient') return 'The patient is not read anew when the app opens.'
  return scope.type === 'Encounter' ? 'The visit that is open in the chart is not shown.' : undefined
}
