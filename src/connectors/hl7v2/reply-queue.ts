import type { ExchangeId } from '../../kernel/ids.ts'
import type { Arrival, Receipt } from '../connector.ts'

/** A message in work, in its place in the order of arrival. */
export interface Slot {
  readonly arrival: Arrival | null
  settled: boolean
  /** Null while unsettled, and where nothing is to be said. */
  reply: Uint8Array | null
  exchangeId: ExchangeId | null
  /** The application acknowledgement of enhanced mode. */
  later: Promise<Uint8Array | null> | null
}

/**
 * Keeps replies in the order in which their messages came, while the messages themselves are worked on together.
 *
 * @see docs/reference/hl7-v2.md §1.1: replies leave in order of arrival on that connection
 */
export class ReplyQueue {
  private readonly slots: Slot[] = []
  /** Payload bytes of the messages in work. */
  bytes = 0

  get length(): number {
    return this.slots.length
  }

  open(arrival: Arrival): Slot {
    const slot: Slot = { arrival, settled: false, reply: null, exchangeId: null, later: null }
    this.slots.push(slot)
    this.bytes += arrival.bytes.length
    return slot
  }

  /** Gives a place to a reply that needs no work. */
  answer(reply: Uint8Array): void {
    this.slots.push({ arrival: null, settled: true, reply, exchangeId: null, later: null })
  }

  settle(slot: Slot, receipt: Receipt): void {
    slot.settled = true
    slot.exchangeId = receipt.kind === 'refused' ? null : receipt.exchangeId
    // The front part of a message is kept, but there is nobody to answer to.
    if (slot.arrival?.cut) return
    slot.reply = receipt.reply
    if (receipt.kind === 'stored' && receipt.later) slot.later = receipt.later
  }

  /** True when the reply that is due next can leave. */
  get ready(): boolean {
    return this.slots[0]?.settled === true
  }

  /** Takes everything that can leave now, in order. */
  takeReady(): Slot[] {
    let count = 0
    while (this.slots[count]?.settled) {
      this.bytes -= this.slots[count]?.arrival?.bytes.length ?? 0
      count++
    }
    return this.slots.splice(0, count)
  }
}
