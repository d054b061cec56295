import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { openTestDatabase } from '../../store/test-database.ts'
import type { TestDatabase } from '../../store/test-database.ts'
import { testVault } from '../../store/test-rows.ts'
import { Counters } from '../counters.ts'
import { ResourceInbox } from './resource-inbox.ts'
import type { ArrivedResource } from './resource-inbox.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await openTestDatabase()
})
afterAll(() => store[Symbol.asyncDispose]())

const origin = { parentId: null, remote: 'fhir.example', channel: 'fhir' }

function open() {
  const connectionId = newId<ConnectionId>()
  const inbox = new ResourceInbox({
    vault: testVault(),
    counters: new Counters(systemClock),
    onAccepted: () => undefined,
  })
  const accept = (...arrived: ArrivedResource[]) =>
    inbox.accept(store.database, connectionId, arrived, origin)
  const owed = async (): Promise<number> => {
    const { rows } = await store.database.query<{ n: number }>(
      'select count(*)::int as n from job j join exchange e on e.id = j.exchange_id where e.connection_id = $1',
      [connectionId],
    )
    return rows[0]?.n ?? 0
  }
  return { accept, owed }
}

const observation = (version: string, value: number, minute = 0, id = 'VS-1'): ArrivedResource => ({
  type: 'Observation',
  id,
  version,
  asOfMs: Date.UTC(2026, 2, 2, 15, minute),
  patient: '12345',
  text: JSON.stringify({ resourceType: 'Observation', id, valueQuantity: { value } }),
})

test('a resource is stored with work owed, and the same version again changes nothing', async () => {
  const { accept, owed } = open()
  expect(await accept(observation('1', 37))).toEqual({ seen: 1, changed: 1 })
  expect(await accept(observation('1', 37))).toEqual({ seen: 1, changed: 0 })
  expect(await owed()).toBe(1)
})

test('a new version is news; one that says the same under another number is not', async () => {
  const { accept, owed } = open()
  await accept(observation('1', 37))
  expect((await accept(observation('2', 37, 1))).changed).toBe(0)
  expect((await accept(observation('3', 38, 2))).changed).toBe(1)
  expect(await owed()).toBe(2)
})

test('a search that lags behind does not bring an older version back', async () => {
  const { accept } = open()
  await accept(observation('2', 38, 5))
  expect((await accept(observation('1', 37, 1))).changed).toBe(0)
})

test('a value that goes back to what it was is news each time', async () => {
  const { accept, owed } = open()
  for (const [n, value] of [37, 38, 37].entries()) await accept(observation(String(n), value, n))
  expect(await owed()).toBe(3)
})

test('the same id twice on one page counts once, in its newest version', async () => {
  const { accept, owed } = open()
  expect(await accept(observation('2', 38, 5), observation('1', 37, 1))).toEqual({ seen: 1, changed: 1 })
  expect(await owed()).toBe(1)
  expect((await accept(observation('2', 38, 5))).changed).toBe(0)
})

test('a resource without a version or time is told by its content', async () => {
  const { accept } = open()
  const plain = (value: number): ArrivedResource => ({
    ...observation('', value),
    version: null,
    asOfMs: null,
  })
  expect((await accept(plain(37))).changed).toBe(1)
  expect((await accept(plain(37))).changed).toBe(0)
  expect((await accept(plain(38))).changed).toBe(1)
})

test('what stands in the clear names nobody', async () => {
  const { accept } = open()
  await accept({ ...observation('1', 37), id: 'VS-SECRET-77', patient: '4711-SECRET' })
  for (const table of ['exchange', 'far_record', 'exchange_key', 'job']) {
    const { rows } = await store.database.query<{ text: string }>(`select t::text as text from ${table} t`)
    for (const { text } of rows) expect(text).not.toContain('SECRET')
  }
})
