import type { Clock } from '../kernel/clock.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import type { CountCell } from '../store/counters.ts'

/** What is counted per minute, connection and kind. */
export type Count = Omit<CountCell, 'minuteMs' | 'connectionId' | 'direction' | 'kind'>

// A feed with made-up event codes must not grow the table without end.
const MAX_KINDS = 200
const OTHER = 'other'

/** Counts in memory; what was counted since the last call is taken out once a second and added to the database. */
export class Counters {
  readonly #clock: Clock
  readonly #kinds = new Set<string>()
  #rows = new Map<string, CountCell>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(
    connectionId: ConnectionId,
    kind: string,
    add: Partial<Count>,
    direction: CountCell['direction'] = 'in',
  ): void {
    const row = this.#row(connectionId, this.#kindOf(kind), direction)
    addTo(row, add)
  }

  take(): CountCell[] {
    const rows = [...this.#rows.values()]
    this.#rows = new Map()
    return rows
  }

  /** Gives back what could not be written, so that the next attempt carries it. */
  giveBack(rows: readonly CountCell[]): void {
    for (const row of rows) {
      const key = keyOf(row.minuteMs, row.connectionId, row.kind, row.direction)
      const now = this.#rows.get(key)
      if (!now) this.#rows.set(key, row)
      else {
        const { minuteMs: _minute, connectionId: _id, direction: _direction, kind: _kind, ...counts } = row
        addTo(now, counts)
      }
    }
  }

  #row(connectionId: ConnectionId, kind: string, direction: CountCell['direction']): CountCell {
    const minuteMs = Math.floor(this.#clock.now() / 60_000) * 60_000
    const key = keyOf(minuteMs, connectionId, kind, direction)
    const known = this.#rows.get(key)
    if (known) return known
    const row: CountCell = {
      minuteMs,
      connectionId,
      direction,
      kind,
      received: 0,
      applied: 0,
      ignored: 0,
      parked: 0,
      duplicate: 0,
      retried: 0,
      bytes: 0,
      delay_ms: 0,
      delay_max_ms: 0,
    }
    this.#rows.set(key, row)
    return row
  }

  #kindOf(kind: string): string {
    if (this.#kinds.has(kind)) return kind
    if (this.#kinds.size >= MAX_KINDS) return OTHER
    this.#kinds.add(kind)
    return kind
  }
}

function addTo(row: CountCell, add: Partial<Count>): void {
  for (const [name, value] of Object.entries(add) as [keyof Count, number][]) {
    if (name === 'delay_max_ms') row[name] = Math.max(row[name], value)
    else row[name] += value
  }
}

const keyOf = (minuteMs: number, connectionId: string, kind: string, direction: string): string =>
  `${minuteMs}|${connectionId}|${kind}|${direction}`
