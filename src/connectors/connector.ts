import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'

/** What every connector is handed to write to: the door of the exchange log (DESIGN §6). */
export interface Inbox {
  /**
   * Stores one arrival. Resolves when its reply is due: after COMMIT with `on_commit`, after the change is applied
   * with `on_apply`.
   *
   * @throws STORE_UNAVAILABLE only when even a refusal could not be worked out; a store that is down gives `refused`
   */
  record(arrival: Arrival): Promise<Receipt>
  /** Tells the log whether the sender heard back; the state of the message does not depend on it. */
  replied(exchangeId: ExchangeId, outcome: AckOutcome): void
  /** True while the queue is long: stop reading from the far side until it is false again. */
  readonly congested: boolean
  /** Resolves when `congested` becomes false. */
  relieved(): Promise<void>
}

export type AckOutcome = 'sent' | 'unsent'

export interface Arrival {
  connectionId: ConnectionId
  /** The payload without its frame. */
  bytes: Uint8Array
  /** Address of the far side, for the log. */
  remote: string
  /** Only the front part came: the frame never ended, or passed the limit. Kept and parked, never acknowledged. */
  cut?: 'truncated' | 'too-large'
}

export type Receipt =
  | { kind: 'stored'; exchangeId: ExchangeId; reply: Uint8Array | null; later?: Promise<Uint8Array | null> }
  | { kind: 'duplicate'; exchangeId: ExchangeId; first: ExchangeId; reply: Uint8Array | null }
  /** Not stored (the database is down, or the engine is stopping): the reply is a negative one. */
  | { kind: 'refused'; reply: Uint8Array | null }
