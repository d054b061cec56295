import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { acceptBatch, acceptRepeat, findFirst, keepReply } from './accept.ts'
import type { AcceptRow } from './accept.ts'
import { openTestDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'

let store: TestDatabase
beforeEach(async () => void (store = await openTestDatabase()))
afterEach(() => store[Symbol.asyncDispose]())

const connectionId = newId<ConnectionId>()
const SENDER = randomBytes(8)

function row(changes: Partial<AcceptRow> = {}): AcceptRow {
  return {
    id: newId<ExchangeId>(),
    connectionId,
    channel: 'hl7v2',
    kind: 'ADT^A08',
    lane: 3,
    remote: '127.0.0.1:50000',
    sizeBytes: 10,
    parentId: null,
    replayOf: null,
    patientKey: null,
    orderKey: randomBytes(8),
    controlKey: randomBytes(16),
    fingerprint: Buffer.concat([SENDER, randomBytes(16)]),
    sealedHead: randomBytes(30),
    sealedRaw: randomBytes(500),
    verdict: null,
    ...changes,
  }
}
const count = async (table: string): Promise<number> =>
  (await store.asOwner<{ n: number }>(`select count(*)::int as n from ${table}`))[0]?.n ?? -1
const accept = (...rows: AcceptRow[]) => acceptBatch(store.database, rows, [])

test('a batch is stored whole, each row with its own bytes, and work is owed for each', async () => {
  const rows = [row(), row({ patientKey: randomBytes(8) }), row({ sealedRaw: Buffer.alloc(0), sizeBytes: 0 })]
  expect(await accept(...rows)).toEqual(rows.map(({ id }) => ({ id, reused: false })))
  const stored = await store.asOwner<Record<string, Buffer>>(
    'select e.*, j.order_key from exchange e join job j on j.exchange_id = e.id order by id',
  )
  for (const [n, one] of rows.entries()) {
    expect(stored[n]?.['sealed_raw']).toEqual(one.sealedRaw)
    expect(stored[n]?.['sealed_head']).toEqual(one.sealedHead)
    expect(stored[n]?.['order_key']).toEqual(one.orderKey)
    // A patient's key is what the patient's messages are ordered by.
    expect(stored[n]?.['patient_key']).toEqual(one.patientKey ? one.orderKey : null)
  }
})

test('a repeat inside the batch is not stored, and the first of the two is', async () => {
  const first = row()
  const repeat = row({ controlKey: first.controlKey, fingerprint: first.fingerprint })
  const other = row()
  expect((await accept(first, repeat, other)).map((one) => one.id).sort()).toEqual(
    [first.id, other.id].sort(),
  )
  expect([await count('exchange'), await count('job'), await count('exchange_key')]).toEqual([2, 2, 2])
  expect(await findFirst(store.database, repeat)).toEqual({
    id: first.id,
    sealed_head: first.sealedHead,
    sealed_reply: null,
  })
})

test('the same control id with other content is new and told as reused; from another sender it is not', async () => {
  const first = row()
  await accept(first)
  const { controlKey } = first
  const other = row({ controlKey, fingerprint: randomBytes(24) })
  const again = row({ controlKey })
  const found = await accept(other, again)
  expect(new Map(found.map((one) => [one.id, one.reused]))).toEqual(
    new Map([
      [other.id, false],
      [again.id, true],
    ]),
  )
})

test('parked and ignored ones get their outcome and no work', async () => {
  const parked = row({ verdict: { state: 'parked', code: 'HL7_UNREADABLE', place: 'MSH' } })
  const ignored = row({ verdict: { state: 'ignored', code: 'HL7_EVENT_NOT_SUPPORTED', place: null } })
  await accept(parked, ignored, row())
  expect(await count('job')).toBe(1)
  expect(
    await store.asOwner(
      'select exchange_id, state, error_code, error_place from exchange_outcome order by exchange_id',
    ),
  ).toEqual([
    { exchange_id: parked.id, state: 'parked', error_code: 'HL7_UNREADABLE', error_place: 'MSH' },
    { exchange_id: ignored.id, state: 'ignored', error_code: 'HL7_EVENT_NOT_SUPPORTED', error_place: null },
  ])
})

test('acknowledgements travel with the next batch, and the first word about one stands', async () => {
  const one = row()
  await accept(one)
  const ack = { exchangeId: one.id, sealedReply: null }
  await acceptBatch(store.database, [row()], [{ ...ack, outcome: 'sent' }])
  await acceptBatch(store.database, [], [{ ...ack, outcome: 'unsent' }])
  expect(await store.asOwner('select exchange_id, outcome from exchange_ack')).toEqual([
    { exchange_id: one.id, outcome: 'sent' },
  ])
})

test('a reply decided later is found with the first copy', async () => {
  const one = row()
  await accept(one)
  const sealedReply = randomBytes(40)
  await keepReply(store.database, { exchangeId: one.id, outcome: 'sent', sealedReply })
  await keepReply(store.database, { exchangeId: one.id, outcome: 'sent', sealedReply: randomBytes(40) })
  expect((await findFirst(store.database, one))?.sealed_reply).toEqual(sealedReply)
})

test('a repeat is kept as it came, points at the first, and owes nothing', async () => {
  const first = row()
  await accept(first)
  const repeat = row({ ...first, id: newId<ExchangeId>(), parentId: newId<ExchangeId>() })
  await acceptRepeat(store.database, repeat, first.id)
  const [kept] = await store.asOwner(
    'select duplicate_of, parent_id, sealed_raw from exchange where duplicate_of is not null',
  )
  expect(kept).toEqual({ duplicate_of: first.id, parent_id: repeat.parentId, sealed_raw: repeat.sealedRaw })
  expect(await store.asOwner('select state from exchange_outcome')).toEqual([{ state: 'duplicate' }])
  expect(await count('job')).toBe(1)
})

test('one row that cannot be stored takes the whole batch back', async () => {
  await expect(accept(row(), row({ fingerprint: Buffer.alloc(0), sizeBytes: 2 ** 31 }))).rejects.toThrow()
  expect(await count('exchange')).toBe(0)
})

test('another practice sees nothing of it, and its own copy is no repeat', async () => {
  const one = row()
  await accept(one)
  await store.asOwner(
    `insert into practice (practice_id, name, country, time_zone) values ($1, 'Other', 'US', 'UTC')`,
    [connectionId],
  )
  await store.asOwner(`select set_config('practice_studio.practice_id', $1, false)`, [connectionId])
  const { openDatabase } = await import('./database.ts')
  await using other = openDatabase({ address: store.address, practiceId: connectionId })
  expect(await findFirst(other, one)).toBeUndefined()
  expect(await acceptBatch(other, [{ ...one, id: newId<ExchangeId>() }], [])).toMatchObject([
    { reused: false },
  ])
})
