import { setTimeout as sleep } from 'node:timers/promises'
import type { LiveEvent } from '../../contract/metrics.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import {
  hurry,
  keepLeases,
  leaseDue,
  nextDueMs,
  releaseLeases,
  setAside,
  setOutcome,
} from '../../store/outbox.ts'
import type { OutboxRow } from '../../store/outbox.ts'
import { reasonOf } from '../read-job.ts'
import { retryDelayMs } from '../retry.ts'
import { attempt } from './attempt.ts'
import type { AttemptOptions } from './attempt.ts'
import { Breaker } from './breaker.ts'
import { openChange } from './intent.ts'
import type { OpenChange } from './intent.ts'
import type { OutboundParts } from './parts.ts'

export interface OutboxOptions extends OutboundParts {
  /** Hints of all processes: an `outbox` event wakes this worker. */
  subscribe: (listener: (event: LiveEvent) => void) => () => void
  onProblem: (error: unknown) => void
  /** Changes under way at a time; default 4. */
  concurrency?: number
  /** How long a worker that says nothing keeps what it has in hand; default 60. */
  leaseSeconds?: number
  delayMs?: (attempt: number) => number
  absentAfterMs?: number
}

const CONCURRENCY = 4
const LEASE_SECONDS = 60
const ABSENT_AFTER_MS = 20_000
// Hints wake the worker; this only catches what another process left behind.
const LONGEST_IDLE_MS = 5_000
const LOOK_AGAIN_MS = 20
const PAUSE_AFTER_PROBLEM_MS = 1_000

