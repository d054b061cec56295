import { readlinkSync } from 'node:fs'
import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { silentLog } from '../connectors/hl7v2/log.ts'
import { systemClock } from '../kernel/clock.ts'
import { addCounts } from '../store/counters.ts'
import { loadKeyRing, watchKeyRing } from '../store/database-keys.ts'
import { openDatabase } from '../store/database.ts'
import { openVault } from '../vault/vault.ts'
import { Connections } from './connections.ts'
import { Counters } from './counters.ts'
import { Flow } from './flow.ts'
import { reportOf } from './flow-host.ts'
import type { FromThread, ThreadSetup, ToThread } from './flow-host.ts'
import { nameOf } from './problem-name.ts'
import { settledOf, waitsFor } from './waiters.ts'

/** The thread of {@link threadedFlow}: the flow with a database connection, key ring and mapping of its own. */
const setup = workerData as ThreadSetup & { owner: string }
const tell = (message: FromThread): void => parentPort?.postMessage(message)
const problem = (error: unknown): void => {
  const code = (error as { code?: unknown } | null)?.code
  tell({ type: 'problem', code: typeof code === 'string' ? code : null, name: nameOf(error) })
}

const { connectionString, practiceId, overrides } = setup
const database = openDatabase({ connectionString, practiceId, max: 2, name: 'practice-studio flow' })
const ring = await loadKeyRing({ database, master: Buffer.from(setup.master) })
const watch = watchKeyRing({ database, ring, onError: problem })
const vault = openVault({ ring, practiceId })
const clock = systemClock
const counters = new Counters(clock)
const connections = new Connections({
  database,
  vault,
  clock,
  log: silentLog,
  defaults: {},
  overrides,
  listens: false,
  onChanged: () => undefined,
})
await connections.load()

const flow = new Flow({
  owner: setup.owner,
  database,
  vault,
  clock,
  counters,
  readerOf: (id) => connections.reader(id),
  waitsFor: (id, applicationAck) => waitsFor(connections.running(id), applicationAck),
  onApplied: (jobs) => tell({ type: 'report', report: reportOf(jobs, settledOf) }),
  onProblem: problem,
})

async function flush(): Promise<void> {
  const cells = counters.take()
  if (cells.length === 0) return
  await addCounts(database, cells).catch((error: unknown) => {
    counters.giveBack(cells)
    problem(error)
  })
}
const timer = setInterval(() => void flush(), 1000)

parentPort?.on('message', (message: ToThread) => {
  if (message.type === 'wake') flow.wake()
  else if (message.type === 'reload') void connections.reload(message.id).catch(problem)
  else void stop()
})

async function stop(): Promise<void> {
  clearInterval(timer)
  await flow.stop()
  await flush()
  watch[Symbol.dispose]()
  await database.close()
  parentPort?.close()
}

// A sender waits for its acknowledgement and nobody for the thread that applies, so it yields the processor.
standBack()
flow.start()
tell({ type: 'started' })

/** Lowers the priority of this thread alone; where the system does not tell threads apart, nothing happens. */
function standBack(): void {
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1))
    if (thread > 0) setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Not Linux.
  }
}
