import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { codeOf, openWorld } from '../../test/world.ts'
import type { World } from '../../test/world.ts'
import { readAck } from '../standards/hl7v2/read-ack.ts'
import { adt, Flows, statesOf, until } from './engine.world.ts'

const ackOf = (reply: string) => readAck(Buffer.from(reply))
const countOf = async (world: World, table: string): Promise<number> =>
  (await world.store.asOwner<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n ?? -1

test('on_apply answers after applying, and a repeat gets the same answer byte for byte', async () => {
  await using world = await openWorld({ ackMode: 'on_apply' }, { flows: false })
  const good = adt({ mrn: 'A' })
  const bad = adt({ pid: { 3: '' } })
  const peers = [await world.connect(), await world.connect()] as const
  const replies = Promise.all([peers[0].ask(good), peers[1].ask(bad)])
  await until(async () => (await countOf(world, 'job')) === 2)
  expect(await countOf(world, 'exchange_ack')).toBe(0)
  // Work is done by another process here: the door finds the outcomes in the log.
  await using flows = new Flows(world)
  flows.start()
  const [applied, parked] = await replies
  expect([codeOf(applied), codeOf(parked)]).toEqual(['AA', 'AE'])
  expect(ackOf(parked).problems[0]).toMatchObject({ place: 'PID-3', code: '101' })
  expect(await peers[0].ask(good)).toBe(applied)
  expect(await peers[1].ask(bad)).toBe(parked)
  expect(await statesOf(world)).toEqual(['applied', 'parked', 'duplicate', 'duplicate'])
  for (const peer of peers) peer.socket.destroy()
})

test('on_apply: a repeat that comes before the first is applied waits for the same answer', async () => {
  await using world = await openWorld({ ackMode: 'on_apply' }, { flows: false })
  const message = adt()
  const peers = [await world.connect(), await world.connect()] as const
  const replies = Promise.all(peers.map((peer) => peer.ask(message)))
  await until(async () => (await statesOf(world)).includes('duplicate'))
  await using flows = new Flows(world)
  flows.start()
  expect((await replies).map(codeOf)).toEqual(['AA', 'AA'])
  expect(await world.records('patient')).toHaveLength(1)
  for (const peer of peers) peer.socket.destroy()
})

test('on_apply: an engine that stops says "not yet" and lets go, and the next one says what became of it', async () => {
  const master = randomBytes(32)
  await using world = await openWorld({ ackMode: 'on_apply' }, { flows: false, master })
  const message = adt({ controlId: 'LATE' })
  const peer = await world.connect()
  const reply = peer.ask(message)
  await until(async () => (await countOf(world, 'job')) === 1)
  await world.engine.close()
  expect(ackOf(await reply)).toMatchObject({ code: 'AR', controlId: 'LATE' })
  const left = await world.store.asOwner(
    `select query from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
     and query ~ 'discard plans|seqscan|keep-reply|exchange_ack'`,
  )
  expect(left).toEqual([])
  await using next = await openWorld({}, { store: world.store, master })
  const [again = ''] = await next.send(message)
  expect(ackOf(again)).toMatchObject({ code: 'AA', controlId: 'LATE' })
})

test('on_apply: an answer that cannot be kept is given all the same, and the connection goes on', async () => {
  await using world = await openWorld({ ackMode: 'on_apply' })
  const peer = await world.connect()
  await world.store.asOwner(`
    create function no_replies() returns trigger language plpgsql as $$ begin
      if new.sealed_reply is not null then raise exception 'on purpose' using errcode = '53100'; end if; return new; end $$;
    create trigger no_replies before insert on exchange_ack for each row execute function no_replies();`)
  expect(codeOf(await peer.ask(adt()))).toBe('AA')
  expect(codeOf(await peer.ask(adt()))).toBe('AA')
  peer.socket.destroy()
})

test('enhanced mode: the acceptance at commit, then the application reply on the same connection', async () => {
  await using world = await openWorld()
  const peer = await world.connect()
  const first = await peer.ask(adt({ controlId: 'E1', asks: 'AL|AL' }))
  const second = await peer.next()
  expect([codeOf(first), codeOf(second)]).toEqual(['CA', 'AA'])
  expect([ackOf(first).controlId, ackOf(second).controlId]).toEqual(['E1', 'E1'])
  const numberOf = (reply: string): string => reply.split('|')[9] ?? ''
  expect(numberOf(first)).not.toBe(numberOf(second))
  peer.socket.destroy()
})

test('enhanced mode: a repeat hears the acceptance again, never the application reply in its place', async () => {
  await using world = await openWorld()
  const peer = await world.connect()
  const message = adt({ asks: 'AL|AL' })
  const first = await peer.ask(message)
  expect(codeOf(await peer.next())).toBe('AA')
  expect(await peer.ask(message)).toBe(first)
  peer.socket.destroy()
})

test.each([
  // MSH-15|MSH-16, the replies to a message that applies, and to one that parks while applying
  ['AL|NE', ['CA'], ['CA']],
  ['NE|NE', [], []],
  ['NE|AL', ['AA'], ['AE']],
  ['NE|ER', [], ['AE']],
  ['NE|SU', ['AA'], []],
  ['SU|ER', ['CA'], ['CA', 'AE']],
  ['ER|SU', ['AA'], []],
  ['AL|ER', ['CA'], ['CA', 'AE']],
])('enhanced mode %s', async (asks, onSuccess, onFailure) => {
  await using world = await openWorld()
  for (const [ended, message, expected] of [
    [1, adt({ asks }), onSuccess],
    [3, adt({ asks, pid: { 3: '' } }), onFailure],
  ] as const) {
    const peer = await world.connect()
    peer.write(message)
    await until(async () => (await countOf(world, 'exchange_outcome')) === ended)
    const replies: string[] = []
    for (const _ of expected) replies.push(codeOf(await peer.next()))
    // The reply to a message that always gets one comes next: nothing else was said.
    peer.write(adt({ controlId: `END${ended}` }))
    const end = ackOf(await peer.next())
    expect([replies, end.controlId]).toEqual([expected, `END${ended}`])
    await until(async () => (await countOf(world, 'exchange_outcome')) === ended + 1)
    peer.socket.destroy()
  }
})

test('enhanced mode: a sender that asked for the application reply alone hears that it was turned away', async () => {
  await using world = await openWorld()
  const peer = await world.connect()
  const reply = ackOf(await peer.ask(adt({ asks: 'NE|AL' }).replace('|2.5.1|', '|9.9|')))
  expect([reply.code, reply.problems[0]?.code]).toEqual(['AR', '203'])
  peer.socket.destroy()
})
