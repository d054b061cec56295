import type { Clock } from '../../kernel/clock.ts'
import { ServiceRefusal } from './millennium-routes-reply.ts'

/** Rate limits of a client. @see millennium-web-services.md §5.6 */

const PER_SECOND = 10
const BURST = 20
const WRITES = 2

export interface Limits {
  /** Lets a call in, or refuses it with 429 and Retry-After. @returns gives a place back at the end */
  enter(client: string, isWrite: boolean): () => void
}

export function openLimits(clock: Clock, isOn: () => boolean): Limits {
  const buckets = new Map<string, { tokens: number; at: number; writes: number }>()
  return {
    enter(client, isWrite) {
      const now = clock.now()
      const bucket = buckets.get(client) ?? { tokens: BURST, at: now, writes: 0 }
      buckets.set(client, bucket)
      bucket.tokens = Math.min(BURST, bucket.tokens + ((now - bucket.at) / 1000) * PER_SECOND)
      bucket.at = now
      if (isOn()) {
        if (bucket.tokens < 1) throw tooMany(Math.ceil((1 - bucket.tokens) / PER_SECOND))
        if (isWrite && bucket.writes >= WRITES) throw tooMany(1)
        bucket.tokens -= 1
      }
      if (!isWrite) return () => undefined
      bucket.writes += 1
      return () => void (bucket.writes -= 1)
    },
  }
}

const tooMany = (seconds: number): ServiceRefusal =>
  new ServiceRefusal('rate-limited', {}, { headers: { 'retry-after': String(Math.max(1, seconds)) } })
