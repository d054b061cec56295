import type { Timer } from './timer.ts'

/**
 * Keeps the calls of one connection to what Cerner bears: so many at the same time, so many a second. Callers are let in
 * in the order they came.
 *
 * @see cerner-fhir-r4.md §1.5 "Rate limits"
 */
export class Limiter {
  private readonly timer: Timer
  private readonly concurrency: number
  private readonly intervalMs: number
  /** How far the rate may run ahead, so that a burst as wide as the concurrency starts at once. */
  private readonly burstMs: number
  private running = 0
  private readonly waiting: (() => void)[] = []
  /** When the next call is due if calls came evenly (generic cell rate algorithm). */
  private dueMs = 0
  private pausedUntilMs = 0

  constructor(options: { concurrency: number; requestsPerSecond: number; timer: Timer }) {
    this.timer = options.timer
    this.concurrency = options.concurrency
    this.intervalMs = 1000 / options.requestsPerSecond
    this.burstMs = (options.concurrency - 1) * this.intervalMs
  }

  /**
   * Waits for a place.
   *
   * @returns gives the place back; calling it twice does nothing
   * @throws the reason of the signal when it is aborted first
   */
  async enter(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted()
    await this.place(signal)
    const leave = this.leaver()
    try {
      await this.turn(signal)
      return leave
    } catch (reason) {
      leave()
      throw reason
    }
  }

  /** No call starts for this long: Cerner asked for fewer. */
  pause(ms: number): void {
    this.pausedUntilMs = Math.max(this.pausedUntilMs, this.timer.now() + ms)
  }

  private async place(signal?: AbortSignal): Promise<void> {
    if (this.running < this.concurrency) {
      this.running++
      return
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        this.waiting.splice(this.waiting.indexOf(enter), 1)
        reject(signal?.reason as Error)
      }
      this.waiting.push(enter)
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }

  private leaver(): () => void {
    let left = false
    return () => {
      if (left) return
      left = true
      const next = this.waiting.shift()
      if (next) next()
      else this.running--
    }
  }

  private async turn(signal?: AbortSignal): Promise<void> {
    const nowMs = this.timer.now()
    const startMs = Math.max(nowMs, this.dueMs - this.burstMs, this.pausedUntilMs)
    this.dueMs = Math.max(this.dueMs, startMs) + this.intervalMs
    if (startMs > nowMs) await this.timer.sleep(startMs - nowMs, signal)
    // A pause that began meanwhile holds for those who waited too.
    while (this.pausedUntilMs > this.timer.now()) {
      await this.timer.sleep(this.pausedUntilMs - this.timer.now(), signal)
    }
  }
}
