import { setTimeout as sleep } from 'node:timers/promises'
import type { AccessToken, TokenSource } from '../../connectors/cerner/port.ts'
import { tenantOf } from '../../connectors/cerner/tenant.ts'
import { FhirClient } from '../../connectors/fhir/fhir-client.ts'
import { readPem } from '../../connectors/fhir/pem.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { FHIR_ID } from '../../mapping/fhir/settings.ts'
import { parseScopes } from '../../standards/smart/scopes.ts'
import { farKey, recordKey } from '../../store/blind-keys.ts'
import { findByKey, readFarOutcome } from '../../store/smart.ts'
import type { RunningCerner } from '../connection.ts'
import type { LaunchFacts, LaunchParts } from './launch-parts.ts'
import type { ArrivedResource } from './resource-inbox.ts'

const LOOK_AGAIN_MS = 50
/** A person waits in front of the chart; past this the page says that the record is on its way. */
const MOST_MS = 10_000

/**
 * Reads the patient of a launch, and the visit, by the token of the launch, and brings them in the way everything comes
 * in: through the log. Resolves when they are applied, or after ten seconds.
 *
 * What Cerner does not give (a scope that was refused, a sensitive chart) is left out: the session then stands on what
 * is known already, and the call is in the log with its reason.
 */
export async function readLaunched(
  parts: LaunchParts,
  connection: RunningCerner,
  token: AccessToken,
  { patient, encounter, granted }: Pick<LaunchFacts, 'patient' | 'encounter'> & { granted: string },
): Promise<void> {
  if (patient === null) return
  const { settings } = connection
  const may = (type: string): boolean =>
    parseScopes(granted).some(
      (one) => one.kind === 'resource' && one.type === type && one.rights.includes('r'),
    )
  await using client = new FhirClient({
    base: settings.fhir.base,
    limits: { ...settings.limits, retries: Math.min(settings.limits.retries, 1) },
    ca: await readPem('tls.ca', settings.tls.ca),
    log: (await parts.linkOf(connection)).log,
    tokens: onlyThis(token),
    version: settings.fhir.version,
    persona: 'patient',
    scopeVersion: settings.auth.scopeVersion,
  })
  const deadline = performance.now() + MOST_MS
  if (may('Patient'))
    await bring(parts, connection, client, { type: 'Patient', id: patient, patient }, deadline)
  if (encounter !== null && may('Encounter'))
    await bring(parts, connection, client, { type: 'Encounter', id: encounter, patient }, deadline)
}

/** The first token of a launch is new; should it be refused nonetheless, no other is asked for. */
const onlyThis = (token: AccessToken): TokenSource => ({
  token: () => Promise.resolve(token),
  discard: () => Promise.resolve(),
})

interface Wanted {
  type: 'Patient' | 'Encounter'
  id: string
  patient: string
}

async function bring(
  parts: LaunchParts,
  connection: RunningCerner,
  client: FhirClient,
  wanted: Wanted,
  deadline: number,
): Promise<void> {
  const { database, inbox } = parts
  const arrived = await read(client, wanted)
  if (arrived === null) return
  const origin = { parentId: null, remote: new URL(client.web.base).host, channel: 'fhir' }
  await inbox.accept(database, connection.id, [arrived], origin)
  await applied(parts, connection, wanted, deadline)
}

async function read(client: FhirClient, { type, id, patient }: Wanted): Promise<ArrivedResource | null> {
  try {
    const { resource, text, version } = await client.read(type, id)
    const { lastUpdated } = (resource['meta'] ?? {}) as { lastUpdated?: unknown }
    const asOf = typeof lastUpdated === 'string' ? Date.parse(lastUpdated) : Number.NaN
    return { type, id, version, asOfMs: Number.isNaN(asOf) ? null : asOf, patient, text }
  } catch (error) {
    if (error instanceof IntegrationError) return null
    throw error
  }
}

async function applied(
  { database, vault }: LaunchParts,
  { id }: RunningCerner,
  wanted: Wanted,
  deadline: number,
): Promise<void> {
  const key = farKey(vault, wanted.type, wanted.id)
  while (performance.now() < deadline) {
    const state = await readFarOutcome(database, id, key)
    if (state !== null && state !== 'retrying') return
    await sleep(LOOK_AGAIN_MS)
  }
}

/** Our records of a patient and a visit of Cerner's; null for what we do not have. */
export async function recordsOf(
  { database, vault }: LaunchParts,
  { settings }: RunningCerner,
  { patient, encounter }: Pick<LaunchFacts, 'patient' | 'encounter'>,
): Promise<{ patientId: string | null; encounterId: string | null }> {
  if (patient === null) return { patientId: null, encounterId: null }
  const named = (value: string) => ({ value, authority: tenantOf(settings), type: FHIR_ID })
  const patientId =
    (await findByKey(database, 'patient', recordKey(vault, 'patient', named(patient)))) ?? null
  if (patientId === null || encounter === null) return { patientId, encounterId: null }
  const key = recordKey(vault, 'encounter', named(encounter), patientId)
  return { patientId, encounterId: (await findByKey(database, 'encounter', key)) ?? null }
}