/**
 * The worker of the outbox: leases what is due, one change of a record at a time in the order they were made, and
 * brings each to Cerner. Several processes share the work; what a process that died had in hand is found out about
 * before it is sent again.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #attempt: AttemptOptions
  readonly #breaker: Breaker
  readonly #inHand = new Map<ExchangeId, Promise<void>>()
  /** The settings that connections were last seen with. */
  readonly #versions = new Map<ConnectionId, number>()
  #running: Promise<void> | null = null
  #unsubscribe: (() => void) | null = null
  #heartbeat: NodeJS.Timeout | null = null
  #stopping = false
  #woken = false
  #wake: (() => void) | null = null

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#breaker = new Breaker(options.clock)
    this.#attempt = {
      owner: newId(),
      delayMs: options.delayMs ?? ((attempts) => retryDelayMs(attempts, Math.random())),
      absentAfterMs: options.absentAfterMs ?? ABSENT_AFTER_MS,
    }
  }

  get #leaseSeconds(): number {
    return this.#options.leaseSeconds ?? LEASE_SECONDS
  }

  start(): void {
    if (this.#running) return
    this.#unsubscribe = this.#options.subscribe((event) => {
      if (event.type === 'outbox') this.wake()
    })
    this.#heartbeat = setInterval(() => void this.#keep(), (this.#leaseSeconds * 1000) / 3)
    this.#running = this.#run()
  }

  /** There may be work. */
  wake(): void {
    this.#woken = true
    this.#wake?.()
  }

  /** Lets the calls under way come to their end, and takes no new ones. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#unsubscribe?.()
    this.wake()
    await this.#running
    await Promise.all(this.#inHand.values())
    if (this.#heartbeat) clearInterval(this.#heartbeat)
  }

  async #run(): Promise<void> {
    while (!this.#stopping) {
      this.#woken = false
      try {
        const taken = await this.#take()
        if (taken === 0) await this.#idle(await this.#idleMs())
      } catch (error) {
        this.#options.onProblem(error)
        await this.#idle(PAUSE_AFTER_PROBLEM_MS)
      }
    }
  }

  /** @returns how many changes were taken in hand */
  async #take(): Promise<number> {
    const limit = (this.#options.concurrency ?? CONCURRENCY) - this.#inHand.size
    if (limit <= 0) return 0
    const { database, vault } = this.#options
    await this.#noticeSettings()
    const lease = { owner: this.#attempt.owner, seconds: this.#leaseSeconds, limit }
    const rows = await leaseDue(database, { ...lease, resting: this.#resting() })
    if (this.#stopping) {
      await this.#release(rows.map((row) => row.exchange_id))
      return 0
    }
    const closed: { row: OutboxRow; error: unknown }[] = []
    for (const row of rows) {
      try {
        this.#work(openChange(vault, row))
      } catch (error) {
        closed.push({ row, error })
      }
    }
    for (const one of closed) await this.#setAside(one.row, one.error)
    return rows.length
  }

  /** Connections that nothing is sent over now: those that are off, and those that cannot answer. */
  #resting(): ConnectionId[] {
    const off = this.#options.connections().filter(({ enabled }) => !enabled)
    return [...off.map(({ id }) => id), ...this.#breaker.resting()]
  }

  /** Whoever mends a connection wants to see it work: what waits for its next attempt goes now. */
  async #noticeSettings(): Promise<void> {
    for (const { id, version } of this.#options.connections()) {
      const before = this.#versions.get(id)
      if (before === version) continue
      if (before !== undefined) await hurry(this.#options.database, id)
      this.#versions.set(id, version)
      this.#breaker.succeeded(id)
    }
  }

  /** A row that cannot be opened must not keep the others waiting. A key may still come; a broken seal stays broken. */
  async #setAside({ exchange_id: exchangeId, state }: OutboxRow, error: unknown): Promise<void> {
    const { database, onProblem } = this.#options
    onProblem(error)
    const reason = reasonOf(error)
    const mayPass = reason.code === 'KEY_MISSING'
    await database.tx(async (client) => {
      await setAside(client, exchangeId, this.#attempt.owner, mayPass ? state : 'parked')
      await setOutcome(client, { exchangeId, state: mayPass ? 'retrying' : 'parked', ...reason })
    })
  }

  #work(change: OpenChange): void {
    const { exchangeId, connectionId } = change
    const work = async (): Promise<void> => {
      const within = this.#options.within ?? ((_id, run) => run())
      const result = await within(exchangeId, () => attempt(this.#options, this.#attempt, change))
      if (result === 'failed') this.#breaker.failed(connectionId)
      if (result === 'answered') this.#breaker.succeeded(connectionId)
    }
    const done = work()
      // It stays as it is in the database: queued ones are taken again, sent ones are found out about.
      .catch((error: unknown) => this.#options.onProblem(error))
      .finally(() => {
        this.#inHand.delete(exchangeId)
        this.wake()
      })
    this.#inHand.set(exchangeId, done)
  }

  async #release(ids: readonly ExchangeId[]): Promise<void> {
    if (ids.length > 0) await releaseLeases(this.#options.database, this.#attempt.owner, ids)
  }

  async #keep(): Promise<void> {
    const ids = [...this.#inHand.keys()]
    if (ids.length === 0) return
    const { database, onProblem } = this.#options
    await keepLeases(database, this.#attempt.owner, ids, this.#leaseSeconds).catch(onProblem)
  }

  async #idleMs(): Promise<number> {
    if (this.#inHand.size >= (this.#options.concurrency ?? CONCURRENCY)) return LONGEST_IDLE_MS
    const dueMs = await nextDueMs(this.#options.database, this.#resting())
    // What became due since it was looked for, or another process takes at this moment.
    if (dueMs !== null && dueMs <= 0) return LOOK_AGAIN_MS
    return Math.min(LONGEST_IDLE_MS, dueMs ?? LONGEST_IDLE_MS) + 1
  }

  async #idle(ms: number): Promise<void> {
    if (this.#woken || this.#stopping) return
    const abort = new AbortController()
    this.#wake = () => abort.abort()
    await sleep(ms, undefined, { signal: abort.signal }).catch(() => undefined)
    this.#wake = null
  }
}
