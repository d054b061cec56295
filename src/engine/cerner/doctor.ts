import { probeCerner } from '../../connectors/cerner/probe.ts'
import type { CernerProbe, FlowState, KnownEndpoints, Remembered } from '../../connectors/cerner/probe.ts'
import type { CallLog } from '../../connectors/cerner/port.ts'
import { readPem } from '../../connectors/fhir/pem.ts'
import { systemTimer } from '../../connectors/fhir/timer.ts'
import type { ProbeResult } from '../../contract/connections.ts'
import type { Clock } from '../../kernel/clock.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { tidyBase } from '../../standards/fhir/id.ts'
import type { Capability, Offered } from '../../standards/fhir/capability.ts'
import type { Database } from '../../store/database.ts'
import { exchangeErrorOf } from '../../store/exchange-error.ts'
import { ENDPOINTS_FACT, putFact, readFact } from '../../store/facts.ts'
import type { Fact } from '../../store/facts.ts'
import { readRuns } from '../../store/sync.ts'
import type { RunRow } from '../../store/sync.ts'
import type { RunningCerner } from '../connection.ts'
import type { Endpoints } from './endpoints.ts'
import { statusOf } from './status.ts'

export interface DoctorParts {
  database: Database
  clock: Clock
  /** Each call of a test is kept in the log, as every other call is. */
  log: CallLog
}

/** What the server said it offers when it was last good. */
export const CAPABILITY_FACT = 'capability'

/** A {@link Capability} as JSON, and the address that said it. */
interface StoredCapability extends Omit<Capability, 'types'> {
  fhir: string
  types: readonly (readonly [type: string, offered: Offered])[]
}

/** The connectivity test of a stored connection; what it sees of the other side is remembered for the next one. */
export async function examine(parts: DoctorParts, connection: RunningCerner): Promise<ProbeResult> {
  const { database } = parts
  const { id, settings } = connection
  const [endpoints, capability, flow] = await Promise.all([
    readFact<Endpoints>(database, id, ENDPOINTS_FACT),
    readFact<StoredCapability>(database, id, CAPABILITY_FACT),
    flowOf(parts, connection),
  ])
  const { steps, seen } = await probeCerner({
    settings,
    ca: await authoritiesOf(connection),
    log: parts.log,
    before: {
      endpoints: knownEndpoints(settings.fhir.base, endpoints),
      capability: knownCapability(settings.fhir.base, capability),
    },
    flow,
    timer: { now: () => parts.clock.now(), sleep: systemTimer.sleep },
  })
  if (seen.endpoints !== null) await rememberEndpoints(parts, connection, seen.endpoints)
  if (seen.capability !== null)
    await putFact(database, id, CAPABILITY_FACT, storedOf(settings.fhir.base, seen.capability))
  return { steps }
}

/** Why the authorities cannot be read is a finding of the test, not the end of it. */
async function authoritiesOf({ settings }: RunningCerner): Promise<CernerProbe['ca']> {
  try {
    return await readPem('tls.ca', settings.tls.ca)
  } catch (error) {
    if (error instanceof IntegrationError) return error
    throw error
  }
}

/** What was found at another address says nothing about this one. */
function knownEndpoints(base: string, fact: Fact<Endpoints> | undefined): Remembered<KnownEndpoints> | null {
  if (fact === undefined || base === '' || fact.value.fhir !== tidyBase(base)) return null
  const { token, authorize } = fact.value
  return { value: { token, authorize }, atMs: Date.parse(isoOf(fact.at)) }
}

async function rememberEndpoints(
  { database }: DoctorParts,
  { id, settings }: RunningCerner,
  seen: NonNullable<Awaited<ReturnType<typeof probeCerner>>['seen']['endpoints']>,
): Promise<void> {
  const { token, authorize, issuer, jwks, foundIn } = seen
  const value: Endpoints = {
    fhir: tidyBase(settings.fhir.base),
    token,
    authorize,
    issuer,
    jwks,
    found_in: foundIn,
  }
  await putFact(database, id, ENDPOINTS_FACT, value)
}

/** What was said at another address is no earlier state of this one. */
function knownCapability(
  base: string,
  fact: Fact<StoredCapability> | undefined,
): Remembered<Capability> | null {
  if (fact === undefined || fact.value.fhir !== tidyBase(base)) return null
  const { fhir: _, types, ...rest } = fact.value
  return { value: { ...rest, types: new Map(types) }, atMs: Date.parse(isoOf(fact.at)) }
}

const storedOf = (base: string, { types, ...rest }: Capability): StoredCapability => ({
  fhir: tidyBase(base),
  ...rest,
  types: [...types],
})

/** What flows over the connection, as our own books have it. */
async function flowOf({ database, clock }: DoctorParts, connection: RunningCerner): Promise<FlowState> {
  const [{ cursors, outbox }, runs] = await Promise.all([
    statusOf({ database, clock }, connection, ''),
    readRuns(database, { connectionId: connection.id, state: null, before: null, limit: 1 }),
  ])
  return {
    enabled: connection.enabled,
    cursors: cursors.map((one) => ({
      resource: one.resource,
      pulledToMs: one.pulled_to === null ? null : Date.parse(one.pulled_to),
    })),
    lastRun: runs[0] ? runOf(runs[0]) : null,
    outbox,
  }
}

function runOf({
  kind,
  state,
  started_at,
  error_code,
  error_place,
}: RunRow): NonNullable<FlowState['lastRun']> {
  const error = error_code === null ? null : exchangeErrorOf(error_code, error_place)
  return {
    kind,
    state,
    startedAtMs: Date.parse(isoOf(started_at)),
    says: error?.says ?? '',
    todo: error?.todo ?? '',
  }
}

const isoOf = (value: string): string => new Date(value).toISOString()
