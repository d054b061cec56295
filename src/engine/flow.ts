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
import { applyBatch } from './apply.ts'
import type { AppliedJob } from './apply.ts'
import type { Counters } from './counters.ts'
import { readJob, reasonOf } from './read-job.ts'
import type { ApplyContext, ReadJob } from './read-job.ts'
import type { Reader } from './reader.ts'
import { retryDelayMs, retryKind } from './retry.ts'

export interface FlowOptions {
  /** Who holds the lanes: given where one flow goes on for another that died; else an id of its own. */
  owner?: string
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

const BATCH_JOBS = 200
const BATCH_BYTES = 8 * 1024 * 1024
// How far to look past jobs that wait.
const MAX_PAGES = 20
const LEASE_SECONDS = 15
const RENEW_MS = 4_000
// Nothing is lost by waiting longer, since a new job wakes the flow; this only catches jobs of other processes.
const IDLE_POLL_MS = 250
const FULL_SCAN_MS = 5_000
const SETTLED_AFTER_MS = 30_000
const NO_ID = '00000000-0000-0000-0000-000000000000'

/** How an attempt went: everything came to an end, it is tried again later, or it belongs to another process now. */
type Ending = 'ended' | 'postponed' | 'lost'

/**
 * The inbound flow (DESIGN §6): leases lanes, takes their jobs in order of arrival, and carries each batch through
 * decode, map, match, reconcile and apply in one transaction. Several processes share the lanes; one that dies
 * loses its leases after {@link LEASE_SECONDS} and its work is done again by another, which changes nothing twice.
 */
export class Flow {
  readonly #options: FlowOptions
  readonly #owner: string
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
    this.#owner = options.owner ?? newId()
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
    const eligible = await this.#eligible()
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

  /** Jobs that may run now: a patient whose earlier message waits for its next attempt waits with it. */
  async #eligible(): Promise<JobRow[]> {
    const waiting = new Set<string>()
    let jobs = await this.#fetch()
    // Where everything at the front waits, other patients behind it must not wait too.
    for (let page = 0; page < MAX_PAGES; page++) {
      const eligible = inOrder(jobs, waiting)
      const last = jobs.at(-1)
      if (eligible.length > 0 || !last) return eligible
      jobs = await this.#fetchAfter(last.id)
    }
    return []
  }

  #fetchAfter(after: string): Promise<JobRow[]> {
    const limits = { limit: BATCH_JOBS, limitBytes: BATCH_BYTES }
    return fetchJobs(this.#writer, { after, lanes: this.#lanes, ...limits })
  }

  async #fetch(): Promise<JobRow[]> {
    const now = this.#options.clock.now()
    if (now >= this.#fullScanAt) {
      this.#from = NO_ID
      this.#fullScanAt = now + FULL_SCAN_MS
    }
    const jobs = await this.#fetchAfter(this.#from)
    // What lies before the oldest open job is done, but for late commits of the last moments.
    const settled = idAt(now - SETTLED_AFTER_MS)
    const first = jobs[0]
    this.#from = first && first.id < settled ? idAt(millisecondsOf(first.id)) : settled
    return jobs
  }

  #context(): ApplyContext {
    const { vault, clock, readerOf, waitsFor, onProblem } = this.#options
    return { vault, clock, owner: this.#owner, lanes: this.#lanes, readerOf, waitsFor, onProblem }
  }

  async #apply(batch: readonly ReadJob[], context: ApplyContext): Promise<Ending> {
    try {
      const applied = await this.#writer.tx((client) => applyBatch(client, batch, context))
      this.#report(applied, batch)
      return 'ended'
    } catch (error) {
      if (error instanceof IntegrationError && error.code === 'LEASE_LOST') {
        // Somebody else was there: look again what is ours and what is left to do.
        this.#renewAt = 0
        await sleep(20)
        return 'lost'
      }
      const [one, ...more] = batch
      if (!one || more.length > 0) return this.#applyOneByOne(batch, context)
      return this.#giveUpOrRetry(one, error)
    }
  }

  async #applyOneByOne(batch: readonly ReadJob[], context: ApplyContext): Promise<Ending> {
    const waiting = new Set<string>()
    for (const one of batch) {
      // What comes after a message that is tried again later waits behind it, as it would have in a later batch.
      if (waiting.has(orderOf(one.job))) continue
      const ending = await this.#apply([one], context)
      if (ending === 'lost') return ending
      if (ending === 'postponed') waiting.add(orderOf(one.job))
    }
    return 'ended'
  }

  /** One message that the database refused alone: tried again if it may pass, parked if a person must look. */
  async #giveUpOrRetry(one: ReadJob, error: unknown): Promise<Ending> {
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
    const isOurs = await this.#writer.tx(async (client) => {
      const open = again
        ? await postponeJob(client, job.id, attempts, retryDelayMs(attempts, Math.random()))
        : (await finishJobs(client, [job.id])) === 1
      // A commit whose answer was lost did its work, or another process did: what became of it stands already.
      if (!open) return false
      await writeOutcomes(client, [outcome])
      const detail = { attempt: attempts, code: reason.code }
      await noteEvent(client, {
        exchangeId: job.id,
        id: newId(),
        event: outcome.state,
        actor: 'engine',
        detail,
      })
      return true
    })
    if (!isOurs) return 'ended'
    counters.add(job.connection_id, job.kind, again ? { retried: 1 } : { parked: 1 })
    if (again) return 'postponed'
    const base = { id: job.id, connectionId: job.connection_id, kind: job.kind, waited: one.waited }
    this.#options.onApplied([{ ...base, ...reason, state: 'parked' }])
    return 'ended'
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

const orderOf = (job: JobRow): string => job.order_key.toString('latin1')

/** @param waiting patients with a message that waits, found so far; those of `jobs` are added */
function inOrder(jobs: readonly JobRow[], waiting: Set<string>): JobRow[] {
  return jobs.filter((job) => {
    if (job.waiting) waiting.add(orderOf(job))
    return !waiting.has(orderOf(job))
  })
}

/** The lowest UUIDv7 of an instant. */
export const idAt = (ms: number): string => {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

const millisecondsOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
