import type { Socket } from 'node:net'
import { IntegrationError } from '../../kernel/errors.ts'
import { FrameDecoder } from '../../standards/mllp/frames.ts'
import type { FrameEvent } from '../../standards/mllp/frames.ts'
import type { Arrival, Receipt } from '../connector.ts'
import type { Hub } from './hub.ts'
import { shapeOf } from './log.ts'
import { isAnswerable, refusal } from './refusal.ts'
import { ReplyQueue } from './reply-queue.ts'
import type { Slot } from './reply-queue.ts'
import { ReplyWriter } from './reply-writer.ts'

const LINGER_MS = 2_000
const NOISE_LIMIT = 1024 * 1024

/**
 * One connection of a sender: frames in, exchanges recorded, replies out in the order of arrival.
 *
 * `open` reads; `finishing` reads no more and sends what it owes; `lingering` has sent its FIN and drops what still
 * comes, because closing a socket with unread bytes would reset it and could take our last reply with it.
 *
 * @see docs/reference/hl7-v2.md §1.1
 */
export class Peer {
  readonly remote: string
  readonly since: number
  /** Milliseconds since 1970; 0 while nothing was heard. */
  lastHeardAt = 0
  frames = 0
  noise = 0
  private readonly socket: Socket
  private readonly hub: Hub
  private readonly decoder: FrameDecoder
  private readonly queue = new ReplyQueue()
  private readonly writer: ReplyWriter
  private backlog: FrameEvent[] = []
  private next = 0
  private state: 'open' | 'finishing' | 'lingering' = 'open'
  private paused = false
  private heardAtMs = performance.now()
  private timer: NodeJS.Timeout | null = null

  constructor(socket: Socket, remote: string, hub: Hub) {
    this.socket = socket
    this.remote = remote
    this.hub = hub
    this.since = hub.clock.now()
    this.decoder = new FrameDecoder(hub.settings, hub.settings)
    this.writer = new ReplyWriter(socket, hub, () => this.work())
    socket.on('data', (chunk: Uint8Array) => this.hear(chunk))
    socket.on('end', () => this.finish(true))
    socket.on('drain', () => this.work())
    socket.on('close', () => this.closed())
    this.steer()
  }

  /** Messages in work: recorded, and not answered yet. */
  get inFlight(): number {
    return this.queue.length
  }

  /** Goes on as far as window, inbox and socket allow. Safe to call at any time. */
  work(): void {
    while (this.next < this.backlog.length && this.hasRoom() && this.hub.mayRead()) {
      const event = this.backlog[this.next++]
      if (event) this.handle(event)
    }
    if (this.next === this.backlog.length && this.next > 0) {
      this.backlog = []
      this.next = 0
    }
    if (this.state === 'finishing') this.endWhenDone()
    this.steer()
  }

  /** Sends every reply whose turn has come. */
  flush(): void {
    const slots = this.queue.takeReady()
    if (slots.length === 0) return
    this.writer.write(slots)
    this.work()
  }

  /** Reads no more, answers what was read, then ends the connection. */
  finish(peerEnded: boolean): void {
    if (this.state !== 'open') return
    this.state = 'finishing'
    this.wait(null)
    // What stands in the backlog came whole before the far side ended, so it is owed an answer. When it is we who end,
    // it is not taken: its sender gets no acknowledgement and sends it again.
    if (peerEnded) this.backlog.push(...this.decoder.end())
    else this.next = this.backlog.length
    this.work()
  }

  /** Looks after silence; called about once a second. */
  sweep(nowMs: number): void {
    const { idleInFrameMs, idleMs } = this.hub.settings
    const stalled = this.writer.stalledSinceMs
    const silentMs = nowMs - this.heardAtMs
    if (stalled !== null && nowMs - stalled > idleInFrameMs)
      this.drop('the far side does not read its replies')
    else if (this.state !== 'open' || this.paused) return
    else if (this.decoder.idleInFrame) {
      if (silentMs > idleInFrameMs) this.finish(true)
    } else if (idleMs > 0 && silentMs > idleMs && this.inFlight === 0) this.finish(false)
  }

  /** Ends at once; replies that are owed become unsent. */
  destroy(): void {
    this.socket.destroy()
  }

  // --- reading ---

  private hear(chunk: Uint8Array): void {
    if (this.state !== 'open') return
    this.wait(null)
    this.heardAtMs = performance.now()
    this.lastHeardAt = this.hub.totals.lastHeardAt = this.hub.clock.now()
    this.enqueue(this.decoder.push(chunk))
    if (this.decoder.awaitsTrailer) {
      this.wait(() => this.enqueue(this.decoder.graceExpired()), this.hub.settings.graceMs)
    }
    if (this.decoder.pendingNoise > NOISE_LIMIT) this.drop('only bytes without frames come')
  }

  private enqueue(events: FrameEvent[]): void {
    if (this.next === this.backlog.length) {
      this.backlog = events
      this.next = 0
    } else {
      this.backlog.push(...events)
    }
    this.work()
  }

  private hasRoom(): boolean {
    const { windowFrames, windowBytes } = this.hub.settings
    return (
      this.queue.length < windowFrames &&
      this.queue.bytes < windowBytes &&
      this.writer.stalledSinceMs === null
    )
  }

