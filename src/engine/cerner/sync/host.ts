import type { FhirClient } from '../../../connectors/fhir/fhir-client.ts'
import type { FhirPages } from '../../../connectors/fhir/pull.ts'
import { PROFILES } from '../../../connectors/cerner/profiles.ts'
import type { Clock } from '../../../kernel/clock.ts'
import { IntegrationError } from '../../../kernel/errors.ts'
import { newId } from '../../../kernel/ids.ts'
import type { ConnectionId } from '../../../kernel/ids.ts'
import { appendAudit } from '../../../store/audit.ts'
import type { Database } from '../../../store/database.ts'
import {
  addRun,
  askStop,
  endRun,
  ensureDue,
  forgetRuns,
  isShort,
  keepRun,
  leaseRun,
  moveCursor,
  postponeRun,
  takeDue,
} from '../../../store/sync.ts'
import type { RunRow } from '../../../store/sync.ts'
import type { Writer } from '../../../store/writer.ts'
import type { Vault } from '../../../vault/vault.ts'
import type { RunningCerner } from '../../connection.ts'
import { retryDelayMs } from '../../retry.ts'
import type { Actor } from '../../services.ts'
import { GroupInbox } from '../group-inbox.ts'
import type { ResourceInbox } from '../resource-inbox.ts'
import { ProgressBook, References } from './context.ts'
import type { RunContext } from './context.ts'
import { nextLocalTime } from './nightly.ts'
import { isChart } from './plan.ts'
import { carryOut } from './run.ts'

export interface SyncHostOptions {
  database: Database
  vault: Vault
  clock: Clock
  inbox: ResourceInbox
  writer: Writer
  connections: () => readonly RunningCerner[]
  linkOf: (connection: RunningCerner) => Promise<{ pages: FhirPages; fhir: FhirClient }>
  practiceZone: string
  /** Compares what came with what stands here, before it is stored; set for compare runs. */
  openCompare: (context: Omit<RunContext, 'pages' | 'client' | 'inbox'>) => RunContext['compare']
  onProgress: (connectionId: ConnectionId, runId: string) => void
  /** True while the queue is long: pulling waits. */
  congested: () => boolean
  onProblem: (error: unknown) => void
}

/** A run that this process carries out. */
interface InHand {
  run: RunRow
  stop: AbortController
  done: Promise<void>
}

const LEASE_SECONDS = 20
const KEEP_MS = 3_000
const BEAT_MS = 1_000
/** A run that failed so often in a row, with its growing pauses, has been failing for hours. */
const MAX_ATTEMPTS = 60
const LONGEST_PAUSE_MS = 5 * 60_000

/**
 * Starts the pulls that are due and carries them out: one of a connection at a time, over all processes. A run is a
 * row, so a process that dies in the middle is followed by another that goes on from there.
 */
export class SyncHost {
  readonly #options: SyncHostOptions
  readonly #owner = newId()
  readonly #clocksOf = new Set<ConnectionId>()
  readonly #running = new Map<string, InHand>()
  #timer: NodeJS.Timeout | null = null
  #beating: Promise<void> | null = null
  #closed = false

  constructor(options: SyncHostOptions) {
    this.#options = options
  }

