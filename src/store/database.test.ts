import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { openDatabase } from './database.ts'
import { instantOf } from './database-types.ts'
import { openTestDatabase, TEST_PRACTICE_ID } from './test-database.ts'

const code = (value: string): unknown => expect.objectContaining({ code: value })
const OTHER_PRACTICE_ID = '01900000-0000-7000-8000-000000000002'

const addConnection = `insert into connection (practice_id, id, channel, name) values ($1, gen_random_uuid(), 'hl7v2', $2)`

test('the application works as its own role, in UTC, and stays it after a reset', async () => {
  await using store = await openTestDatabase()
  await using client = await store.database.client()
  const who = `select current_user as role, current_practice() as practice, current_setting('TimeZone') as zone`
  const expected = [{ role: 'practice_studio_app', practice: TEST_PRACTICE_ID, zone: 'UTC' }]
  expect((await client.query(who)).rows).toEqual(expected)
  await client.query('discard all')
  expect((await client.query(who)).rows).toEqual(expected)
})

test('row-level security shows and takes only rows of the own practice', async () => {
  await using store = await openTestDatabase()
  await store.asOwner(
    `insert into practice (practice_id, name, country, time_zone) values ($1, 'Other', 'US', 'UTC')`,
    [OTHER_PRACTICE_ID],
  )
  await store.asOwner(addConnection, [OTHER_PRACTICE_ID, 'theirs'])
  await store.database.query(addConnection, [TEST_PRACTICE_ID, 'ours'])
  expect((await store.database.query('select name from connection')).rows).toEqual([{ name: 'ours' }])
  await expect(store.database.query(addConnection, [OTHER_PRACTICE_ID, 'smuggled'])).rejects.toThrow(
    'row-level security',
  )
  await expect(store.database.query('create table t ()')).rejects.toThrow('permission denied')
})

test('a URL with options of its own still opens as the application role', async () => {
  await using store = await openTestDatabase()
  const url = `${store.connectionString}&options=-c%20statement_timeout%3D1234%20-c%20role%3Dpractice_studio`
  await using database = openDatabase({ connectionString: url, practiceId: TEST_PRACTICE_ID })
  const { rows } = await database.query(
    `select current_user as role, current_setting('statement_timeout') as t`,
  )
  expect(rows).toEqual([{ role: 'practice_studio_app', t: '1234ms' }])
})

test('a transaction commits what it returns from and rolls back what it throws', async () => {
  await using store = await openTestDatabase()
  const { database } = store
  await database.tx((client) => client.query(addConnection, [TEST_PRACTICE_ID, 'kept']))
  const failed = database.tx(async (client) => {
    await client.query(addConnection, [TEST_PRACTICE_ID, 'dropped'])
    throw new Error('no')
  })
  await expect(failed).rejects.toThrow('no')
  const { rows: names } = await database.query<{ name: string }>('select name from connection')
  expect(names).toEqual([{ name: 'kept' }])
})

test('a read-only transaction writes nothing', async () => {
  await using store = await openTestDatabase()
  const write = store.database.tx((client) => client.query(addConnection, [TEST_PRACTICE_ID, 'x']), {
    readOnly: true,
  })
  await expect(write).rejects.toThrow('read-only')
})

test('values come out exactly: instants with every digit, dates as dates, big numbers as text', async () => {
  await using store = await openTestDatabase()
  const { rows } = await store.database.query(`select
    timestamptz '2026-03-08 02:30:00.123456-06' as at,
    '-infinity'::timestamptz as never,
    date '1980-02-29' as born,
    9223372036854775807::bigint as big,
    '\\x00ff'::bytea as bytes,
    array[timestamptz '2026-01-01 00:00Z', null] as ats,
    array[date '2026-01-01'] as days,
    array[-1::bigint] as tokens`)
  expect(rows).toEqual([
    {
      at: '2026-03-08T08:30:00.123456Z',
      never: '-infinity',
      born: '1980-02-29',
      big: '9223372036854775807',
      bytes: Buffer.from([0, 255]),
      ats: ['2026-01-01T00:00:00Z', null],
      days: ['2026-01-01'],
      tokens: ['-1'],
    },
  ])
  expect(Temporal.Instant.from(instantOf('2026-03-08 08:30:00.123456+00')).epochMilliseconds).toBe(
    1772958600123,
  )
})

test('a database that is not there is a transient failure', async () => {
  const address = { host: '127.0.0.1', port: 1, user: 'x', password: 'x', database: 'x' }
  await using database = openDatabase({ address, practiceId: TEST_PRACTICE_ID })
  for (const work of [
    () => database.query('select 1'),
    () => database.tx((client) => client.query('select 1')),
    () => database.client(),
    () => database.listen('x', () => undefined),
  ]) {
    await expect(work()).rejects.toThrow(code('STORE_UNAVAILABLE'))
  }
})

const KILL_OTHERS = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`

test('after the server ended every connection, the next query works', async () => {
  await using store = await openTestDatabase()
  await using client = await store.database.client()
  await store.database.query('select 1')
  await store.asOwner(KILL_OTHERS)
  await sleep(100)
  expect((await store.database.query('select 1 as one')).rows).toEqual([{ one: 1 }])
  expect(client.isLost).toBe(true)
  await expect(client.query('select 1')).rejects.toThrow(code('STORE_UNAVAILABLE'))
})

test('a connection that breaks within a transaction is a transient failure', async () => {
  await using store = await openTestDatabase()
  const broken = store.database.tx(async (client) => {
    await client.query('select 1')
    await store.asOwner(KILL_OTHERS)
    await client.query('select 1')
  })
  await expect(broken).rejects.toThrow(code('STORE_UNAVAILABLE'))
})

test('a connection that breaks at the commit leaves the outcome unknown', async () => {
  await using store = await openTestDatabase()
  const broken = store.database.tx(async (client) => {
    await client.query('select 1')
    await store.asOwner(KILL_OTHERS)
    await sleep(100)
  })
  await expect(broken).rejects.toThrow(code('STORE_COMMIT_UNKNOWN'))
})

test('a listener hears its channel, and is told to look after a lost connection came back', async () => {
  await using store = await openTestDatabase()
  const heard: (string | undefined)[] = []
  await store.database.listen('job', (payload) => heard.push(payload))
  await store.database.query(`select pg_notify('job', 'one'), pg_notify('other', 'no')`)
  await expect.poll(() => heard).toEqual(['one'])
  await store.asOwner(KILL_OTHERS)
  await expect.poll(() => heard).toEqual(['one', undefined])
  await store.database.query(`select pg_notify('job', 'two')`)
  await expect.poll(() => heard).toEqual(['one', undefined, 'two'])
})

test('a practice id that is no UUID is refused before anything is connected', () => {
  const address = { host: '/nowhere', port: 1, user: 'x', password: 'x', database: 'x' }
  expect(() => openDatabase({ address, practiceId: 'x -c role=none' })).toThrow(code('CONFIG_INVALID'))
})
