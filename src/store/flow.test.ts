import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import { acceptBatch } from './accept.ts'
import {
  fetchJobs,
  findSettled,
  finishJobs,
  freeLanes,
  holdLanes,
  leaseLanes,
  makeLanes,
  postponeJob,
  releaseLanes,
  resolveOriginals,
  writeOutcomes,
} from './flow.ts'
import { openTestDatabase } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'

let store: TestDatabase
beforeEach(async () => {
  store = await openTestDatabase()
  await makeLanes(store.database, LANES)
})
afterEach(() => store[Symbol.asyncDispose]())

const LANES = 8
const ALL = [0, 1, 2, 3, 4, 5, 6, 7]
const NO_ID = '00000000-0000-0000-0000-000000000000'
const lease = (owner: string, seconds = 60) => leaseLanes(store.database, { owner, seconds, lanes: LANES })

async function owe(
  ...jobs: { lane?: number; bytes?: number; replayOf?: ExchangeId; verdict?: 'parked' }[]
): Promise<ExchangeId[]> {
  const rows = jobs.map(({ lane = 0, bytes = 10, replayOf = null, verdict }) => ({
    id: newId<ExchangeId>(),
    connectionId: newId<ConnectionId>(),
    channel: 'hl7v2',
    kind: 'ADT^A08',
    lane,
    remote: '',
    sizeBytes: bytes,
    parentId: null,
    replayOf,
    patientKey: null,
    orderKey: randomBytes(8),
    controlKey: randomBytes(16),
    fingerprint: randomBytes(24),
    sealedHead: randomBytes(8),
    sealedRaw: randomBytes(8),
    verdict: verdict ? { state: verdict, code: 'INTERNAL', place: null } : null,
  }))
  await acceptBatch(store.database, rows, [])
  return rows.map((row) => row.id)
}
const fetched = async (
  options: { after?: string; lanes?: number[]; limit?: number; limitBytes?: number } = {},
) =>
  (
    await fetchJobs(store.database, { after: NO_ID, lanes: ALL, limit: 100, limitBytes: 1_000, ...options })
  ).map((job) => job.id)

test('one process holds every lane, two share them, and what is given back is taken by the other', async () => {
  const [one, two] = [newId(), newId()]
  expect(await lease(one)).toHaveLength(LANES)
  expect(await lease(two)).toHaveLength(0)
  expect(await lease(one)).toHaveLength(LANES / 2)
  expect(await lease(two)).toHaveLength(LANES / 2)
  await releaseLanes(store.database, one)
  expect((await lease(two)).sort()).toEqual(ALL)
})

test('three processes leave no lane alone', async () => {
  const owners = [newId(), newId(), newId()]
  for (let round = 0; round < 3; round++) for (const owner of owners) await lease(owner)
  const held = await Promise.all(owners.map((owner) => lease(owner)))
  expect(held.flat().sort()).toEqual(ALL)
  for (const lanes of held) expect(lanes.length).toBeLessThanOrEqual(3)
})

test('leases that ended go to who asks next, and a process that slept long comes back without a fault', async () => {
  const [dead, alive] = [newId(), newId()]
  await lease(dead)
  await store.asOwner(
    `update lane_lease set expires_at = now() - interval '1 second'; update worker set seen_at = now() - interval '1 hour'`,
  )
  expect(await lease(alive)).toHaveLength(LANES)
  expect(await store.asOwner('select id from worker')).toEqual([{ id: alive }])
  await store.asOwner(`update worker set seen_at = now() - interval '1 hour'`)
  expect(await lease(alive)).toHaveLength(LANES)
  await lease(alive)
  expect(await store.asOwner('select id from worker')).toEqual([{ id: alive }])
  await freeLanes(store.database)
  expect(await lease(dead)).toHaveLength(LANES)
})

test('a process that died counts for no share once its leases are over', async () => {
  const [dead, alive] = [newId(), newId()]
  await lease(dead, 10)
  await lease(alive, 10)
  await store.asOwner(
    `update lane_lease set expires_at = now() - interval '1 second';
     update worker set seen_at = now() - interval '11 seconds' where id = '${dead}'`,
  )
  expect(await lease(alive, 10)).toHaveLength(LANES)
})

