import { setTimeout as sleep } from 'node:timers/promises'
import type { OutboundMessage } from './messages.ts'
import { openWire, type SendFault, type Wire, type WireOptions } from './mllp-wire.ts'

export interface SenderOptions extends WireOptions {
  /** Sockets kept open; a person's messages always take the same one. */
  readonly connections?: number
  /** First wait before trying again; it doubles up to `retryMaxMs`. */
  readonly retryMs?: number
  readonly retryMaxMs?: number
  /** How many times AR or CR is taken before the message is given up. */
  readonly refusals?: number
  /** Messages that may wait for one connection. */
  readonly queueLimit?: number
  readonly fault?: (message: OutboundMessage, attempt: number) => SendFault | null
  readonly tell?: (event: SenderEvent) => void
}

/** What became of one message. */
export type Delivery =
  | {
      readonly kind: 'accepted' | 'rejected'
      readonly code: string
      readonly attempts: number
      readonly tookMs: number
    }
  | { readonly kind: 'stopped' }

export type SenderEvent =
  | { readonly kind: 'connected' | 'disconnected'; readonly connection: number }
  | {
      readonly kind: 'retry'
      readonly connection: number
      readonly why: 'timeout' | 'hung_up' | 'refused' | 'unreadable'
    }
  | { readonly kind: 'stray'; readonly connection: number }
  | {
      readonly kind: 'delivered'
      readonly connection: number
      readonly message: OutboundMessage
      readonly delivery: Delivery
    }

export interface SenderStats {
  readonly accepted: number
  readonly rejected: number
  readonly retried: number
  readonly reconnected: number
  readonly stray: number
  readonly queued: number
  /** Mean and greatest wait for an acknowledgement, in milliseconds. */
  readonly ackMeanMs: number
  readonly ackMaxMs: number
}

export interface MllpSender extends AsyncDisposable {
  /** Queues a message; resolves when it is answered for good. */
  send(message: OutboundMessage): Promise<Delivery>
  /** Resolves when there is room to queue one more message of this person. */
  room(patient: number): Promise<void>
  /** Resolves when nothing is queued or under way. */
  idle(): Promise<void>
  stats(): SenderStats
  /** Lets the messages under way be answered for at most `graceMs`, then closes; what waits is not sent. */
  stop(graceMs?: number): Promise<void>
}

interface Waiting {
  readonly message: OutboundMessage
  readonly settle: (delivery: Delivery) => void
}

/**
 * Sends over MLLP as a hospital's interface engine does: one message in flight on each connection, the same
 * bytes again after a timeout or a reset, order kept per person.
 *
 * @see docs/reference/hl7-v2.md §1.2
 */
export function openMllpSender(options: SenderOptions): MllpSender {
  const tally = { accepted: 0, rejected: 0, retried: 0, reconnected: 0, stray: 0, ackMs: 0, ackMaxMs: 0 }
  const count = (event: SenderEvent): void => {
    tallyEvent(tally, event)
    options.tell?.(event)
  }
  const lines = Array.from({ length: options.connections ?? 1 }, (_, i) => openLine(options, i, count))
  const lineOf = (patient: number): Line => lines[patient % lines.length] as Line
  const stop = async (graceMs = 1000): Promise<void> => {
    await Promise.all(lines.map((line) => line.stop(graceMs)))
  }
  return {
    send: (message) => lineOf(message.patient).send(message),
    room: (patient) => lineOf(patient).room(),
    idle: async () => {
      await Promise.all(lines.map((line) => line.idle()))
    },
    stats: () => {
      const { ackMs, ...counts } = tally
      const answered = tally.accepted + tally.rejected
      return {
        ...counts,
        queued: lines.reduce((sum, line) => sum + line.queued(), 0),
        ackMeanMs: answered === 0 ? 0 : ackMs / answered,
      }
    },
    stop,
    [Symbol.asyncDispose]: () => stop(),
  }
}

interface Tally {
  accepted: number
  rejected: number
  retried: number
  reconnected: number
  stray: number
  ackMs: number
  ackMaxMs: number
}

