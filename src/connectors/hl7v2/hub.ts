import type { Clock } from '../../kernel/clock.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import type { Inbox } from '../connector.ts'
import type { Hl7v2Settings } from './definition.ts'
import type { QuietLog } from './log.ts'

/** Counters since the listener opened. */
export interface ListenerTotals {
  frames: number
  fragments: number
  /** `VT FS CR`, the keep-alive of some senders. */
  empty: number
  /** Bytes outside any frame. */
  noiseBytes: number
  tooLarge: number
  wrongPeers: number
  repliesSent: number
  repliesUnsent: number
  /** Milliseconds since 1970; null while nothing was heard. */
  lastHeardAt: number | null
}

export const noTotals = (): ListenerTotals => ({
  frames: 0,
  fragments: 0,
  empty: 0,
  noiseBytes: 0,
  tooLarge: 0,
  wrongPeers: 0,
  repliesSent: 0,
  repliesUnsent: 0,
  lastHeardAt: null,
})

/** What the connections of one listener share. */
export interface Hub {
  readonly connectionId: ConnectionId
  readonly settings: Hl7v2Settings
  readonly inbox: Inbox
  readonly clock: Clock
  readonly log: QuietLog
  readonly totals: ListenerTotals
  /** False while nothing may be read: the listener is paused, or the inbox is congested. */
  mayRead(): boolean
  /** Calls `flush` at the end of this tick, so that replies that became ready together leave together. */
  flushSoon(peer: { flush(): void }): void
}
