import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { FrameDecoder, encodeFrame } from '../../src/standards/mllp/frames.ts'

/** One connection that asks and waits. */
export interface Asker {
  readonly socket: Socket
  /** Sends one frame, waits for the next reply. @throws Error when none comes in time or the connection ends */
  ask(message: Uint8Array): Promise<Uint8Array>
  write(message: Uint8Array): void
  next(): Promise<Uint8Array>
  /** Says that nothing more comes, and returns every reply still owed. */
  finish(): Promise<Uint8Array[]>
}

export async function openAsker(port: number, limitMs: number): Promise<Asker> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  const decoder = new FrameDecoder({ frameBytes: 64 << 20 }, { acceptUnframed: false })
  const ready: Uint8Array[] = []
  let ended = false
  let wake = (): void => undefined
  const hear = (events: ReturnType<FrameDecoder['push']>): void => {
    for (const event of events) if (event.kind === 'frame') ready.push(Uint8Array.from(event.bytes))
    wake()
  }
  socket.on('data', (chunk: Uint8Array) => hear(decoder.push(chunk)))
  socket.on('error', () => undefined)
  const closed = new Promise<void>((resolve) =>
    socket.once('close', () => {
      ended = true
      wake()
      resolve()
    }),
  )
  const next = async (): Promise<Uint8Array> => {
    const deadline = performance.now() + limitMs
    for (;;) {
      const reply = ready.shift()
      if (reply) return reply
      if (ended) throw new Error('the connection ended without a reply')
      const left = deadline - performance.now()
      if (left <= 0) throw new Error(`no reply within ${limitMs} ms`)
      const cancel = new AbortController()
      const woken = new Promise<void>((resolve) => {
        wake = resolve
      })
      await Promise.race([woken, sleep(left, undefined, { signal: cancel.signal }).catch(() => undefined)])
      cancel.abort()
    }
  }
  const write = (message: Uint8Array): void => {
    socket.write(encodeFrame(message))
  }
  return {
    socket,
    write,
    next,
    ask: (message) => {
      write(message)
      return next()
    },
    finish: async () => {
      socket.end()
      await closed
      return ready.splice(0)
    },
  }
}
