import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { fixedClock } from '../kernel/clock.ts'
import { appendAudit, canonicalJson, verifyAudit } from './audit.ts'
import { AuditWriter } from './audit-writer.ts'
import { openTestDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'

const clock = fixedClock(Date.parse('2026-03-04T10:00:00Z'))
const entry = (n: number) => ({
  actor: 'Test analyst',
  role: 'analyst',
  action: 'patient.read',
  object: `patient/${n}`,
  detail: { count: n, keys: ['name', 'mrn'], nested: { b: 1.5, a: null } },
})

let store: TestDatabase

beforeAll(async () => {
  store = await openTestDatabase()
})
afterAll(() => store[Symbol.asyncDispose]())
beforeEach(() => store.asOwner('truncate audit, audit_head'))

const append = (...numbers: number[]): Promise<void> =>
  store.database.tx((client) => appendAudit(client, numbers.map(entry), clock))

test('an empty trail and a grown one verify', async () => {
  expect(await verifyAudit(store.database)).toEqual({ ok: true, rows: 0 })
  await append(1, 2)
  await append(3)
  expect(await verifyAudit(store.database)).toEqual({ ok: true, rows: 3 })
})

test('rows of a transaction that is rolled back leave no gap', async () => {
  await append(1)
  const failing = store.database.tx(async (client) => {
    await appendAudit(client, [entry(2)], clock)
    throw new Error('no')
  })
  await expect(failing).rejects.toThrow('no')
  await append(3)
  expect(await verifyAudit(store.database)).toEqual({ ok: true, rows: 2 })
})

test('many transactions at once make one line', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, n) => append(n)))
  expect(await verifyAudit(store.database)).toEqual({ ok: true, rows: 20 })
})

test.each([
  ['a changed actor', `update audit set actor = 'nobody' where seq = 3`, 3],
  ['a changed detail', `update audit set detail = '{"count": 4}' where seq = 3`, 3],
  ['a changed time', `update audit set at = at + interval '1 second' where seq = 3`, 3],
  ['a row taken out', 'delete from audit where seq = 3', 3],
  ['the first row taken out', 'delete from audit where seq = 1', 1],
  ['the end cut off', 'delete from audit where seq >= 4', 4],
  ['a hash written anew', `update audit set hash = sha256('x') where seq = 5`, 5],
  [
    'two rows changing places',
    `update audit set object = case seq when 2 then 'patient/3' else 'patient/2' end where seq in (2, 3)`,
    2,
  ],
  ['a head taken away', 'delete from audit_head', 1],
])('%s is found', async (_, tampering, brokenAt) => {
  await append(1, 2, 3, 4, 5)
  await store.asOwner(tampering)
  expect(await verifyAudit(store.database)).toMatchObject({ ok: false, brokenAt })
})

test('the application may neither change nor delete a row', async () => {
  await append(1)
  await expect(store.database.query(`update audit set actor = 'nobody'`)).rejects.toThrow('permission denied')
  await expect(store.database.query('delete from audit')).rejects.toThrow('permission denied')
})

test('the writer puts concurrent entries into few appends, and all of them into the trail', async () => {
  let commits = 0
  const counting = {
    tx: <T>(work: Parameters<typeof store.database.tx<T>>[0]) => {
      commits += 1
      return store.database.tx(work)
    },
  }
  const writer = new AuditWriter({ database: counting, clock })
  await Promise.all(Array.from({ length: 100 }, (_, n) => writer.write(entry(n))))
  expect(await verifyAudit(store.database)).toEqual({ ok: true, rows: 100 })
  expect(commits).toBeLessThan(10)
})

test('an append that fails fails those who wait for it, and the next ones go through', async () => {
  let isDown = true
  const failing = {
    tx: <T>(work: Parameters<typeof store.database.tx<T>>[0]) =>
      isDown ? Promise.reject(new Error('down')) : store.database.tx(work),
  }
  const writer = new AuditWriter({ database: failing, clock })
  await expect(writer.write(entry(1))).rejects.toThrow('down')
  isDown = false
  await writer.write(entry(2))
  expect(await verifyAudit(store.database)).toEqual({ ok: true, rows: 1 })
})

test('canonical JSON does not depend on the order of keys', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
      const reversed = Object.fromEntries(Object.entries(object).reverse())
      expect(canonicalJson(reversed)).toBe(canonicalJson(object))
      expect(JSON.parse(canonicalJson(object))).toEqual(JSON.parse(JSON.stringify(object)))
    }),
  )
})
