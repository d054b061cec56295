import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import { hl7v2Settings } from './definition.ts'
import { FakeInbox, ack, framed, message, openWorld, settled, until } from './listener.world.ts'
import { silentLog } from './log.ts'
import { openListener } from './receive.ts'

test('a message is recorded without its frame and answered on its connection', async () => {
  await using world = await openWorld()
  const sender = await world.connect()
  sender.send(framed(message('M1')))
  await until(() => sender.replies.length === 1)
  expect(sender.replies).toEqual(['AA M1'])
  expect(Buffer.from(world.inbox.arrivals[0]?.bytes ?? []).toString('latin1')).toBe(message('M1'))
  expect(world.inbox.arrivals[0]?.remote).toMatch(/^127\.0\.0\.1:\d+$/)
  await until(() => world.inbox.outcomes.length === 1)
  expect(world.inbox.outcomes).toEqual([['M1', 'sent']])
})

test('frames that are split and joined anywhere give the same messages', async () => {
  await using world = await openWorld()
  const sender = await world.connect()
  const stream = ['A', 'B', 'C', 'D'].map((id) => framed(message(id))).join('')
  for (let at = 0; at < stream.length; at += 97) {
    sender.send(stream.slice(at, at + 97))
    await settled(1)
  }
  await until(() => sender.replies.length === 4)
  expect(sender.replies).toEqual(['AA A', 'AA B', 'AA C', 'AA D'])
})

test('two connections that send their pieces in turn do not mix', async () => {
  await using world = await openWorld()
  const [one, two] = [await world.connect(), await world.connect()]
  one.send('\x0b' + message('ONE').slice(0, 30))
  two.send('\x0b' + message('TWO').slice(0, 20))
  await settled(5)
  two.send(message('TWO').slice(20) + '\x1c\r')
  one.send(message('ONE').slice(30) + '\x1c\r')
  await until(() => one.replies.length === 1 && two.replies.length === 1)
  expect([...one.replies, ...two.replies]).toEqual(['AA ONE', 'AA TWO'])
})

test('noise between frames is dropped, counted and logged once per burst, by its shape only', async () => {
  await using world = await openWorld()
  const sender = await world.connect()
  sender.send(`\r\n\0 Doe 1980!${framed(message('A'))}\r\r${framed(message('B'))}`)
  await until(() => sender.replies.length === 2)
  expect(world.listener.stats()).toMatchObject({
    noiseBytes: 9,
    frames: 2,
    connections: [{ noise: 9, frames: 2 }],
  })
  expect(world.log.lines.map(({ level, fields }) => [level, fields['shape']])).toEqual([
    ['warn', 'xxx 9999!'],
  ])
})

test('a frame that a new frame cuts off is kept as truncated and not answered', async () => {
  await using world = await openWorld()
  const sender = await world.connect()
  sender.send(`\x0bMSH|cut off${framed(message('NEXT'))}`)
  await until(() => sender.replies.length === 1)
  expect(world.inbox.seen).toEqual(['[MSH|cut off]', 'NEXT'])
  expect(sender.replies).toEqual(['AA NEXT'])
  expect(world.inbox.outcomes).toEqual([['NEXT', 'sent']])
})

test('the end of a connection inside a frame leaves a truncated arrival, after FIN and after reset alike', async () => {
  await using world = await openWorld()
  const polite = await world.connect()
  polite.send('\x0bMSH|one')
  polite.end()
  await until(() => polite.closed || polite.ended)
  const rude = await world.connect()
  rude.send('\x0bMSH|two')
  await until(() => world.listener.stats().connections.some(({ lastHeardAt }) => lastHeardAt > 0))
  rude.socket.resetAndDestroy()
  await until(() => world.inbox.arrivals.length === 2)
  expect(world.inbox.seen).toEqual(['[MSH|one]', '[MSH|two]'])
  expect(polite.replies).toEqual([])
})

test('FS without CR ends the frame after the time of grace', async () => {
  await using world = await openWorld()
  const sender = await world.connect()
  const sentAt = performance.now()
  sender.send(`\x0b${message('A')}\x1c`)
  await until(() => sender.replies.length === 1)
  expect(performance.now() - sentAt).toBeGreaterThanOrEqual(50)
  sender.send('\r' + framed(message('B')))
  await until(() => sender.replies.length === 2)
  expect(world.listener.stats().noiseBytes).toBe(0)
})