  // Stops and starts reading, so that a fast sender waits in its own TCP and not in our memory.
  private steer(): void {
    const mayRead =
      this.state === 'lingering' ||
      (this.next === this.backlog.length && this.hasRoom() && this.hub.mayRead())
    if (mayRead !== this.paused) return
    this.paused = !mayRead
    if (mayRead) {
      // Silence that we caused does not count against the sender.
      this.heardAtMs = performance.now()
      this.socket.resume()
    } else {
      this.socket.pause()
    }
  }

  private handle(event: FrameEvent): void {
    const { totals } = this.hub
    switch (event.kind) {
      case 'frame':
        totals.frames++
        this.frames++
        if (event.marked)
          this.warn('marked', 'The frame holds FS bytes inside its content, which MLLP does not allow.')
        this.record(event.bytes, false)
        break
      case 'fragment':
        totals.fragments++
        this.warnOf(new IntegrationError('MLLP_FRAME_TRUNCATED', {}))
        if (event.bytes.length > 0) this.record(event.bytes, true)
        break
      case 'empty':
        totals.empty++
        break
      case 'noise':
        totals.noiseBytes += event.count
        this.noise += event.count
        this.warn('noise', 'Bytes outside any frame were dropped.', {
          count: event.count,
          shape: shapeOf(event.bytes),
        })
        break
      case 'too-large':
        totals.tooLarge++
        this.refuse(event.head)
        break
      case 'wrong-peer':
        totals.wrongPeers++
        this.warnOf(
          new IntegrationError('MLLP_WRONG_PEER', { speaks: event.peer.toUpperCase(), expected: 'MLLP' }),
        )
        this.destroy()
        break
      default:
        event satisfies never
    }
  }

  // --- recording and answering ---

  private record(bytes: Uint8Array, truncated: boolean): void {
    const { connectionId, inbox } = this.hub
    const arrival: Arrival = truncated
      ? { connectionId, bytes, remote: this.remote, cut: 'truncated' }
      : { connectionId, bytes, remote: this.remote }
    const slot = this.queue.open(arrival)
    try {
      inbox.record(arrival).then(
        (receipt) => this.settle(slot, receipt),
        (error: unknown) => this.failed(slot, arrival, error),
      )
    } catch (error) {
      this.failed(slot, arrival, error)
    }
  }

  private settle(slot: Slot, receipt: Receipt): void {
    this.queue.settle(slot, receipt)
    if (this.queue.ready) this.hub.flushSoon(this)
  }

  // The inbox could not even refuse. The sender is told to try again, as nothing is known to be stored.
  private failed(slot: Slot, arrival: Arrival, cause: unknown): void {
    const error =
      cause instanceof IntegrationError ? cause : new IntegrationError('STORE_UNAVAILABLE', {}, { cause })
    this.warnOf(error)
    this.settle(slot, { kind: 'refused', reply: refusal(arrival.bytes, error, this.hub.clock) })
  }

  // Nothing more can be read from a stream that passed the limit: its sender is told why, as far as it can be named.
  private refuse(head: Uint8Array): void {
    const error = new IntegrationError('MLLP_FRAME_TOO_LARGE', { limitBytes: this.hub.settings.frameBytes })
    this.warnOf(error)
    const { connectionId, inbox } = this.hub
    // The log keeps its front, so that somebody sees what was turned away; the sender has its answer from us.
    inbox.record({ connectionId, bytes: head, remote: this.remote, cut: 'too-large' }).catch(() => undefined)
    if (isAnswerable(head)) {
      this.queue.answer(refusal(head, error, this.hub.clock))
      this.hub.flushSoon(this)
    }
    this.finish(false)
  }

  // --- ending ---

  private endWhenDone(): void {
    if (this.inFlight > 0 || this.next < this.backlog.length) return
    if (this.writer.owedLater > 0) {
      // Application acknowledgements may take long; the sender that ended is kept waiting only so long.
      if (this.timer === null) this.wait(() => this.destroy(), this.hub.settings.idleInFrameMs)
      return
    }
    this.state = 'lingering'
    if (this.socket.destroyed) return
    this.socket.end()
    this.wait(() => this.destroy(), LINGER_MS)
  }

  // A reset inside a frame leaves a fragment too. Replies that become ready from now on are unsent.
  private closed(): void {
    this.finish(true)
    this.wait(null)
  }

  private wait(then: (() => void) | null, ms = 0): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = then === null ? null : setTimeout(then, ms)
  }

  // --- telling ---

  private drop(why: string): void {
    this.warn('dropped', `The connection was closed: ${why}.`)
    this.destroy()
  }

  private warnOf(error: IntegrationError): void {
    this.warn(error.code, error.message, { code: error.code })
  }

  private warn(key: string, message: string, fields: object = {}): void {
    const { log, clock, connectionId } = this.hub
    const address = this.remote.slice(0, this.remote.lastIndexOf(':'))
    log.warn(`${key} ${address}`, clock.now(), { connectionId, remote: this.remote, ...fields }, message)
  }
}
