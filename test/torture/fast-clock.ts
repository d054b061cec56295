import { setTimeout as wait } from 'node:timers/promises'
import type { Timer } from '../../src/connectors/fhir/timer.ts'

/** A clock that runs faster than the machine's, the same in every process that is told of it. */
export interface FastTime {
  /** Where both clocks stood when it began, in milliseconds since 1970. */
  beganMs: number
  /** Its seconds in one of the machine's. */
  speed: number
}

export function fastTimer({ beganMs, speed }: FastTime): Timer {
  return {
    now: () => beganMs + (Date.now() - beganMs) * speed,
    sleep: async (ms, signal) => wait(ms / speed, undefined, signal ? { signal } : {}),
  }
}
