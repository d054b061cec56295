import { createHash } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { ServiceRefusal, type Reply } from './millennium-routes-reply.ts'

/** First answers by Idempotency-Key. @see millennium-web-services.md §5.6 */

const KEPT_MS = 24 * 3_600_000

interface Kept {
  readonly bodyHash: string
  readonly expires: number
  /** Null while the first request runs. */
  reply: Reply | null
}

export interface Keys {
  /**
   * Runs a request once per client, route and key.
   *
   * @param body as it came
   * @throws ServiceRefusal 422 for another body, 409 while the first runs
   */
  once(place: string, body: string, run: () => Promise<Reply>): Promise<Reply>
}

export function openKeys(clock: Clock): Keys {
  const kept = new Map<string, Kept>()
  const sweep = (): void => {
    for (const [place, { expires }] of kept) {
      // In order of arrival, so the first that is still good ends it.
      if (expires > clock.now()) return
      kept.delete(place)
    }
  }
  return {
    async once(place, body, run) {
      sweep()
      const bodyHash = createHash('sha256').update(body).digest('hex')
      const first = kept.get(place)
      if (first !== undefined) return repeatOf(first, bodyHash)
      const entry: Kept = { bodyHash, expires: clock.now() + KEPT_MS, reply: null }
      kept.set(place, entry)
      try {
        const reply = await run()
        if (isLasting(reply.status)) entry.reply = reply
        else kept.delete(place)
        return reply
      } catch (thrown) {
        kept.delete(place)
        throw thrown
      }
    },
  }
}

function repeatOf({ bodyHash, reply }: Kept, hash: string): Reply {
  if (bodyHash !== hash) throw new ServiceRefusal('idempotency-mismatch')
  if (reply === null) throw new ServiceRefusal('still-running', {}, { headers: { 'retry-after': '2' } })
  return { ...reply, headers: { ...reply.headers, 'idempotent-replayed': 'true' } }
}

// What depends on the moment may end otherwise the next time: locks, limits, tokens, faults.
const isLasting = (status: number): boolean => status < 500 && ![401, 403, 423, 428, 429].includes(status)
