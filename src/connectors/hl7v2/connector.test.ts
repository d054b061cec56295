import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { fixedClock } from '../../kernel/clock.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { openHl7v2 } from './connector.ts'
import { hl7v2Settings } from './definition.ts'
import type { Hl7v2SettingsInput } from './definition.ts'
import { FakeInbox, certificate, framed, message, openWorld, until } from './listener.world.ts'
import { silentLog } from './log.ts'
import { probeHl7v2 } from './probe.ts'
import type { ProbeStep, ProbeTarget } from './probe.ts'

const server = { enabled: true, cert: certificate('server.cert'), key: certificate('server.key') }
const settingsOf = (settings: Hl7v2SettingsInput) => hl7v2Settings.parse({ port: 0, ...settings })
const outcomes = (steps: ProbeStep[]): Record<string, string> =>
  Object.fromEntries(steps.map(({ name, outcome }) => [name, outcome]))
const clock = { now: () => Date.now() }
const of = async (settings: Hl7v2SettingsInput, listener: ProbeTarget['listener'], at = clock) =>
  probeHl7v2({ settings: settingsOf(settings), listener, clock: at })

test('a connector listens, sends where a receiver is named, and ends both', async () => {
  await using far = await openWorld()
  const settings = settingsOf({ outbound: { host: '127.0.0.1', port: far.listener.address.port } })
  const inbox = new FakeInbox()
  const connector = await openHl7v2({ connectionId: 'c' as ConnectionId, settings, inbox, log: silentLog })
  const result = await connector.sender?.send(Buffer.from(message('OUT')))
  expect(result).toMatchObject({ kind: 'accepted', code: 'AA' })
  expect(outcomes(await connector.probe())['Listener is open']).toBe('passed')
  await connector[Symbol.asyncDispose]()
  expect(far.inbox.seen).toEqual(['OUT'])
  await until(() => far.listener.stats().connections.length === 0)
})

test('a listener that works passes every step but the feed that was never seen', async () => {
  await using world = await openWorld()
  const steps = await of({}, world.listener)
  expect(outcomes(steps)).toEqual({
    'Listener is open': 'passed',
    'Port is reachable from here': 'passed',
    'Allow-list': 'passed',
    'Last message heard': 'warning',
  })
  for (const step of steps) if (step.outcome !== 'passed') expect(step.remedy).not.toBe('')
  const sender = await world.connect()
  sender.send(framed(message('A')))
  await until(() => sender.replies.length === 1)
  expect(outcomes(await of({}, world.listener))['Last message heard']).toBe('passed')
  const nextWeek = fixedClock(Date.now() + 7 * 86_400_000)
  expect(outcomes(await of({}, world.listener, nextWeek))['Last message heard']).toBe('warning')
})

test('a listener that is not open fails, and so does its port', async () => {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')
  const steps = await of({ port }, null)
  expect(outcomes(steps)).toMatchObject({
    'Listener is open': 'failed',
    'Port is reachable from here': 'failed',
  })
  expect(steps[1]?.evidence).toContain('ECONNREFUSED')
})

test('TLS is shaken and its certificate judged by the day, without a mark on the statistics', async () => {
  await using world = await openWorld({ tls: server })
  const at = (days: number) => fixedClock(Date.parse('2126-10-28T00:00:00Z') + days * 86_400_000)
  const certificateOn = async (days: number) =>
    outcomes(await of({ tls: server }, world.listener, at(days)))['Certificate is valid']
  expect(await certificateOn(-40)).toBe('passed')
  expect(await certificateOn(-20)).toBe('warning')
  expect(await certificateOn(3)).toBe('failed')
  expect(await certificateOn(-50_000)).toBe('failed')
  expect(outcomes(await of({ tls: server }, world.listener))['TLS handshake']).toBe('passed')
  expect(world.listener.stats()).toMatchObject({ wrongPeers: 0, refused: { handshakes: 0 } })
})

test('a mutual TLS listener is probed without a certificate of our own', async () => {
  const tls = { ...server, ca: certificate('ca.cert'), requireClientCert: true }
  await using world = await openWorld({ tls })
  const steps = await of({ tls }, world.listener)
  expect(outcomes(steps)['TLS handshake']).toBe('passed')
})

test('a plain listener where the settings say TLS fails the handshake, and a wrong key its certificate', async () => {
  await using world = await openWorld()
  const tls = { ...server, key: certificate('client.key') }
  expect(outcomes(await of({ tls }, world.listener))).toMatchObject({
    'TLS handshake': 'failed',
    'Certificate is valid': 'failed',
  })
})

test('an allow-list that protects nothing, or refuses everybody, is told', async () => {
  await using world = await openWorld()
  const allowOf = async (settings: Hl7v2SettingsInput) =>
    outcomes(await of(settings, world.listener))['Allow-list']
  expect(await allowOf({ host: '0.0.0.0' })).toBe('warning')
  expect(await allowOf({ host: '0.0.0.0', allow: ['0.0.0.0/0'] })).toBe('warning')
  expect(await allowOf({ allow: ['10.0.0.0/8'] })).toBe('failed')
  expect(await allowOf({ host: '0.0.0.0', allow: ['10.0.0.0/8'] })).toBe('passed')
})
