import { expect, test } from 'vitest'
import { openWorld } from '../../test/world.ts'
import type { World } from '../../test/world.ts'
import { newId } from '../kernel/ids.ts'
import { valueOf } from '../model/document.ts'
import type { Database, DatabaseClient } from '../store/database.ts'
import { LANES } from '../store/blind-keys.ts'
import { adt, cutConnections, effectOf, Flows, refuse, statesOf, until } from './engine.world.ts'
import { idAt } from './flow.ts'

const idsOf = async (world: World): Promise<string[]> => (await world.exchanges()).map((one) => one.id)
const owners = async (world: World) => {
  const rows = await world.store.asOwner<{ owner: string; lanes: number }>(
    'select owner, count(*)::int as lanes from lane_lease where owner is not null and expires_at > now() group by owner',
  )
  return rows.map((row) => row.lanes).sort((a, b) => a - b)
}
const familiesOf = async (world: World) =>
  (await world.records('patient')).map((one) => valueOf(one.document, 'last_name'))

test('a patient’s later messages wait behind one that is tried again, and other patients flow on', async () => {
  await using world = await openWorld({}, { flows: false })
  await world.send(
    adt({ mrn: 'A', family: 'FIRST' }),
    adt({ mrn: 'A', family: 'SECOND' }),
    adt({ mrn: 'B', family: 'OTHER' }),
  )
  const [first = '', second = ''] = await idsOf(world)
  await refuse(world, { exchanges: [first], sqlstate: '40001', times: 2, also: `new.state = 'applied'` })
  await using flows = new Flows(world)
  flows.start()
  await until(async () => (await statesOf(world))[2] === 'applied')
  expect(await statesOf(world)).toEqual(['retrying', 'received', 'applied'])
  await world.settled()
  expect(await statesOf(world)).toEqual(['applied', 'applied', 'applied'])
  expect(flows.told.map((one) => one.id)).toEqual([(await idsOf(world))[2], first, second])
  expect(await familiesOf(world)).toEqual(expect.arrayContaining(['SECOND', 'OTHER']))
  const { rows } = await world.store.database.query('select event, detail from exchange_event')
  expect(rows).toEqual([{ event: 'retrying', detail: { attempt: 1, code: 'STORE_UNAVAILABLE' } }])
  expect(flows.counters.take()).toMatchObject([{ applied: 3, retried: 1, parked: 0 }])
})

test('more waiting messages than a batch holds do not stop the patients behind them', async () => {
  await using world = await openWorld({}, { flows: false })
  await world.send(
    ...Array.from({ length: 260 }, (_, n) => adt({ mrn: 'A', family: `N${n}` })),
    adt({ mrn: 'B' }),
  )
  await world.store.asOwner(
    `update job set due_at = now() + interval '1 hour', attempts = 3 where exchange_id = (select min(exchange_id::text)::uuid from job)`,
  )
  await using flows = new Flows(world)
  flows.start()
  await until(async () => (await statesOf(world)).at(-1) === 'applied')
  expect((await statesOf(world)).filter((state) => state === 'received')).toHaveLength(260)
})

test('a message that the database refuses alone is parked, and the rest of its batch is applied', async () => {
  await using world = await openWorld({}, { flows: false })
  await world.send(adt({ mrn: 'A' }), adt({ mrn: 'B' }), adt({ mrn: 'C' }))
  const [, bad = ''] = await idsOf(world)
  await refuse(world, { exchanges: [bad], sqlstate: '22008', also: `new.state = 'applied'` })
  await using flows = new Flows(world)
  flows.start()
  await world.settled()
  expect((await world.exchanges()).map((one) => [one.state, one.error_code])).toEqual([
    ['applied', null],
    ['parked', 'INTERNAL'],
    ['applied', null],
  ])
  expect(await world.records('patient')).toHaveLength(2)
  expect(flows.counters.take()).toMatchObject([{ applied: 2, parked: 1 }])
})

test('a database that goes away in the middle loses nothing and applies nothing twice', async () => {
  await using world = await openWorld({}, { flows: false })
  await world.send(...Array.from({ length: 40 }, (_, n) => adt({ mrn: `P${n % 4}`, family: `N${n}` })))
  await world.store.asOwner(`
    create function linger() returns trigger language plpgsql as $$ begin perform pg_sleep(0.3); return new; end $$;
    create trigger linger before insert on audit for each row execute function linger();`)
  await using flows = new Flows(world)
  flows.start()
  await until(async () => {
    const cut = await cutConnections(world, `wait_event = 'PgSleep'`)
    return cut.length > 0
  })
  await world.store.asOwner('drop trigger linger on audit')
  await world.settled()
  expect(new Set(await statesOf(world))).toEqual(new Set(['applied']))
  const { rows } = await world.store.database.query<{ n: number }>(
    'select count(*)::int as n from record_change',
  )
  expect(rows[0]?.n).toBe(40)
  expect(flows.told).toHaveLength(40)
  expect(await world.records('patient')).toHaveLength(4)
})

