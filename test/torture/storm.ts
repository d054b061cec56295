import { setTimeout as sleep } from 'node:timers/promises'
import type { CernerServer } from '../../src/sandbox/cerner/server.ts'
import type { Random } from './random.ts'

/** What a storm is made of, with the largest share of the calls that it strikes. */
const GUSTS = [
  { most: 0.3, fault: { kind: 'status', status: 429 } },
  { most: 0.2, fault: { kind: 'status', status: 429, retryAfter: 1 } },
  { most: 0.2, fault: { kind: 'status', status: 503 } },
  { most: 0.1, fault: { kind: 'status', status: 500 } },
  { most: 0.1, fault: { kind: 'half' } },
  { most: 0.1, fault: { kind: 'drop' } },
  { most: 0.1, fault: { kind: 'drop-after' } },
  { most: 0.05, fault: { kind: 'malformed' } },
  { most: 0.05, fault: { kind: 'wrong-type' } },
  { most: 0.2, fault: { kind: 'slow', ms: 150 } },
] as const
const KINDS_AT_ONCE = 3
/** Always: a sandbox that answers at once never has two calls open, and would prove nothing about how many come. */
const DISTANCE = { kind: 'slow', ms: 5, probability: 0.5 }
const SHORTEST_MS = 500
const LONGEST_MS = 4_000

/** Storms and calm in turn, over all calls of a sandbox, until it is ended. */
export class Storms {
  readonly #server: CernerServer
  readonly #random: Random
  readonly #stop = new AbortController()
  #running: Promise<void> | null = null
  /** How many calls were struck, by kind. */
  readonly struck: Record<string, number> = {}
  count = 0

  constructor(server: CernerServer, random: Random) {
    this.#server = server
    this.#random = random
  }

  begin(): void {
    void this.#server.faults.add(DISTANCE)
    this.#running ??= this.#run()
  }

  async end(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#blow()
      await this.#pause()
      this.#calm()
      await this.#pause()
    }
  }

  async #blow(): Promise<void> {
    this.count += 1
    for (let n = 0; n < KINDS_AT_ONCE; n++) {
      const gust = GUSTS[this.#random.below(GUSTS.length)]
      if (!gust) continue
      const probability = ((1 + this.#random.below(100)) / 100) * gust.most
      await this.#server.faults.add({ ...gust.fault, probability, seed: this.#random.below(1e6) })
    }
  }

  #calm(): void {
    for (const { fault, fired } of this.#server.faults.list()) {
      if (fault.kind === 'slow' && fault.ms === DISTANCE.ms) continue
      const kind = fault.kind === 'status' ? String(fault.status) : fault.kind
      this.struck[kind] = (this.struck[kind] ?? 0) + fired
    }
    this.#server.faults.clear()
    void this.#server.faults.add(DISTANCE)
  }

  async #pause(): Promise<void> {
    const ms = SHORTEST_MS + this.#random.below(LONGEST_MS - SHORTEST_MS)
    await sleep(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined)
  }
}
