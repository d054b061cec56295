import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../../kernel/clock.ts'
import { systemClock } from '../../kernel/clock.ts'

/** Time that can be waited for; tests hand in one that does not wait. */
export interface Timer extends Clock {
  /** Rejects with the reason of the signal when it is aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemTimer: Timer = {
  now: systemClock.now,
  async sleep(ms, signal) {
    try {
      await wait(ms, undefined, signal ? { signal } : {})
    } catch (cause) {
      throw signal?.aborted ? signal.reason : cause
    }
  },
}
