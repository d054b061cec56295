import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { settingsFor, StudioApi } from '../../src/commands/bench/cerner.ts'
import { complain, EXIT, print, printJson } from '../../src/commands/output.ts'
import type { SyncRun } from '../../src/contract/sync.ts'
import { EVERYBODY } from '../../src/sandbox/cerner/bulk.ts'
import { CLINICS } from '../../src/sandbox/places.ts'
import { createToken } from '../../src/store/tokens.ts'
import { drained, openHome, openStoreOf } from './engine-home.ts'
import { postmasterPid, startEngine } from './engine-process.ts'
import type { EngineProcess } from './engine-process.ts'
import { openFarCerner, truthOf } from './far-cerner.ts'
import { checkPull, PULLED_TYPES } from './pull-ledger.ts'
import type { Checked } from './pull-ledger.ts'
import { openRandom } from './random.ts'
import { Storms } from './storm.ts'

/**
 * Pulls a practice from Cerner through storms of refusals and broken answers, kills the engine at random moments and
 * starts it again, then pulls once more in calm weather. Proves that nothing is missing and nothing is there twice,
 * that Cerner never had more calls at once than the connection allows, and no token call more than its rule.
 *
 *     node test/torture/pull.ts [--patients 10000] [--kills 5] [--seed N] [--home FOLDER]
 *
 * One JSON line per kill and per pull, one at the end; exit code 1 with the first twenty violations.
 */
const { values } = parseArgs({
  options: {
    patients: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    home: { type: 'string' },
  },
})

const patients = Number(values.patients)
const kills = Number(values.kills)
const random = openRandom(Number(values.seed))

const CALLS_AT_ONCE = 5
// Short, so that a pull of minutes lives through several; a token is renewed 75 s before its end (token-source.ts).
const TOKEN_SECONDS = 120
const RENEWED_AFTER_MS = (TOKEN_SECONDS - 75) * 1000
const WINDOW = {
  daysBack: 14,
  daysAhead: 60,
  yearsBack: 3,
  categories: ['laboratory', 'vital-signs'] as const,
}
// A run that was cut off is taken over when its lease ends, and one that met a storm goes on after a pause.
const LIMIT_MS = 120_000 + kills * 60_000 + patients * 60
const WAYS = ['engine', 'engine', 'engine', 'both'] as const
type Way = (typeof WAYS)[number]

await using folder = await openHome('pull')
const home = values.home ?? folder.path
await using far = await openFarCerner({ population: patients, tokenSeconds: TOKEN_SECONDS })
const storms = new Storms(far.server, random)
const violations: string[] = []
const beganMs = Date.now()

/** An engine and its API, until it is killed. */
interface Running {
  engine: EngineProcess
  api: StudioApi
}

let running: Running
let token = ''

async function start(): Promise<Running> {
  const engine = await startEngine({ home, parts: 'api,engine' })
  if (token === '') {
    await using store = await openStoreOf(home)
    const made = { name: 'torture', role: 'administrator' as const, days: 1 }
    token = (await createToken(store.database, made)).token
  }
  return { engine, api: new StudioApi(engine.http ?? '', token) }
}

async function strike(way: Way): Promise<void> {
  if (way === 'both') process.kill(await postmasterPid(home), 'SIGKILL')
  await running.engine.kill('SIGKILL')
  running = await start()
}

const within = (): boolean => Date.now() - beganMs < LIMIT_MS

/** Waits for a moment in the pull: after so many calls from here, or after so long. */
async function moment(n: number, runId: string): Promise<boolean> {
  // The first falls into the export, which is few calls.
  if (n === 0) {
    await sleep(200 + random.below(3000))
    return true
  }
  const target = far.seen.calls + 1 + random.below(Math.ceil((2.5 * patients) / (kills + 1)))
  while (far.seen.calls < target && within()) {
    await sleep(20)
    if (random.below(25) === 0 && (await running.api.run(runId)).state !== 'running') return false
  }
  return within()
}

async function killAll(runId: string): Promise<number> {
  let done = 0
  for (; done < kills; done++) {
    const callsBefore = far.seen.calls
    if (!(await moment(done, runId))) return done
    const way = WAYS[random.below(WAYS.length)] ?? 'engine'
    const strickenAt = performance.now()
    await strike(way)
    const restartMs = Math.round(performance.now() - strickenAt)
    const calls = far.seen.calls - callsBefore
    printJson({
      kill: done + 1,
      killed: way,
      after_calls: calls,
      restart_ms: restartMs,
      storms: storms.count,
    })
  }
  return done
}

