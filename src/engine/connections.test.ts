import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { codeOf, openPeer, openWorld } from '../../test/world.ts'
import type { World } from '../../test/world.ts'
import { fixture } from '../standards/hl7v2/fixtures.arbitraries.ts'
import { FakeInbox } from '../connectors/hl7v2/listener.world.ts'
import { silentLog } from '../connectors/hl7v2/log.ts'
import { systemClock } from '../kernel/clock.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import type { Database } from '../store/database.ts'
import { openTestDatabase } from '../store/test-database.ts'
import { testVault } from '../store/test-rows.ts'
import type { Vault } from '../vault/vault.ts'
import { Connections } from './connections.ts'
import { adt, cutConnections, statesOf, until } from './engine.world.ts'

const actor = { name: 'ann analyst', role: 'analyst' }
const PEM = '-----BEGIN PRIVATE KEY-----\nnot a real one\n-----END PRIVATE KEY-----\n'
const portOf = (world: World): number => world.engine.address()?.port ?? 0
const current = async (world: World) => {
  const [one] = await world.engine.services.connections.list()
  return one ?? expect.fail('no connection')
}
async function update(world: World, settings: object, more: object = {}) {
  const { id, version, settings: known } = await current(world)
  const change = { version, settings: { ...(known as object), ...settings }, ...more }
  return world.engine.services.connections.update(id as never, change, actor)
}

test('a change made from an old version is refused and changes nothing', async () => {
  await using world = await openWorld()
  const before = await current(world)
  await update(world, { strict: true })
  await expect(update(world, { strict: false }, { version: before.version })).rejects.toMatchObject({
    code: 'VERSION_CONFLICT',
  })
  expect(await current(world)).toMatchObject({ version: before.version + 1, settings: { strict: true } })
  expect(await world.store.asOwner(`select 1 from audit where action = 'connection.update'`)).toHaveLength(1)
})

test.each([
  [{ port: 70_000 }, 'settings.port'],
  [{ tls: { key: 'listener.pem' } }, 'settings.tls.key'],
  [{ filter: { events: ['ADT^A04', 'A05'] } }, 'settings.filter.events.1'],
])('a setting that is not valid names its place: %j', async (settings, place) => {
  await using world = await openWorld()
  await expect(update(world, settings)).rejects.toMatchObject({ code: 'REQUEST_INVALID', at: { place } })
  expect((await current(world)).version).toBe(1)
})

