import type { LiveEvent } from '../contract/metrics.ts'
import type { Database } from '../store/database.ts'

/** Hints for live pages and for other processes of the same practice: that something happened, never what it says. */
export interface LiveBus extends AsyncDisposable {
  subscribe(listener: (event: LiveEvent) => void): () => void
  /** Tells every process, this one included. */
  publish(events: readonly LiveEvent[]): Promise<void>
}

const NOTIFY = 'select pg_notify($1, event) from unnest($2::text[]) event'

/** @param onMissed called when the line to the database was lost and is back: hints may have been missed */
export async function openLiveBus(database: Database, onMissed?: () => void): Promise<LiveBus> {
  const channel = `practice_studio_${database.practiceId.replaceAll('-', '')}`
  const listeners = new Set<(event: LiveEvent) => void>()
  const listening = await database.listen(channel, (payload) => {
    if (!payload) {
      // Pages look again by themselves.
      onMissed?.()
      return
    }
    const event = JSON.parse(payload) as LiveEvent
    for (const listener of listeners) listener(event)
  })
  return {
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    publish: async (events) => {
      await database.query({ text: NOTIFY, values: [channel, events.map((event) => JSON.stringify(event))] })
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
}