  start(): void {
    void forgetRuns(this.#options.database).catch(this.#options.onProblem)
    this.#timer = setInterval(() => this.wake(), BEAT_MS)
  }

  /** Looks at once whether something is due. */
  wake(): void {
    if (this.#closed) return
    this.#beating ??= this.#beat()
      .catch(this.#options.onProblem)
      .finally(() => (this.#beating = null))
  }

  async close(): Promise<void> {
    this.#closed = true
    if (this.#timer) clearInterval(this.#timer)
    await this.#beating
    for (const { stop } of this.#running.values()) stop.abort(new Closing())
    await Promise.all([...this.#running.values()].map(({ done }) => done))
  }

  async #beat(): Promise<void> {
    for (const connection of this.#options.connections()) await this.#startDue(connection)
    const { database } = this.#options
    for (;;) {
      if (this.#closed) return
      const run = await leaseRun(database, this.#owner, LEASE_SECONDS, this.#busy())
      if (!run) return
      this.#take(run)
    }
  }

  async #startDue(connection: RunningCerner): Promise<void> {
    const { id, settings, enabled } = connection
    if (!enabled || !settings.pull.enabled || settings.fhir.base === '') return
    const { database, clock, practiceZone } = this.#options
    const { features } = PROFILES[settings.profile]
    const { pull } = settings
    const add = (kind: RunRow['kind'], resources: readonly string[]): Promise<boolean> =>
      addRun(database, { id: newId(), connectionId: id, kind, resources, askedBy: 'schedule' })
    await this.#ensureClocks(connection)
    if (features.scheduling_read.state !== 'off' && pull.resources.includes('Appointment')) {
      if (await takeDue(database, id, 'due:appointments', pull.appointmentsEverySeconds))
        await add('delta', ['Appointment'])
    }
    if (await takeDue(database, id, 'due:chart', pull.chartEverySeconds)) await add('delta', [])
    if (pull.compareNightlyAt === '') return
    const tomorrow = nextLocalTime(clock.now(), pull.compareNightlyAt, practiceZone)
    if (await takeDue(database, id, 'due:compare', tomorrow)) await add('compare', [])
  }

  async #ensureClocks({ id, settings }: RunningCerner): Promise<void> {
    if (this.#clocksOf.has(id)) return
    const { database, clock, practiceZone } = this.#options
    const { compareNightlyAt } = settings.pull
    await ensureDue(database, id, 'due:appointments', 0)
    await ensureDue(database, id, 'due:chart', 0)
    if (compareNightlyAt === '') return
    await ensureDue(database, id, 'due:compare', nextLocalTime(clock.now(), compareNightlyAt, practiceZone))
    this.#clocksOf.add(id)
  }

  #busy(): { long: ConnectionId[]; short: ConnectionId[] } {
    const runs = [...this.#running.values()].map(({ run }) => run)
    const of = (short: boolean) =>
      runs.filter((run) => isShort(run) === short).map((run) => run.connection_id)
    return { long: of(false), short: of(true) }
  }

  #take(run: RunRow): void {
    const stop = new AbortController()
    const done = this.#carryOut(run, stop).finally(() => this.#running.delete(run.id))
    this.#running.set(run.id, { run, stop, done })
  }

  async #carryOut(run: RunRow, stop: AbortController): Promise<void> {
    const { database, onProblem, onProgress } = this.#options
    const connection = this.#options.connections().find((one) => one.id === run.connection_id)
    const progress = new ProgressBook(run.progress)
    const own = { id: run.id, owner: this.#owner }
    if (!connection) {
      await endRun(database, { ...own, state: 'stopped', progress: progress.steps, code: null, place: null })
      return
    }
    const keep = async (): Promise<void> => {
      const state = { progress: progress.steps, resume: run.resume }
      const kept = await keepRun(database, { ...own, ...state, seconds: LEASE_SECONDS })
      if (!kept) stop.abort(new Closing())
      else if (kept.stop_asked) stop.abort(new Stopped())
      onProgress(connection.id, run.id)
    }
    const timer = setInterval(() => void keep().catch(onProblem), KEEP_MS)
    try {
      const context = await this.#contextOf(run, connection, { progress, keep, signal: stop.signal })
      await keep()
      await carryOut(context)
      await this.#end(context)
    } catch (error) {
      await this.#failed({ run, progress }, error, stop.signal).catch(onProblem)
    } finally {
      clearInterval(timer)
      onProgress(connection.id, run.id)
    }
  }

  async #contextOf(
    run: RunRow,
    connection: RunningCerner,
    { progress, keep, signal }: Pick<RunContext, 'progress' | 'keep' | 'signal'>,
  ): Promise<RunContext> {
    const { database, vault, clock, inbox, writer, linkOf, congested, openCompare } = this.#options
    const origin = { parentId: null, remote: hostOf(connection.settings.fhir.base), channel: 'fhir' }
    const base = {
      run,
      settings: connection.settings,
      connectionId: connection.id,
      database,
      vault,
      clock,
      writer,
      progress,
      signal,
      resume: run.resume,
      keep,
      references: new References(),
      congested,
    }
    const { pages, fhir } = await linkOf(connection)
    return {
      ...base,
      pages,
      client: fhir,
      inbox: new GroupInbox(inbox, writer, connection.id, origin),
      compare: run.kind === 'compare' ? openCompare({ ...base, compare: null }) : null,
    }
  }

  async #end({ run, connectionId, settings, progress }: RunContext): Promise<void> {
    const { database } = this.#options
    const failed = Object.values(progress.steps).some((step) => step.state === 'failed')
    const own = { id: run.id, owner: this.#owner, progress: progress.steps }
    await endRun(database, { ...own, state: failed ? 'failed' : 'done', code: null, place: null })
    const startedAt = new Date(run.started_at).toISOString()
    for (const [resource, step] of Object.entries(progress.steps)) {
      if (step.state !== 'done') continue
      const every = isChart(resource as never)
        ? settings.pull.chartEverySeconds
        : settings.pull.appointmentsEverySeconds
      await moveCursor(database, connectionId, resource, startedAt, every)
    }
  }

  async #failed(
    { run, progress }: Pick<RunContext, 'run' | 'progress'>,
    error: unknown,
    signal: AbortSignal,
  ): Promise<void> {
    const { database, onProblem } = this.#options
    const own = { id: run.id, owner: this.#owner, progress: progress.steps }
    const reason: unknown = signal.aborted ? signal.reason : null
    if (reason instanceof Stopped) {
      await endRun(database, { ...own, state: 'stopped', code: null, place: null })
      return
    }
    // This process ends: the next one takes the run up where it is.
    if (reason instanceof Closing) {
      await postponeRun(database, { ...own, delayMs: 0, resume: run.resume, code: '', place: null })
      return
    }
    if (!(error instanceof IntegrationError)) onProblem(error)
    const code = error instanceof IntegrationError ? error.code : 'INTERNAL'
    const place = error instanceof IntegrationError ? placeOf(error) : null
    if (error instanceof IntegrationError && error.kind !== 'permanent' && run.attempts < MAX_ATTEMPTS) {
      const delayMs = Math.min(LONGEST_PAUSE_MS, retryDelayMs(Math.min(run.attempts + 1, 10), Math.random()))
      await postponeRun(database, { ...own, delayMs, resume: run.resume, code, place })
      return
    }
    await endRun(database, { ...own, state: 'failed', code, place })
  }

  /** @returns the run's id; of the one under way when the same was asked for already */
  async ask(
    request: { id: ConnectionId; kind: RunRow['kind']; resources: readonly string[] },
    actor: Actor,
  ): Promise<string> {
    const { database, clock } = this.#options
    const runId = newId()
    await database.tx(async (client) => {
      const run = { id: runId, connectionId: request.id, kind: request.kind, resources: request.resources }
      if (!(await addRun(client, { ...run, askedBy: actor.name })))
        throw new IntegrationError('VERSION_CONFLICT', { what: 'pull, which is under way already' })
      const entry = {
        actor: actor.name,
        role: actor.role,
        action: 'sync.start',
        object: `connection/${request.id}`,
      }
      await appendAudit(client, [{ ...entry, detail: { run: runId, kind: request.kind } }], clock)
    })
    this.wake()
    return runId
  }

  async stop(runId: string, actor: Actor): Promise<void> {
    const { database, clock } = this.#options
    await database.tx(async (client) => {
      if (!(await askStop(client, runId))) throw new IntegrationError('NOT_FOUND', { what: 'pull under way' })
      const entry = { actor: actor.name, role: actor.role, action: 'sync.stop', object: `sync_run/${runId}` }
      await appendAudit(client, [{ ...entry, detail: {} }], clock)
    })
    this.wake()
  }
}

class Closing extends Error {}
class Stopped extends Error {}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : '')

function placeOf(error: IntegrationError): string | null {
  const { call, host, place } = error.at as Record<string, string | undefined>
  return call ?? place ?? host ?? null
}