test('a connection that is not there is not found', async () => {
  await using world = await openWorld()
  await expect(
    world.engine.services.connections.get(randomBytes(16).toString('hex') as never),
  ).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('secrets are sealed in the database, masked outside, and kept when the mask comes back', async () => {
  await using world = await openWorld()
  await update(world, { tls: { enabled: false, key: PEM } })
  const rows = async () =>
    JSON.stringify(
      await world.store.asOwner('select settings, sealed_secrets, detail from connection, audit'),
    )
  expect(await rows()).not.toContain('not a real one')
  expect(await current(world)).toMatchObject({ settings: { tls: { key: '********' } } })
  const sealed = async () =>
    (await world.store.asOwner<{ sealed_secrets: Buffer | null }>('select sealed_secrets from connection'))[0]
      ?.sealed_secrets
  await update(world, { strict: true })
  const [{ id } = { id: '' }] = await world.store.asOwner<{ id: string }>('select id from connection')
  expect(
    JSON.parse(world.vault.openText(`connection/secrets/${id}`, (await sealed()) ?? Buffer.alloc(0))),
  ).toEqual({ 'tls.key': PEM })
  await update(world, { tls: { enabled: false, key: '' } })
  expect(await sealed()).toBeNull()
  // The trail says that the key changed, which nothing else shows.
  const details = await world.store.asOwner<{ detail: { changed: string[] } }>(
    `select detail from audit where action = 'connection.update' order by seq`,
  )
  expect(details.map((row) => row.detail.changed)).toEqual([['tls.key'], ['strict'], ['tls.key']])
})

test('a changed listener starts anew: the old port is closed, the new one takes messages with the new settings', async () => {
  await using world = await openWorld()
  const oldPort = portOf(world)
  await update(world, { strict: true })
  const [refused = ''] = await world.send(adt({ pid: { 3: '' } }))
  expect(codeOf(refused)).toBe('AE')
  expect(portOf(world)).not.toBe(oldPort)
  await expect(openPeer(oldPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('a connection that is switched off listens no more, and one that cannot listen says why', async () => {
  await using world = await openWorld()
  const oldPort = portOf(world)
  expect((await update(world, {}, { enabled: false })).listener).toMatchObject({
    state: 'stopped',
    address: null,
  })
  await expect(openPeer(oldPort)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await using other = await openWorld()
  const failed = await update(world, { port: portOf(other) }, { enabled: true })
  expect(failed.listener?.state).toBe('failed')
  expect(failed.listener?.problem).toContain(String(portOf(other)))
  expect(world.engine.problems()).toEqual([failed.listener?.problem])
  expect((await update(world, { port: 0 })).listener).toMatchObject({ state: 'listening', problem: null })
})

test('frames in work when the settings change are answered before the old listener ends', async () => {
  await using world = await openWorld()
  const peer = await world.connect()
  const replies = Array.from({ length: 20 }, () => peer.ask(adt()))
  await until(async () => (await statesOf(world)).length > 0)
  await update(world, { strict: true })
  expect(new Set((await Promise.all(replies)).map(codeOf))).toEqual(new Set(['AA']))
  await world.settled()
  expect(await statesOf(world)).toHaveLength(20)
})

test('settings changed in one process reach another', async () => {
  const master = randomBytes(32)
  await using one = await openWorld({}, { master })
  await using other = await openWorld({}, { store: one.store, master })
  await update(one, { strict: true })
  await until(async () => (await current(other)).version === 2)
  await until(() => other.engine.address() !== null)
  const [reply = ''] = await other.send(adt({ pid: { 3: '' } }))
  expect(codeOf(reply)).toBe('AE')
  // And what the other then changes is not refused.
  await update(other, { strict: false })
  await until(async () => (await current(one)).version === 3)
})

test('many changes in a row leave one listener, with the last settings', async () => {
  const master = randomBytes(32)
  await using one = await openWorld({}, { master })
  await using other = await openWorld({}, { store: one.store, master })
  for (let n = 0; n < 4; n++) await update(one, { maxConnections: 100 + n })
  await until(async () => (await current(other)).version === 5)
  await until(async () => (await current(other)).listener?.state === 'listening')
  expect((await current(other)).settings).toMatchObject({ maxConnections: 103 })
  expect(other.engine.problems()).toEqual([])
})

test('a change that was missed while the line to the database was cut is found when it is back', async () => {
  await using world = await openWorld()
  await world.store.asOwner(`update connection set version = 2, settings = settings || '{"strict": true}'`)
  await cutConnections(world, `query like 'listen%'`)
  await until(async () => (await current(world)).version === 2)
  expect((await current(world)).settings).toMatchObject({ strict: true })
})

/** The part by itself, over a database of its own. */
const openConnections = (database: Database, vault: Vault): Connections =>
  new Connections({
    database,
    vault,
    clock: systemClock,
    log: silentLog,
    defaults: { port: 0 },
    overrides: {},
    listens: true,
    onChanged: () => undefined,
  })

/** Lets the first look of each go on only when all have looked. */
function lookTogether(database: Database, count: number): Database {
  const all = Promise.withResolvers<void>()
  let looked = 0
  return {
    ...database,
    query: async (query, values) => {
      const result = await database.query<never>(query, values)
      if (++looked === count) all.resolve()
      await all.promise
      return result
    },
  }
}

test('processes that start together on a new database share one connection', async () => {
  await using store = await openTestDatabase({ max: 10 })
  const vault = testVault()
  const together = lookTogether(store.database, 4)
  const all = Array.from({ length: 4 }, () => openConnections(together, vault))
  await Promise.all(all.map((one) => one.load()))
  expect(await store.asOwner('select 1 from connection')).toHaveLength(1)
  expect(new Set(all.flatMap((one) => one.list().map(({ id }) => id))).size).toBe(1)
})

test('several hints about one change open one listener, and none after the end', async () => {
  await using store = await openTestDatabase({ max: 10 })
  const connections = openConnections(store.database, testVault())
  await connections.load()
  await connections.listen(new FakeInbox())
  const id = connections.list()[0]?.id as ConnectionId
  const port = connections.address()?.port ?? 0
  const change = () =>
    store.asOwner(
      `update connection set version = version + 1, settings = jsonb_set(settings, '{port}', '${port}')`,
    )
  await change()
  await Promise.all([connections.reload(id), connections.reload(id), connections.reload(id)])
  expect(connections.problems()).toEqual([])
  expect(connections.address()?.port).toBe(port)
  await change()
  const late = connections.reload(id)
  await connections.close()
  await late
  await connections.reload(id)
  await expect(openPeer(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
})

test('the guide’s sample is taken by a connection nobody has configured', async () => {
  await using world = await openWorld()
  const [reply = ''] = await world.send(fixture('guide-adt-a04', 'valid'))
  expect(codeOf(reply)).toBe('AA')
})
