import { setTimeout as sleep } from 'node:timers/promises'
import { IntegrationError } from '../../kernel/errors.ts'
import type { OutboundSettings, SenderTlsSettings } from './definition.ts'
import { openLink } from './link.ts'
import type { Link, LinkTarget } from './link.ts'
import { expectationOf, judge } from './reply-judge.ts'
import type { Expectation } from './reply-judge.ts'

/** What became of a message that was sent. `ack` is the frame of the answer, `elapsedMs` runs from the first byte sent. */
export type SendResult =
  /** AA or CA. `appliedLater`: MSH-16 asked for an application acknowledgement too, which comes by `onStray`. */
  | { kind: 'accepted'; code: string; ack: Uint8Array; elapsedMs: number; appliedLater: boolean }
  /** AE or CE: the content is at fault. */
  | { kind: 'rejected'; code: string; ack: Uint8Array; elapsedMs: number; error: IntegrationError }
  /** AR or CR: not now, or not here. */
  | { kind: 'refused'; code: string; ack: Uint8Array; elapsedMs: number; error: IntegrationError }
  /** Perhaps taken. Send the same bytes with the same MSH-10 again, and the receiver's check of repeats decides. */
  | { kind: 'ambiguous'; ack: Uint8Array | null; elapsedMs: number; error: IntegrationError }
  /** Surely not sent. */
  | { kind: 'unreachable'; elapsedMs: number; error: IntegrationError }
  /** Sent; MSH-15 and MSH-16 both say that no answer is wanted. */
  | { kind: 'unanswered'; elapsedMs: number }

/** An acknowledgement of another message than the one in flight. */
export interface Stray {
  bytes: Uint8Array
  code: string
  controlId: string
}

export interface SenderOptions {
  host: string
  port: number
  tls?: Partial<SenderTlsSettings>
  /** Deadline on the whole acknowledgement. */
  timeoutMs?: OutboundSettings['timeoutMs']
  connectTimeoutMs?: number
  /** Late and application acknowledgements, to be matched by MSA-2. */
  onStray?: (stray: Stray) => void
}

export interface Sender extends AsyncDisposable {
  /** Sends one message; messages leave one after the other, in the order of the calls. Never rejects. */
  send(message: Uint8Array): Promise<SendResult>
  /** Waits for the message in flight, then ends the connection; messages that wait come back as unreachable. */
  close(): Promise<void>
}

const TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 10_000
const FIRST_BACKOFF_MS = 250
const LONGEST_BACKOFF_MS = 5_000
// Time in which a receiver that closes after each acknowledgement shows that it does.
const FAREWELL_MS = 10

const NO_TLS: SenderTlsSettings = {
  enabled: false,
  ca: '',
  cert: '',
  key: '',
  serverName: '',
  minVersion: 'TLSv1.2',
}

/**
 * A sender of HL7 messages to one receiver: one message in flight, one connection, kept open as long as both like.
 *
 * @see docs/reference/hl7-v2.md §1.2
 */
export function openSender(options: SenderOptions): Sender {
  return new MllpSender(options)
}

interface InFlight {
  expected: Expectation
  sentAtMs: number
  settle(result: SendResult): void
}

class MllpSender implements Sender {
  private readonly target: LinkTarget
  private readonly timeoutMs: number
  private readonly onStray: (stray: Stray) => void
  private turn: Promise<unknown> = Promise.resolve()
  private link: Link | null = null
  private inFlight: InFlight | null = null
  private closing = false
  private failures = 0
  private notBeforeMs = 0
  private answeredAtMs = 0
  private closesAfterAnswer: boolean | null = null

  constructor({ host, port, tls, timeoutMs, connectTimeoutMs, onStray }: SenderOptions) {
    const secure = tls?.enabled ? { ...NO_TLS, ...tls } : null
    this.target = { host, port, tls: secure, connectTimeoutMs: connectTimeoutMs ?? CONNECT_TIMEOUT_MS }
    this.timeoutMs = timeoutMs ?? TIMEOUT_MS
    this.onStray = onStray ?? (() => undefined)
  }

  send(message: Uint8Array): Promise<SendResult> {
    const sent = this.turn.then(() => this.exchange(message))
    this.turn = sent
    return sent
  }

