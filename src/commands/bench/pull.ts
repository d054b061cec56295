import { setTimeout as sleep } from 'node:timers/promises'
import type { SyncRun } from '../../contract/sync.ts'
import { EVERYBODY } from '../../sandbox/cerner/bulk.ts'
import { CLINICS } from '../../sandbox/places.ts'
import { complain } from '../output.ts'
import { openFarSide, settingsFor, StudioApi } from './cerner.ts'
import type { FarSide } from './cerner.ts'
import { openBenchEngine } from './engine.ts'
import type { BenchEngine } from './engine.ts'
import { machine, tell } from './figure.ts'

export const PULLED_PATIENTS = 2000
const CALLS_AT_ONCE = 5

const ROADS = {
  pull: {
    kind: 'full',
    resources: ['Patient', 'Appointment', 'Encounter', 'Observation'],
    says: 'patients by bulk export, appointments, encounters and observations by search',
  },
  'pull-bulk': {
    kind: 'bulk',
    resources: ['Patient', 'Encounter', 'Observation'],
    says: 'patients, encounters and observations by bulk export',
  },
} as const

/** A first load of a practice from Cerner: from the request to the last resource applied. */
export async function benchPull(name: keyof typeof ROADS, patients: number): Promise<void> {
  const { kind, resources, says } = ROADS[name]
  await using far = await openFarSide({ population: patients })
  await using engine = await openBenchEngine()
  const api = new StudioApi(engine.http ?? '', await engine.token())
  const id = await api.connect('Cerner', settingsFor(far, resources, { pull: PULL, limits: LIMITS }))
  await far.count()
  const usedBefore = await engine.processorSeconds()
  const memory = watchMemory(engine)
  const beginAt = performance.now()
  const run = await api.ended(await api.startPull(id, kind))
  const readSeconds = (performance.now() - beginAt) / 1000
  await engine.drained()
  const seconds = (performance.now() - beginAt) / 1000
  const used = (await engine.processorSeconds()) - usedBefore
  const load = { seconds, readSeconds, used, mostMb: await memory.end() }
  const conditions = `${patients} patients, ${says}, ${CALLS_AT_ONCE} calls at a time, sandbox beside it; ${machine()}`
  await tellFigures({ name, conditions, run, engine, far, load })
}

const LIMITS = { concurrency: CALLS_AT_ONCE, requestsPerSecond: 2000 }

const PULL = {
  group: EVERYBODY,
  locations: CLINICS.map((clinic) => clinic.locationCd),
  observationCategories: ['laboratory' as const, 'vital-signs' as const],
}

async function tellFigures(measured: {
  name: string
  conditions: string
  run: SyncRun
  engine: BenchEngine
  far: FarSide
  load: { seconds: number; readSeconds: number; used: number; mostMb: number }
}): Promise<void> {
  const { name, conditions, run, engine, far, load } = measured
  if (run.state !== 'done') complain(`the pull ended ${run.state}: ${JSON.stringify(run.error ?? run.steps)}`)
  const states = await endings(engine)
  if (states.parked) complain(`${states.parked} resources were parked`)
  const count = await far.count()
  const applied = states.applied ?? 0
  tell(`${name}-applied`, applied / load.seconds, 'resources/s', conditions)
  tell(`${name}-resources`, applied, 'resources', conditions)
  tell(`${name}-seconds`, load.seconds, 's', `to the last resource applied; ${conditions}`)
  tell(`${name}-read-seconds`, load.readSeconds, 's', `to the last resource stored; ${conditions}`)
  // An export is a handful of long calls, whose rate says nothing.
  if (name === 'pull') {
    tell(`${name}-calls`, count.calls / load.readSeconds, 'calls/s', conditions)
    tell(`${name}-call-p95`, count.p95, 'ms', `as the sandbox answered; ${conditions}`)
  }
  tell(`${name}-token-calls`, count.tokenCalls, 'calls', conditions)
  tell(`${name}-memory`, load.mostMb, 'MB', `the most the engine process held; ${conditions}`)
  tell(`${name}-processor`, load.used, 's', `processor time of the engine process; ${conditions}`)
  tell(`${name}-sandbox-processor`, count.processorSeconds, 's', `processor time beside it; ${conditions}`)
}

async function endings(engine: BenchEngine): Promise<Record<string, number>> {
  const rows = await engine.query<{ state: string; n: number }>(
    `select o.state, count(*)::int as n from exchange e join exchange_outcome o on o.exchange_id = e.id
     where e.direction = 'in' and e.channel = 'fhir' group by o.state`,
  )
  return Object.fromEntries(rows.map((row) => [row.state, row.n]))
}

/** Looks at the memory of the engine a few times a second. */
function watchMemory(engine: BenchEngine): { end(): Promise<number> } {
  const stop = new AbortController()
  let most = 0
  const watch = async (): Promise<number> => {
    while (!stop.signal.aborted) {
      most = Math.max(most, await engine.rssMb())
      await sleep(200, undefined, { signal: stop.signal }).catch(() => undefined)
    }
    return most
  }
  const watching = watch()
  return {
    end: () => {
      stop.abort()
      return watching
    },
  }
}
