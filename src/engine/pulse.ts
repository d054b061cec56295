import type { LiveEvent } from '../contract/metrics.ts'
import type { Clock } from '../kernel/clock.ts'
import { addCounts } from '../store/counters.ts'
import type { Database } from '../store/database.ts'
import { countJobs, findSettled } from '../store/flow.ts'
import type { Counters } from './counters.ts'
import type { FlowReport } from './flow-host.ts'
import type { LiveBus } from './live.ts'
import type { Recorder } from './record.ts'
import { settledRow } from './waiters.ts'
import type { Waiters } from './waiters.ts'

export interface PulseOptions {
  database: Database
  clock: Clock
  counters: Counters
  recorder: Recorder
  waiters: Waiters
  live: LiveBus
  onProblem: (error: unknown) => void
}

const BEAT_MS = 1000
// A hint must fit into a notification of PostgreSQL (8,000 bytes).
const MAX_KINDS = 100

/** What the engine does once a second: writes counts and acknowledgements, measures the queue, tells live pages. */
export class Pulse {
  readonly #options: PulseOptions
  #timer: NodeJS.Timeout | null = null
  #beating: Promise<void> | null = null
  #received = 0
  #applied = 0
  #parked = 0
  #kinds = new Set<string>()

  constructor(options: PulseOptions) {
    this.#options = options
  }

  received(count: number): void {
    this.#received += count
  }

  report({ applied, parked, kinds }: FlowReport): void {
    this.#applied += applied
    this.#parked += parked
    for (const kind of kinds) this.#kinds.add(kind)
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#beating ??= this.#beat()
        .catch(this.#options.onProblem)
        .finally(() => (this.#beating = null))
    }, BEAT_MS)
  }

  async stop(): Promise<void> {
    if (this.#timer) clearInterval(this.#timer)
    await this.#beating
    await this.#flush().catch(this.#options.onProblem)
  }

  async #beat(): Promise<void> {
    const { database, recorder, live } = this.#options
    await this.#flush()
    await recorder.noteAcks()
    await this.#lookForWaiters()
    const waiting = await countJobs(database)
    recorder.queueLength(waiting)
    const events = this.#events(waiting)
    if (events.length > 0) await live.publish(events)
  }

  async #flush(): Promise<void> {
    const { counters, database } = this.#options
    const cells = counters.take()
    if (cells.length === 0) return
    try {
      await addCounts(database, cells)
    } catch (error) {
      counters.giveBack(cells)
      throw error
    }
  }

  // The flow may run in another process, which cannot tell this one's senders.
  async #lookForWaiters(): Promise<void> {
    const { database, waiters } = this.#options
    const ids = waiters.ids
    if (ids.length === 0) return
    for (const row of await findSettled(database, ids)) waiters.settle(settledRow(row))
  }

  #events(waiting: number): LiveEvent[] {
    const [received, applied, parked, kinds] = [
      this.#received,
      this.#applied,
      this.#parked,
      [...this.#kinds].slice(0, MAX_KINDS),
    ]
    this.#received = 0
    this.#applied = 0
    this.#parked = 0
    this.#kinds = new Set()
    if (received + applied + parked === 0) return []
    const at = new Date(this.#options.clock.now()).toISOString()
    return [
      { type: 'flow', at, received, applied, parked, waiting },
      { type: 'records', types: kinds },
    ]
  }
}
