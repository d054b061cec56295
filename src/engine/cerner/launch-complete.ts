import { launchProof, requestToken } from '../../connectors/cerner/auth.ts'
import type { Granted } from '../../connectors/cerner/auth.ts'
import { discover } from '../../connectors/cerner/discover.ts'
import { tenantOf } from '../../connectors/cerner/tenant.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { tidyBase } from '../../standards/fhir/id.ts'
import { readCallback } from '../../standards/smart/launch.ts'
import { storeToken, takeTurn } from '../../store/access-tokens.ts'
import { appendAudit } from '../../store/audit.ts'
import { readDirectory } from '../../store/directory.ts'
import { insertSmartSession, launchPurpose, takeLaunch } from '../../store/smart.ts'
import { createSession } from '../../store/tokens.ts'
import type { RunningCerner } from '../connection.ts'
import type { Endpoints } from './endpoints.ts'
import { hashOfBrowser, reasonOff } from './launch-begin.ts'
import { checkIdToken } from './launch-keys.ts'
import type { IdToken } from './launch-keys.ts'
import { openLaunch, sealFacts } from './launch-parts.ts'
import type { LaunchFacts, LaunchParts, PendingLaunch } from './launch-parts.ts'
import { readLaunched, recordsOf } from './launch-patient.ts'
import type { CernerLink } from './runtime.ts'

/** A console session that stands on a launch. */
export interface OpenedLaunch {
  /** Goes into the cookie. */
  secret: string
  expiresAtMs: number
  kind: 'ehr' | 'standalone'
  /** Who is signed in at Cerner, for the audit trail. */
  name: string
  patientId: string | null
}

/** The role of everybody who comes from the chart. */
export const LAUNCH_ROLE = 'clinician'
const LONGEST_SESSION_MS = 12 * 3_600_000
const TURN_SECONDS = 30

/**
 * Takes the answer of the authorization server: exchanges the code, once; proves who is signed in; reads the patient of
 * the chart; and opens a session that lives as long as the launch does.
 *
 * @param browser the value of the cookie that this browser was given when it began
 * @throws LAUNCH_INVALID (state unknown, used, run out or of another browser; id token), LAUNCH_REFUSED with Cerner's
 *   reason, FHIR_TOKEN_UNAVAILABLE, FHIR_DISCOVERY_FAILED
 */
export async function completeLaunch(
  parts: LaunchParts,
  query: URLSearchParams,
  browser: string | undefined,
): Promise<OpenedLaunch> {
  const { connectionId, pending, code } = await takePending(parts, query, browser)
  const connection = parts.connections.cerner(connectionId)
  const reason = reasonOff(connection)
  if (reason !== null) throw new IntegrationError('LAUNCH_OFF', { connection: connection.name, reason })
  const link = await parts.linkOf(connection)
  const endpoints = await link.endpoints()
  const granted = await exchange(link, connection, endpoints, pending, code)
  const idToken = await idTokenOf(parts, { link, connection, endpoints, pending, granted })
  const facts = factsOf(pending, granted, idToken)
  facts.user = await nameOfUser(parts, connection, facts, idToken)
  const sessionId = newId()
  await keepToken(parts, connection, sessionId, { granted, facts })
  await readLaunched(parts, connection, granted.token, { ...facts, granted: granted.token.scope })
  return open(parts, connection, { sessionId, granted, facts })
}

async function takePending(
  { database, vault, clock }: LaunchParts,
  query: URLSearchParams,
  browser: string | undefined,
): Promise<{ connectionId: ConnectionId; pending: PendingLaunch; code: string }> {
  const state = query.get('state') ?? ''
  const row = state === '' ? undefined : await takeLaunch(database, state, clock.now())
  if (!row) throw invalid('state')
  const pending = openLaunch(vault, row)
  // Whoever sends somebody else an answer of their own would sign them in as themselves (RFC 6749 §10.12).
  if (browser === undefined || hashOfBrowser(browser) !== pending.browser) throw invalid('browser')
  return { connectionId: row.connection_id, pending, code: readCallback(query, state).code }
}

async function exchange(
  link: CernerLink,
  { settings }: RunningCerner,
  { token: tokenUrl }: Endpoints,
  { redirectUri, verifier }: PendingLaunch,
  code: string,
): Promise<Granted> {
  try {
    return await requestToken({
      web: link.plain,
      tokenUrl,
      proof: launchProof(settings),
      grant: { type: 'authorization_code', code, redirectUri, verifier },
    })
  } catch (error) {
    if (!(error instanceof IntegrationError) || error.code !== 'FHIR_TOKEN_REFUSED') throw error
    const reason = `${String(error.at['error'])}, ${String(error.at['urn'])}`
    throw new IntegrationError('LAUNCH_REFUSED', { reason }, { cause: error })
  }
}

