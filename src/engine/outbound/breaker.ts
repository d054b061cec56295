import type { Clock } from '../../kernel/clock.ts'
import type { ConnectionId } from '../../kernel/ids.ts'

/** After this many failures in a row that pass by themselves, a connection is left alone for a while. */
const OPENS_AFTER = 5
const FIRST_REST_MS = 15_000
const LONGEST_REST_MS = 5 * 60_000

interface Trouble {
  failures: number
  restsUntilMs: number
  restMs: number
}

/** Keeps a far side that cannot answer from being called again and again, by connection. */
export class Breaker {
  readonly #clock: Clock
  readonly #troubles = new Map<ConnectionId, Trouble>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  succeeded(id: ConnectionId): void {
    this.#troubles.delete(id)
  }

  failed(id: ConnectionId): void {
    const trouble = this.#troubles.get(id) ?? { failures: 0, restsUntilMs: 0, restMs: FIRST_REST_MS }
    trouble.failures += 1
    if (trouble.failures >= OPENS_AFTER && trouble.restsUntilMs <= this.#clock.now()) {
      trouble.restsUntilMs = this.#clock.now() + trouble.restMs
      trouble.restMs = Math.min(LONGEST_REST_MS, trouble.restMs * 2)
    }
    this.#troubles.set(id, trouble)
  }

  /** Connections that are left alone now. After its rest one is tried again, and rests longer when that fails too. */
  resting(): ConnectionId[] {
    const now = this.#clock.now()
    return [...this.#troubles].flatMap(([id, { restsUntilMs }]) => (restsUntilMs > now ? [id] : []))
  }
}
