import { connect, type Socket } from 'node:net'
import { readAck } from '../standards/hl7v2/read-ack.ts'
import { encodeFrame } from '../standards/mllp/bytes.ts'
import { FrameDecoder } from '../standards/mllp/frames.ts'
import type { OutboundMessage } from './messages.ts'

/** Ways in which a sender misbehaves on demand. */
export type SendFault = 'half_frame' | 'hang_up' | 'repeat' | 'out_of_order'

export interface WireOptions {
  readonly host: string
  readonly port: number
  /** Deadline for the whole acknowledgement. */
  readonly ackTimeoutMs?: number
  /** Opens the socket; TLS senders give their own. */
  readonly dial?: () => Socket
}

/** What came of one attempt. */
export type Answer =
  | { readonly kind: 'answered'; readonly code: string }
  | { readonly kind: 'timeout' | 'hung_up' | 'unreadable' }

export interface Wire {
  exchange(message: OutboundMessage, fault: SendFault | null): Promise<Answer>
  close(): void
}

const ACK_LIMITS = { frameBytes: 1_048_576 }

/** One socket at a time, opened when it is needed. */
export function openWire(
  options: WireOptions,
  tell: (event: 'connected' | 'disconnected' | 'stray') => void,
): Wire {
  let socket: Socket | null = null
  let closed = false
  // Whoever waits for the answer now; a socket that fails tells them, too.
  let hear: ((answer: Answer | { kind: 'ack'; bytes: Uint8Array }) => void) | null = null

  let dialing: Socket | null = null

  const drop = (): void => {
    socket?.destroy()
    socket = null
  }

  const open = (): Promise<Socket | null> =>
    new Promise((resolve) => {
      const made =
        options.dial?.() ??
        connect({
          host: options.host,
          port: options.port,
          noDelay: true,
          keepAlive: true,
          keepAliveInitialDelay: 30_000,
        })
      const decoder = new FrameDecoder(ACK_LIMITS, { acceptUnframed: false })
      let isOpen = false
      dialing = made
      made.on('connect', () => {
        isOpen = true
        socket = made
        dialing = null
        tell('connected')
        resolve(made)
      })
      made.on('data', (chunk: Buffer) => {
        for (const event of decoder.push(chunk)) {
          if (event.kind === 'frame' && socket === made) hear?.({ kind: 'ack', bytes: event.bytes })
        }
      })
      made.on('error', () => undefined) // 'close' follows and says all there is to say
      made.on('close', () => {
        if (isOpen) tell('disconnected')
        // A socket that was dropped closes late; its end is not the end of the exchange on the next one.
        const current = socket === made
        if (current) socket = null
        if (current) hear?.({ kind: 'hung_up' })
        resolve(null)
      })
    })

  const exchange: Wire['exchange'] = async (message, fault) => {
    const line = socket ?? (closed ? null : await open())
    if (line === null || closed) return { kind: 'hung_up' }
    return new Promise((resolve) => {
      const finish = (answer: Answer): void => {
        clearTimeout(deadline)
        hear = null
        // A late answer on a kept socket would be credited to the next message.
        if (answer.kind !== 'answered') drop()
        resolve(answer)
      }
      const deadline = setTimeout(() => finish({ kind: 'timeout' }), options.ackTimeoutMs ?? 30_000)
      let owed = fault === 'repeat' ? 2 : 1
      hear = (heard) => {
        if (heard.kind !== 'ack') return finish(heard)
        const ack = readAck(heard.bytes)
        if (!ack.readable) return finish({ kind: 'unreadable' })
        if (ack.controlId !== message.controlId) return tell('stray')
        owed -= 1
        if (owed === 0) finish({ kind: 'answered', code: ack.code })
      }
      write(line, encodeFrame(message.bytes), fault)
    })
  }

  return {
    exchange,
    close: () => {
      closed = true
      dialing?.destroy()
      drop()
      hear?.({ kind: 'hung_up' })
    },
  }
}

function write(socket: Socket, frame: Uint8Array, fault: SendFault | null): void {
  switch (fault) {
    case 'half_frame':
      socket.end(frame.subarray(0, frame.length >>> 1), () => socket.destroy())
      break
    case 'hang_up':
      socket.end(frame, () => socket.destroy())
      break
    case 'repeat':
      socket.write(frame)
      socket.write(frame)
      break
    case 'out_of_order':
    case null:
      socket.write(frame)
  }
}
