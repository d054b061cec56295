import type { Log } from '../connectors/hl7v2/log.ts'
import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import type { LiveEvent } from '../contract/metrics.ts'
import type { Clock } from '../kernel/clock.ts'
import { IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import { readPlace } from '../standards/hl7v2/problem.ts'
import type { Problem } from '../standards/hl7v2/problem.ts'
import { addCounts, ensurePartitions } from '../store/counters.ts'
import type { Database } from '../store/database.ts'
import { countJobs } from '../store/flow.ts'
import type { Vault } from '../vault/vault.ts'
import type { AppliedJob } from './apply.ts'
import { Connections } from './connections.ts'
import { Counters } from './counters.ts'
import { sentenceOf, viewExchange } from './exchange-view.ts'
import { Flow } from './flow.ts'
import { Recorder } from './record.ts'
import { replayExchange } from './replay.ts'
import type { EngineServices } from './services.ts'
import { Waiters } from './waiters.ts'

export interface EngineOptions {
  database: Database
  vault: Vault
  clock: Clock
  log: Log & { error(fields: object, message: string): void }
  /** Which parts this process runs. */
  parts: { listens: boolean; flows: boolean }
  defaults: Partial<Record<keyof Hl7v2Settings, unknown>>
  overrides: Partial<Record<keyof Hl7v2Settings, unknown>>
}

export interface Engine extends AsyncDisposable {
  readonly services: EngineServices
  readonly counters: Counters
  /** Where the first listener is, or null. */
  address(): { host: string; port: number } | null
  /** Why listeners did not start. */
  problems(): string[]
  close(): Promise<void>
}

const TICK_MS = 1000
const PARTITIONS_MS = 6 * 3_600_000

/** Puts the rooms together: listeners write to the recorder, the recorder wakes the flow. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { database, vault, clock, log } = options
  await ensurePartitions(database)
  const counters = new Counters(clock)
  const waiters = new Waiters()
  const live = new Set<(event: LiveEvent) => void>()
  const emit = (event: LiveEvent): void => {
    for (const listener of live) listener(event)
  }
  const report = (error: unknown): void => {
    const code = (error as { code?: unknown } | null)?.code
    log.error({ code, err: nameOf(error) }, 'work failed and will be tried again or parked')
  }
  const connections = new Connections({
    database,
    vault,
    clock,
    log,
    defaults: options.defaults,
    overrides: options.overrides,
    listens: options.parts.listens,
    onChanged: (id) => emit({ type: 'connection', connection_id: id }),
  })
  await connections.load()

  const pulse = { received: 0, applied: 0, parked: 0, types: new Set<string>() }
  const flow = new Flow({
    database,
    vault,
    clock,
    counters,
    readerOf: (id) => connections.reader(id),
    waitsFor: (id, applicationAck) => waits(connections, id, applicationAck),
    onApplied: (jobs) => onApplied(jobs, waiters, pulse),
    onProblem: report,
  })
  const recorder = new Recorder({
    database,
    vault,
    clock,
    counters,
    waiters,
    connectionOf: (id) => connections.running(id),
    onAccepted: (jobs) => {
      pulse.received += jobs
      flow.wake()
    },
    onProblem: report,
  })

  const flush = async (): Promise<void> => {
    const cells = counters.take()
    if (cells.length === 0) return
    try {
      await addCounts(database, cells)
    } catch (error) {
      counters.giveBack(cells)
      throw error
    }
  }
  let ticking: Promise<void> | null = null
  const tick = async (): Promise<void> => {
    await flush()
    await recorder.noteAcks()
    const waiting = await countJobs(database)
    recorder.queueLength(waiting)
    const { received, applied, parked } = pulse
    if (received + applied + parked > 0) {
      emit({ type: 'flow', at: new Date(clock.now()).toISOString(), received, applied, parked, waiting })
      emit({ type: 'records', types: [...pulse.types] })
    }
    Object.assign(pulse, { received: 0, applied: 0, parked: 0, types: new Set<string>() })
  }
  const timer = setInterval(() => {
    ticking ??= tick()
      .catch(report)
      .finally(() => (ticking = null))
  }, TICK_MS)
  const partitions = setInterval(() => void ensurePartitions(database).catch(report), PARTITIONS_MS)

  if (options.parts.flows) flow.start()
  await connections.listen(recorder)

  const close = async (): Promise<void> => {
    clearInterval(timer)
    clearInterval(partitions)
    await connections.close()
    await recorder.close()
    await flow.stop()
    waiters.close()
    await ticking
    await flush().catch(report)
  }
  const replayContext = { database, vault, clock, connections, recorder }
  return {
    counters,
    address: () => connections.address(),
    problems: () => connections.problems(),
    close,
    [Symbol.asyncDispose]: close,
    services: {
      decode: (id) => viewExchange({ database, vault, readerOf: (one) => connections.reader(one) }, id),
      replay: (id, request, actor) => replayExchange(replayContext, id, request, actor),
      connections: {
        list: () => Promise.resolve(connections.list()),
        get: async (id) => connections.get(id),
        update: (id, change, actor) => connections.update(id, change, actor),
        probe: (id) => connections.probe(id),
        settingsSchema: async (id) => connections.schema(id),
      },
      onLive: (listener) => {
        live.add(listener)
        return () => live.delete(listener)
      },
    },
  }
}

function waits(connections: Connections, id: ConnectionId, applicationAck: string): boolean {
  return connections.running(id).settings.ackMode === 'on_apply' || applicationAck !== ''
}

function onApplied(
  jobs: readonly AppliedJob[],
  waiters: Waiters,
  pulse: { applied: number; parked: number; types: Set<string> },
): void {
  for (const job of jobs) {
    if (job.state === 'parked') pulse.parked += 1
    else pulse.applied += 1
    pulse.types.add(job.kind)
    if (job.waited) waiters.settle({ id: job.id, state: job.state, problem: problemOf(job) })
  }
}

/** What an application acknowledgement says about a parked message. */
function problemOf(job: AppliedJob): Problem | null {
  if (job.state !== 'parked' || job.code === null) return null
  const place = (job.place && readPlace(job.place)) || { segment: 'MSH' }
  return {
    code: job.code,
    place,
    condition: conditionOf(job.code),
    severity: 'E',
    ...sentenceOf(job.code, job.place),
  }
}

/** Table 0357 for what is found while applying (hl7-v2.md §7.1). */
function conditionOf(code: ErrorCode): number {
  switch (code) {
    case 'HL7_REQUIRED_SEGMENT_MISSING':
      return 100
    case 'HL7_REQUIRED_FIELD_EMPTY':
      return 101
    case 'HL7_DATA_TYPE':
      return 102
    case 'CODE_NOT_IN_SET':
      return 103
    case 'HL7_IDENTIFIER_CONFLICT':
      return 204
    default:
      return 207
  }
}

/** A message of the driver or the runtime may quote a value, so only names, codes and places in our code are logged. */
const nameOf = (error: unknown): string => {
  if (error instanceof IntegrationError) return `${error.code}: ${error.message}`
  if (!(error instanceof Error)) return typeof error
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? []
  return [error.name, ...frames.slice(0, 6).map((line) => line.trim())].join(' ')
}
