import { expect, test } from 'vitest'
import { openWorld } from '../../test/world.ts'
import type { World } from '../../test/world.ts'
import { newId } from '../kernel/ids.ts'
import type { ExchangeId } from '../kernel/ids.ts'
import { valueOf } from '../model/document.ts'
import { adt, refuse, statesOf } from './engine.world.ts'

const actor = { name: 'ann analyst', role: 'analyst' }
const firstOf = async (world: World): Promise<ExchangeId> => (await world.exchanges())[0]?.id as ExchangeId
const replay = (
  world: World,
  id: ExchangeId,
  edits: { place: string; value: string }[] = [],
  preview = false,
) => world.engine.services.replay(id, { preview, edits }, actor)

/** Everything the tables hold, but for what every look at the clock moves. */
async function everything(world: World): Promise<unknown> {
  const tables = [
    'exchange',
    'exchange_key',
    'exchange_outcome',
    'exchange_event',
    'job',
    'patient',
    'encounter',
    'record_key',
    'record_change',
    'audit',
  ]
  const rows = await Promise.all(
    tables.map((table) => world.store.asOwner(`select * from ${table} order by 1, 2, 3`)),
  )
  return Object.fromEntries(tables.map((table, n) => [table, rows[n]]))
}

test('a preview shows what a replay would change, and writes nothing', async () => {
  await using world = await openWorld()
  await world.send(adt({ mrn: 'A', family: 'ROE', visit: 'V1' }))
  await world.settled()
  const id = await firstOf(world)
  const before = await everything(world)
  const shown = await replay(world, id, [{ place: 'PID-5.1', value: 'DOE' }], true)
  expect(shown).toMatchObject({ exchange_id: null, problem: null })
  expect(shown.changes).toMatchObject([
    { field: 'last_name', before: 'ROE', after: 'DOE', outcome: 'changed' },
  ])
  const broken = await replay(world, id, [{ place: 'PID-3', value: '' }], true)
  expect(broken.problem).toMatchObject({ code: 'HL7_REQUIRED_FIELD_EMPTY', place: 'PID-3' })
  expect(await everything(world)).toEqual(before)
})

test('edit and replay closes the error of the original, which stays as it came', async () => {
  await using world = await openWorld()
  await world.send(adt({ pid: { 3: '' } }))
  await world.settled()
  const id = await firstOf(world)
  const [{ sealed_raw: raw } = {}] = await world.store.asOwner<{ sealed_raw?: Buffer }>(
    'select sealed_raw from exchange',
  )
  const done = await replay(world, id, [{ place: 'PID-3', value: 'A' }])
  await world.settled()
  expect(await statesOf(world)).toEqual(['resolved', 'applied'])
  const [original, copy] = await world.store.asOwner<{
    id: string
    replay_of: string | null
    sealed_raw: Buffer
    remote: string
  }>('select * from exchange order by id')
  expect(original?.sealed_raw).toEqual(raw)
  expect(copy).toMatchObject({ id: done.exchange_id, replay_of: id, remote: 'replay by ann analyst' })
  // The places that were edited are noted, never what was written there; and a replay is not a control id used twice.
  const events = await world.store.asOwner('select exchange_id, event, actor, detail from exchange_event')
  expect(events).toEqual([
    {
      exchange_id: id,
      event: 'replayed',
      actor: 'ann analyst',
      detail: { copy: copy?.id, edited: ['PID-3'] },
    },
  ])
  const audit = await world.store.asOwner(
    `select actor, role, object from audit where action = 'exchange.replay'`,
  )
  expect(audit).toEqual([{ actor: 'ann analyst', role: 'analyst', object: `exchange/${id}` }])
})

test('a second try that succeeds closes the first try’s error too', async () => {
  await using world = await openWorld()
  await world.send(adt({ pid: { 3: '' } }))
  await world.settled()
  const failed = await replay(world, await firstOf(world))
  await world.settled()
  expect(await statesOf(world)).toEqual(['parked', 'parked'])
  await replay(world, failed.exchange_id as ExchangeId, [{ place: 'PID-3', value: 'A' }])
  await world.settled()
  expect(await statesOf(world)).toEqual(['resolved', 'resolved', 'applied'])
})

test('a replay is applied each time, never taken for a repeat', async () => {
  await using world = await openWorld()
  await world.send(adt({ mrn: 'A' }))
  await world.settled()
  const id = await firstOf(world)
  await replay(world, id)
  await replay(world, id)
  await world.settled()
  expect(await statesOf(world)).toEqual(['applied', 'applied', 'applied'])
  expect(await world.records('patient')).toHaveLength(1)
})

test.each([
  ['that says when it was true', '20260105080000-0600'],
  ['that says no time', ''],
])('a stale replay of a message %s changes nothing newer', async (_name, at) => {
  await using world = await openWorld()
  await world.send(adt({ mrn: 'A', family: 'OLD', at }))
  await world.settled()
  await world.send(adt({ mrn: 'A', family: 'NEW', at: at && '20260106080000-0600' }))
  await world.settled()
  const id = await firstOf(world)
  expect((await replay(world, id, [], true)).changes.map((one) => one.outcome)).not.toContain('changed')
  await replay(world, id)
  await world.settled()
  const [patient] = await world.records('patient')
  expect(patient && valueOf(patient.document, 'last_name')).toBe('NEW')
})

test('what cannot be replayed says why', async () => {
  await using world = await openWorld()
  await world.send(adt())
  const id = await firstOf(world)
  await expect(replay(world, newId<ExchangeId>())).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(replay(world, id, [{ place: 'nowhere', value: 'x' }])).rejects.toMatchObject({
    code: 'REQUEST_INVALID',
  })
  await world.settled()
  await world.store.asOwner('revoke insert on exchange from practice_studio_app')
  await expect(replay(world, id)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(await statesOf(world)).toEqual(['applied'])
})

test('a replay whose copy does not apply leaves the original’s error open', async () => {
  await using world = await openWorld()
  await world.send(adt({ pid: { 3: '' } }))
  await world.settled()
  const id = await firstOf(world)
  await refuse(world, { exchanges: [id], sqlstate: '22008', also: `new.state = 'resolved'` })
  await replay(world, id, [{ place: 'PID-8', value: 'M' }])
  await world.settled()
  expect(await statesOf(world)).toEqual(['parked', 'parked'])
})
