import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { EXIT, printJson } from '../../src/commands/output.ts'
import { allFixtures } from '../../src/standards/hl7v2/fixtures.arbitraries.ts'
import { mutate } from '../../src/standards/hl7v2/mutate.arbitraries.ts'
import { examine } from './examine.ts'
import type { FuzzReport, FuzzShare } from './fuzz-codec-thread.ts'
import { isFlat } from './heap.ts'

/**
 * Damages every fixture in every way and takes it through codec and map: no crash, no hang, memory flat.
 *
 *     node test/torture/fuzz-codec.ts --count 1000000 [--seed N] [--threads N]
 *     node test/torture/fuzz-codec.ts --only NUMBER --seed N      one message again, in this thread
 *
 * One JSON line at the end; exit code 1 with the numbers of the messages that broke a promise.
 */
const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '20000' },
    seed: { type: 'string', default: '1' },
    threads: { type: 'string', default: '2' },
    only: { type: 'string' },
  },
})

// A message takes a fraction of a millisecond; a pause of the machine must not look like one that hangs.
const SLOW_MS = 2000
const HANG_MS = 60_000
const SLACK_BYTES = 4 * 1024 * 1024

const count = Number(values.count)
const seed = Number(values.seed)
const threads = Number(values.threads)

type Done = Extract<FuzzReport, { kind: 'done' }>

async function runThread(from: number): Promise<{ done: Done | null; violations: string[] }> {
  const at = new Int32Array(new SharedArrayBuffer(4))
  const share: FuzzShare = { from, step: threads, count, seed, at }
  const worker = new Worker(new URL('fuzz-codec-thread.ts', import.meta.url), { workerData: share })
  const violations: string[] = []
  let done: Done | null = null
  worker.on('message', (report: FuzzReport) => {
    if (report.kind === 'done') done = report
    else violations.push(`message ${report.number}: ${report.error}`)
  })
  const ended = new Promise<'ended'>((resolve) => {
    worker.once('exit', () => resolve('ended'))
    worker.once('error', (error) => violations.push(`the thread died: ${String(error)}`))
  })
  for (
    let last = -1;
    (await Promise.race([ended, sleep(HANG_MS, 'watching', { ref: false })])) !== 'ended';
  ) {
    const now = Atomics.load(at, 0)
    if (now === last) {
      violations.push(`message ${now} hangs`)
      await worker.terminate()
      break
    }
    last = now
  }
  return { done, violations }
}

async function run(): Promise<number> {
  const beginAt = performance.now()
  const results = await Promise.all(Array.from({ length: threads }, (_, n) => runThread(n)))
  const violations = results.flatMap((result) => result.violations)
  const done = results.flatMap((result) => (result.done ? [result.done] : []))
  const examined: Record<string, number> = {}
  for (const one of done) {
    for (const [kind, n] of Object.entries(one.examined)) examined[kind] = (examined[kind] ?? 0) + n
    if (one.slowestMs > SLOW_MS)
      violations.push(`message ${one.slowestNumber} took ${Math.round(one.slowestMs)} ms`)
    if (!isFlat(one.heldBytes, SLACK_BYTES)) violations.push(`memory grows: ${one.heldBytes.join(', ')}`)
  }
  const total = Object.values(examined).reduce((sum, n) => sum + n, 0)
  if (violations.length === 0 && total !== count)
    violations.push(`${total} of ${count} messages were examined`)
  printJson({
    count: total,
    seed,
    seconds: Math.round((performance.now() - beginAt) / 1000),
    ...examined,
    slowest_ms: Math.round(Math.max(0, ...done.map((one) => one.slowestMs))),
    held_mb_first: megabytes(done.map((one) => one.heldBytes[1] ?? one.heldBytes[0] ?? 0)),
    held_mb_last: megabytes(done.map((one) => one.heldBytes.at(-1) ?? 0)),
    violations,
  })
  return violations.length === 0 ? EXIT.done : EXIT.failed
}

const megabytes = (bytes: readonly number[]): number[] =>
  bytes.map((one) => Number((one / 2 ** 20).toFixed(1)))

function runOne(number: number): number {
  const fixtures = allFixtures()
  const bytes = mutate(fixtures[number % fixtures.length] ?? Buffer.alloc(0), seed + number)
  printJson({ number, bytes: Buffer.from(bytes).toString('latin1'), examined: examine(bytes) })
  return EXIT.done
}

process.exitCode = values.only === undefined ? await run() : runOne(Number(values.only))
