import { parentPort, workerData } from 'node:worker_threads'
import { allFixtures } from '../../src/standards/hl7v2/fixtures.arbitraries.ts'
import { mutate } from '../../src/standards/hl7v2/mutate.arbitraries.ts'
import { examine } from './examine.ts'
import { heldBytes } from './heap.ts'

/** A share of the messages: `from`, `from + step`, … below `count`. */
export interface FuzzShare {
  from: number
  step: number
  count: number
  seed: number
  /** Where the thread says which message it is at, for whoever watches for a hang. */
  at: Int32Array
}

export type FuzzReport =
  | { kind: 'failed'; number: number; error: string }
  | {
      kind: 'done'
      examined: Record<string, number>
      slowestMs: number
      slowestNumber: number
      heldBytes: number[]
    }

const SAMPLES = 20
const FAILURES = 5

const { from, step, count, seed, at } = workerData as FuzzShare
const fixtures = allFixtures()
const examined: Record<string, number> = {}
const held: number[] = []
const sampleEvery = Math.max(1, Math.floor(count / step / SAMPLES))
let slowestMs = 0
let slowestNumber = 0
let failures = 0

const tell = (report: FuzzReport): void => parentPort?.postMessage(report)

for (let number = from, n = 0; number < count && failures < FAILURES; number += step, n++) {
  Atomics.store(at, 0, number)
  const fixture = fixtures[number % fixtures.length] ?? Buffer.alloc(0)
  const bytes = mutate(fixture, seed + number)
  const beginAt = performance.now()
  try {
    const kind = examine(bytes)
    examined[kind] = (examined[kind] ?? 0) + 1
  } catch (error) {
    failures += 1
    tell({
      kind: 'failed',
      number,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  }
  const tookMs = performance.now() - beginAt
  if (tookMs > slowestMs) [slowestMs, slowestNumber] = [tookMs, number]
  if (n % sampleEvery === 0) held.push(heldBytes())
}
tell({ kind: 'done', examined, slowestMs, slowestNumber, heldBytes: held })