async function ended(runId: string): Promise<SyncRun> {
  for (;;) {
    const run = await running.api.run(runId)
    if (run.state !== 'running') return run
    if (!within()) throw new Error(`the pull did not end within ${Math.round(LIMIT_MS / 1000)} s`)
    await sleep(100)
  }
}

async function check(name: string, run: SyncRun, startedAt: string): Promise<Checked> {
  const truth = await truthOf(far, { patients, startedAt, ...WINDOW })
  await using store = await openStoreOf(home)
  await drained(store.database, 120_000)
  const checked = await checkPull(store, truth)
  if (run.state !== 'done')
    violations.push(`the ${name} pull ended ${run.state} (${run.error?.code ?? 'a step'})`)
  violations.push(...checked.violations.map((what) => `after the ${name} pull: ${what}`))
  printJson({
    pull: name,
    state: run.state,
    seconds: Math.round((Date.parse(run.finished_at ?? '') - Date.parse(run.started_at)) / 1000),
    seen: run.seen,
    changed: run.changed,
    there: Object.fromEntries(PULLED_TYPES.map((type) => [type, truth[type]?.size ?? 0])),
    missing: checked.missing,
    exchanges: checked.arrived,
  })
  return checked
}

/** Cerner counts what it is asked (cerner-fhir-r4.md §1.5, §2.5). */
function checkManners(killed: number): void {
  const { most, byStatus, tokens } = far.seen
  if (most > CALLS_AT_ONCE)
    violations.push(`${most} calls were open at once where ${CALLS_AT_ONCE} are allowed`)
  if (byStatus['401']) violations.push(`${byStatus['401']} calls were made with a token that had ended`)
  const granted = tokens.filter((one) => one.status === 200).length
  const lived = (tokens.at(-1)?.atMs ?? 0) - (tokens[0]?.atMs ?? 0)
  // One for each period; and where the asker was killed before it could store the answer, one more.
  const allowed = 1 + Math.floor(lived / RENEWED_AFTER_MS) + killed
  if (granted > allowed) violations.push(`${granted} tokens were got where ${allowed} are enough`)
}

async function run(): Promise<number> {
  running = await start()
  let killed = 0
  try {
    const settings = settingsFor(far, PULLED_TYPES, {
      pull: {
        group: EVERYBODY,
        locations: CLINICS.map((clinic) => clinic.locationCd),
        observationCategories: [...WINDOW.categories],
        daysBack: WINDOW.daysBack,
        daysAhead: WINDOW.daysAhead,
        chartYearsBack: WINDOW.yearsBack,
      },
      limits: { concurrency: CALLS_AT_ONCE, requestsPerSecond: 2000 },
    })
    const id = await running.api.connect('Cerner', settings)
    const stormy = await running.api.startPull(id, 'full')
    storms.begin()
    killed = await killAll(stormy)
    const first = await ended(stormy)
    await storms.end()
    await check('stormy', first, first.started_at)
    const calm = await ended(await running.api.startPull(id, 'full'))
    const after = await check('calm', calm, first.started_at)
    for (const [type, count] of Object.entries(after.missing)) {
      if (count > 0) violations.push(`${count} of ${type} are missing after the calm pull`)
    }
    checkManners(killed)
  } catch (error) {
    violations.push(error instanceof Error ? error.message : String(error))
    complain(running.engine.output().split('\n').slice(-20).join('\n'))
  } finally {
    await storms.end()
    await running.engine.kill('SIGTERM')
  }
  const clean = violations.length === 0
  printJson({
    patients,
    kills: killed,
    skipped: kills - killed,
    seed: Number(values.seed),
    seconds: Math.round((Date.now() - beganMs) / 1000),
    calls: far.seen.calls,
    by_status: far.seen.byStatus,
    storms: storms.count,
    struck: storms.struck,
    at_once: far.seen.most,
    token_calls: far.seen.tokens.map((one) => one.status),
    violations,
  })
  if (!clean) {
    folder.keep()
    print(`The data is in ${home}.`)
  }
  return clean ? EXIT.done : EXIT.failed
}

process.exitCode = await run()
