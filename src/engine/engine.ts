import type { Log } from '../connectors/hl7v2/log.ts'
import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Action } from '../connectors/cerner/definition.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { ensurePartitions } from '../store/counters.ts'
import type { Database } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'
import { openCerner } from './cerner/cerner.ts'
import { causedBy } from './cerner/runtime.ts'
import { Connections } from './connections.ts'
import { Counters } from './counters.ts'
import { viewExchange } from './exchange-view.ts'
import { inlineFlow, threadedFlow } from './flow-host.ts'
import type { FlowHost, FlowReport, ThreadSetup } from './flow-host.ts'
import { openLiveBus } from './live.ts'
import { nameOf } from './problem-name.ts'
import { Outbox } from './outbound/outbox.ts'
import { outboundServices } from './outbound/outbound-services.ts'
import type { RememberRule } from './outbound/decisions.ts'
import { Pulse } from './pulse.ts'
import { Recorder } from './record.ts'
import { rememberRule } from './remember-rule.ts'
import { replayExchange } from './replay.ts'
import type { ReplayContext } from './replay.ts'
import type { EngineServices } from './services.ts'
import { settledOf, Waiters, waitsFor } from './waiters.ts'

export interface EngineOptions {
  database: Database
  vault: Vault
  clock: Clock
  log: Log & { error(fields: object, message: string): void }
  /** Which parts this process runs. */
  parts: { listens: boolean; flows: boolean }
  /** How a thread opens the store for itself; without it the flow runs in this thread, as tests like it. */
  thread?: Pick<ThreadSetup, 'connectionString' | 'master'>
  defaults: Partial<Record<keyof Hl7v2Settings, unknown>>
  overrides: Partial<Record<keyof Hl7v2Settings, unknown>>
  /** IANA zone of the practice: when its nights are. */
  practiceZone?: string
}

export interface Engine extends AsyncDisposable {
  readonly services: EngineServices
  /** Where the first listener is, or null. */
  address(): { host: string; port: number } | null
  /** Why listeners did not start. */
  problems(): string[]
  close(): Promise<void>
}

const FAILED = 'work failed and will be tried again or parked'
const LAST_REPLIES_MS = 2_000
const PARTITIONS_MS = 6 * 3_600_000

/** Puts the rooms together: listeners write to the recorder, the recorder wakes the flow. */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { database, vault, clock, log } = options
  await ensurePartitions(database)
  const counters = new Counters(clock)
  const waiters = new Waiters()
  const live = await openLiveBus(database, () => {
    for (const { id } of connections.list()) reload(id as ConnectionId)
  })
  const report = (error: unknown): void => {
    const code = (error as { code?: unknown } | null)?.code
    log.error({ code, err: nameOf(error) }, FAILED)
  }
  let flow: FlowHost | null = null
  const reload = (id: ConnectionId): void => {
    flow?.reload(id)
    void connections.reload(id).catch(report)
  }
  const connections = new Connections({
    database,
    vault,
    clock,
    log,
    defaults: options.defaults,
    overrides: options.overrides,
    listens: options.parts.listens,
    onChanged: (id) => void live.publish([{ type: 'connection', connection_id: id }]).catch(report),
    // Bound late: the web roads are opened below.
    probeCerner: (connection) => cerner.probe(connection),
  })
  await connections.load()

  const recorder = new Recorder({
    database,
    vault,
    clock,
    counters,
    waiters,
    connectionOf: (id) => connections.hl7(id),
    onAccepted: (jobs) => {
      pulse.received(jobs)
      flow?.wake()
    },
    onProblem: report,
  })

  const cerner = openCerner({
    database,
    vault,
    clock,
    counters,
    connections,
    live,
    practiceZone: options.practiceZone ?? 'UTC',
    works: options.parts.flows,
    onAccepted: (jobs) => {
      pulse.received(jobs)
      flow?.wake()
    },
    congested: () => recorder.congested,
    onProblem: report,
  })

  const pulse = new Pulse({ database, clock, counters, recorder, waiters, live, onProblem: report })
  const onReport = (told: FlowReport): void => {
    pulse.report(told)
    for (const one of told.settled) waiters.settle(one)
  }
  // Another process may have changed a connection.
  live.subscribe((event) => {
    if (event.type === 'connection') reload(event.connection_id as ConnectionId)
  })
  const partitions = setInterval(() => void ensurePartitions(database).catch(report), PARTITIONS_MS)

  if (options.parts.flows) {
    const setup = options.thread && {
      ...options.thread,
      practiceId: database.practiceId,
      overrides: options.overrides,
    }
    const inline = {
      database,
      vault,
      clock,
      counters,
      readerOf: connections.reader.bind(connections),
      waitsFor: (id: ConnectionId, asked: string) => waitsFor(connections.running(id), asked),
      onProblem: report,
    }
    flow = setup
      ? await threadedFlow(setup, onReport, ({ code, name }) => log.error({ code, err: name }, FAILED))
      : inlineFlow(inline, settledOf, onReport)
  }
  const outboundParts = {
    database,
    vault,
    clock,
    connections: () => connections.cerners(),
    roadFor: async (id: ConnectionId, action: Action) => (await cerner.link(id)).road(action),
    within: <T>(exchangeId: ExchangeId, work: () => Promise<T>) => causedBy.run(exchangeId, work),
    serviceTypes: (id: ConnectionId) => cerner.bookable(id),
  }
  const remember: RememberRule = (id, fields, rule, actor) =>
    rememberRule(connections, id, fields, rule, actor)
  const outbox = new Outbox({
    ...outboundParts,
    subscribe: (listener) => live.subscribe(listener),
    onProblem: report,
  })
  await connections.listen(recorder)
  pulse.start()
  cerner.start()
  if (options.parts.flows) outbox.start()

  const close = async (): Promise<void> => {
    clearInterval(partitions)
    // Senders that wait for work of another process are told to ask again, or they would hold up the end.
    const late = setTimeout(() => waiters.close(), LAST_REPLIES_MS)
    await connections.close()
    clearTimeout(late)
    await outbox.stop()
    await cerner[Symbol.asyncDispose]()
    await recorder.close()
    await flow?.stop()
    waiters.close()
    await pulse.stop()
    await live[Symbol.asyncDispose]()
  }
  const recordResource: ReplayContext['recordResource'] = (copy, replayOf) =>
    cerner.inbox.acceptCopy(database, copy, replayOf)
  const replayContext = { database, vault, clock, connections, recorder, recordResource }
  return {
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
        create: (request, actor) => connections.create(request, actor),
        update: (id, change, actor) => connections.update(id, change, actor),
        probe: (id) => connections.probe(id),
        settingsSchema: async (id) => connections.schema(id),
      },
      ...cerner.services,
      ...outboundServices(outboundParts, remember),
      onLive: (listener) => live.subscribe(listener),
    },
  }
}