  async close(): Promise<void> {
    this.closing = true
    await this.turn
    this.dropLink()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private async exchange(message: Uint8Array): Promise<SendResult> {
    let link
    try {
      link = await this.connected()
      if (!link.alive) throw Object.assign(new Error('ended'), { code: 'ended' })
    } catch (cause) {
      return { kind: 'unreachable', elapsedMs: 0, error: this.unreachable(cause) }
    }
    const expected = expectationOf(message)
    return expected.answered ? this.ask(link, message, expected) : this.tell(link, message)
  }

  // --- connecting ---

  private async connected(): Promise<Link> {
    await this.watchFarewell()
    if (this.closing) throw Object.assign(new Error('closed'), { code: 'closed' })
    if (this.link?.alive) return this.link
    const waitMs = this.notBeforeMs - performance.now()
    if (waitMs > 0) await sleep(waitMs)
    try {
      const link = await openLink(this.target, {
        onFrame: (from, bytes) => this.heard(from, bytes),
        onLost: (from) => this.lost(from),
      })
      this.failures = 0
      this.link = link
      return link
    } catch (cause) {
      const backoffMs = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.failures++)
      // Half of it is left to chance, so that many senders do not come back at once.
      this.notBeforeMs = performance.now() + backoffMs * (0.5 + Math.random() / 2)
      throw cause
    }
  }

  // A message written into a connection that its receiver is just closing would be lost in doubt. So the first answer
  // is followed by a short look, and a receiver that hung up once gets a new connection for each message.
  private async watchFarewell(): Promise<void> {
    const { link } = this
    if (!link || link.answers === 0) return
    if (this.closesAfterAnswer === null) {
      const waitMs = FAREWELL_MS - (performance.now() - this.answeredAtMs)
      if (link.alive && waitMs > 0) await sleep(waitMs)
      this.closesAfterAnswer = !link.alive
    }
    if (this.closesAfterAnswer) this.dropLink()
  }

  private unreachable(cause: unknown): IntegrationError {
    if (cause instanceof IntegrationError) return cause
    const { host, port } = this.target
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown'
    return new IntegrationError('MLLP_UNREACHABLE', { host, port, reason }, { cause })
  }

  private dropLink(): void {
    const { link } = this
    this.link = null
    link?.destroy()
  }

  // --- one message ---

  private ask(link: Link, message: Uint8Array, expected: Expectation): Promise<SendResult> {
    return new Promise((resolve) => {
      const late = setTimeout(() => {
        const { timeoutMs } = this
        this.doubt(new IntegrationError('MLLP_ACK_TIMEOUT', { timeoutMs }), null)
      }, this.timeoutMs)
      const settle = (result: SendResult): void => {
        clearTimeout(late)
        this.inFlight = null
        resolve(result)
      }
      this.inFlight = { expected, sentAtMs: performance.now(), settle }
      link.write(message)
    })
  }

  private async tell(link: Link, message: Uint8Array): Promise<SendResult> {
    const sentAtMs = performance.now()
    link.write(message)
    const left = await link.flushed()
    const elapsedMs = performance.now() - sentAtMs
    if (left) return { kind: 'unanswered', elapsedMs }
    return {
      kind: 'ambiguous',
      ack: null,
      elapsedMs,
      error: new IntegrationError('MLLP_CONNECTION_LOST', {}),
    }
  }

  private heard(link: Link, bytes: Uint8Array): void {
    if (link !== this.link) return
    const { inFlight } = this
    const judged = judge(bytes, inFlight?.expected ?? null)
    if (judged.kind === 'stray') {
      this.onStray({ bytes, code: judged.code, controlId: judged.controlId })
      return
    }
    if (!inFlight) return
    this.answeredAtMs = performance.now()
    const elapsedMs = this.answeredAtMs - inFlight.sentAtMs
    switch (judged.kind) {
      case 'accepted': {
        const appliedLater = judged.code === 'CA' && inFlight.expected.appliedLater
        inFlight.settle({ kind: 'accepted', code: judged.code, ack: bytes, elapsedMs, appliedLater })
        break
      }
      case 'rejected': {
        const error = new IntegrationError('MLLP_MESSAGE_REJECTED', { code: judged.code })
        inFlight.settle({ kind: 'rejected', code: judged.code, ack: bytes, elapsedMs, error })
        break
      }
      case 'refused': {
        const error = new IntegrationError('MLLP_MESSAGE_REFUSED', { code: judged.code })
        inFlight.settle({ kind: 'refused', code: judged.code, ack: bytes, elapsedMs, error })
        break
      }
      case 'unreadable':
        this.doubt(new IntegrationError('MLLP_ACK_UNREADABLE', {}), bytes)
        break
      default:
        judged satisfies never
    }
  }

  private lost(link: Link): void {
    // One that was dropped before says so late, and does not concern the message in flight.
    if (link !== this.link) return
    // Hung up instead of answering, after answers before: it closes after each of them.
    if (this.inFlight && link.answers > 0) this.closesAfterAnswer = true
    this.doubt(new IntegrationError('MLLP_CONNECTION_LOST', {}), null)
  }

  // The connection goes with the doubt: an answer that comes late on it would be credited to the next message.
  private doubt(error: IntegrationError, ack: Uint8Array | null): void {
    const { inFlight } = this
    this.dropLink()
    inFlight?.settle({ kind: 'ambiguous', ack, elapsedMs: performance.now() - inFlight.sentAtMs, error })
  }
}