test('a commit whose answer was lost is not counted as a failure', async () => {
  await using world = await openWorld({}, { flows: false })
  await world.send(adt({ mrn: 'A' }))
  const [id = ''] = await idsOf(world)
  await using flows = new Flows(world)
  flows.start(loseFirstCommit(world.store.database))
  await world.settled()
  await until(() => flows.problems.length > 0)
  await until(async () => (await statesOf(world))[0] === 'applied')
  // A later attempt would have written over it by now.
  await until(async () => (await owners(world)).length === 1)
  expect(await statesOf(world)).toEqual(['applied'])
  expect((await effectOf(world, id))?.changes.length).toBeGreaterThan(0)
  expect((await world.store.database.query('select * from exchange_event')).rows).toEqual([])
})

/** A database that commits the first change of a record and then breaks the connection without saying so. */
function loseFirstCommit(database: Database): Pick<Database, 'client'> {
  let lost = false
  const breaking = (client: DatabaseClient): DatabaseClient => {
    let isLost = false
    let changed = false
    return {
      raw: client.raw,
      close: () => client.close(),
      [Symbol.asyncDispose]: () => client.close(),
      get isLost() {
        return isLost
      },
      query: async (query, values) => {
        if (typeof query === 'object' && query.name === 'insert-patient') changed = true
        const result = await client.query<never>(query, values)
        if (query === 'commit' && changed && !lost) {
          lost = isLost = true
          throw new Error('Connection terminated unexpectedly')
        }
        return result
      },
    }
  }
  return { client: async () => breaking(await database.client()) }
}

test('two processes share the lanes, and each message is applied by one of them', async () => {
  await using world = await openWorld({}, { flows: false })
  await using flows = new Flows(world)
  flows.start()
  await until(async () => (await owners(world)).join() === `${LANES}`)
  flows.start()
  // The first gives back what is above its share when it next renews.
  flows.skipMs += 5_000
  await until(async () => (await owners(world)).join() === `${LANES / 2},${LANES / 2}`)
  await world.send(...Array.from({ length: 60 }, (_, n) => adt({ mrn: `P${n % 20}`, family: `N${n}` })))
  await world.settled()
  expect(new Set(await statesOf(world))).toEqual(new Set(['applied']))
  await until(() => flows.told.length >= 60)
  expect(new Set(flows.told.map((one) => one.id)).size).toBe(60)
  expect(flows.told).toHaveLength(60)
  expect(await world.records('patient')).toHaveLength(20)
})

test('a process that stops gives its lanes back at once, and leaves no trace among the workers', async () => {
  await using world = await openWorld({}, { flows: false })
  await using flows = new Flows(world)
  const first = flows.start()
  await until(async () => (await owners(world)).length === 1)
  await first.stop()
  expect(await owners(world)).toEqual([])
  expect(await world.store.asOwner('select * from worker')).toEqual([])
  flows.start()
  await world.send(adt())
  await world.settled()
  expect(await statesOf(world)).toEqual(['applied'])
})

test('the work of a process that died is taken over when its leases end, and it applies nothing any more', async () => {
  await using world = await openWorld({}, { flows: false })
  await world.store.asOwner(
    `insert into lane_lease (practice_id, lane, owner, expires_at)
     select practice_id, lane, '${newId()}', now() + interval '1 hour' from practice, generate_series(0, ${LANES - 1}) lane`,
  )
  await using flows = new Flows(world)
  flows.start()
  await world.send(adt())
  await until(async () => (await world.store.asOwner('select * from worker')).length === 1)
  expect(await statesOf(world)).toEqual(['received'])
  await world.store.asOwner(`update lane_lease set expires_at = now() - interval '1 second'`)
  await world.settled()
  expect(await statesOf(world)).toEqual(['applied'])
})

test('a process whose lanes were taken while it worked writes nothing and goes on with what is left', async () => {
  await using world = await openWorld({}, { flows: false })
  await using flows = new Flows(world)
  flows.start()
  await until(async () => (await owners(world)).length === 1)
  // Somebody else holds every lane now; this process believes that it still does until it renews.
  await world.store.asOwner(
    `update lane_lease set owner = '${newId()}', expires_at = now() + interval '1 hour'`,
  )
  await world.send(adt())
  await until(async () => (await world.store.asOwner('select * from job')).length === 1)
  await world.store.asOwner(`update lane_lease set expires_at = now() - interval '1 second'`)
  await world.settled()
  expect(await statesOf(world)).toEqual(['applied'])
  expect(flows.told).toHaveLength(1)
})

test('an instant’s lowest id sorts before every id made in it', () => {
  const id = newId()
  const ms = Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)
  expect(idAt(ms) < id).toBe(true)
  expect(idAt(ms + 1) > id).toBe(true)
  expect(idAt(-5)).toBe('00000000-0000-0000-0000-000000000000')
})
