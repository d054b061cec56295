import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { openVault } from '../vault/vault.ts'
import { loadKeyRing, rotateDataKey, rotateMasterKey } from './database-keys.ts'
import { openDatabase } from './database.ts'
import { openTestDatabase, TEST_PRACTICE_ID } from './test-database.ts'

const master = randomBytes(32)
const practiceId = TEST_PRACTICE_ID
const code = (value: string): unknown => expect.objectContaining({ code: value })

test('engines that start together on a new database agree on their keys', async () => {
  await using store = await openTestDatabase()
  const { database } = store
  const rings = await Promise.all(Array.from({ length: 5 }, () => loadKeyRing({ database, master })))
  expect(new Set(rings.map((ring) => ring.current.keyId)).size).toBe(1)
  const [first, last] = [rings[0], rings[4]].map((ring) => ring && openVault({ ring, practiceId }))
  expect(last?.openText('p', first?.seal('p', 'x') ?? Buffer.of())).toBe('x')
  expect(last?.blind('i', 'x')).toEqual(first?.blind('i', 'x'))
})

test('each practice has keys of its own', async () => {
  await using store = await openTestDatabase()
  await using other = openDatabase({
    address: store.address,
    practiceId: '01900000-0000-7000-8000-000000000009',
  })
  const ours = await loadKeyRing({ database: store.database, master })
  const theirs = await loadKeyRing({ database: other, master })
  expect(theirs.current.secret).not.toEqual(ours.current.secret)
})

test('a rotated key waits until every engine has read it, then seals; the old one stays readable', async () => {
  await using store = await openTestDatabase()
  const { database } = store
  const before = await loadKeyRing({ database, master })
  const sealed = openVault({ ring: before, practiceId }).seal('p', 'old')

  const waiting = await rotateDataKey({ database, master })
  const during = await loadKeyRing({ database, master })
  expect(during.current.keyId).toBe(before.current.keyId)
  expect(during.find(waiting)).toBeDefined()

  const next = await rotateDataKey({ database, master, delaySeconds: 0 })
  const after = await loadKeyRing({ database, master })
  expect(after.current.keyId).toBe(next)
  expect(openVault({ ring: after, practiceId }).openText('p', sealed)).toBe('old')
})

test('after the master key was rotated only the new one opens the ring', async () => {
  await using store = await openTestDatabase()
  const { database } = store
  const ring = await loadKeyRing({ database, master })
  const to = randomBytes(32)
  expect(await rotateMasterKey({ database, from: master, to })).toBe(2)
  const again = await loadKeyRing({ database, master: to })
  expect(again.current).toEqual(ring.current)
  await expect(loadKeyRing({ database, master })).rejects.toThrow(code('KEY_MISSING'))
  await expect(rotateMasterKey({ database, from: master, to })).rejects.toThrow(code('KEY_MISSING'))
})

test('the database never holds a data key in the clear', async () => {
  await using store = await openTestDatabase()
  const ring = await loadKeyRing({ database: store.database, master })
  const rows = await store.asOwner<{ wrapped: Buffer }>('select wrapped from data_key')
  for (const { wrapped } of rows) {
    expect(wrapped.includes(ring.current.secret)).toBe(false)
    expect(wrapped.includes(ring.index.secret)).toBe(false)
  }
})
