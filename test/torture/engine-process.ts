import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const MAIN = resolve(import.meta.dirname, '../../src/main.ts')
const START_LIMIT_MS = 120_000

/** An engine as a user starts it: a process of its own, on a home of its own. */
export interface EngineProcess extends AsyncDisposable {
  readonly pid: number
  readonly mllpPort: number
  /** The console's address, or null when the part is not run. */
  readonly http: string | null
  /** Everything it wrote so far, both streams. */
  output(): string
  /** Resident memory in bytes; 0 once it ended. */
  rssBytes(): Promise<number>
  /** Sends a signal and resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
  /** True while nobody ended it. */
  readonly alive: boolean
}

/**
 * Starts an engine and waits for its ready line.
 *
 * @param parts what `--only` names; all parts without it
 * @throws Error with the last lines of its log when it ends before it is ready
 */
export async function startEngine(options: {
  home: string
  parts?: string
  environment?: Readonly<Record<string, string>>
}): Promise<EngineProcess> {
  const { home, parts, environment } = options
  const env = {
    ...process.env,
    PRACTICE_STUDIO_HOME: home,
    MLLP_PORT: '0',
    PORT: '0',
    LOG_LEVEL: 'warn',
    ...environment,
  }
  const only = parts === undefined ? [] : ['--only', parts]
  const child = spawn(process.execPath, [MAIN, 'start', ...only], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const written: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => written.push(text))
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const ready = await readyLine(child, written)
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await exited
  }
  return {
    pid: child.pid ?? 0,
    mllpPort: Number(ready.mllp?.split(':').at(-1) ?? 0),
    http: ready.http,
    output: () => written.join(''),
    rssBytes: () => rssOf(child.pid ?? 0),
    kill,
    [Symbol.asyncDispose]: () => kill('SIGTERM'),
    get alive() {
      return child.exitCode === null && child.signalCode === null
    },
  }
}

interface Ready {
  mllp: string | null
  http: string | null
}

async function readyLine(child: ChildProcess, written: string[]): Promise<Ready> {
  if (!child.stdout) throw new Error('the engine has no standard output')
  const late = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS)
  const lines = createInterface({ input: child.stdout })
  try {
    return await new Promise((found, failed) => {
      lines.on('line', (line) => {
        written.push(`${line}\n`)
        if (line.startsWith('ready ')) found(JSON.parse(line.slice(6)) as Ready)
      })
      child.once('exit', (code, signal) => {
        const words = written.join('').trim().split('\n').slice(-5).join('\n')
        failed(new Error(`the engine ended before it was ready (${signal ?? code}): ${words}`))
      })
    })
  } finally {
    clearTimeout(late)
  }
}

async function rssOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024
}

/** The process id of the home's PostgreSQL, from its own file. */
export async function postmasterPid(home: string): Promise<number> {
  const [first = ''] = (await readFile(join(home, 'postgres', 'postmaster.pid'), 'utf8')).split('\n')
  return Number(first)
}
