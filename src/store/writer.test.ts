import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'
import { openWriter } from './writer.ts'

let store: TestDatabase
beforeEach(async () => void (store = await openTestDatabase()))
afterEach(() => store[Symbol.asyncDispose]())

const backends = async (): Promise<number[]> => {
  const rows = await store.asOwner<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
  return rows.map((row) => row.pid)
}
const cut = () =>
  store.asOwner(
    `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  )
const settled = (query: Promise<unknown>) =>
  query.then(
    () => 'done',
    () => 'failed',
  )

test('a writer opens one connection when it is needed and closes it', async () => {
  const writer = openWriter(store.database)
  expect(await backends()).toHaveLength(0)
  await Promise.all(Array.from({ length: 10 }, () => writer.query({ text: 'select 1' })))
  expect(await backends()).toHaveLength(1)
  await writer.close()
  await expect.poll(backends).toHaveLength(0)
})

test('callers that find the connection lost at the same time share one new connection', async () => {
  await using store = await openTestDatabase()
  const writer = openWriter(store.database)
  const pid = async (): Promise<number | undefined> =>
    (await writer.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid
  const before = await pid()
  await store.asOwner('select pg_terminate_backend($1)', [before])
  await expect.poll(pid).not.toBe(before)
  await store.asOwner('select pg_terminate_backend($1)', [await pid()])
  await writer.query('select 1').catch(() => undefined)
  const pids = new Set(await Promise.all([pid(), pid(), pid()]))
  expect(pids.size).toBe(1)
  await writer.close()
  const rest = await store.asOwner(`select pid from pg_stat_activity where pid = any($1)`, [[...pids]])
  expect(rest).toEqual([])
})

test('a transaction commits what it returns from and rolls back what it throws', async () => {
  const writer = openWriter(store.database)
  await writer.tx((client) => client.query(`update practice set name = 'kept'`))
  const failing = writer.tx(async (client) => {
    await client.query(`update practice set name = 'thrown away'`)
    throw new Error('on purpose')
  })
  await expect(failing).rejects.toThrow('on purpose')
  expect(await store.asOwner('select name from practice')).toEqual([{ name: 'kept' }])
  await writer.close()
})

test('a connection lost inside a transaction leaves nothing of it, and the next one works', async () => {
  const writer = openWriter(store.database)
  const failing = writer.tx(async (client) => {
    await client.query(`update practice set name = 'half'`)
    await cut()
    await client.query('select 1')
  })
  await expect(failing).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await expect.poll(() => settled(writer.tx((client) => client.query('select 1')))).toBe('done')
  expect(await store.asOwner('select name from practice')).toEqual([{ name: 'Test Practice' }])
  await writer.close()
})

test('only what can be repeated is committed without waiting for the disk', async () => {
  const show = async (repeatable: boolean) => {
    const writer = openWriter(store.database, { repeatable })
    const { rows } = await writer.query<{ synchronous_commit: string }>({ text: 'show synchronous_commit' })
    await writer.close()
    return rows[0]?.synchronous_commit
  }
  await store.asOwner(
    `do $$ begin execute format('alter database %I set synchronous_commit = on', current_database()); end $$`,
  )
  expect([await show(false), await show(true)]).toEqual(['on', 'off'])
})