async function idTokenOf(
  { keys, clock }: LaunchParts,
  launch: {
    link: CernerLink
    connection: RunningCerner
    endpoints: Endpoints
    pending: PendingLaunch
    granted: Granted
  },
): Promise<IdToken | null> {
  const { link, connection, endpoints, pending, granted } = launch
  const { idToken } = granted.answer
  const isGranted = granted.token.scope.split(/\s+/).includes('openid')
  if (pending.nonce === null || !isGranted) return null
  if (idToken === null) throw invalid('id_token')
  const { jwks, issuer } = await identityProvider(link, endpoints)
  return checkIdToken({
    web: link.plain,
    keys,
    jwksUrl: jwks,
    token: idToken,
    issuers: issuersOf(issuer, tenantOf(connection.settings)),
    clientId: connection.settings.launch.clientId,
    nonce: pending.nonce,
    nowMs: clock.now(),
  })
}

/** Where addresses are set by hand nothing was discovered yet, and keys are never set by hand. */
async function identityProvider(
  link: CernerLink,
  endpoints: Endpoints,
): Promise<{ jwks: string; issuer: string }> {
  const { jwks, issuer } = endpoints
  if (jwks !== '' && issuer !== '') return { jwks, issuer }
  const { configuration } = await discover(link.plain)
  if (configuration.jwksUrl === null || configuration.issuer === null)
    throw new IntegrationError('FHIR_DISCOVERY_FAILED', { place: new URL(link.plain.base).host })
  return { jwks: configuration.jwksUrl, issuer: configuration.issuer }
}

/** The issuer of the server, or of the tenant's identity provider under it, with a slash at its end or without. */
export function issuersOf(issuer: string, tenant: string): string[] {
  const base = tidyBase(issuer)
  return [base, `${base}/oidc/idsps/${tenant}`].flatMap((one) => [one, `${one}/`])
}

function factsOf(pending: PendingLaunch, { answer }: Granted, idToken: IdToken | null): LaunchFacts {
  const { context, refreshToken } = answer
  return {
    kind: pending.kind,
    user:
      idToken?.name ?? context.username ?? idToken?.preferred_username ?? idToken?.sub ?? context.user ?? '',
    fhirUser: idToken?.fhirUser ?? idToken?.profile ?? null,
    asked: pending.scopes,
    patient: context.patient,
    encounter: context.encounter,
    needPatientBanner: context.needPatientBanner,
    refreshToken,
    ended: '',
  }
}

/** The name as the directory of the connection has it, where it knows the practitioner. */
async function nameOfUser(
  { database }: LaunchParts,
  { id }: RunningCerner,
  { user, fhirUser }: LaunchFacts,
  idToken: IdToken | null,
): Promise<string> {
  const practitioner = /\/Practitioner\/([A-Za-z0-9.-]{1,64})$/.exec(fhirUser ?? '')?.[1]
  if (practitioner === undefined || idToken?.name !== undefined) return user
  const known = await readDirectory(database, id, 'practitioner')
  return known.find((one) => one.id === practitioner)?.name ?? user
}

/** Puts the first token where the later ones will be, shared by all processes. */
async function keepToken(
  { database, vault, clock }: LaunchParts,
  { id }: RunningCerner,
  sessionId: string,
  { granted, facts }: { granted: Granted; facts: LaunchFacts },
): Promise<void> {
  const purpose = launchPurpose(sessionId)
  const owner = newId()
  await takeTurn(database, { id, purpose, owner, seen: 0, seconds: TURN_SECONDS })
  const { value, scope, expiresAtMs } = granted.token
  await storeToken(database, {
    id,
    purpose,
    owner,
    sealed: vault.seal(`access_token/${id}/${purpose}`, value),
    scope,
    asked: facts.asked.join(' '),
    obtainedAtMs: clock.now(),
    expiresAtMs,
  })
}

async function open(
  parts: LaunchParts,
  connection: RunningCerner,
  { sessionId, granted, facts }: { sessionId: string; granted: Granted; facts: LaunchFacts },
): Promise<OpenedLaunch> {
  const { database, vault, clock } = parts
  const { patientId } = await recordsOf(parts, connection, facts)
  const { scope, expiresAtMs: tokenEndsAtMs } = granted.token
  const now = clock.now()
  const name = facts.user === '' ? 'Cerner user' : facts.user
  // Kept a while past its end, so that the page can be told why it ended; what it opens ends with the launch.
  const expiresAtMs = now + LONGEST_SESSION_MS
  const secret = await database.tx(async (client) => {
    const made = await createSession(client, {
      id: sessionId,
      name,
      role: LAUNCH_ROLE,
      expiresAt: expiresAtMs,
    })
    await insertSmartSession(client, {
      sessionId,
      connectionId: connection.id,
      patientId,
      sealed: sealFacts(vault, sessionId, facts),
      scope,
      expiresAtMs: tokenEndsAtMs,
    })
    const object = patientId === null ? 'session' : `patient/${patientId}`
    const detail = { connection: connection.id, kind: facts.kind, session: sessionId }
    await appendAudit(
      client,
      [{ actor: name, role: LAUNCH_ROLE, action: 'launch.open', object, detail }],
      clock,
    )
    return made
  })
  return { secret, expiresAtMs, kind: facts.kind, name, patientId }
}

const invalid = (place: string): IntegrationError => new IntegrationError('LAUNCH_INVALID', { place })
