import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FrameDecoder, encodeFrame } from '../../src/standards/mllp/frames.ts'
import type { LoadMessage } from './clinic.ts'

/** Where the engine listens now; null while there is none. */
export interface Target {
  port: number | null
}

export interface LineOptions {
  target: Target
  /** Messages sent before the first of them is answered. */
  window: number
  next: () => LoadMessage
  /** Told of replies that no correct receiver gives. */
  onViolation: (what: string) => void
}

const REPLY_LIMIT_MS = 60_000
const AGAIN_MS = 50

/**
 * One connection of a sender that loses nothing: what was not acknowledged is sent again, the same bytes in the same
 * order, over as many connections as it takes.
 */
export class Line {
  readonly acknowledged = new Map<string, LoadMessage>()
  resent = 0
  readonly #options: LineOptions
  #owed: { message: LoadMessage; wasSent: boolean }[] = []
  #sending = false
  #ended = false
  #wake: (() => void)[] = []

  constructor(options: LineOptions) {
    this.#options = options
  }

  /** Sends until told to end. */
  async run(): Promise<void> {
    while (!this.#ended) {
      const { port } = this.#options.target
      const hasWork = this.#sending || this.#owed.length > 0
      if (port === null || !hasWork) await Promise.race([this.#changed(), sleep(AGAIN_MS)])
      else {
        await this.#session(port)
        await sleep(AGAIN_MS)
      }
    }
  }

  load(): void {
    this.#sending = true
    this.#tell()
  }

  /** Makes no new messages; what is owed is still sent. */
  rest(): void {
    this.#sending = false
    this.#tell()
  }

  end(): void {
    this.#ended = true
    this.#tell()
  }

  get owed(): number {
    return this.#owed.length
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #tell(): void {
    const woken = this.#wake
    this.#wake = []
    for (const one of woken) one()
  }

  /** One connection, until it breaks, the receiver refuses, or nothing is owed and nothing new is made. */
  async #session(port: number): Promise<void> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    const decoder = new FrameDecoder({ frameBytes: 1 << 20 }, { acceptUnframed: false })
    let inFlight = 0
    let heardAt = performance.now()
    const fill = (): void => {
      while (inFlight < this.#options.window && this.#write(socket, inFlight)) inFlight += 1
      if (inFlight === 0) socket.end()
    }
    const watch = setInterval(() => {
      if (inFlight === 0 || performance.now() - heardAt < REPLY_LIMIT_MS) return
      this.#options.onViolation(`no reply within ${REPLY_LIMIT_MS} ms`)
      socket.destroy()
    }, 1000)
    socket.on('connect', fill)
    socket.on('data', (chunk: Uint8Array) => {
      heardAt = performance.now()
      for (const event of decoder.push(chunk)) {
        if (event.kind !== 'frame' || socket.destroyed) continue
        if (this.#settle(Buffer.from(event.bytes).toString('utf8'))) inFlight -= 1
        else socket.destroy()
      }
      if (!socket.destroyed) fill()
    })
    socket.on('error', () => undefined)
    await new Promise((closed) => socket.once('close', closed))
    clearInterval(watch)
  }

  #write(socket: Socket, at: number): boolean {
    if (at >= this.#owed.length) {
      if (!this.#sending || this.#ended) return false
      this.#owed.push({ message: this.#options.next(), wasSent: false })
    }
    const one = this.#owed[at]
    if (!one) return false
    if (one.wasSent) this.resent += 1
    one.wasSent = true
    socket.write(encodeFrame(one.message.bytes))
    return true
  }

  /** @returns false when the receiver could not take it now, and everything owed is sent again */
  #settle(reply: string): boolean {
    const [, code = '', controlId = ''] = /\rMSA\|([^|\r]*)\|([^|\r]*)/.exec(reply) ?? []
    const first = this.#owed[0]
    if (!first || controlId !== first.message.controlId) {
      this.#options.onViolation(
        `a reply to ${controlId || 'nothing'} came where ${first?.message.controlId} was next`,
      )
      return false
    }
    if (code === 'AR') return false
    if (code !== 'AA') this.#options.onViolation(`${controlId} was answered with ${code}`)
    this.acknowledged.set(controlId, first.message)
    this.#owed.shift()
    if (this.#owed.length === 0) this.#tell()
    return true
  }
}
