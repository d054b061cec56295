import { Worker } from 'node:worker_threads'
import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import type { AppliedJob } from './apply.ts'
import { Flow } from './flow.ts'
import type { FlowOptions } from './flow.ts'
import type { Settled } from './waiters.ts'

/** Where the flow runs: in this thread, or in one of its own so that applying never delays an acknowledgement. */
export interface FlowHost {
  wake(): void
  /** A connection's settings changed. */
  reload(id: ConnectionId): void
  stop(): Promise<void>
}

/** What a batch did, as the rest of the engine needs to know it. */
export interface FlowReport {
  applied: number
  parked: number
  kinds: string[]
  /** Outcomes somebody waits for. */
  settled: Settled[]
}

export interface ThreadSetup {
  connectionString: string
  practiceId: string
  master: Uint8Array
  overrides: Partial<Record<keyof Hl7v2Settings, unknown>>
}

export type ToThread = { type: 'wake' } | { type: 'reload'; id: ConnectionId } | { type: 'stop' }
export type FromThread =
  | { type: 'report'; report: FlowReport }
  | { type: 'problem'; code: string | null; name: string }
  | { type: 'started' }

export function inlineFlow(
  options: Omit<FlowOptions, 'onApplied'>,
  settledOf: (job: AppliedJob) => Settled,
  onReport: (report: FlowReport) => void,
): FlowHost {
  const flow = new Flow({ ...options, onApplied: (jobs) => onReport(reportOf(jobs, settledOf)) })
  flow.start()
  return { wake: () => flow.wake(), reload: () => undefined, stop: () => flow.stop() }
}

const RESTART_MS = 1000

/** Runs the flow in a thread; one that dies is started again, and finds its work in the database. */
export async function threadedFlow(
  setup: ThreadSetup,
  onReport: (report: FlowReport) => void,
  onProblem: (problem: { code: string | null; name: string }) => void,
): Promise<FlowHost> {
  const owner = newId()
  let stopping = false
  let worker: Worker
  let restart: NodeJS.Timeout | null = null
  const start = (): Promise<void> => {
    restart = null
    worker = new Worker(new URL('flow-thread.ts', import.meta.url), {
      // The same owner each time, so that a thread started again holds the lanes of the one that died.
      workerData: { ...setup, owner },
      // Enough for a batch of large documents; what a batch leaves behind is little.
      resourceLimits: { maxYoungGenerationSizeMb: 24, maxOldGenerationSizeMb: 1024 },
    })
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    worker.on('message', (message: FromThread) => {
      if (message.type === 'started') resolve()
      else if (message.type === 'report') onReport(message.report)
      else onProblem(message)
    })
    worker.on('error', (error) => {
      onProblem({ code: null, name: error instanceof Error ? error.name : 'error' })
      reject(error)
    })
    worker.on('exit', (code) => {
      reject(new Error(`the flow thread ended with ${code}`))
      if (!stopping) restart = setTimeout(() => void start().catch(() => undefined), RESTART_MS)
    })
    return promise
  }
  try {
    await start()
  } catch (error) {
    // Whoever asked is told; nothing may start behind its back later.
    stopping = true
    if (restart) clearTimeout(restart)
    throw error
  }
  const tell = (message: ToThread): void => worker.postMessage(message)
  const stop = async (): Promise<void> => {
    stopping = true
    if (restart) {
      clearTimeout(restart)
      return
    }
    const ended = new Promise((resolve) => worker.once('exit', resolve))
    tell({ type: 'stop' })
    await ended
  }
  let stopped: Promise<void> | null = null
  return {
    wake: () => tell({ type: 'wake' }),
    reload: (id) => tell({ type: 'reload', id }),
    stop: () => (stopped ??= stop()),
  }
}

export function reportOf(jobs: readonly AppliedJob[], settledOf: (job: AppliedJob) => Settled): FlowReport {
  const parked = jobs.filter((job) => job.state === 'parked').length
  return {
    applied: jobs.length - parked,
    parked,
    kinds: [...new Set(jobs.map((job) => job.kind))],
    settled: jobs.filter((job) => job.waited).map(settledOf),
  }
}
