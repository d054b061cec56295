import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { complain, EXIT, print, printJson } from '../../src/commands/output.ts'
import { Clinic } from './clinic.ts'
import type { LoadMessage } from './clinic.ts'
import { drained, openHome, openStoreOf } from './engine-home.ts'
import { postmasterPid, startEngine } from './engine-process.ts'
import type { EngineProcess } from './engine-process.ts'
import { Ledger } from './ledger.ts'
import { Line } from './line.ts'
import type { Target } from './line.ts'
import { openRandom } from './random.ts'

/**
 * Kills a loaded engine at a random moment, round after round, and proves that nothing acknowledged was lost, nothing
 * was applied twice, and every record holds the newest message about it.
 *
 *     node test/torture/kill.ts --rounds 100 [--seed N] [--connections N] [--home FOLDER]
 *
 * One JSON line per round, one at the end; exit code 1 with the first twenty violations.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    connections: { type: 'string', default: '12' },
    home: { type: 'string' },
  },
})

const WAYS = ['engine', 'engine', 'engine', 'engine', 'both', 'postmaster', 'stop'] as const
type Way = (typeof WAYS)[number]

const PARTS = 'listeners,engine'
const PATIENTS_PER_CONNECTION = 15
// Half of the senders wait for each acknowledgement, as the standard has it; the others run ahead of it.
const WINDOWS = [1, 8]
// Leases of a killed engine run out, then its work is taken over; far longer than that is a hang.
const DRAIN_LIMIT_MS = 120_000

const rounds = Number(values.rounds)
const random = openRandom(Number(values.seed))
await using folder = await openHome('kill')
const home = values.home ?? folder.path

const ledger = new Ledger()
const target: Target = { port: null }
const clinics = Array.from({ length: Number(values.connections) }, (_, n) => {
  const name = `C${n}`
  return new Clinic({ name, patients: PATIENTS_PER_CONNECTION, seed: Number(values.seed) + n })
})
const lines = clinics.map(
  (clinic, n) =>
    new Line({
      target,
      window: WINDOWS[n % WINDOWS.length] ?? 1,
      next: () => clinic.next(),
      onViolation: (what) => ledger.violations.push(what),
    }),
)

async function start(): Promise<EngineProcess> {
  const engine = await startEngine({ home, parts: PARTS })
  target.port = engine.mllpPort
  return engine
}

/** Ends something, and returns the engine that runs afterwards. */
async function strike(way: Way, engine: EngineProcess): Promise<EngineProcess> {
  const postmaster = way === 'postmaster' || way === 'both' ? await postmasterPid(home) : 0
  if (postmaster > 0) process.kill(postmaster, 'SIGKILL')
  if (way === 'postmaster') return engine
  await engine.kill(way === 'stop' ? 'SIGTERM' : 'SIGKILL')
  target.port = null
  return start()
}

async function until(what: string, isTrue: () => Promise<boolean> | boolean): Promise<void> {
  const deadline = performance.now() + DRAIN_LIMIT_MS
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`${what} did not come about in ${DRAIN_LIMIT_MS} ms`)
    await sleep(50)
  }
}

const everything = (): Map<string, LoadMessage> =>
  new Map(lines.flatMap((line) => [...line.acknowledged.entries()]))

async function check(): Promise<void> {
  await using store = await openStoreOf(home)
  await drained(store.database, DRAIN_LIMIT_MS)
  const expected = clinics.map((clinic) => clinic.expected)
  await ledger.check(store, { acknowledged: everything(), expected })
}

async function round(n: number, engine: EngineProcess): Promise<EngineProcess> {
  const way = WAYS[random.below(WAYS.length)] ?? 'engine'
  const afterMs = 200 + random.below(1800)
  const before = { acknowledged: everything().size, duplicates: ledger.duplicates }
  const resentBefore = lines.reduce((sum, line) => sum + line.resent, 0)
  for (const line of lines) line.load()
  await sleep(afterMs)
  const strickenAt = performance.now()
  const inFlight = lines.reduce((sum, line) => sum + line.owed, 0)
  const next = await strike(way, engine)
  const restartMs = Math.round(performance.now() - strickenAt)
  // Some load on the restarted engine too, before it has its lanes back.
  await sleep(200)
  for (const line of lines) line.rest()
  await until('an acknowledgement of everything', () => lines.every((line) => line.owed === 0))
  await check()
  printJson({
    round: n,
    killed: way,
    after_ms: afterMs,
    in_flight: inFlight,
    restart_ms: restartMs,
    drained_ms: Math.round(performance.now() - strickenAt),
    acknowledged: everything().size - before.acknowledged,
    resent: lines.reduce((sum, line) => sum + line.resent, 0) - resentBefore,
    duplicates: ledger.duplicates - before.duplicates,
    violations: ledger.violations.length,
  })
  return next
}

async function run(): Promise<number> {
  let engine = await start()
  const running = lines.map((line) => line.run())
  let done = 0
  try {
    for (; done < rounds && ledger.violations.length === 0; done++) engine = await round(done + 1, engine)
  } catch (error) {
    ledger.violations.push(error instanceof Error ? error.message : String(error))
    complain(engine.output().split('\n').slice(-20).join('\n'))
  } finally {
    for (const line of lines) line.end()
    await engine.kill('SIGTERM')
    await Promise.all(running)
  }
  const clean = ledger.violations.length === 0
  printJson({
    rounds: done,
    skipped: rounds - done,
    seed: Number(values.seed),
    acknowledged: everything().size,
    resent: lines.reduce((sum, line) => sum + line.resent, 0),
    duplicates: ledger.duplicates,
    violations: ledger.violations,
  })
  if (!clean) {
    folder.keep()
    print(`The data is in ${home}.`)
  }
  return clean ? EXIT.done : EXIT.failed
}

process.exitCode = await run()
