import type { Socket } from 'node:net'
import type { ExchangeId } from '../../kernel/ids.ts'
import { encodeFrame, encodeFrames } from '../../standards/mllp/bytes.ts'
import type { AckOutcome } from '../connector.ts'
import type { Hub } from './hub.ts'
import type { Slot } from './reply-queue.ts'

/**
 * Writes replies to one socket and tells the inbox which of them left.
 *
 * `sent` means handed to the operating system of a live connection; MLLP has no receipt for a receipt.
 */
export class ReplyWriter {
  private readonly socket: Socket
  private readonly hub: Hub
  private readonly whenSettled: () => void
  private stalledAtMs: number | null = null
  /** Application acknowledgements of enhanced mode that are still to come. */
  owedLater = 0

  /** @param whenSettled called when an application acknowledgement was written or will never be */
  constructor(socket: Socket, hub: Hub, whenSettled: () => void) {
    this.socket = socket
    this.hub = hub
    this.whenSettled = whenSettled
    socket.on('drain', () => (this.stalledAtMs = null))
  }

  /** When the far side stopped reading our replies, by `performance.now()`; null while it reads. */
  get stalledSinceMs(): number | null {
    return this.stalledAtMs
  }

  write(slots: readonly Slot[]): void {
    const replies: Uint8Array[] = []
    const ids: ExchangeId[] = []
    for (const { reply, exchangeId, later } of slots) {
      if (reply) {
        replies.push(reply)
        if (exchangeId) ids.push(exchangeId)
      }
      if (later) this.follow(later, exchangeId)
    }
    if (replies.length > 0) this.send(encodeFrames(replies), ids, replies.length)
  }

  // The application acknowledgement leaves on the same connection, after the accept acknowledgement. When it cannot,
  // the exchange is marked unsent, so that the engine sends it through the link's sender.
  private follow(later: Promise<Uint8Array | null>, exchangeId: ExchangeId | null): void {
    this.owedLater++
    later
      .then(
        (reply) => {
          if (reply) this.send(encodeFrame(reply), exchangeId ? [exchangeId] : [], 1)
        },
        () => this.tell(exchangeId ? [exchangeId] : [], 'unsent', 1),
      )
      .finally(() => {
        this.owedLater--
        this.whenSettled()
      })
      .catch(() => undefined)
  }

  private send(bytes: Uint8Array, ids: readonly ExchangeId[], count: number): void {
    if (!this.socket.writable) {
      this.tell(ids, 'unsent', count)
      return
    }
    const flows = this.socket.write(bytes, (error) => this.tell(ids, error ? 'unsent' : 'sent', count))
    if (!flows) this.stalledAtMs ??= performance.now()
  }

  private tell(ids: readonly ExchangeId[], outcome: AckOutcome, count: number): void {
    if (outcome === 'sent') this.hub.totals.repliesSent += count
    else this.hub.totals.repliesUnsent += count
    for (const id of ids) this.hub.inbox.replied(id, outcome)
  }
}