test('a lane held in a transaction cannot be taken over, even when its lease ends meanwhile', async () => {
  const [one, two] = [newId(), newId()]
  await lease(one)
  await store.database.tx(async (client) => {
    expect(await holdLanes(client, one, [1, 2])).toBe(2)
    const taking = await store.database.client()
    // As when time passes: the other process finds the lease over while the work goes on.
    await taking.query(`set lock_timeout = '5s'`)
    const rest = await taking.query<{ lane: number }>(
      `select lane from lane_lease where practice_id = current_practice() and lane in (1, 2, 3) for update skip locked`,
    )
    expect(rest.rows).toEqual([{ lane: 3 }])
    await taking.close()
  })
  expect(await holdLanes(store.database, two, [1])).toBe(0)
})

test('jobs come in order of arrival, of the lanes asked for, after where one left off', async () => {
  const [a = '', b = '', c = ''] = await owe({ lane: 1 }, { lane: 2 }, { lane: 1 })
  expect(await fetched()).toEqual([a, b, c])
  expect(await fetched({ lanes: [1] })).toEqual([a, c])
  expect(await fetched({ limit: 2 })).toEqual([a, b])
  expect(await fetched({ after: a })).toEqual([b, c])
})

test('a batch holds so many bytes, and a message larger than that comes alone', async () => {
  const [a, b, c, d] = await owe({ bytes: 600 }, { bytes: 300 }, { bytes: 5_000 }, { bytes: 1 })
  expect(await fetched()).toEqual([a, b])
  expect(await finishJobs(store.database, [a, b] as ExchangeId[])).toBe(2)
  expect(await fetched()).toEqual([c])
  await finishJobs(store.database, [c] as ExchangeId[])
  expect(await fetched()).toEqual([d])
})

test('finishing counts the jobs that were there, and a job that is gone is not postponed', async () => {
  const [a, b] = await owe({}, {})
  expect(await postponeJob(store.database, a as ExchangeId, 1, 60_000)).toBe(true)
  const [first, second] = await fetchJobs(store.database, {
    after: NO_ID,
    lanes: ALL,
    limit: 10,
    limitBytes: 1_000,
  })
  expect([first?.waiting, first?.attempts, second?.waiting]).toEqual([true, 1, false])
  expect(await finishJobs(store.database, [a, b] as ExchangeId[])).toBe(2)
  expect(await finishJobs(store.database, [a, b] as ExchangeId[])).toBe(0)
  expect(await postponeJob(store.database, a as ExchangeId, 2, 60_000)).toBe(false)
})

test('an outcome that is written again replaces the one before, and only ends are found as settled', async () => {
  const [id] = (await owe({})) as [ExchangeId]
  const base = { id, records: ['patient/1', 'encounter/2'], errorPlace: null, errorCode: null }
  await writeOutcomes(store.database, [
    { ...base, state: 'retrying', attempts: 1, errorCode: 'STORE_UNAVAILABLE', sealedEffect: null },
  ])
  expect(await findSettled(store.database, [id])).toEqual([])
  const sealedEffect = randomBytes(20)
  await writeOutcomes(store.database, [{ ...base, state: 'applied', attempts: 2, sealedEffect }])
  expect(await findSettled(store.database, [id])).toMatchObject([{ id, state: 'applied', error_code: null }])
  expect(
    await store.asOwner('select attempts, records, sealed_effect, error_code from exchange_outcome'),
  ).toEqual([{ attempts: 2, records: base.records, sealed_effect: sealedEffect, error_code: null }])
})

test('what a replay resolves is the original and the tries before it, and nothing that applied', async () => {
  const [original, bystander] = (await owe({ verdict: 'parked' }, { verdict: 'parked' })) as [
    ExchangeId,
    ExchangeId,
  ]
  const [failed, applied] = (await owe(
    { verdict: 'parked', replayOf: original },
    { replayOf: original },
  )) as [ExchangeId, ExchangeId]
  await writeOutcomes(store.database, [
    {
      id: applied,
      state: 'applied',
      attempts: 1,
      errorCode: null,
      errorPlace: null,
      records: [],
      sealedEffect: null,
    },
  ])
  await resolveOriginals(store.database, [original])
  const states = await store.asOwner<{ exchange_id: string; state: string }>(
    'select exchange_id, state from exchange_outcome',
  )
  expect(new Map(states.map((row) => [row.exchange_id, row.state]))).toEqual(
    new Map([
      [original, 'resolved'],
      [failed, 'resolved'],
      [applied, 'applied'],
      [bystander, 'parked'],
    ]),
  )
})
