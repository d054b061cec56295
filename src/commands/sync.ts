import { setTimeout as sleep } from 'node:timers/promises'
import { PULLED } from '../connectors/cerner/definition.ts'
import type { Connection } from '../contract/connections.ts'
import type { SyncRequest, SyncRun, SyncStep } from '../contract/sync.ts'
import { IntegrationError } from '../kernel/errors.ts'
import type { ApiClient } from './api-client.ts'
import { namedBy } from './doctor.ts'
import { complain, EXIT, print, printJson } from './output.ts'

export interface SyncOptions {
  full: boolean
  bulk: boolean
  compare: boolean
  resource: string[]
  json: boolean
}

/** How the watching is done; tests are quicker. */
export interface Watch {
  pollMs: number
  /** A step that goes on is shown again after this long. */
  quietMs: number
  /** Aborted by Ctrl-C: the pull goes on, the watching ends. */
  left: AbortSignal
}

/** An engine that starts anew is waited for this often. */
const MOST_MISSES = 20
/** A pull that has not begun after this long waits for something. */
const WAITS_MS = 3_000

/**
 * `sync [CONNECTION]`: starts a pull in the running engine and shows how far it is until it ends.
 *
 * @returns 0 when it is done, 1 when it failed, was stopped, or is no longer watched
 */
export async function sync(
  api: ApiClient,
  wanted: string | undefined,
  options: SyncOptions,
  watch: Watch,
): Promise<number> {
  const request = requestOf(options)
  if (typeof request === 'string') return usage(request)
  const { items } = await api.get<{ items: Connection[] }>('/api/connections')
  const connection = chosen(items, wanted)
  if (typeof connection === 'string') return usage(connection)
  const { run_id: id } = await api.post<{ run_id: string }>(`/api/connections/${connection.id}/sync`, request)
  if (!options.json) print(`${connection.name}: ${request.kind} pull ${id}`)
  const run = await follow(api, id, options, watch)
  if (run === null) {
    complain(
      `The pull goes on in the engine. See it under Synchronisation in the console, or at /api/sync-runs/${id}.`,
    )
    return EXIT.failed
  }
  if (options.json) printJson(run)
  else printEnd(run)
  return run.state === 'done' ? EXIT.done : EXIT.failed
}

const usage = (says: string): number => {
  complain(says)
  return EXIT.usage
}

/** What is asked for, or what is wrong with the asking. */
function requestOf({ full, bulk, compare, resource }: SyncOptions): SyncRequest | string {
  const kinds = [full ? 'full' : '', bulk ? 'bulk' : '', compare ? 'compare' : ''].filter((one) => one !== '')
  if (kinds.length > 1) return `Choose one of --full, --bulk and --compare.`
  const resources = resource.flatMap((text) => text.split(',')).filter((one) => one !== '')
  const unknown = resources.find((one) => !(PULLED as readonly string[]).includes(one))
  if (unknown !== undefined) return `${unknown} is not pulled. These are: ${PULLED.join(', ')}.`
  const [kind = 'delta'] = kinds as SyncRequest['kind'][]
  return { kind, resources }
}

function chosen(items: readonly Connection[], wanted: string | undefined): Connection | string {
  const cerner = items.filter(({ channel }) => channel === 'cerner')
  const names = cerner.map(({ name }) => name).join(', ')
  if (cerner.length === 0)
    return 'There is no Cerner connection yet. Make one in Settings > Integrations > Cerner.'
  const found = wanted === undefined ? cerner : namedBy(cerner, wanted)
  const [one, ...more] = found
  if (one === undefined) return `There is no Cerner connection ${wanted ?? ''}. There are: ${names}.`
  return more.length === 0 ? one : `Name one of the Cerner connections: ${names}.`
}

/** @returns null when the watching ended before the pull */
async function follow(
  api: ApiClient,
  id: string,
  options: Pick<SyncOptions, 'json'>,
  { pollMs, quietMs, left }: Watch,
): Promise<SyncRun | null> {
  const shown = new Map<string, { line: string; state: string; atMs: number }>()
  const startedAt = performance.now()
  let misses = 0
  let patient = false
  for (;;) {
    const run = await look(api, id)
    misses = run === null ? misses + 1 : 0
    if (misses > MOST_MISSES) throw new IntegrationError('ENGINE_UNREACHABLE', { address: 'the engine' })
    if (run !== null && !options.json) for (const step of run.steps) show(step, shown, quietMs)
    if (run !== null && run.state !== 'running') return run
    if (!patient && !options.json && shown.size === 0 && performance.now() - startedAt > WAITS_MS) {
      patient = true
      print('  Waiting: another pull of this connection goes first, or no process runs the part “engine”.')
    }
    if (!(await waited(pollMs, left))) return null
  }
}

/** @returns null while the engine is away */
async function look(api: ApiClient, id: string): Promise<SyncRun | null> {
  try {
    return await api.get<SyncRun>(`/api/sync-runs/${id}`)
  } catch (error) {
    if (error instanceof IntegrationError && error.code === 'ENGINE_UNREACHABLE') return null
    throw error
  }
}

async function waited(ms: number, left: AbortSignal): Promise<boolean> {
  try {
    await sleep(ms, undefined, { signal: left })
    return true
  } catch {
    return false
  }
}

/** Each change of state at once; how far it is, now and then. */
function show(
  step: SyncStep,
  shown: Map<string, { line: string; state: string; atMs: number }>,
  quietMs: number,
): void {
  if (step.state === 'waiting') return
  const line = lineOf(step)
  const before = shown.get(step.resource)
  const nowMs = performance.now()
  const isDue = before === undefined || before.state !== step.state || nowMs - before.atMs >= quietMs
  if (before?.line === line || !isDue) return
  shown.set(step.resource, { line, state: step.state, atMs: nowMs })
  print(line)
}

const WIDTH = Math.max(...PULLED.map((name) => name.length))

function lineOf({ resource, state, done, total, unit, seen, changed, says }: SyncStep): string {
  const far = total === null ? `${done} ${unit}` : `${done} of ${total} ${unit}`
  const counts = state === 'skipped' ? '' : `${far}, ${seen} read, ${changed} new or changed`
  const words = [counts, says].filter((one) => one !== '').join('. ')
  return `  ${resource.padEnd(WIDTH)}  ${state.padEnd(7)}  ${words}`.trimEnd()
}

function printEnd({
  state,
  seen,
  changed,
  started_at: from,
  finished_at: to,
  error,
  drift_id: drift,
}: SyncRun): void {
  const seconds = to === null ? 0 : (Date.parse(to) - Date.parse(from)) / 1000
  print(`${state}: ${seen} read, ${changed} new or changed, ${seconds.toFixed(1)} s`)
  if (drift !== null) print(`  What differed: /api/drift/${drift}`)
  if (error) print(`${error.says}\n  What to do: ${error.todo} (${error.code})`)
}

/** Ctrl-C ends the watching alone. */
export function untilLeft(): AbortSignal {
  const left = new AbortController()
  process.once('SIGINT', () => left.abort())
  return left.signal
}
