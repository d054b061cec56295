import { createHash, randomBytes } from 'node:crypto'
import type { CernerSettings } from '../../connectors/cerner/definition.ts'
import { PROFILES } from '../../connectors/cerner/profiles.ts'
import { withoutStop } from '../../connectors/cerner/roads.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { tidyBase } from '../../standards/fhir/id.ts'
import { authorizeUrl, readLaunch } from '../../standards/smart/launch.ts'
import { makePkce, makeState } from '../../standards/smart/pkce.ts'
import { scopeFor } from '../../standards/smart/scopes.ts'
import { clearLaunches, insertLaunch } from '../../store/smart.ts'
import type { RunningCerner } from '../connection.ts'
import { sealLaunch } from './launch-parts.ts'
import type { LaunchParts, PendingLaunch } from './launch-parts.ts'

/** Where to send the browser, and what it must bring back: the state in the address and a cookie of its own. */
export interface BegunLaunch {
  url: string
  state: string
  /** Goes into the cookie of this browser: an answer that comes from another one is not taken. */
  browser: string
}

const TEN_MINUTES_MS = 600_000
const BROWSER_BYTES = 24

/**
 * Begins a launch: from the chart (`iss` and `launch`), or on its own (`connection`, or `iss` alone).
 *
 * @param publicUrl where browsers reach us; the redirect address hangs on it and must be registered letter by letter
 * @throws LAUNCH_INVALID for an issuer that no connection has: the browser is sent to no address that a stranger chose;
 *   LAUNCH_OFF, PROFILE_FORBIDS, FHIR_DISCOVERY_FAILED
 * @see cerner-fhir-r4.md §2.3
 */
export async function beginLaunch(
  parts: LaunchParts,
  query: URLSearchParams,
  publicUrl: string,
): Promise<BegunLaunch> {
  const { connection, launch } = askedIn(parts, query)
  const { settings } = connection
  refuseWhereOff(connection)
  const link = await parts.linkOf(connection)
  const endpoints = await link.endpoints()
  if (endpoints.authorize === '')
    throw new IntegrationError('FHIR_DISCOVERY_FAILED', { place: new URL(settings.fhir.base).host })
  const kind = launch === null ? 'standalone' : 'ehr'
  const scopes = launchScopes(settings, kind)
  const pkce = await makePkce()
  const nonce = scopes.includes('openid') ? makeState() : null
  const browser = randomBytes(BROWSER_BYTES).toString('base64url')
  const aud = tidyBase(settings.fhir.base)
  const redirectUri = `${tidyBase(publicUrl)}/smart/callback`
  const state = await remember(parts, connection.id, {
    kind,
    iss: aud,
    redirectUri,
    scopes,
    verifier: pkce.verifier,
    nonce,
    browser: hashOfBrowser(browser),
  })
  const url = authorizeUrl({
    authorizeUrl: endpoints.authorize,
    clientId: settings.launch.clientId,
    redirectUri,
    scopes,
    state,
    aud,
    challenge: pkce.challenge,
    ...(launch === null ? {} : { launch }),
    ...(nonce === null ? {} : { nonce }),
  })
  return { url, state, browser }
}

export const hashOfBrowser = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url')

async function remember(
  { database, vault, clock }: LaunchParts,
  connectionId: ConnectionId,
  pending: PendingLaunch,
): Promise<string> {
  const id = newId()
  const state = makeState()
  const now = clock.now()
  await clearLaunches(database, now)
  const sealed = sealLaunch(vault, id, pending)
  await insertLaunch(database, { id, connectionId, state, sealed, expiresAtMs: now + TEN_MINUTES_MS })
  return state
}

/** Which connection, and the ticket of the chart; null for a launch on its own. */
function askedIn(
  { connections }: LaunchParts,
  query: URLSearchParams,
): { connection: RunningCerner; launch: string | null } {
  const id = query.get('connection')
  if (id !== null && !query.has('iss'))
    return { connection: connections.cerner(id as ConnectionId), launch: null }
  const iss = query.get('iss')
  if (iss === null) throw invalid('iss')
  const connection = connectionOf(connections.cerners(), iss)
  if (!query.has('launch')) return { connection, launch: null }
  const read = readLaunch(query)
  return { connection, launch: read.kind === 'ehr' ? read.launch : null }
}

/** The connection whose FHIR address this is: one that is on before one that is off. */
function connectionOf(all: readonly RunningCerner[], iss: string): RunningCerner {
  const wanted = comparable(iss)
  if (wanted === null) throw invalid('iss')
  const known = all.filter(({ settings }) => comparable(settings.fhir.base) === wanted)
  const found = known.find((one) => reasonOff(one) === null) ?? known[0]
  if (!found) throw invalid('iss')
  return found
}

/** An address without what does not matter: case of the host, default port, slashes at its end. */
function comparable(address: string): string | null {
  if (!URL.canParse(address) || !/^https?:/i.test(address)) return null
  const { origin, pathname, search } = new URL(address)
  return `${origin}${tidyBase(pathname)}${search}`
}

function refuseWhereOff(connection: RunningCerner): void {
  const feature = PROFILES[connection.settings.profile].features.smart_launch
  if (feature.state === 'off')
    throw new IntegrationError('PROFILE_FORBIDS', {
      feature: 'SMART launch',
      reason: withoutStop(feature.says),
    })
  const reason = reasonOff(connection)
  if (reason !== null) throw new IntegrationError('LAUNCH_OFF', { connection: connection.name, reason })
}

/** Why a connection opens no launch; null when it does. */
export function reasonOff({ enabled, settings }: RunningCerner): string | null {
  if (!enabled) return 'the connection is off'
  if (!settings.launch.enabled) return 'it is switched off there'
  if (settings.launch.clientId === '') return 'the launched app has no client id'
  if (settings.fhir.base === '') return 'there is no FHIR address'
  return null
}

const SIGN_IN = ['openid', 'fhirUser', 'profile', 'online_access']
const READ = ['Patient', 'Encounter'] as const

/**
 * The scopes of a launch: as set, else what the page needs. From the chart the patient is known, so `patient/…` is
 * enough; on its own a launch may end without a patient, which `patient/…` would forbid.
 */
export function launchScopes(settings: CernerSettings, kind: 'ehr' | 'standalone'): string[] {
  const context = kind === 'ehr' ? 'launch' : 'launch/patient'
  const { scopes } = settings.launch
  if (scopes.length > 0) return [context, ...scopes.filter((one) => !/^launch(?:\/patient)?$/.test(one))]
  const persona = kind === 'ehr' ? 'patient' : 'user'
  const version = settings.auth.scopeVersion
  return [context, ...SIGN_IN, ...READ.map((type) => scopeFor({ persona, type, access: 'read', version }))]
}

const invalid = (place: string): IntegrationError => new IntegrationError('LAUNCH_INVALID', { place })
