import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { buildAck } from '../../standards/hl7v2/ack.ts'
import type { AckCode } from '../../standards/hl7v2/ack.ts'
import { FrameDecoder, encodeFrame, encodeFrames } from '../../standards/mllp/frames.ts'
import { ack, certificate, controlIdOf, message, openWorld, settled, until } from './listener.world.ts'
import { openSender } from './send.ts'
import type { SendResult, SenderOptions, Stray } from './send.ts'

type Answer = (frame: Uint8Array, socket: Socket) => void

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const answerWith = (code: AckCode, inbound: Uint8Array): Uint8Array =>
  encodeFrame(buildAck(inbound, { code, controlId: 'R', at: systemClock.now() }))
const codeAnswer =
  (code: AckCode): Answer =>
  (frame, socket) =>
    void socket.write(answerWith(code, frame))

/** A receiver on a real socket that answers as it is told, and a sender to it. */
async function openReceiver(answer: Answer, options: Partial<SenderOptions> = {}) {
  const received: string[] = []
  const strays: Stray[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    receiver.connections++
    sockets.add(socket)
    const decoder = new FrameDecoder({ frameBytes: 1e6 }, { acceptUnframed: false })
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Uint8Array) => {
      for (const event of decoder.push(chunk)) {
        if (event.kind !== 'frame') continue
        received.push(controlIdOf(event.bytes))
        answer(event.bytes, socket)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sender = openSender({
    host: '127.0.0.1',
    port,
    timeoutMs: 2000,
    onStray: (stray) => strays.push(stray),
    ...options,
  })
  const receiver = {
    received,
    strays,
    sender,
    port,
    sockets,
    connections: 0,
    send: (id: string, more = '') => sender.send(bytesOf(message(id, more))),
    async [Symbol.asyncDispose]() {
      await sender.close()
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
  return receiver
}

const summary = (result: SendResult): string => {
  const code = 'code' in result ? result.code : 'error' in result ? result.error.code : ''
  return `${result.kind} ${code}`.trim()
}

test('messages are sent and acknowledged, over one connection', async () => {
  await using world = await openWorld()
  const { port } = world.listener.address
  await using sender = openSender({ host: '127.0.0.1', port })
  const results = await Promise.all(['A', 'B', 'C'].map((id) => sender.send(bytesOf(message(id)))))
  expect(results.map(summary)).toEqual(['accepted AA', 'accepted AA', 'accepted AA'])
  expect(world.inbox.seen).toEqual(['A', 'B', 'C'])
  expect(new Set(world.inbox.arrivals.map(({ remote }) => remote)).size).toBe(1)
})

test('only one message is in flight: the next leaves after the acknowledgement', async () => {
  const open: (() => void)[] = []
  await using receiver = await openReceiver((frame, socket) =>
    open.push(() => void codeAnswer('AA')(frame, socket)),
  )
  const results = Promise.all([receiver.send('A'), receiver.send('B')])
  await until(() => open.length === 1)
  await settled(40)
  expect(receiver.received).toEqual(['A'])
  open[0]?.()
  await until(() => open.length === 2)
  open[1]?.()
  expect((await results).map(summary)).toEqual(['accepted AA', 'accepted AA'])
})

test('each code has its meaning, in original and in enhanced mode', async () => {
  const codes: AckCode[] = ['AA', 'CA', 'AE', 'CE', 'AR', 'CR']
  let next = 0
  await using receiver = await openReceiver((frame, socket) =>
    codeAnswer(codes[next++] ?? 'AA')(frame, socket),
  )
  const results: string[] = []
  for (const code of codes) results.push(summary(await receiver.send(code)))
  expect(results).toEqual([
    'accepted AA',
    'accepted CA',
    'rejected AE',
    'rejected CE',
    'refused AR',
    'refused CR',
  ])
  expect(receiver.connections).toBe(1)
})

test('codes are read without regard to case and blanks', async () => {
  await using receiver = await openReceiver((frame, socket) => {
    socket.write(encodeFrame(bytesOf(`MSH|^~\\&|||||||ACK|1|P|2.3\rMSA| aa | ${controlIdOf(frame)} \r`)))
  })
  expect(summary(await receiver.send('A'))).toBe('accepted AA')
})

test('the deadline is on the whole acknowledgement, however its bytes drip', async () => {
  await using receiver = await openReceiver(
    (frame, socket) => {
      const reply = answerWith('AA', frame)
      let at = 0
      const drip = setInterval(
        () => (at < 20 ? socket.write(reply.subarray(at, ++at)) : clearInterval(drip)),
        20,
      )
      socket.on('close', () => clearInterval(drip))
    },
    { timeoutMs: 150 },
  )
  const result = await receiver.send('A')
  expect(summary(result)).toBe('ambiguous MLLP_ACK_TIMEOUT')
  expect(result.elapsedMs).toBeGreaterThanOrEqual(145)
  expect(result.elapsedMs).toBeLessThan(1000)
})

test('after a timeout the connection is closed, so that a late acknowledgement is never credited to the next message', async () => {
  await using receiver = await openReceiver(
    (frame, socket) => {
      const late = receiver.received.length === 1
      setTimeout(() => codeAnswer(late ? 'AA' : 'AE')(frame, socket), late ? 200 : 0)
    },
    { timeoutMs: 100 },
  )
  expect(summary(await receiver.send('A'))).toBe('ambiguous MLLP_ACK_TIMEOUT')
  expect(summary(await receiver.send('B'))).toBe('rejected AE')
  await settled(150)
  expect(summary(await receiver.send('C'))).toBe('rejected AE')
  expect(receiver.connections).toBe(2)
})

test('an acknowledgement of another message is told apart and the wait goes on', async () => {
  await using receiver = await openReceiver((frame, socket) => {
    socket.write(answerWith('AA', bytesOf(message('OTHER'))))
    setTimeout(() => socket.write(answerWith('AE', frame)), 20)
  })
  expect(summary(await receiver.send('A'))).toBe('rejected AE')
  expect(receiver.strays.map(({ code, controlId }) => [code, controlId])).toEqual([['AA', 'OTHER']])
})

test('an answer that is no acknowledgement leaves the message in doubt', async () => {
  await using receiver = await openReceiver(
    (_frame, socket) => void socket.write(encodeFrame(bytesOf('hello'))),
  )
  const result = await receiver.send('A')
  expect(summary(result)).toBe('ambiguous MLLP_ACK_UNREADABLE')
  expect(result).toHaveProperty('ack', bytesOf('hello').slice())
  await using codeless = await openReceiver((frame, socket) => {
    socket.write(encodeFrame(bytesOf(`MSH|^~\\&|||||||ACK|1|P|2.3\rMSA||${controlIdOf(frame)}\r`)))
  })
  expect(summary(await codeless.send('A'))).toBe('ambiguous MLLP_ACK_UNREADABLE')
})

test('a refusal with an empty MSA-2 is ours, an acceptance with an empty MSA-2 is nobody’s', async () => {
  const bare = (code: string) => encodeFrame(bytesOf(`MSH|^~\\&|||||||ACK|1|P|2.3\rMSA|${code}|\r`))
  await using refusing = await openReceiver((_frame, socket) => void socket.write(bare('AR')))
  expect(summary(await refusing.send('A'))).toBe('refused AR')
  await using accepting = await openReceiver((_frame, socket) => void socket.write(bare('AA')), {
    timeoutMs: 100,
  })
  expect(summary(await accepting.send('A'))).toBe('ambiguous MLLP_ACK_TIMEOUT')
})

test('a connection that ends instead of answering leaves the message in doubt', async () => {
  await using ending = await openReceiver((_frame, socket) => void socket.end())
  expect(summary(await ending.send('A'))).toBe('ambiguous MLLP_CONNECTION_LOST')
  await using resetting = await openReceiver((_frame, socket) => void socket.resetAndDestroy())
  expect(summary(await resetting.send('A'))).toBe('ambiguous MLLP_CONNECTION_LOST')
})

test('a receiver that closes after every acknowledgement gets every message, each on a new connection', async () => {
  await using receiver = await openReceiver((frame, socket) => socket.end(answerWith('AA', frame)))
  const results = await Promise.all(Array.from({ length: 20 }, (_, n) => receiver.send(`N${n}`)))
  expect(new Set(results.map(summary))).toEqual(new Set(['accepted AA']))
  expect(receiver.received).toHaveLength(20)
  expect(receiver.connections).toBe(20)
})

test('a receiver that restarted while the link was silent is connected to again', async () => {
  await using receiver = await openReceiver(codeAnswer('AA'))
  await receiver.send('A')
  await settled(20)
  await receiver.send('B')
  for (const socket of receiver.sockets) socket.end()
  await settled(20)
  expect(summary(await receiver.send('C'))).toBe('accepted AA')
  expect(receiver.connections).toBe(2)
})

test('where nothing listens nothing was sent, and further tries wait longer', async () => {
  const gone = await openReceiver(codeAnswer('AA'))
  await gone[Symbol.asyncDispose]()
  await using sender = openSender({ host: '127.0.0.1', port: gone.port })
  const startedAt = performance.now()
  const results = [await sender.send(bytesOf(message('A'))), await sender.send(bytesOf(message('B')))]
  expect(results.map(summary)).toEqual(['unreachable MLLP_UNREACHABLE', 'unreachable MLLP_UNREACHABLE'])
  expect(performance.now() - startedAt).toBeGreaterThan(120)
})

test('an accept acknowledgement is enough where the application acknowledgement comes later', async () => {
  await using receiver = await openReceiver((frame, socket) => {
    socket.write(answerWith('CA', frame))
    setTimeout(() => socket.write(answerWith('AA', frame)), 20)
  })
  expect(await receiver.send('A', '|||AL|AL')).toMatchObject({
    kind: 'accepted',
    code: 'CA',
    appliedLater: true,
  })
  await until(() => receiver.strays.length === 1)
  expect(receiver.strays[0]).toMatchObject({ code: 'AA', controlId: 'A' })
  expect(await receiver.send('B', '|||AL|NE')).toMatchObject({ code: 'CA', appliedLater: false })
})

test('a message that wants no answer is not waited for', async () => {
  await using receiver = await openReceiver(() => undefined)
  expect(summary(await receiver.send('A', '|||NE|NE'))).toBe('unanswered')
  await until(() => receiver.received.length === 1)
})

test('a batch is judged by the worst of its acknowledgements', async () => {
  await using receiver = await openReceiver((_frame, socket) => {
    const acks = [
      ack(bytesOf(message('A')), 'AA'),
      buildAck(bytesOf(message('B')), { code: 'AE', controlId: 'R2', at: 0 }),
    ]
    socket.write(encodeFrame(Buffer.concat([bytesOf('BHS|^~\\&\r'), ...acks, bytesOf('BTS|2\r')])))
  })
  const batch = bytesOf(`BHS|^~\\&\r${message('A')}${message('B')}BTS|2\r`)
  expect(summary(await receiver.sender.send(batch))).toBe('rejected AE')
})

test('two acknowledgements in one slice are credited one by one', async () => {
  await using receiver = await openReceiver((frame, socket) => {
    socket.write(encodeFrames([ack(frame, 'AA'), ack(bytesOf(message('STALE')), 'AA')]))
  })
  expect(summary(await receiver.send('A'))).toBe('accepted AA')
  expect(summary(await receiver.send('B'))).toBe('accepted AA')
  expect(receiver.strays.map(({ controlId }) => controlId)).toContain('STALE')
})

test('closing waits for the message in flight and gives the others back unsent', async () => {
  const open: (() => void)[] = []
  await using receiver = await openReceiver((frame, socket) =>
    open.push(() => void codeAnswer('AA')(frame, socket)),
  )
  const results = Promise.all([receiver.send('A'), receiver.send('B')])
  await until(() => open.length === 1)
  const closing = receiver.sender.close()
  open[0]?.()
  await closing
  expect((await results).map(summary)).toEqual(['accepted AA', 'unreachable MLLP_UNREACHABLE'])
})

test('over TLS the certificate of the receiver is checked', async () => {
  const tls = { enabled: true, cert: certificate('server.cert'), key: certificate('server.key') }
  await using world = await openWorld({
    tls: { ...tls, ca: certificate('ca.cert'), requireClientCert: true },
  })
  const { port } = world.listener.address
  const ours = { enabled: true, cert: certificate('client.cert'), key: certificate('client.key') }
  await using trusting = openSender({ host: '127.0.0.1', port, tls: { ...ours, ca: certificate('ca.cert') } })
  await using doubting = openSender({ host: '127.0.0.1', port, tls: ours })
  await using misled = openSender({
    host: '127.0.0.1',
    port,
    tls: { ...ours, ca: certificate('ca.cert'), serverName: 'hl7.example.org' },
  })
  const send = async (sender: typeof trusting) => summary(await sender.send(bytesOf(message('A'))))
  expect(await send(trusting)).toBe('accepted AA')
  expect(await send(doubting)).toBe('unreachable MLLP_UNREACHABLE')
  expect(await send(misled)).toBe('unreachable MLLP_UNREACHABLE')
  expect(world.inbox.seen).toEqual(['A'])
})
