import { randomBytes } from 'node:crypto'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openWorld } from '../../test/world.ts'
import type { World } from '../../test/world.ts'
import { adt, statesOf, until } from './engine.world.ts'
import { threadedFlow } from './flow-host.ts'
import type { FlowHost, FlowReport } from './flow-host.ts'

let threads: Worker[] = []
const seen = (worker: Worker): void => void threads.push(worker)
beforeEach(() => {
  threads = []
  process.on('worker', seen)
})
afterEach(() => void process.off('worker', seen))

interface Threaded extends AsyncDisposable {
  world: World
  host: FlowHost
  reports: FlowReport[]
  problems: { code: string | null; name: string }[]
}

async function openThreaded(settings = {}): Promise<Threaded> {
  const master = randomBytes(32)
  const world = await openWorld(settings, { flows: false, master })
  const reports: FlowReport[] = []
  const problems: Threaded['problems'] = []
  const setup = {
    connectionString: world.store.connectionString,
    practiceId: world.store.database.practiceId,
    master,
    overrides: {},
  }
  const host = await threadedFlow(
    setup,
    (report) => reports.push(report),
    (problem) => problems.push(problem),
  )
  const dispose = async (): Promise<void> => {
    await host.stop()
    await world[Symbol.asyncDispose]()
  }
  return { world, host, reports, problems, [Symbol.asyncDispose]: dispose }
}

test('a flow in a thread applies, reports what senders wait for, counts, and stops', async () => {
  await using it = await openThreaded({ ackMode: 'on_apply' })
  const { world, host, reports } = it
  const peer = await world.connect()
  const reply = peer.ask(adt())
  await until(async () => (await statesOf(world)).length === 1)
  host.wake()
  await world.settled()
  expect(await reply).toContain('MSA|AA')
  await until(() => reports.length > 0)
  const [{ id } = { id: '' }] = await world.exchanges()
  expect(reports).toEqual([
    { applied: 1, parked: 0, kinds: ['ADT^A08'], settled: [{ id, state: 'applied', problem: null }] },
  ])
  peer.socket.destroy()
  await host.stop()
  expect(await world.store.asOwner('select 1 from lane_lease where owner is not null')).toEqual([])
  // What was counted in the thread is written before it ends.
  expect(await world.store.asOwner('select applied from flow_minute where applied > 0')).toEqual([
    { applied: 1 },
  ])
  expect(it.problems).toEqual([])
})

test('a thread that dies is started again, and goes on with the lanes it held', async () => {
  await using it = await openThreaded()
  await until(async () => (await it.world.store.asOwner('select 1 from worker')).length === 1)
  await threads[0]?.terminate()
  await it.world.send(adt())
  await until(() => threads.length === 2)
  await it.world.settled()
  expect(await statesOf(it.world)).toEqual(['applied'])
})

test('stopping while a dead thread waits to be started again ends at once, and nothing starts later', async () => {
  await using it = await openThreaded()
  await threads[0]?.terminate()
  await it.host.stop()
  expect(threads).toHaveLength(1)
})

test('a thread that cannot start says so, and is not tried behind the back of who asked', async () => {
  const problems: unknown[] = []
  const setup = {
    connectionString: 'postgres://nobody@127.0.0.1:1/none',
    practiceId: 'none',
    master: randomBytes(32),
    overrides: {},
  }
  await expect(
    threadedFlow(
      setup,
      () => undefined,
      (problem) => problems.push(problem),
    ),
  ).rejects.toThrow()
  expect(problems).toHaveLength(1)
  expect(threads).toHaveLength(1)
})
