import { once } from 'node:events'
import type { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { systemClock } from '../../kernel/clock.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import { buildAck } from '../../standards/hl7v2/ack.ts'
import { readAck } from '../../standards/hl7v2/read-ack.ts'
import { FrameDecoder } from '../../standards/mllp/frames.ts'
import type { AckOutcome, Arrival, Inbox, Receipt } from '../connector.ts'
import { hl7v2Settings } from './definition.ts'
import type { Hl7v2SettingsInput } from './definition.ts'
import type { Log } from './log.ts'
import { openListener } from './receive.ts'
import type { Listener } from './receive.ts'

/** A message with the control id given, all synthetic. */
export const message = (controlId: string, more = ''): string =>
  `MSH|^~\\&|CERNER|HOSP|STUDIO|PRACTICE|20260105080000||ADT^A08^ADT_A01|${controlId}|P|2.5.1${more}\rEVN|A08|20260105080000\rPID|1||1^^^CERNER^MR||TEST^ONE\r`
export const framed = (text: string): string => `\x0b${text}\x1c\r`

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
export const controlIdOf = (bytes: Uint8Array): string => text(bytes).split('\r')[0]?.split('|')[9] ?? ''

/** A message waiting in the fake inbox until the test decides about it. */
export interface Waiting {
  arrival: Arrival
  settle(receipt: Receipt): void
  accept(more?: { later?: Promise<Uint8Array | null>; reply?: null }): void
  fail(error: unknown): void
}

/** An inbox in memory. With `holds`, messages wait in `waiting` until the test lets them go. */
export class FakeInbox implements Inbox {
  readonly arrivals: Arrival[] = []
  readonly waiting: Waiting[] = []
  readonly outcomes: [string, AckOutcome][] = []
  holds = false
  congested = false
  private relief: (() => void)[] = []

  record(arrival: Arrival): Promise<Receipt> {
    this.arrivals.push(arrival)
    return new Promise((settle, fail) => {
      const accept: Waiting['accept'] = (more = {}) =>
        settle({
          kind: 'stored',
          exchangeId: controlIdOf(arrival.bytes) as ExchangeId,
          reply: more.reply === null || arrival.cut ? null : ack(arrival.bytes, 'AA'),
          ...(more.later ? { later: more.later } : {}),
        })
      if (this.holds) this.waiting.push({ arrival, settle, accept, fail })
      else accept()
    })
  }

  replied(exchangeId: ExchangeId, outcome: AckOutcome): void {
    this.outcomes.push([exchangeId, outcome])
  }

  relieved(): Promise<void> {
    return new Promise((resolve) => this.relief.push(resolve))
  }

  relieve(): void {
    this.congested = false
    for (const resolve of this.relief.splice(0)) resolve()
  }

  /** What arrived, by control id; fragments in brackets. */
  get seen(): string[] {
    return this.arrivals.map(({ bytes, cut }) => (cut ? `[${text(bytes)}]` : controlIdOf(bytes)))
  }
}

let replies = 0
export const ack = (inbound: Uint8Array, code: 'AA' | 'CA'): Uint8Array =>
  buildAck(inbound, { code, controlId: `R${++replies}`, at: systemClock.now() })

/** Log lines as `level message`, with their fields. */
export class FakeLog implements Log {
  readonly lines: { level: string; fields: Record<string, unknown>; message: string }[] = []
  readonly debug = this.keep('debug')
  readonly info = this.keep('info')
  readonly warn = this.keep('warn')

  get warnings(): string[] {
    return this.lines.filter(({ level }) => level === 'warn').map(({ message: said }) => said)
  }

  private keep(level: string) {
    return (fields: object, said: string): void =>
      void this.lines.push({ level, fields: { ...fields }, message: said })
  }
}

/** Resolves when the condition holds; fails after 5 seconds with what it waited for. */
export async function until(condition: () => boolean, what = condition.toString()): Promise<void> {
  const limit = performance.now() + 5000
  while (!condition()) {
    if (performance.now() > limit) throw new Error(`waited for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

export const settled = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A sender on a real socket. */
export class TestSender {
  readonly socket: Socket
  readonly replies: string[] = []
  ended = false
  closed = false
  resetCode = ''
  private readonly decoder = new FrameDecoder({ frameBytes: 1_000_000 }, { acceptUnframed: false })

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Uint8Array) => {
      for (const event of this.decoder.push(chunk)) if (event.kind === 'frame') this.keep(event.bytes)
    })
    socket.on('end', () => (this.ended = true))
    socket.on('close', () => (this.closed = true))
    socket.on('error', (error: NodeJS.ErrnoException) => (this.resetCode = error.code ?? 'error'))
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Says FIN and goes on reading. */
  end(): void {
    this.socket.end()
  }

  private keep(bytes: Uint8Array): void {
    const { code, controlId } = readAck(bytes)
    this.replies.push(`${code} ${controlId}`)
  }
}

export interface World extends AsyncDisposable {
  listener: Listener
  inbox: FakeInbox
  log: FakeLog
  connect(options?: { tls?: ConnectionOptions; host?: string }): Promise<TestSender>
}

export async function openWorld(settings: Hl7v2SettingsInput = {}): Promise<World> {
  const inbox = new FakeInbox()
  const log = new FakeLog()
  const parsed = hl7v2Settings.parse({ port: 0, graceMs: 60, ...settings })
  const listener = await openListener({ connectionId: 'test' as ConnectionId, settings: parsed, inbox, log })
  const senders: TestSender[] = []
  return {
    listener,
    inbox,
    log,
    async connect({ tls, host = '127.0.0.1' } = {}) {
      const { port } = listener.address
      const target = { host, port, allowHalfOpen: true }
      const socket = tls ? connectTls({ ...tls, ...target }) : connect(target)
      const sender = new TestSender(socket)
      senders.push(sender)
      await once(socket as EventEmitter, tls ? 'secureConnect' : 'connect')
      return sender
    },
    async [Symbol.asyncDispose]() {
      for (const { socket } of senders) socket.destroy()
      await listener.close({ deadlineMs: 0 })
    },
  }
}

const folder = new URL('../../../fixtures/tls/', import.meta.url)
/** Test-only certificates; fixtures/tls/README.md says what they are. */
export const certificate = (name: string): string => readFileSync(new URL(`${name}.pem`, folder), 'utf8')
