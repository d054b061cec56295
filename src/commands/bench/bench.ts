import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { hl7v2Settings } from '../../connectors/hl7v2/definition.ts'
import { readerOf } from '../../engine/read-message.ts'
import { openCluster } from '../../store/cluster.ts'
import { complain, EXIT, printJson } from '../output.ts'
import { benchMessage } from './messages.ts'

/** One measured figure; `conditions` says what it was measured under. */
interface Figure {
  name: string
  value: number
  unit: string
  conditions: string
}

const MAIN = resolve(import.meta.dirname, '../../main.ts')
// As `npm start` runs it.
const FLAGS = ['--max-semi-space-size=4', '--v8-pool-size=1']
const DRIVER = resolve(import.meta.dirname, 'driver.ts')
const run = promisify(execFile)

const machine = (): string => {
  const [cpu] = cpus()
  return `${cpus().length} cores ${cpu?.model.trim() ?? ''}, Node ${process.versions.node}, embedded PostgreSQL, fsync on`
}
const tell = (name: string, value: number, unit: string, conditions: string): void => {
  printJson({ name, value: Number(value.toFixed(value < 100 ? 2 : 0)), unit, conditions } satisfies Figure)
}

const BENCHES = { parse: benchParse, ack: benchAck, applied: benchApplied, start: benchStart }

/** `bench [NAME]`: the figures of DESIGN §12, one JSON line each. */
export async function runBench(name: string | undefined, options: { seconds: number }): Promise<number> {
  const names = name === undefined ? Object.keys(BENCHES) : [name]
  for (const one of names) {
    const bench = BENCHES[one as keyof typeof BENCHES]
    if (!bench) {
      complain(`There is no bench ${one}. There are ${Object.keys(BENCHES).join(', ')}.`)
      return EXIT.usage
    }
    await bench(options.seconds)
  }
  return EXIT.done
}

async function benchParse(seconds: number): Promise<void> {
  const { decode, map } = readerOf(hl7v2Settings.parse({ zone: 'America/Chicago' }))
  for (const [name, results] of [
    ['adt', 0],
    ['oru', 1],
  ] as const) {
    const messages = Array.from({ length: 2000 }, (_, k) =>
      benchMessage(k, { patients: 500, results, run: 'B' }),
    )
    const bytes = messages.reduce((sum, one) => sum + one.length, 0) / messages.length
    let done = 0
    const endAt = performance.now() + Math.min(seconds, 5) * 1000
    const beginAt = performance.now()
    while (performance.now() < endAt) {
      for (const message of messages) map(decode(message), '2026-01-05T08:00:00.000Z')
      done += messages.length
    }
    const perSecond = done / ((performance.now() - beginAt) / 1000)
    tell(
      `parse-map-${name}`,
      perSecond,
      'messages/s',
      `one thread, ${Math.round(bytes)} bytes each; ${machine()}`,
    )
  }
}

interface Load {
  positive: number
  negative: number
  seconds: number
  p50: number
  p99: number
  max: number
}

async function load(
  port: number,
  options: { connections: number; seconds: number; results: number },
): Promise<Load> {
  const asked = { port, run: Date.now().toString(36), ...options }
  const { stdout } = await run(process.execPath, [DRIVER, JSON.stringify(asked)], { maxBuffer: 1 << 20 })
  return JSON.parse(stdout) as Load
}

async function benchAck(seconds: number): Promise<void> {
  for (const connections of [1, 16, 64]) {
    await using engine = await openBenchEngine({ only: 'listeners' })
    await ackFigures('durable-ack', 'nothing else running', engine, { connections, seconds })
  }
  for (const connections of [1, 16, 64]) {
    await using engine = await openBenchEngine()
    await ackFigures('durable-ack-while-applying', 'applying at the same time', engine, {
      connections,
      seconds,
    })
  }
}

