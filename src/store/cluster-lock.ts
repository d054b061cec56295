import { readFileSync } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { IntegrationError } from '../kernel/errors.ts'

const PATIENCE_MS = 60_000
const PAUSE_MS = 25

/**
 * When a process began, so that a number used again after a crash is not taken for the process that had it.
 * Linux counts it in ticks since boot (proc(5), stat field 22); elsewhere the number alone has to do.
 */
async function beginningOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return '-'
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  // The second field is the program's name in brackets and may hold spaces.
  return line.slice(line.lastIndexOf(')') + 2).split(' ')[19] ?? '-'
}

/** True when some process has the number, be it one that ended and waits for its parent to notice. */
export function isTaken(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return cause instanceof Error && 'code' in cause && cause.code === 'EPERM'
  }
}

// After the name in brackets comes the state (proc(5)). Not every container reaps orphans.
function isZombie(pid: number): boolean {
  if (process.platform !== 'linux') return false
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

/** True while the process runs. */
export const isAlive = (pid: number): boolean => isTaken(pid) && !isZombie(pid)

async function tryToTake(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    await file.writeFile(`${process.pid} ${await beginningOf(process.pid)}\n`).finally(() => file.close())
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') return false
    throw cause
  }
}

/** The process that holds the lock, or undefined when it died holding it. */
async function holderOf(path: string): Promise<number | undefined> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const [pid = '', beginning = ''] = text.trim().split(' ')
  const holder = Number(pid)
  if (!holder || !isAlive(holder)) return undefined
  return (await beginningOf(holder)) === beginning ? holder : undefined
}

// Calls within one process queue here, since the file only tells processes apart.
const queues = new Map<string, Promise<unknown>>()

/**
 * Runs `work` while no other process starts or stops the cluster in `home`. A lock left by a process that was
 * killed is taken over.
 *
 * @throws STORE_IN_USE when another process has not finished after a minute
 */
export async function withStartLock<T>(home: string, work: () => Promise<T>): Promise<T> {
  const path = join(home, 'start.lock')
  const before = queues.get(path) ?? Promise.resolve()
  const mine = before.catch(() => undefined).then(() => lockedBetweenProcesses(home, path, work))
  queues.set(path, mine)
  return mine
}

async function lockedBetweenProcesses<T>(home: string, path: string, work: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS
  let suspicions = 0
  while (!(await tryToTake(path))) {
    const holder = await holderOf(path)
    if (holder !== undefined && Date.now() > deadline) {
      throw new IntegrationError('STORE_IN_USE', { home, pid: holder })
    }
    // Twice, because a lock just made is empty for a moment.
    suspicions = holder === undefined ? suspicions + 1 : 0
    if (suspicions > 2) await rm(path, { force: true })
    await sleep(PAUSE_MS)
  }
  try {
    return await work()
  } finally {
    await rm(path, { force: true })
  }
}
