import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { certificate, framed, message, openWorld, until } from './listener.world.ts'

const server = { enabled: true, cert: certificate('server.cert'), key: certificate('server.key') }
const trusting = { ca: certificate('ca.cert') }
const mutual = { ...server, ca: certificate('ca.cert'), requireClientCert: true }
const sender = (name: string) => ({
  ...trusting,
  cert: certificate(`${name}.cert`),
  key: certificate(`${name}.key`),
})

test('messages travel over TLS, and replies owed still leave after the close notice of the sender', async () => {
  await using world = await openWorld({ tls: server })
  const client = await world.connect({ tls: trusting })
  client.send(framed(message('A')))
  await until(() => client.replies.length === 1)
  world.inbox.holds = true
  client.send(framed(message('B')) + framed(message('C')))
  client.end()
  await until(() => world.inbox.waiting.length === 2)
  for (const waiting of world.inbox.waiting) waiting.accept()
  await until(() => client.closed)
  expect(client.replies).toEqual(['AA A', 'AA B', 'AA C'])
  await until(() => world.listener.stats().connections.length === 0)
})

test('with mutual TLS only a sender with a certificate of a trusted authority gets in', async () => {
  await using world = await openWorld({ tls: mutual })
  const known = await world.connect({ tls: sender('client') })
  known.send(framed(message('A')))
  await until(() => known.replies.length === 1)
  for (const tls of [trusting, sender('stranger')]) {
    // In TLS 1.3 the client side finishes first, so the refusal arrives on an open socket.
    const refused = await world.connect({ tls })
    refused.send(framed(message('X')))
    await until(() => refused.closed || refused.ended)
    expect(refused.replies).toEqual([])
  }
  expect(world.inbox.seen).toEqual(['A'])
  await until(() => world.listener.stats().refused.handshakes === 2)
  expect(world.log.lines.map(({ fields }) => fields['remote'])).toEqual(['127.0.0.1', '127.0.0.1'])
})

test('TLS 1.1 is refused', async () => {
  await using world = await openWorld({ tls: server })
  const old = {
    ...trusting,
    minVersion: 'TLSv1' as const,
    maxVersion: 'TLSv1.1' as const,
    ciphers: 'DEFAULT@SECLEVEL=0',
  }
  await expect(world.connect({ tls: old })).rejects.toThrow()
  expect(world.listener.stats().frames).toBe(0)
})

test('a plain sender or a browser on a TLS port is turned away and named', async () => {
  await using world = await openWorld({ tls: server })
  for (const opening of [framed(message('A')), 'GET / HTTP/1.1\r\n\r\n']) {
    const socket = connect(world.listener.address.port, '127.0.0.1')
    let closed = false
    socket.on('error', () => undefined).on('close', () => (closed = true))
    socket.write(opening)
    await until(() => closed)
  }
  expect(world.log.lines.map(({ message: said }) => said)).toEqual([
    'The far side speaks plain text on a port that expects TLS.',
    'The far side speaks HTTP on a port that expects TLS.',
  ])
  expect(world.listener.stats().wrongPeers).toBe(2)
})

test('closing does not wait for a sender that never finishes its handshake', async () => {
  await using world = await openWorld({ tls: server })
  const socket = connect(world.listener.address.port, '127.0.0.1')
  socket.on('error', () => undefined)
  await until(() => socket.readyState === 'open')
  socket.write('\x16\x03\x01\x02\x00\x01')
  await new Promise((resolve) => setTimeout(resolve, 20))
  const startedAt = performance.now()
  await world.listener.close({ deadlineMs: 5000 })
  expect(performance.now() - startedAt).toBeLessThan(1000)
})

test('a key that does not belong to the certificate is told before a port opens', async () => {
  const wrong = { ...server, key: certificate('client.key') }
  await expect(openWorld({ tls: wrong })).rejects.toMatchObject({
    code: 'TLS_MATERIAL_INVALID',
    at: { place: 'tls.key' },
  })
  await expect(openWorld({ tls: { enabled: true } })).rejects.toMatchObject({ at: { place: 'tls.cert' } })
})

test('certificate and key may be given as files', async () => {
  const folder = new URL('../../../fixtures/tls/', import.meta.url).pathname
  const tls = { enabled: true, cert: `file:${folder}server.cert.pem`, key: `file:${folder}server.key.pem` }
  await using world = await openWorld({ tls })
  const client = await world.connect({ tls: trusting })
  client.send(framed(message('A')))
  await until(() => client.replies.length === 1)
  await expect(openWorld({ tls: { ...tls, key: 'file:/nowhere.pem' } })).rejects.toMatchObject({
    at: { place: 'tls.key' },
  })
})
