import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { fixedClock } from '../kernel/clock.ts'
import { decode } from '../standards/hl7v2/decode.ts'
import { encodeFrame } from '../standards/mllp/bytes.ts'
import { FrameDecoder } from '../standards/mllp/frames.ts'
import { dayFrom } from './day.ts'
import { MESSAGES_PER_STORY } from './hospital.ts'
import { openSandbox } from './sandbox.ts'

interface Heard {
  readonly type: string
  readonly id: string
  readonly mrn: string
  readonly at: string
}

async function openReceiver() {
  const heard: Heard[] = []
  const server = createServer((socket) => {
    const decoder = new FrameDecoder({ frameBytes: 1e6 }, { acceptUnframed: false })
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      for (const event of decoder.push(chunk)) {
        if (event.kind !== 'frame') continue
        const decoded = decode(event.bytes)
        if (decoded.kind !== 'message') continue
        const { header } = decoded.message
        heard.push({
          type: `${header.type}^${header.event}`,
          id: header.controlId,
          mrn: decoded.message.get('PID-3.1'),
          at: header.timestamp,
        })
        socket.write(
          encodeFrame(
            new TextEncoder().encode(`MSH|^~\\&|R|R|S|S|2026||ACK|1|P|2.5.1\rMSA|AA|${header.controlId}\r`),
          ),
        )
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const mllp = { host: '127.0.0.1', port: (server.address() as AddressInfo).port, connections: 3 }
  const close = async (): Promise<void> => {
    server.close()
    await once(server, 'close')
  }
  return { heard, mllp, [Symbol.asyncDispose]: close }
}

const NOON = Date.parse('2026-11-17T18:00:00Z')
const SMALL = { seed: 5, population: 150, ratePerMinute: 60 } as const

test('a backfill registers the patients asked for, fills the schedule, and every message is accepted once', async () => {
  await using receiver = await openReceiver()
  await using sandbox = openSandbox({
    ...SMALL,
    mllp: receiver.mllp,
    clock: fixedClock(NOON),
    traffic: 'quiet',
  })
  const report = await sandbox.backfill(100)
  expect(report).toMatchObject({ accepted: report.messages, rejected: 0 })
  expect(receiver.heard).toHaveLength(report.messages)
  expect(new Set(receiver.heard.map((one) => one.id)).size).toBe(report.messages)
  expect(
    new Set(receiver.heard.filter((one) => one.type === 'ADT^A28').map((one) => one.mrn)).size,
  ).toBeGreaterThanOrEqual(100)
  expect(receiver.heard.filter((one) => one.type === 'SIU^S12').length).toBeGreaterThan(50)
})

test('messages of one patient arrive in the order of their times', async () => {
  await using receiver = await openReceiver()
  await using sandbox = openSandbox({ ...SMALL, mllp: receiver.mllp, clock: fixedClock(NOON) })
  await sandbox.backfill(100)
  const instant = (at: string): number =>
    Date.parse(
      at.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([+-]\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6$7:$8'),
    )
  for (const [, own] of Map.groupBy(receiver.heard, (one) => one.mrn)) {
    const times = own.map((one) => instant(one.at))
    expect(times).toEqual([...times].sort((a, b) => a - b))
  }
})

test('traffic follows the clock: still while it stands, and all that is due when it has moved', async () => {
  await using receiver = await openReceiver()
  const clock = fixedClock(NOON)
  const { seed, population } = SMALL
  await using sandbox = openSandbox({
    ...SMALL,
    ratePerMinute: 12,
    mllp: receiver.mllp,
    clock,
    traffic: 'day',
  })
  await new Promise((resolve) => setTimeout(resolve, 80))
  expect(receiver.heard).toHaveLength(0)
  const until = NOON + 90 * 60_000
  let due = 0
  for (const event of dayFrom(
    { cast: { seed, population }, storiesPerMinute: 12 / MESSAGES_PER_STORY },
    NOON,
  )) {
    if (event.at > until) break
    due += 1
  }
  clock.advance(90 * 60_000)
  await expect.poll(() => sandbox.stats().accepted, { timeout: 10_000, interval: 50 }).toBe(due)
  expect(due).toBeGreaterThan(200)
})

test('a sandbox that is stopped leaves nothing running', async () => {
  await using receiver = await openReceiver()
  const sandbox = openSandbox({ ...SMALL, mllp: receiver.mllp, clock: fixedClock(NOON), traffic: 'day' })
  await sandbox.stop()
  const { length } = receiver.heard
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(receiver.heard).toHaveLength(length)
})
