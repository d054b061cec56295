import { describe, expect, test } from 'vitest'
import { allFixtures, fixture } from '../src/standards/hl7v2/fixtures.arbitraries.ts'
import { mutate } from '../src/standards/hl7v2/mutate.arbitraries.ts'
import { readAck } from '../src/standards/hl7v2/read-ack.ts'
import { openAsker } from './torture/asker.ts'
import { Clinic } from './torture/clinic.ts'
import { examine } from './torture/examine.ts'
import type { Examined } from './torture/examine.ts'
import { damaged, repliesDue, slices, stretchOf } from './torture/fuzz-frames.ts'
import { isFlat } from './torture/heap.ts'
import { openRandom } from './torture/random.ts'
import { codeOf, openWorld } from './world.ts'

// The long versions: node test/torture/fuzz-codec.ts --count 1000000, node test/torture/fuzz-socket.ts --count 50000

const fixtures = allFixtures()
const SEED = 77

describe('damaged messages', () => {
  test('go through envelope, acknowledgement, decode, check, encode and map without a fault', () => {
    const examined = new Map<Examined, number>()
    for (let number = 0; number < 10_000; number++) {
      const bytes = fixtures[number % fixtures.length] ?? Buffer.alloc(0)
      const kind = examine(mutate(bytes, SEED + number))
      examined.set(kind, (examined.get(kind) ?? 0) + 1)
    }
    // Mutations that never got past the header would prove little.
    for (const kind of ['mapped', 'refused', 'ignored', 'batch', 'unreadable'] as const)
      expect(examined.get(kind)).toBeGreaterThan(100)
  })

  test('each get the replies that are due, end, and leave the link to the next', async () => {
    await using world = await openWorld()
    const port = world.engine.address()?.port ?? 0
    const asker = await openAsker(port, 10_000)
    let sent = 0
    for (let number = 0; number < 600; number++) {
      const bytes = damaged(fixtures, number, SEED)
      const due = repliesDue(bytes)
      if (bytes.length === 0 || due.least !== 1 || due.most !== 1) continue
      sent += 1
      expect(
        Buffer.from(await asker.ask(bytes))
          .toString('latin1')
          .replaceAll('\0', ''),
      ).toMatch(/MSA.[AC][AER]/)
    }
    expect(await asker.finish()).toEqual([])
    const [last = ''] = await world.send(new Clinic({ name: 'LAST', patients: 1, seed: 1 }).next().bytes)
    expect(codeOf(last)).toBe('AA')
    await world.settled()
    const exchanges = await world.exchanges()
    expect(exchanges.length).toBeGreaterThan(sent)
    expect(
      exchanges.filter(({ state, error_code: code }) => state === 'received' || code === 'INTERNAL'),
    ).toEqual([])
  })
})

test('good messages in broken framing, cut anywhere, are each answered once and in order', async () => {
  await using world = await openWorld()
  const random = openRandom(SEED)
  const clinic = new Clinic({ name: 'FRAMES', patients: 5, seed: SEED })
  const asker = await openAsker(world.engine.address()?.port ?? 0, 10_000)
  for (let n = 0; n < 60; n++) {
    const { controlId, bytes } = clinic.next()
    for (const slice of slices(stretchOf(bytes, random).bytes, random)) asker.socket.write(slice)
    expect(readAck(await asker.next())).toMatchObject({ code: 'AA', controlId })
  }
  expect(await asker.finish()).toEqual([])
})

test('a NUL in a message stops neither it nor its neighbours', async () => {
  await using world = await openWorld()
  const sample = fixture('guide-adt-a04').toString('latin1')
  const places = ['ADT', 'A04', '12345', 'DOE', 'CERNER', 'PV1']
  const peers = await Promise.all(places.map(() => world.connect()))
  const replies = await Promise.all(
    peers.map((peer, n) => peer.ask(sample.replace(places[n] ?? '', (found) => `${found}\0`))),
  )
  for (const peer of peers) peer.socket.destroy()
  expect(replies.map(codeOf)).toEqual(places.map(() => 'AA'))
  await world.settled()
  expect((await world.exchanges()).filter(({ error_code: code }) => code === 'INTERNAL')).toEqual([])
})

test('growing memory is told from flat memory', () => {
  const flat = Array.from({ length: 20 }, (_, n) => 1000 + (n % 3))
  expect(isFlat(flat, 10)).toBe(true)
  expect(
    isFlat(
      flat.map((bytes, n) => bytes + n * 5),
      10,
    ),
  ).toBe(false)
})
