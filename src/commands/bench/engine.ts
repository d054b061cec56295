import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { openCluster } from '../../store/cluster.ts'

const MAIN = resolve(import.meta.dirname, '../../main.ts')
// As `npm start` runs it.
const FLAGS = ['--max-semi-space-size=4', '--v8-pool-size=1']
const run = promisify(execFile)
// Of /proc, on every Linux there is.
const TICKS_A_SECOND = 100

export interface BenchEngine extends AsyncDisposable {
  /** Of the MLLP listener. */
  port: number
  /** Address of the HTTP API, or null when that part is not run. */
  http: string | null
  rssMb(): Promise<number>
  /** Processor time of its process so far, in seconds; that of its PostgreSQL is not in it. */
  processorSeconds(): Promise<number>
  /** Resolves when no work is owed any more. */
  drained(): Promise<void>
  states(): Promise<Record<string, number>>
  /** What stands in its database, asked beside it. */
  query<T extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<T[]>
  /** A bearer token of an administrator, made as a user makes one. */
  token(): Promise<string>
}

/** An engine as a user starts it, on a home of its own. */
export async function openBenchEngine(options: { home?: string; only?: string } = {}): Promise<BenchEngine> {
  const home = options.home ?? (await mkdtemp(join(tmpdir(), 'practice-studio-bench-')))
  const env = { ...process.env, PRACTICE_STUDIO_HOME: home, MLLP_PORT: '0', PORT: '0', LOG_LEVEL: 'error' }
  const only = options.only ? ['--only', options.only] : []
  const child = spawn(process.execPath, [...FLAGS, MAIN, 'start', ...only], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const tidy = async (): Promise<void> => {
    if (!options.home) await rm(home, { recursive: true, force: true })
  }
  const ready = await readyLine(child).catch(async (cause: unknown) => {
    await tidy()
    throw cause
  })
  const cluster = await openCluster({ home, log: quiet, role: 'tool' })
  const client = new pg.Client({ connectionString: cluster.connectionString })
  await client.connect()
  return {
    port: Number(ready.mllp?.split(':').at(-1) ?? 0),
    http: ready.http,
    rssMb: async () => {
      const status = await readFile(`/proc/${child.pid ?? 0}/status`, 'utf8')
      return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024
    },
    processorSeconds: async () => {
      const stat = await readFile(`/proc/${child.pid ?? 0}/stat`, 'utf8')
      // The name in parentheses may hold anything; user and system time are the 12th and 13th after it.
      const [, , , , , , , , , , , user, system] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return (Number(user) + Number(system)) / TICKS_A_SECOND
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
    query: async <T extends pg.QueryResultRow>(text: string, values: unknown[] = []) =>
      (await client.query<T>(text, values)).rows,
    token: async () => {
      const { stdout } = await run(process.execPath, [MAIN, 'token', '--role', 'administrator', '--json'], {
        env,
      })
      return (JSON.parse(stdout) as { token: string }).token
    },
    [Symbol.asyncDispose]: async () => {
      await client.end()
      await cluster[Symbol.asyncDispose]()
      const exited = new Promise((done) => child.once('exit', done))
      child.kill('SIGTERM')
      await exited
      await tidy()
    },
  }
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

interface Ready {
  http: string | null
  mllp: string | null
}

async function readyLine(child: ChildProcess): Promise<Ready> {
  if (child.stdout) {
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('ready ')) continue
      child.stdout.resume()
      return JSON.parse(line.slice(6)) as Ready
    }
  }
  throw new Error('the engine did not start')
}
