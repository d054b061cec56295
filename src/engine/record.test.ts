import { expect, test } from 'vitest'
import { codeOf, openWorld } from '../../test/world.ts'
import type { World } from '../../test/world.ts'
import { readAck, readAcks } from '../standards/hl7v2/read-ack.ts'
import { adt, cutConnections, statesOf, until } from './engine.world.ts'

const ackOf = (reply: string) => readAck(Buffer.from(reply))
const countOf = async (world: World, table: string): Promise<number> =>
  (await world.store.asOwner<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n ?? -1

/** Takes the right to store away. @returns what gives it back */
async function shutDoor(world: World): Promise<() => Promise<object[]>> {
  await world.store.asOwner('revoke insert on exchange from practice_studio_app')
  return () => world.store.asOwner('grant insert on exchange to practice_studio_app')
}

test('a store that refuses is AR 207 with nothing stored, and the next message is taken when it is back', async () => {
  await using world = await openWorld({}, { flows: false })
  const peer = await world.connect()
  expect(codeOf(await peer.ask(adt()))).toBe('AA')
  const open = await shutDoor(world)
  const refused = ackOf(await peer.ask(adt({ controlId: 'DOWN' })))
  expect([refused.code, refused.controlId, refused.problems[0]?.code]).toEqual(['AR', 'DOWN', '207'])
  await open()
  expect([
    await countOf(world, 'exchange'),
    await countOf(world, 'job'),
    await countOf(world, 'exchange_key'),
  ]).toEqual([1, 1, 1])
  const again = ackOf(await peer.ask(adt({ controlId: 'DOWN' })))
  expect([again.code, again.controlId]).toEqual(['AA', 'DOWN'])
  expect(await countOf(world, 'exchange')).toBe(2)
  peer.socket.destroy()
})

test('a connection to the database that is cut answers AR or is opened again, and every AA is stored', async () => {
  await using world = await openWorld({}, { flows: false })
  const peer = await world.connect()
  let taken = 0
  for (let n = 0; n < 10; n++) {
    if (n % 3 === 1) await cutConnections(world)
    const message = adt({ controlId: `CUT${n}` })
    // A refused message is sent again, as senders do; it is taken as soon as the loss was noticed.
    await until(async () => {
      const code = codeOf(await peer.ask(message))
      expect(['AA', 'AR']).toContain(code)
      return code === 'AA'
    })
    taken += 1
  }
  expect(await countOf(world, 'job')).toBe(taken)
  peer.socket.destroy()
})

test('the refusal speaks the mode of the message, and an acknowledgement is not even refused', async () => {
  await using world = await openWorld({}, { flows: false })
  const peer = await world.connect()
  const open = await shutDoor(world)
  const ask = async (asks: string) => codeOf(await peer.ask(adt({ asks })))
  expect(await ask('AL|NE')).toBe('CR')
  expect(await ask('ER|NE')).toBe('CR')
  expect(await ask('NE|AL')).toBe('AR')
  // None of these is answered, so the next answer is that of the message after them.
  peer.write(adt({ asks: 'NE|NE' }))
  peer.write(adt({ asks: 'SU|NE' }))
  peer.write('MSH|^~\\&|A|B|PS|PS|20260105||ACK^A04^ACK|K1|P|2.5.1\rMSA|AA|OURS\r')
  expect(ackOf(await peer.ask(adt({ controlId: 'LAST' }))).controlId).toBe('LAST')
  await open()
  peer.socket.destroy()
})

const batchOf = (...messages: string[]): string =>
  `BHS|^~\\&|ADT|HOSP|PS|PS|20260105080000||||B1\r${messages.join('')}BTS|${messages.length}\r`

test('a batch is answered by one frame with a reply for each message, and each is an exchange of its own', async () => {
  await using world = await openWorld()
  const messages = [
    adt({ controlId: 'B1' }),
    adt({ controlId: 'B2' }),
    adt({ controlId: 'B1X', pid: { 3: '' } }),
  ]
  const peer = await world.connect()
  const reply = await peer.ask(batchOf(...messages))
  expect(readAcks(Buffer.from(reply)).map((one) => [one.code, one.controlId])).toEqual([
    ['AA', 'B1'],
    ['AA', 'B2'],
    ['AA', 'B1X'],
  ])
  await world.settled()
  expect(await statesOf(world)).toEqual(['applied', 'applied', 'parked'])
  // The same batch again: three repeats, the same three replies, still parts of one frame.
  const again = await peer.ask(batchOf(...messages))
  expect(again.split('\rMSA')[1]).toBe(reply.split('\rMSA')[1])
  const parents = await world.store.asOwner<{ n: number }>(
    'select count(*)::int as n from exchange group by parent_id',
  )
  expect(parents.map((one) => one.n)).toEqual([3, 3])
  peer.socket.destroy()
})

test('a repeat inside one batch is a repeat', async () => {
  await using world = await openWorld()
  const message = adt({ controlId: 'TWICE' })
  const [reply = ''] = await world.send(batchOf(message, message))
  const acks = readAcks(Buffer.from(reply))
  expect(acks.map((one) => one.code)).toEqual(['AA', 'AA'])
  await world.settled()
  expect(await statesOf(world)).toEqual(['applied', 'duplicate'])
})

test('a batch on apply, and one that asks for application replies, is answered by whole frames too', async () => {
  await using world = await openWorld({ ackMode: 'on_apply' })
  const bad = { pid: { 3: '' } }
  const [onApply = ''] = await world.send(batchOf(adt(), adt(bad)))
  expect(readAcks(Buffer.from(onApply)).map((one) => one.code)).toEqual(['AA', 'AE'])
  const peer = await world.connect()
  const accepted = await peer.ask(batchOf(adt({ asks: 'AL|AL' }), adt({ ...bad, asks: 'AL|AL' })))
  const applied = await peer.next()
  expect(readAcks(Buffer.from(accepted)).map((one) => one.code)).toEqual(['CA', 'CA'])
  expect(readAcks(Buffer.from(applied)).map((one) => one.code)).toEqual(['AA', 'AE'])
  peer.socket.destroy()
})

test('a sender that takes one reply only hears the worst of a batch', async () => {
  await using world = await openWorld({ batchReply: 'worst', strict: true })
  const [reply = ''] = await world.send(
    batchOf(adt({ controlId: 'W1' }), adt({ controlId: 'W2', pid: { 3: '' } })),
  )
  expect([ackOf(reply).code, ackOf(reply).controlId]).toEqual(['AE', 'W2'])
})

test('verdicts at the door leave an outcome and no work', async () => {
  await using world = await openWorld({ filter: { events: ['ADT^A08'] } }, { flows: false })
  await world.send(adt({ event: 'A04' }), adt().replace('|2.5.1|', '|9.9|'), adt())
  expect(await statesOf(world)).toEqual(['ignored', 'parked', 'received'])
  expect(await countOf(world, 'job')).toBe(1)
})

test('that the sender heard back is noted with the next arrivals', async () => {
  await using world = await openWorld({}, { flows: false })
  await world.send(adt(), adt(), adt())
  await until(async () => (await world.exchanges()).every((one) => one.ack === 'sent'))
})

test('a fragment and the whole message after it are two arrivals, not a control id used twice', async () => {
  await using world = await openWorld()
  const message = adt({ controlId: 'CUT' })
  const peer = await world.connect()
  peer.socket.write(`\x0b${message.slice(0, 150)}`)
  peer.socket.end()
  await until(async () => (await statesOf(world)).includes('parked'))
  const [reply = ''] = await world.send(message)
  expect(codeOf(reply)).toBe('AA')
  await world.settled()
  expect(await statesOf(world)).toEqual(['parked', 'applied'])
  expect(await countOf(world, 'exchange_event')).toBe(0)
})

test('what the log shows of a message to everybody is a type, never what slipped into its place', async () => {
  await using world = await openWorld({}, { flows: false })
  await world.send(adt().replace('ADT^A08', 'ROE JANE^19800515'), adt().replace('ADT^A08', 'ADT^A08^ADT_A01'))
  expect((await world.exchanges()).map((one) => one.kind)).toEqual(['unknown', 'ADT^A08'])
})