async function ackFigures(
  name: string,
  beside: string,
  engine: BenchEngine,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<void> {
  await load(engine.port, { connections, seconds: 2, results: 0 })
  const { positive, negative, p50, p99, ...rest } = await load(engine.port, {
    connections,
    seconds,
    results: 0,
  })
  if (negative > 0) complain(`${negative} messages were not acknowledged positively`)
  const conditions = `${connections} connections, ADT, ${beside}; ${machine()}`
  tell(`${name}-${connections}`, positive / rest.seconds, 'messages/s', conditions)
  tell(`${name}-${connections}-p50`, p50, 'ms', conditions)
  tell(`${name}-${connections}-p99`, p99, 'ms', conditions)
}

async function benchApplied(seconds: number): Promise<void> {
  for (const [name, results] of [
    ['adt', 0],
    ['mixed', 0.3],
  ] as const) {
    await using engine = await openBenchEngine()
    const beginAt = performance.now()
    const loaded = await load(engine.port, { connections: 16, seconds, results })
    const rss = await engine.rssMb()
    await engine.drained()
    const took = (performance.now() - beginAt) / 1000
    const states = await engine.states()
    if (states.parked) complain(`${states.parked} messages were parked`)
    const mix = results === 0 ? 'ADT only' : '70 % ADT, 30 % ORU with 12 OBX'
    const conditions = `16 connections, ${mix}, from the first message to the last one applied; ${machine()}`
    tell(`applied-${name}`, (states.applied ?? 0) / took, 'messages/s', conditions)
    tell(`applied-${name}-acknowledged`, loaded.positive / loaded.seconds, 'messages/s', conditions)
    tell(
      `applied-${name}-memory`,
      rss,
      'MB',
      `resident memory of the engine process under that load; ${machine()}`,
    )
  }
}

async function benchStart(): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'practice-studio-bench-'))
  try {
    for (const name of ['first', 'warm']) {
      const beginAt = performance.now()
      await using engine = await openBenchEngine({ home })
      tell(`start-${name}`, (performance.now() - beginAt) / 1000, 's', `to the ready line; ${machine()}`)
      await load(engine.port, { connections: 1, seconds: 0.05, results: 0 })
      tell(
        `start-${name}-ack`,
        (performance.now() - beginAt) / 1000,
        's',
        `to the first acknowledgements; ${machine()}`,
      )
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

interface BenchEngine extends AsyncDisposable {
  port: number
  rssMb(): Promise<number>
  /** Resolves when no work is owed any more. */
  drained(): Promise<void>
  states(): Promise<Record<string, number>>
}

/** An engine as a user starts it, on a home of its own. */
async function openBenchEngine(options: { home?: string; only?: string } = {}): Promise<BenchEngine> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'practice-studio-bench-')))
  const env = { ...process.env, PRACTICE_STUDIO_HOME: home, MLLP_PORT: '0', PORT: '0', LOG_LEVEL: 'error' }
  const child = spawn(
    process.execPath,
    [...FLAGS, MAIN, 'start', ...(options.only ? ['--only', options.only] : [])],
    {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    },
  )
  const port = await readyPort(child)
  const cluster = await openCluster({ home, log: quiet, role: 'tool' })
  const client = new pg.Client({ connectionString: cluster.connectionString })
  await client.connect()
  return {
    port,
    rssMb: async () => {
      const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
    },
    drained: async () => {
      for (;;) {
        const { rows } = await client.query<{ owed: boolean }>('select exists (select from job) as owed')
        if (!rows[0]?.owed) return
        await sleep(20)
      }
    },
    states: async () => {
      const { rows } = await client.query<{ state: string; n: number }>(
        'select state, count(*)::int as n from exchange_outcome group by state',
      )
      return Object.fromEntries(rows.map((row) => [row.state, row.n]))
    },
    [Symbol.asyncDispose]: async () => {
      await client.end()
      await cluster[Symbol.asyncDispose]()
      const exited = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      await exited
      if (!options.home) await rm(home, { recursive: true, force: true })
    },
  }
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

async function readyPort(child: ChildProcess): Promise<number> {
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('ready ')) continue
      child.stdout.resume()
      return Number((JSON.parse(line.slice(6)) as { mllp: string }).mllp.split(':').at(-1))
    }
  }
  throw new Error('the engine did not start')
}
