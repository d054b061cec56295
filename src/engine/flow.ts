import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../kernel/clock.ts'
import { IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import { LANES } from '../store/blind-keys.ts'
import type { Database } from '../store/database.ts'
import {
  fetchJobs,
  finishJobs,
  leaseLanes,
  makeLanes,
  postponeJob,
  releaseLanes,
  writeOutcomes,
} from '../store/flow.ts'
import type { JobRow } from '../store/flow.ts'
import { openWriter } from '../store/writer.ts'
import type { Writer } from '../store/writer.ts'
import { noteEvent } from '../store/accept.ts'
import type { Vault } from '../vault/vault.ts'
import { applyBatch, readJob, reasonOf } from './apply.ts'
import type { AppliedJob, ApplyContext, ReadJob } from './apply.ts'
import type { Counters } from './counters.ts'
import type { Reader } from './read-message.ts'
import { retryDelayMs, retryKind } from './retry.ts'

export interface FlowOptions {
  database: Database
  vault: Vault
  clock: Clock
  counters: Counters
  readerOf: (connectionId: ConnectionId) => Reader
  waitsFor: (connectionId: ConnectionId, applicationAck: string) => boolean
  /** Told after each commit. */
  onApplied: (jobs: readonly AppliedJob[]) => void
  onProblem: (error: unknown) => void
}

const BATCH_JOBS = 250
const BATCH_BYTES = 8 * 1024 * 1024
const LEASE_SECONDS = 15
const RENEW_MS = 4_000
// Nothing is lost by waiting longer, since a new job wakes the flow; this only catches jobs of other processes.
const IDLE_POLL_MS = 250
const FULL_SCAN_MS = 5_000
const SETTLED_AFTER_MS = 30_000
const NO_ID = '00000000-0000-0000-0000-000000000000'

/**
 * The inbound flow (DESIGN §6): leases lanes, takes their jobs in order of arrival, and carries each batch through
 * decode, map, match, reconcile and apply in one transaction. Several processes share the lanes; one that dies
 * loses its leases after {@link LEASE_SECONDS} and its work is done again by another, which changes nothing twice.
 */
export class Flow {
  readonly #options: FlowOptions
  readonly #owner = newId()
  readonly #writer: Writer
  #lanes: readonly number[] = []
  #renewAt = 0
  #from = NO_ID
  #fullScanAt = 0
  #running: Promise<void> | null = null
  #stopping = false
  #woken = false
  #wake: (() => void) | null = null

  constructor(options: FlowOptions) {
    this.#options = options
    this.#writer = openWriter(options.database, { repeatable: true })
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** There is work: called after each commit that left jobs. */
  wake(): void {
    this.#woken = true
    this.#wake?.()
  }

  /** Finishes the batch under way, then gives the lanes back. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.wake()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      try {
        const busy = await this.#turn()
        if (!busy) await this.#idle(IDLE_POLL_MS)
      } catch (error) {
        this.#options.onProblem(error)
        this.#renewAt = 0
        await this.#idle(1000)
      }
    }
    await releaseLanes(this.#writer, this.#owner).catch(this.#options.onProblem)
    await this.#writer.close()
  }

  async #idle(ms: number): Promise<void> {
    if (this.#woken || this.#stopping) {
      this.#woken = false
      return
    }
    const abort = new AbortController()
    this.#wake = () => abort.abort()
    await sleep(ms, undefined, { signal: abort.signal }).catch(() => undefined)
    this.#wake = null
    this.#woken = false
  }

  /** @returns false when there was nothing to do */
  async #turn(): Promise<boolean> {
    await this.#renew()
    if (this.#lanes.length === 0) return false
    const jobs = await this.#fetch()
    const eligible = inOrder(jobs)
    if (eligible.length === 0) return false
    const context = this.#context()
    const batch: ReadJob[] = []
    for (const job of eligible) batch.push(readJob(job, context))
    await this.#apply(batch, context)
    return true
  }

  async #renew(): Promise<void> {
    const now = this.#options.clock.now()
    if (now < this.#renewAt) return
    const lease = { owner: this.#owner, seconds: LEASE_SECONDS, lanes: LANES }
    if (this.#renewAt === 0) await makeLanes(this.#writer, LANES)
    const before = this.#lanes.length
    this.#lanes = await leaseLanes(this.#writer, lease)
    if (this.#lanes.length !== before) this.#from = NO_ID
    this.#renewAt = now + (this.#lanes.length === 0 ? 1000 : RENEW_MS)
  }

  async #fetch(): Promise<JobRow[]> {
    const now = this.#options.clock.now()
    if (now >= this.#fullScanAt) {
      this.#from = NO_ID
      this.#fullScanAt = now + FULL_SCAN_MS
    }
    const options = { from: this.#from, lanes: this.#lanes, limit: BATCH_JOBS, limitBytes: BATCH_BYTES }
    const jobs = await fetchJobs(this.#writer, options)
    // What lies before the oldest open job is done, but for late commits of the last moments.
    const settled = idAt(now - SETTLED_AFTER_MS)
    const first = jobs[0]?.id
    this.#from = first !== undefined && first < settled ? first : settled
    return jobs
  }

  #context(): ApplyContext {
    const { vault, clock, readerOf, waitsFor, onProblem } = this.#options
    return { vault, clock, owner: this.#owner, lanes: this.#lanes, readerOf, waitsFor, onProblem }
  }

  async #apply(batch: readonly ReadJob[], context: ApplyContext): Promise<void> {
    try {
      const applied = await this.#writer.tx((client) => applyBatch(client, batch, context))
      this.#report(applied, batch)
    } catch (error) {
      if (error instanceof IntegrationError && error.code === 'LEASE_LOST') {
        // Somebody else was there: look again what is ours and what is left to do.
        this.#renewAt = 0
        await sleep(20)
        return
      }
      if (batch.length > 1) {
        for (const one of batch) await this.#apply([one], context)
        return
      }
      const [one] = batch
      if (one) await this.#giveUpOrRetry(one, error)
    }
  }

  /** One message that the database refused alone: tried again if it may pass, parked if a person must look. */
  async #giveUpOrRetry(one: ReadJob, error: unknown): Promise<void> {
    this.#options.onProblem(error)
    const { counters } = this.#options
    const { job } = one
    const attempts = job.attempts + 1
    const reason: { code: ErrorCode; place: string | null } =
      retryKind(error) === 'transient' ? { code: 'STORE_UNAVAILABLE', place: null } : reasonOf(error)
    const again = retryKind(error) === 'transient'
    const outcome = {
      id: job.id,
      state: again ? ('retrying' as const) : ('parked' as const),
      attempts,
      errorCode: reason.code,
      errorPlace: reason.place,
      records: [],
      sealedEffect: null,
    }
    await this.#writer.tx(async (client) => {
      await writeOutcomes(client, [outcome])
      const detail = { attempt: attempts, code: reason.code }
      await noteEvent(client, {
        exchangeId: job.id,
        id: newId(),
        event: outcome.state,
        actor: 'engine',
        detail,
      })
      if (again) await postponeJob(client, job.id, attempts, retryDelayMs(attempts, Math.random()))
      else await finishJobs(client, [job.id])
    })
    counters.add(job.connection_id, job.kind, again ? { retried: 1 } : { parked: 1 })
    if (again) return
    const base = { id: job.id, connectionId: job.connection_id, kind: job.kind, waited: one.waited }
    this.#options.onApplied([{ ...base, ...reason, state: 'parked' }])
  }

  #report(applied: readonly AppliedJob[], batch: readonly ReadJob[]): void {
    const now = this.#options.clock.now()
    for (const [n, one] of applied.entries()) {
      const job = batch[n]?.job
      const delay = job ? Math.max(0, now - millisecondsOf(job.id)) : 0
      const times = one.state === 'applied' ? { delay_ms: delay, delay_max_ms: delay } : {}
      this.#options.counters.add(one.connectionId, one.kind, { [one.state]: 1, ...times })
    }
    this.#options.onApplied(applied)
  }
}

/** Jobs that may run now: a patient whose earlier message waits for its next attempt waits with it. */
function inOrder(jobs: readonly JobRow[]): JobRow[] {
  const waiting = new Set<string>()
  return jobs.filter((job) => {
    const key = job.order_key.toString('latin1')
    if (job.waiting) waiting.add(key)
    return !waiting.has(key)
  })
}

/** The lowest UUIDv7 of an instant. */
export const idAt = (ms: number): string => {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

const millisecondsOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
