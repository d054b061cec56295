import { expect, test } from 'vitest'
import { openTestDatabase } from './test-database.ts'
import { openWriter } from './writer.ts'

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
