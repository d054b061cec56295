import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { hl7v2Settings } from '../../connectors/hl7v2/definition.ts'
import { readerOf } from '../../engine/read-message.ts'
import { complain, EXIT } from '../output.ts'
import { openBenchEngine } from './engine.ts'
import type { BenchEngine } from './engine.ts'
import { machine, tell } from './figure.ts'
import { benchMessage } from './messages.ts'
import { benchPull, PULLED_PATIENTS } from './pull.ts'

const DRIVER = resolve(import.meta.dirname, 'driver.ts')
const run = promisify(execFile)

export interface BenchOptions {
  /** How long each load runs. */
  seconds: number
  /** How many people a pull brings. */
  patients?: number
}

const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  parse: ({ seconds }) => benchParse(seconds),
  ack: ({ seconds }) => benchAck(seconds),
  applied: ({ seconds }) => benchApplied(seconds),
  start: () => benchStart(),
  pull: ({ patients }) => benchPull('pull', patients ?? PULLED_PATIENTS),
  'pull-bulk': ({ patients }) => benchPull('pull-bulk', patients ?? PULLED_PATIENTS),
}

/** `bench [NAME]`: the figures of DESIGN §12, one JSON line each. */
export async function runBench(name: string | undefined, options: BenchOptions): Promise<number> {
  const names = name === undefined ? Object.keys(BENCHES) : [name]
  for (const one of names) {
    const bench = BENCHES[one]
    if (!bench) {
      complain(`There is no bench ${one}. There are ${Object.keys(BENCHES).join(', ')}.`)
      return EXIT.usage
    }
    await bench(options)
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
