import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes this thread holds on to, after a full collection. */
export function heldBytes(): number {
  collect()
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}

/** True when the later samples lie no more than `slackBytes` above the earlier ones. */
export function isFlat(samples: readonly number[], slackBytes: number): boolean {
  const half = Math.floor(samples.length / 2)
  const median = (list: readonly number[]): number =>
    [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0
  return median(samples.slice(half)) - median(samples.slice(0, half)) <= slackBytes
}
