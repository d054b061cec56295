import type { ExchangeId } from '../kernel/ids.ts'
import type { Problem } from '../standards/hl7v2/problem.ts'

/** What became of an exchange, for those who wait for it. */
export interface Settled {
  id: ExchangeId
  state: 'applied' | 'ignored' | 'parked' | 'unknown'
  problem: Problem | null
}

/** Replies that are owed only when a change is applied (`on_apply`, enhanced application acknowledgements). */
export class Waiters {
  readonly #waiting = new Map<ExchangeId, { resolve: (settled: Settled) => void; timer: NodeJS.Timeout }>()
  readonly #timeoutMs: number

  /** @param timeoutMs below the sender's own, so that it hears "not yet" instead of nothing */
  constructor(timeoutMs = 25_000) {
    this.#timeoutMs = timeoutMs
  }

  wait(id: ExchangeId): Promise<Settled> {
    const { promise, resolve } = Promise.withResolvers<Settled>()
    const earlier = this.#waiting.get(id)
    const timer = setTimeout(() => this.settle({ id, state: 'unknown', problem: null }), this.#timeoutMs)
    this.#waiting.set(id, {
      timer,
      resolve: (settled) => {
        earlier?.resolve(settled)
        resolve(settled)
      },
    })
    if (earlier) clearTimeout(earlier.timer)
    return promise
  }

  get ids(): ExchangeId[] {
    return [...this.#waiting.keys()]
  }

  settle(settled: Settled): void {
    const waiter = this.#waiting.get(settled.id)
    if (!waiter) return
    this.#waiting.delete(settled.id)
    clearTimeout(waiter.timer)
    waiter.resolve(settled)
  }

  /** Tells everybody that the answer will not come from here any more. */
  close(): void {
    for (const id of this.ids) this.settle({ id, state: 'unknown', problem: null })
  }
}
