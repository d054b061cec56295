import type { LiveEvent } from '../contract/metrics.ts'

type Flow = Extract<LiveEvent, { type: 'flow' }>

/**
 * Holds back what comes faster than a page should redraw: the flow since, summed up, the record types since, and each
 * connection once.
 */
export class LiveEvents {
  #flow: Flow | undefined
  readonly #types = new Set<string>()
  readonly #connections = new Set<string>()
  /** Events that say only that something changed, by what they say: each is told once. */
  readonly #hints = new Map<string, LiveEvent>()

  add(event: LiveEvent): void {
    switch (event.type) {
      case 'flow':
        this.#flow = this.#flow ? sum(this.#flow, event) : event
        return
      case 'records':
        for (const type of event.types) this.#types.add(type)
        return
      case 'connection':
        this.#connections.add(event.connection_id)
        return
      case 'sync':
      case 'outbox':
      case 'conflicts':
        this.#hints.set(JSON.stringify(event), event)
        return
      default:
        event satisfies never
    }
  }

  /** What gathered since it was last taken. */
  take(): LiveEvent[] {
    const events: LiveEvent[] = this.#flow ? [this.#flow] : []
    if (this.#types.size > 0) events.push({ type: 'records', types: [...this.#types].sort() })
    for (const id of this.#connections) events.push({ type: 'connection', connection_id: id })
    events.push(...this.#hints.values())
    this.#flow = undefined
    this.#types.clear()
    this.#connections.clear()
    this.#hints.clear()
    return events
  }
}

// The counts are what came since the event before, so none may be dropped; what waits is as it is now.
const sum = (earlier: Flow, later: Flow): Flow => ({
  ...later,
  received: earlier.received + later.received,
  applied: earlier.applied + later.applied,
  parked: earlier.parked + later.parked,
})

/** One event as the stream carries it (WHATWG HTML, server-sent events). */
export const eventText = (event: LiveEvent, id: number): string =>
  `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`