function tallyEvent(tally: Tally, event: SenderEvent): void {
  if (event.kind === 'retry') tally.retried += 1
  if (event.kind === 'stray') tally.stray += 1
  if (event.kind === 'disconnected') tally.reconnected += 1
  if (event.kind !== 'delivered' || event.delivery.kind === 'stopped') return
  tally[event.delivery.kind] += 1
  tally.ackMs += event.delivery.tookMs
  tally.ackMaxMs = Math.max(tally.ackMaxMs, event.delivery.tookMs)
}

interface Line {
  send(message: OutboundMessage): Promise<Delivery>
  room(): Promise<void>
  idle(): Promise<void>
  queued(): number
  stop(graceMs: number): Promise<void>
}

function openLine(options: SenderOptions, index: number, tell: (event: SenderEvent) => void): Line {
  const queue: Waiting[] = []
  const stopping = new AbortController()
  const wire = openWire(options, (kind) => tell({ kind, connection: index }))
  let busy = false
  let wakers: (() => void)[] = []
  const changed = (): Promise<void> => new Promise((resolve) => wakers.push(resolve))
  const wake = (): void => {
    const woken = wakers
    wakers = []
    for (const one of woken) one()
  }

  const work = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const next = takeNext(queue, options)
      if (next === undefined) {
        await changed()
        continue
      }
      busy = true
      wake()
      const delivery = await deliver(options, wire, next.message, stopping.signal, (why) =>
        tell({ kind: 'retry', connection: index, why }),
      )
      busy = false
      tell({ kind: 'delivered', connection: index, message: next.message, delivery })
      next.settle(delivery)
      wake()
    }
  }
  const working = work()

  return {
    send(message) {
      if (stopping.signal.aborted) return Promise.resolve({ kind: 'stopped' })
      return new Promise((settle) => {
        queue.push({ message, settle })
        wake()
      })
    },
    async room() {
      while (queue.length >= (options.queueLimit ?? 200) && !stopping.signal.aborted) await changed()
    },
    async idle() {
      while ((busy || queue.length > 0) && !stopping.signal.aborted) await changed()
    },
    queued: () => queue.length + (busy ? 1 : 0),
    async stop(graceMs) {
      stopping.abort()
      for (const one of queue.splice(0)) one.settle({ kind: 'stopped' })
      wake()
      const late = setTimeout(() => wire.close(), graceMs)
      await working
      clearTimeout(late)
      wire.close()
    },
  }
}

// Out of order on demand: the second in the queue goes first.
function takeNext(queue: Waiting[], { fault }: SenderOptions): Waiting | undefined {
  const [first] = queue
  if (first === undefined) return undefined
  const swap = queue.length > 1 && fault?.(first.message, 0) === 'out_of_order'
  return swap ? queue.splice(1, 1)[0] : queue.shift()
}

async function deliver(
  options: SenderOptions,
  wire: Wire,
  message: OutboundMessage,
  stopping: AbortSignal,
  retry: (why: 'timeout' | 'hung_up' | 'refused' | 'unreadable') => void,
): Promise<Delivery> {
  let waitMs = options.retryMs ?? 250
  let refusals = 0
  for (let attempt = 1; ; attempt += 1) {
    const startedAt = performance.now()
    const answer = await wire.exchange(message, options.fault?.(message, attempt) ?? null)
    const tookMs = performance.now() - startedAt
    if (answer.kind === 'answered') {
      const { code } = answer
      if (code === 'AA' || code === 'CA') return { kind: 'accepted', code, attempts: attempt, tookMs }
      if (code === 'AE' || code === 'CE') return { kind: 'rejected', code, attempts: attempt, tookMs }
      refusals += 1
      if (refusals >= (options.refusals ?? 20)) return { kind: 'rejected', code, attempts: attempt, tookMs }
    }
    if (stopping.aborted) return { kind: 'stopped' }
    retry(answer.kind === 'answered' ? 'refused' : answer.kind)
    await sleep(waitMs * (0.75 + Math.random() / 2), undefined, { signal: stopping }).catch(() => undefined)
    if (stopping.aborted) return { kind: 'stopped' }
    waitMs = Math.min(waitMs * 2, options.retryMaxMs ?? 10_000)
  }
}
