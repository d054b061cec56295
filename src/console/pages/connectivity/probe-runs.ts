import { useSyncExternalStore } from 'react'
import type { Problem } from '../../../contract/common.ts'
import type { ProbeResult } from '../../../contract/connections.ts'
import { problemFrom } from '../../api/http.ts'
import { probeConnection } from '../../api/queries.ts'
import { pastOf, remember } from './probe-history.ts'

/** The newest test of a connection: under way, finished, or refused by our own server. */
export interface ProbeRun {
  at: string
  running: boolean
  result: ProbeResult | null
  problem: Problem | null
}

let runs: ReadonlyMap<string, ProbeRun> = new Map()
const watchers = new Set<() => void>()
const put = (id: string, run: ProbeRun): void => {
  runs = new Map(runs).set(id, run)
  for (const watcher of watchers) watcher()
}
const subscribe = (watcher: () => void): (() => void) => {
  watchers.add(watcher)
  return () => watchers.delete(watcher)
}

/** Results outlive the page that asked, so that a test goes on while another page is looked at. */
export const useProbeRuns = (): ReadonlyMap<string, ProbeRun> => useSyncExternalStore(subscribe, () => runs)

export async function runProbe(id: string): Promise<void> {
  if (runs.get(id)?.running === true) return
  const at = new Date().toISOString()
  const before = runs.get(id)?.result ?? null
  put(id, { at, running: true, result: before, problem: null })
  try {
    const result = await probeConnection(id)
    remember(id, pastOf(at, result))
    put(id, { at, running: false, result, problem: null })
  } catch (error) {
    put(id, { at, running: false, result: null, problem: problemFrom(error) })
  }
}
