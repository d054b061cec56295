import { once } from 'node:events'
import type { EventEmitter } from 'node:events'
import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { FrameDecoder, encodeFrame } from '../../standards/mllp/frames.ts'
import type { SenderTlsSettings } from './definition.ts'
import { loadTls } from './tls.ts'

export interface LinkTarget {
  host: string
  port: number
  tls: SenderTlsSettings | null
  connectTimeoutMs: number
}

const REPLY_BYTES = 16 * 1024 * 1024
const KEEP_ALIVE_MS = 30_000

/** What a link tells its owner. After `onLost` nothing more comes. */
export interface LinkListener {
  onFrame(link: Link, bytes: Uint8Array): void
  onLost(link: Link): void
}

/** One connection to a receiver: frames out, frames in. */
export class Link {
  private readonly socket: Socket
  /** Frames that came on this connection. */
  answers = 0

  constructor(socket: Socket, listener: LinkListener) {
    this.socket = socket
    const decoder = new FrameDecoder({ frameBytes: REPLY_BYTES }, { acceptUnframed: true })
    let lost = false
    const lose = (): void => {
      if (lost) return
      lost = true
      listener.onLost(this)
    }
    const hear = (events: ReturnType<FrameDecoder['push']>): void => {
      for (const event of events) {
        if (event.kind === 'frame') {
          this.answers++
          listener.onFrame(this, event.bytes)
        } else if (event.kind === 'too-large' || event.kind === 'wrong-peer') socket.destroy()
      }
    }
    socket.on('data', (chunk: Uint8Array) => {
      hear(decoder.push(chunk))
      // An answer without the last CR is an answer: there is nothing else it could turn into.
      if (decoder.awaitsTrailer) hear(decoder.graceExpired())
    })
    socket.on('error', () => undefined)
    socket.on('end', () => {
      hear(decoder.end())
      lose()
    })
    socket.on('close', lose)
  }

  /** False once either side ended it. */
  get alive(): boolean {
    return this.socket.writable && this.socket.readable && !this.socket.readableEnded
  }

  write(bytes: Uint8Array): void {
    this.socket.write(encodeFrame(bytes))
  }

  /** Resolves true when everything written was handed to the operating system, false when the connection ended first. */
  flushed(): Promise<boolean> {
    return new Promise((resolve) => this.socket.write('', (error) => resolve(!error)))
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/**
 * Connects, with TLS where the target says so; the certificate of the receiver is always checked.
 *
 * @throws the error of the socket, or TLS_MATERIAL_INVALID; nothing was sent then
 */
export async function openLink(target: LinkTarget, listener: LinkListener): Promise<Link> {
  const { host, port, tls, connectTimeoutMs } = target
  const plain = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
  const socket = tls ? connectTls({ ...plain, ...(await tlsOptions(host, tls)) }) : connect(plain)
  const late = setTimeout(
    () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })),
    connectTimeoutMs,
  )
  try {
    await once(socket as EventEmitter, tls ? 'secureConnect' : 'connect')
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(late)
  }
  socket.setNoDelay(true)
  return new Link(socket, listener)
}

async function tlsOptions(host: string, tls: SenderTlsSettings) {
  const name = tls.serverName || (isIP(host) ? '' : host)
  return { ...(await loadTls(tls, false)), rejectUnauthorized: true, ...(name ? { servername: name } : {}) }
}
