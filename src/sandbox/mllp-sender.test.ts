import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { encodeFrame } from '../standards/mllp/bytes.ts'
import { FrameDecoder } from '../standards/mllp/frames.ts'
import type { OutboundMessage } from './messages.ts'
import { openMllpSender, type SenderEvent, type SenderOptions } from './mllp-sender.ts'

type Reply = (id: string, nth: number, socket: Socket) => string | null

interface Receiver extends AsyncDisposable {
  readonly port: number
  readonly heard: string[]
  readonly fragments: number[]
  readonly mostAtOnce: () => number
}

/** A receiver that answers each message as `reply` says; null is silence. */
async function openReceiver(reply: Reply): Promise<Receiver> {
  const heard: string[] = []
  const fragments: number[] = []
  const sockets = new Set<Socket>()
  let most = 0
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    const decoder = new FrameDecoder({ frameBytes: 1e6 }, { acceptUnframed: false })
    const take = (events: ReturnType<FrameDecoder['push']>): void => {
      most = Math.max(most, events.filter((one) => one.kind === 'frame').length)
      for (const event of events) {
        if (event.kind === 'fragment') fragments.push(event.bytes.length)
        if (event.kind !== 'frame') continue
        const id = new TextDecoder().decode(event.bytes).split('|')[9] ?? ''
        heard.push(id)
        const code = reply(id, heard.filter((one) => one === id).length, socket)
        if (code !== null) socket.write(ack(code, id))
      }
    }
    socket.on('data', (chunk: Buffer) => take(decoder.push(chunk)))
    socket.on('end', () => take(decoder.end()))
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    fragments,
    mostAtOnce: () => most,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const ack = (code: string, id: string): Uint8Array =>
  encodeFrame(new TextEncoder().encode(`MSH|^~\\&|R|R|S|S|2026||ACK|1|P|2.5.1\rMSA|${code}|${id}\r`))

const message = (id: string, patient = 0): OutboundMessage => ({
  bytes: new TextEncoder().encode(`MSH|^~\\&|S|S|R|R|2026||ADT^A04|${id}|P|2.5.1\r`),
  controlId: id,
  type: 'ADT^A04',
  patient,
  at: 0,
})

const FAST = { host: '127.0.0.1', ackTimeoutMs: 150, retryMs: 5, retryMaxMs: 20 }
const openSender = (port: number, more: Partial<SenderOptions> = {}) =>
  openMllpSender({ ...FAST, port, ...more })

test('one message is in flight on a connection and the order is kept', async () => {
  await using receiver = await openReceiver(() => 'AA')
  await using sender = openSender(receiver.port)
  const ids = Array.from({ length: 50 }, (_, i) => `M${i}`)
  const deliveries = await Promise.all(ids.map((id) => sender.send(message(id))))
  expect(deliveries.every((one) => one.kind === 'accepted')).toBe(true)
  expect(receiver.heard).toEqual(ids)
  expect(receiver.mostAtOnce()).toBe(1)
})

test('after silence the socket is closed and the same message sent again', async () => {
  await using receiver = await openReceiver((_, nth) => (nth === 1 ? null : 'AA'))
  await using sender = openSender(receiver.port)
  expect(await sender.send(message('M1'))).toMatchObject({ kind: 'accepted', attempts: 2 })
  expect(receiver.heard).toEqual(['M1', 'M1'])
  expect(sender.stats()).toMatchObject({ accepted: 1, retried: 1, reconnected: 1 })
})

test('a reset after sending is answered by sending again', async () => {
  await using receiver = await openReceiver((_, nth, socket) => {
    if (nth > 1) return 'AA'
    socket.destroy()
    return null
  })
  await using sender = openSender(receiver.port)
  expect(await sender.send(message('M1'))).toMatchObject({ kind: 'accepted', attempts: 2 })
})

test('an answer to another message is a stray and not credited', async () => {
  await using receiver = await openReceiver((id, _, socket) => {
    socket.write(ack('AA', 'SOMETHING-ELSE'))
    return id === 'M1' ? 'AE' : 'AA'
  })
  await using sender = openSender(receiver.port)
  expect(await sender.send(message('M1'))).toMatchObject({ kind: 'rejected', code: 'AE' })
  expect(sender.stats().stray).toBe(1)
})

test('AE is the end of a message, AR is tried again', async () => {
  await using receiver = await openReceiver((id, nth) => (id === 'BAD' ? 'AE' : nth < 3 ? 'AR' : 'AA'))
  await using sender = openSender(receiver.port)
  expect(await sender.send(message('BAD'))).toMatchObject({ kind: 'rejected', attempts: 1 })
  expect(await sender.send(message('BUSY'))).toMatchObject({ kind: 'accepted', attempts: 3 })
})

test('a receiver that is not there yet is waited for', async () => {
  const early = await openReceiver(() => 'AA')
  const { port } = early
  await early[Symbol.asyncDispose]()
  const events: SenderEvent[] = []
  await using sender = openSender(port, { tell: (event) => events.push(event) })
  const delivery = sender.send(message('M1'))
  await expect.poll(() => events.filter((one) => one.kind === 'retry').length).toBeGreaterThan(1)
  await sender.stop(10)
  expect(await delivery).toEqual({ kind: 'stopped' })
})

test('messages of one person keep their connection, those of others travel beside them', async () => {
  await using receiver = await openReceiver((id) => (id === 'STUCK' ? null : 'AA'))
  await using sender = openSender(receiver.port, { connections: 2, ackTimeoutMs: 5000 })
  const stuck = sender.send(message('STUCK', 0))
  expect(await sender.send(message('OTHER', 1))).toMatchObject({ kind: 'accepted' })
  await sender.stop(10)
  expect(await stuck).toEqual({ kind: 'stopped' })
})

test('half a frame, a repeat and a hang-up on demand still end in one acceptance each', async () => {
  await using receiver = await openReceiver(() => 'AA')
  const faults = { HALF: 'half_frame', TWICE: 'repeat', GONE: 'hang_up' } as const
  const fault = (one: OutboundMessage, attempt: number) =>
    attempt === 1 ? faults[one.controlId as keyof typeof faults] : null
  await using sender = openSender(receiver.port, { fault })
  for (const id of Object.keys(faults)) expect((await sender.send(message(id))).kind).toBe('accepted')
  expect(receiver.fragments).toHaveLength(1)
  expect(receiver.heard.filter((one) => one === 'TWICE')).toHaveLength(2)
  expect(receiver.heard.filter((one) => one === 'GONE').length).toBeGreaterThanOrEqual(1)
})

test('out of order on demand sends the second before the first', async () => {
  await using receiver = await openReceiver(() => 'AA')
  await using sender = openSender(receiver.port, {
    fault: (one) => (one.controlId === 'A' ? 'out_of_order' : null),
  })
  await Promise.all(['FIRST', 'A', 'B', 'C'].map((id) => sender.send(message(id))))
  expect(receiver.heard.indexOf('B')).toBeLessThan(receiver.heard.indexOf('A'))
  expect([...receiver.heard].sort()).toEqual(['A', 'B', 'C', 'FIRST'])
})

test('after stop nothing is sent any more', async () => {
  await using receiver = await openReceiver(() => 'AA')
  const sender = openSender(receiver.port)
  await sender.send(message('M1'))
  await sender.stop()
  expect(await sender.send(message('M2'))).toEqual({ kind: 'stopped' })
  expect(receiver.heard).toEqual(['M1'])
})