test('an empty frame is counted and not answered', async () => {
  await using world = await openWorld()
  const sender = await world.connect()
  sender.send(framed('') + framed(message('A')))
  await until(() => sender.replies.length === 1)
  expect(world.inbox.seen).toEqual(['A'])
  expect(world.listener.stats().empty).toBe(1)
})

test('silence inside a frame parks the part received and ends the connection', async () => {
  await using world = await openWorld({ idleInFrameMs: 60 })
  const sender = await world.connect()
  sender.send('\x0bMSH|half')
  await until(() => sender.ended)
  expect(world.inbox.seen).toEqual(['[MSH|half]'])
})

test('silence between frames does not end a connection unless its settings say so', async () => {
  await using patient = await openWorld({ idleInFrameMs: 40 })
  await using brisk = await openWorld({ idleMs: 40 })
  const [kept, ended] = [await patient.connect(), await brisk.connect()]
  await until(() => ended.ended)
  await settled(100)
  expect(kept.ended).toBe(false)
})

test('a message without VT is taken only where the connection accepts it', async () => {
  await using world = await openWorld({ acceptUnframed: true })
  const sender = await world.connect()
  sender.send(message('A') + '\x1c\r')
  await until(() => sender.replies.length === 1)
  expect(sender.replies).toEqual(['AA A'])
})

