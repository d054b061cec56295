import type { Clock } from '../kernel/clock.ts'
import { appendAudit } from './audit.ts'
import type { AuditEntry } from './audit.ts'
import type { Queryable } from './reading.ts'

/** Runs work in a transaction of its own. */
export interface Transactor {
  tx<T>(work: (client: Queryable) => Promise<T>): Promise<T>
}

interface Waiting {
  entries: readonly AuditEntry[]
  resolve: () => void
  reject: (cause: unknown) => void
}

/**
 * Writes access entries for requests. Entries that come while one append is under way go together into the next, so
 * the trail costs one commit for many readers and a lone reader waits for nobody.
 */
export class AuditWriter {
  readonly #database: Transactor
  readonly #clock: Clock
  #waiting: Waiting[] = []
  #running: Promise<void> | undefined

  constructor(options: { database: Transactor; clock: Clock }) {
    this.#database = options.database
    this.#clock = options.clock
  }

  /** Resolves when the entries are committed; what they are about may be shown only then. */
  write(...entries: AuditEntry[]): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#waiting.push({ entries, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** Resolves when everything handed over so far is settled. */
  async close(): Promise<void> {
    await this.#running
  }

  async #run(): Promise<void> {
    // One turn of the event loop, so that requests which were read together are written together.
    await new Promise((resolve) => setImmediate(resolve))
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      await this.#append(group)
    }
    this.#running = undefined
  }

  async #append(group: Waiting[]): Promise<void> {
    try {
      const entries = group.flatMap((each) => each.entries)
      await this.#database.tx((client) => appendAudit(client, entries, this.#clock))
      for (const each of group) each.resolve()
    } catch (cause) {
      for (const each of group) each.reject(cause)
    }
  }
}
