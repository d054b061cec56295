import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { farKey } from '../../store/blind-keys.ts'
import { countFarPatients } from '../../store/far-patients.ts'
import { openTestDatabase } from '../../store/test-database.ts'
import type { TestDatabase } from '../../store/test-database.ts'
import { testVault } from '../../store/test-rows.ts'
import { openWriter } from '../../store/writer.ts'
import { Counters } from '../counters.ts'
import { GroupInbox } from './group-inbox.ts'
import { ResourceInbox } from './resource-inbox.ts'
import type { ArrivedResource } from './resource-inbox.ts'
import { ChartMarks } from './sync/marks.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await openTestDatabase()
})
afterAll(() => store[Symbol.asyncDispose]())

const READ_TO = '2026-03-02T15:00:00.000Z'

function open() {
  const connectionId = newId<ConnectionId>()
  const vault = testVault()
  const counters = new Counters(systemClock)
  const inbox = new ResourceInbox({ vault, counters, onAccepted: () => undefined })
  const writer = openWriter(store.database, { repeatable: true })
  const origin = { parentId: null, remote: 'fhir.example', channel: 'fhir' }
  const group = new GroupInbox(inbox, writer, connectionId, origin)
  const marks = new ChartMarks(writer, connectionId, READ_TO)
  return { connectionId, vault, writer, group, marks }
}

const patient = (n: number, version = '1'): ArrivedResource => ({
  type: 'Patient',
  id: String(n),
  version,
  asOfMs: Date.UTC(2026, 2, 2, 15, Number(version)),
  patient: String(n),
  text: JSON.stringify({ resourceType: 'Patient', id: String(n), version }),
})

test('pages that are stored together are told of their own changes each', async () => {
  const { group, writer } = open()
  await group.accept([patient(1), patient(2)])
  const [known, mixed, fresh] = await Promise.all([
    group.accept([patient(1), patient(2)]),
    group.accept([patient(2, '2'), patient(3)]),
    group.accept([patient(3), patient(4), patient(5)]),
  ])
  expect(known).toEqual({ seen: 2, changed: 1 })
  expect(mixed).toEqual({ seen: 2, changed: 1 })
  expect(fresh).toEqual({ seen: 3, changed: 2 })
  await writer.close()
})

test('charts that were read are marked, many at a time, before the walk looks who is left', async () => {
  const { connectionId, vault, writer, group, marks } = open()
  const ids = Array.from({ length: 40 }, (_, n) => n)
  await group.accept(ids.map((n) => patient(n)))
  for (const n of ids.slice(0, 30)) marks.add(farKey(vault, 'Patient', String(n)))
  await marks.written()
  expect(await countFarPatients(store.database, connectionId, READ_TO)).toEqual({ total: 40, done: 30 })
  await writer.close()
})

test('a mark that could not be written is told to the walk, once', async () => {
  const { connectionId } = open()
  const lost = new Error('the database is gone')
  const fails = {
    query: () => Promise.reject(lost),
    tx: () => Promise.reject(lost),
    close: async () => undefined,
  }
  const marks = new ChartMarks(fails, connectionId, READ_TO)
  marks.add(Buffer.alloc(16))
  await expect(marks.written()).rejects.toBe(lost)
  await expect(marks.written()).resolves.toBeUndefined()
})