test('a frame past the limit is refused with AR 207 and its own control id, then the connection ends', async () => {
  await using world = await openWorld({ frameBytes: 2048 })
  const sender = await world.connect()
  sender.send(framed(message('OK')) + framed(message('BIG') + 'NTE|1||'.padEnd(300_000, 'x')))
  await until(() => sender.ended)
  expect(sender.replies).toEqual(['AA OK', 'AR BIG'])
  expect(world.inbox.seen).toEqual(['OK', expect.stringMatching(/^\[MSH/)])
  expect(world.listener.stats()).toMatchObject({ tooLarge: 1, frames: 1 })
  sender.end()
  await until(() => sender.closed)
  expect(sender.resetCode).toBe('')
})

test('a frame past the limit without a readable MSH ends the connection unanswered', async () => {
  await using world = await openWorld({ frameBytes: 2048 })
  const sender = await world.connect()
  sender.send(framed('x'.repeat(5000)))
  await until(() => sender.ended)
  expect(sender.replies).toEqual([])
})

test('a browser or a TLS client on a plain port is turned away and named in the log', async () => {
  await using world = await openWorld()
  for (const opening of ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\x16\x03\x01\x00\xa5']) {
    const stranger = await world.connect()
    stranger.send(opening)
    await until(() => stranger.closed || stranger.ended)
  }
  expect(world.listener.stats().wrongPeers).toBe(2)
  // The second one of the same address within the minute is a debug line.
  expect(world.log.lines.map(({ message: said }) => said)).toEqual([
    'The far side speaks HTTP on a port that expects MLLP.',
    'The far side speaks TLS on a port that expects MLLP.',
  ])
  expect(world.inbox.seen).toEqual([])
})

test('endless bytes without a frame end the connection', async () => {
  await using world = await openWorld()
  const sender = await world.connect()
  sender.send('x'.repeat(1_100_000))
  await until(() => sender.closed || sender.ended)
  expect(world.listener.stats().noiseBytes).toBeGreaterThan(1_000_000)
})

test('replies leave in the order of arrival, however the messages finish', async () => {
  await using world = await openWorld()
  world.inbox.holds = true
  const sender = await world.connect()
  sender.send(['A', 'B', 'C', 'D'].map((id) => framed(message(id))).join(''))
  await until(() => world.inbox.waiting.length === 4)
  const [a, b, c, d] = world.inbox.waiting
  c?.accept()
  b?.accept()
  await settled(20)
  expect(sender.replies).toEqual([])
  a?.accept()
  await until(() => sender.replies.length === 3)
  d?.accept()
  await until(() => sender.replies.length === 4)
  expect(sender.replies).toEqual(['AA A', 'AA B', 'AA C', 'AA D'])
})

test('replies owed are sent after the FIN of the sender, then the connection ends', async () => {
  await using world = await openWorld()
  world.inbox.holds = true
  const sender = await world.connect()
  sender.send(framed(message('A')) + framed(message('B')))
  sender.end()
  await until(() => world.inbox.waiting.length === 2)
  await settled(20)
  expect(sender.ended).toBe(false)
  for (const waiting of world.inbox.waiting) waiting.accept()
  await until(() => sender.closed)
  expect(sender.replies).toEqual(['AA A', 'AA B'])
  expect(world.inbox.outcomes).toEqual([
    ['A', 'sent'],
    ['B', 'sent'],
  ])
})

test('a message whose connection died before its reply stays accepted and is told as unsent', async () => {
  await using world = await openWorld()
  world.inbox.holds = true
  const sender = await world.connect()
  sender.send(framed(message('A')))
  await until(() => world.inbox.waiting.length === 1)
  sender.socket.resetAndDestroy()
  await until(() => world.listener.stats().connections.length === 0)
  world.inbox.waiting[0]?.accept()
  await until(() => world.inbox.outcomes.length === 1)
  expect(world.inbox.outcomes).toEqual([['A', 'unsent']])
  expect(world.listener.stats().repliesUnsent).toBe(1)
})

test('the application acknowledgement follows the accept acknowledgement on the same connection', async () => {
  await using world = await openWorld()
  world.inbox.holds = true
  const sender = await world.connect()
  sender.send(framed(message('A')) + framed(message('B')))
  await until(() => world.inbox.waiting.length === 2)
  const [a, b] = world.inbox.waiting
  const inbound = a?.arrival.bytes ?? new Uint8Array()
  // Already there when the accept acknowledgement is, and behind a slower message: it still comes second.
  b?.accept({ later: Promise.resolve(ack(b.arrival.bytes, 'AA')) })
  let apply: (reply: Uint8Array) => void = () => undefined
  a?.settle({
    kind: 'stored',
    exchangeId: 'A' as ExchangeId,
    reply: ack(inbound, 'CA'),
    later: new Promise((resolve) => (apply = resolve)),
  })
  await until(() => sender.replies.length === 3)
  apply(ack(inbound, 'AA'))
  await until(() => sender.replies.length === 4)
  expect(sender.replies).toEqual(['CA A', 'AA B', 'AA B', 'AA A'])
})

test('a sender that ended waits for its application acknowledgement; one that died makes it unsent', async () => {
  await using world = await openWorld()
  world.inbox.holds = true
  const [polite, rude] = [await world.connect(), await world.connect()]
  const applied: ((reply: Uint8Array) => void)[] = []
  for (const sender of [polite, rude]) sender.send(framed(message(sender === polite ? 'POLITE' : 'RUDE')))
  await until(() => world.inbox.waiting.length === 2)
  for (const { accept } of world.inbox.waiting)
    accept({ later: new Promise((resolve) => applied.push(resolve)) })
  await until(() => polite.replies.length === 1 && rude.replies.length === 1)
  polite.end()
  rude.socket.resetAndDestroy()
  await until(() => world.listener.stats().connections.length === 1)
  for (const apply of applied) apply(ack(Buffer.from(message('LATER')), 'AA'))
  await until(() => polite.closed)
  expect(polite.replies).toEqual(['AA POLITE', 'AA LATER'])
  expect(world.inbox.outcomes.filter(([, outcome]) => outcome === 'unsent')).toEqual([['RUDE', 'unsent']])
})

test('where no accept acknowledgement is wanted only the application acknowledgement is sent', async () => {
  await using world = await openWorld()
  world.inbox.holds = true
  const sender = await world.connect()
  sender.send(framed(message('A')))
  await until(() => world.inbox.waiting.length === 1)
  const [a] = world.inbox.waiting
  a?.accept({ reply: null, later: Promise.resolve(ack(a.arrival.bytes, 'AA')) })
  await until(() => world.inbox.outcomes.length === 1)
  expect(sender.replies).toEqual(['AA A'])
  expect(world.inbox.outcomes).toEqual([['A', 'sent']])
})

test('a store that is down answers AR, in enhanced mode CR, and never AA', async () => {
  await using world = await openWorld()
  world.inbox.holds = true
  const sender = await world.connect()
  sender.send(framed(message('A')) + framed(message('B', '|||AL|NE')) + framed(message('C')))
  await until(() => world.inbox.waiting.length === 3)
  const [a, b, c] = world.inbox.waiting
  a?.fail(new IntegrationError('STORE_UNAVAILABLE', {}))
  b?.fail(new Error('socket hang up'))
  c?.settle({ kind: 'refused', reply: null })
  await until(() => sender.replies.length === 2 && world.listener.stats().connections[0]?.inFlight === 0)
  expect(sender.replies).toEqual(['AR A', 'CR B'])
  expect(world.inbox.outcomes).toEqual([])
})

test('reading pauses while the window is full, and goes on as replies leave', async () => {
  await using world = await openWorld({ windowFrames: 4 })
  world.inbox.holds = true
  const sender = await world.connect()
  const ids = Array.from({ length: 300 }, (_, n) => `N${n}`)
  for (const id of ids) sender.send(framed(message(id)))
  await until(() => world.inbox.waiting.length === 4)
  await settled(30)
  expect(world.inbox.waiting).toHaveLength(4)
  world.inbox.waiting[0]?.accept()
  await until(() => world.inbox.waiting.length === 5)
  world.inbox.holds = false
  for (const waiting of world.inbox.waiting) waiting.accept()
  await until(() => sender.replies.length === 300)
  expect(sender.replies).toEqual(ids.map((id) => `AA ${id}`))
})

test('the bytes in work are bounded too', async () => {
  await using world = await openWorld({ windowBytes: 100_000 })
  world.inbox.holds = true
  const sender = await world.connect()
  for (let n = 0; n < 10; n++) sender.send(framed(message(`N${n}`) + 'NTE|1||'.padEnd(60_000, 'x')))
  await until(() => world.inbox.waiting.length === 2)
  await settled(30)
  expect(world.inbox.waiting).toHaveLength(2)
})

test('no connection is read while the inbox is congested', async () => {
  await using world = await openWorld()
  const [one, two] = [await world.connect(), await world.connect()]
  world.inbox.congested = true
  for (const sender of [one, two]) for (let n = 0; n < 50; n++) sender.send(framed(message(`N${n}`)))
  await settled(40)
  expect(world.inbox.arrivals).toEqual([])
  world.inbox.relieve()
  await until(() => one.replies.length === 50 && two.replies.length === 50)
})

test('what is not read waits at the sender, not in our memory', async () => {
  await using world = await openWorld()
  world.inbox.congested = true
  const sender = await world.connect()
  const large = Buffer.from(framed(message('L') + 'NTE|1||'.padEnd(100_000, 'x')), 'latin1')
  for (let n = 0; n < 500; n++) sender.send(large)
  await settled(200)
  expect(sender.socket.writableLength).toBeGreaterThan(25_000_000)
  world.inbox.relieve()
  await until(() => sender.replies.length === 500)
})

test('a sender that does not read its replies is not read either, and is let go after a while', async () => {
  await using world = await openWorld({ idleInFrameMs: 300 })
  const sender = await world.connect()
  sender.socket.pause()
  const burst = framed(message('N')).repeat(200)
  const flood = setInterval(() => sender.socket.writableLength < 1_000_000 && sender.send(burst), 1)
  await until(() => world.listener.stats().connections.length === 0)
  clearInterval(flood)
  const { frames } = world.listener.stats()
  expect(world.log.warnings).toEqual(['The connection was closed: the far side does not read its replies.'])
  await until(() => world.inbox.outcomes.length === frames)
  expect(world.inbox.outcomes.some(([, outcome]) => outcome === 'unsent')).toBe(true)
})

test('a slow reader gets every reply, and is not read while it does not read', async () => {
  await using world = await openWorld()
  const sender = await world.connect()
  sender.socket.pause()
  // Long ids, so that the replies are more than the buffers of the operating system hold.
  const ids = Array.from({ length: 30_000 }, (_, n) => `N${n}`.padEnd(400, 'x'))
  for (const id of ids) sender.send(framed(message(id)))
  await settled(300)
  expect(world.listener.stats().frames).toBeLessThan(ids.length)
  sender.socket.resume()
  await until(() => sender.replies.length === ids.length)
  expect(sender.replies).toEqual(ids.map((id) => `AA ${id}`))
})

test('connections past the limit of the listener or of one address are refused, and places become free again', async () => {
  await using world = await openWorld({ maxConnections: 3 })
  await using narrow = await openWorld({ maxPerAddress: 1 })
  const kept = [await world.connect(), await world.connect(), await world.connect()]
  const refused = await world.connect()
  await until(() => refused.closed || refused.ended)
  expect(world.listener.stats().refused.tooMany).toBe(1)
  kept[0]?.socket.destroy()
  await until(() => world.listener.stats().connections.length === 2)
  const next = await world.connect()
  next.send(framed(message('A')))
  await until(() => next.replies.length === 1)

  await narrow.connect()
  const second = await narrow.connect()
  await until(() => second.closed || second.ended)
  expect(narrow.listener.stats().refused.tooManyPerAddress).toBe(1)
})

test('an address that is not on the list is refused before it can send', async () => {
  await using world = await openWorld({ allow: ['10.0.0.0/8'] })
  await using open = await openWorld({ allow: ['127.0.0.0/8'], host: '::' })
  const refused = await world.connect()
  refused.send(framed(message('A')))
  await until(() => refused.closed || refused.ended)
  expect(world.inbox.seen).toEqual([])
  expect(world.listener.stats().refused.notAllowed).toBe(1)
  // On a socket of both families the address comes as ::ffff:127.0.0.1.
  const allowed = await open.connect()
  allowed.send(framed(message('B')))
  await until(() => allowed.replies.length === 1)
  expect(open.inbox.arrivals[0]?.remote).toMatch(/^127\.0\.0\.1:/)
})

test('a thousand connections opened and dropped leave nothing behind', async () => {
  await using world = await openWorld()
  const { port } = world.listener.address
  for (let round = 0; round < 10; round++) {
    const sockets = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').on('error', () => undefined))
    await Promise.all(sockets.map((socket) => once(socket, 'connect')))
    for (const [n, socket] of sockets.entries()) {
      if (n % 3 === 0) socket.write('\x0bMSH|half')
      if (n % 2 === 0) socket.destroy()
      else socket.resetAndDestroy()
    }
  }
  await until(() => world.listener.stats().connections.length === 0)
  const sender = await world.connect()
  sender.send(framed(message('AFTER')))
  await until(() => sender.replies.length === 1)
})

test('a paused listener reads nothing and forgets nothing', async () => {
  await using world = await openWorld()
  const sender = await world.connect()
  world.listener.pause()
  sender.send(framed(message('A')))
  const late = await world.connect()
  late.send(framed(message('B')))
  await settled(40)
  expect([world.inbox.seen, world.listener.stats().paused]).toEqual([[], true])
  world.listener.resume()
  await until(() => sender.replies.length === 1 && late.replies.length === 1)
})

test('closing answers what is in work, takes no more, and ends the connections', async () => {
  await using world = await openWorld({ windowFrames: 1 })
  world.inbox.holds = true
  const sender = await world.connect()
  sender.send(framed(message('A')) + framed(message('NOT TAKEN')))
  await until(() => world.inbox.waiting.length === 1)
  const closing = world.listener.close()
  await settled(20)
  expect(sender.ended).toBe(false)
  world.inbox.waiting[0]?.accept()
  await until(() => sender.ended)
  sender.end()
  await closing
  expect(sender.replies).toEqual(['AA A'])
  expect(world.inbox.seen).toEqual(['A'])
  await expect(world.connect()).rejects.toThrow('ECONNREFUSED')
})

test('closing does not wait past its deadline, nor for senders that never end', async () => {
  await using world = await openWorld()
  world.inbox.holds = true
  const sender = await world.connect()
  sender.send(framed(message('A')))
  await until(() => world.inbox.waiting.length === 1)
  const startedAt = performance.now()
  await world.listener.close({ deadlineMs: 100 })
  expect(performance.now() - startedAt).toBeLessThan(1500)
  world.inbox.waiting[0]?.accept()
  await until(() => world.inbox.outcomes.length === 1)
  expect(world.inbox.outcomes).toEqual([['A', 'unsent']])
})

test('a port that is taken is told with its address', async () => {
  await using world = await openWorld()
  const options = {
    connectionId: 'second' as ConnectionId,
    settings: hl7v2Settings.parse({ port: world.listener.address.port }),
    inbox: new FakeInbox(),
    log: silentLog,
  }
  await expect(openListener(options)).rejects.toMatchObject({
    code: 'MLLP_PORT_UNAVAILABLE',
    at: { reason: 'EADDRINUSE' },
  })
})
