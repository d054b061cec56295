import { execFile, spawn } from 'node:child_process'
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
} from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { IntegrationError } from '../kernel/errors.ts'
import type { Binaries } from './cluster-binaries.ts'
import { isAlive, isTaken } from './cluster-lock.ts'
import { settingArguments } from './cluster-settings.ts'
import type { ServiceUser } from './cluster-user.ts'

const run = promisify(execFile)
const PAUSE_MS = 10
const START_TIMEOUT_MS = 10 * 60_000
const STOP_TIMEOUT_MS = 60_000
const SOCKET_FOLDER_PREFIX = 'practice-studio-pg-'
const usesTcp = process.platform === 'win32'

/** What `postmaster.pid` says about a server (PostgreSQL miscadmin.h, LOCK_FILE_LINE_*). */
export interface Postmaster {
  readonly pid: number
  readonly port: number
  /** Folder of the Unix socket, or 127.0.0.1 where there are none. */
  readonly host: string
  readonly status: string
}

export interface ClusterFolder {
  readonly dataFolder: string
  readonly startLog: string
  readonly binaries: Binaries
  readonly user: ServiceUser | undefined
  readonly settings: Readonly<Record<string, string>>
}

/** What the last server on the folder wrote, whether it still runs or not. */
export async function readPidFile(dataFolder: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '')
  const [pid, , , port, socketFolder, listen, , status] = text.split('\n').map((line) => line.trim())
  if (!pid || !Number(pid)) return undefined
  const host = socketFolder || (listen ?? '')
  return { pid: Number(pid), port: Number(port), host, status: status ?? '' }
}

/** True when `pid` is a server on this folder, and not a stranger that was given the number after a crash. */
async function servesFolder(pid: number, dataFolder: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  try {
    if (process.platform === 'linux') {
      // The server works inside its data folder. A zombie has no working folder.
      return (await readlink(`/proc/${pid}/cwd`)) === (await realpath(dataFolder))
    }
    if (process.platform === 'win32') return true
    const { stdout } = await run('ps', ['-p', String(pid), '-o', 'command='])
    return stdout.includes(dataFolder)
  } catch {
    return false
  }
}

/** The server that runs on the folder, whoever started it; one that is stopping is waited for. */
export async function findPostmaster(dataFolder: string): Promise<Postmaster | undefined> {
  for (;;) {
    const found = await readPidFile(dataFolder)
    if (!found || !(await servesFolder(found.pid, dataFolder))) return undefined
    if (found.status !== 'stopping') return found
    await sleep(PAUSE_MS)
  }
}

/** Where a server listens: a folder of Unix sockets, or a port of 127.0.0.1 on Windows. */
export interface ServerAddress {
  readonly host: string
  readonly port: number
}

/** Socket paths end at 107 bytes (unix(7)), so they lie in a short private folder, not below the data. */
async function openSocketFolder(folder: string | undefined, user: ServiceUser | undefined): Promise<string> {
  const opened = folder ?? (await mkdtemp(join(tmpdir(), SOCKET_FOLDER_PREFIX)))
  await mkdir(opened, { recursive: true })
  await chmod(opened, 0o700)
  if (user) await chown(opened, user.uid, user.gid)
  return opened
}

const isSocketFolder = (host: string): boolean => basename(host).startsWith(SOCKET_FOLDER_PREFIX)

/** Takes the socket folder of a server that died, so that crashes leave no litter and clients keep their address. */
async function reuseSocketFolder(left: string, user: ServiceUser | undefined): Promise<string | undefined> {
  if (!isSocketFolder(left)) return undefined
  const state = await lstat(left).catch(() => undefined)
  const owner = user?.uid ?? process.getuid?.()
  const isOurs = state?.isDirectory() && state.uid === owner && (state.mode & 0o777) === 0o700
  if (!isOurs) return undefined
  for (const name of await readdir(left)) await rm(join(left, name), { force: true })
  return left
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address ? address.port : 0
}

async function chooseAddress(
  folder: ClusterFolder,
  wanted: ServerAddress | undefined,
): Promise<ServerAddress> {
  const left = await readPidFile(folder.dataFolder)
  // A stranger has the number of the server that died, and PostgreSQL would take it for the server. In every other
  // case the file stays: PostgreSQL finds by it the memory that children of a killed server may still use.
  if (left && isTaken(left.pid)) await rm(join(folder.dataFolder, 'postmaster.pid'), { force: true })
  if (usesTcp) return wanted ?? { host: '127.0.0.1', port: await freePort() }
  const old = wanted?.host ?? left?.host ?? ''
  const reused = await reuseSocketFolder(old, folder.user)
  // 5432 only names the socket; no port is opened.
  return { host: reused ?? (await openSocketFolder(wanted?.host, folder.user)), port: 5432 }
}

const addressArguments = ({ host, port }: ServerAddress): string[] =>
  usesTcp
    ? ['-h', host, '-p', String(port)]
    : ['-c', 'listen_addresses=', '-c', 'unix_socket_permissions=0700', '-p', String(port), '-k', host]

export const identity = (user: ServiceUser | undefined): { uid?: number; gid?: number } =>
  user ? { uid: user.uid, gid: user.gid } : {}

/** The last lines that the server wrote: before its log was open, and after. */
async function lastWords(folder: ClusterFolder): Promise<string> {
  const logs = join(folder.dataFolder, 'log')
  const names = await readdir(logs).catch(() => [])
  const texts = await Promise.all(
    [folder.startLog, ...names.map((name) => join(logs, name))].map((path) =>
      readFile(path, 'utf8').catch(() => ''),
    ),
  )
  // Lines begin with their time, which sorts.
  return texts.join('\n').split('\n').filter(Boolean).sort().slice(-5).join('\n')
}

/** Processes that work in the data folder: what a killed server leaves for the moment its children need to end. */
async function hasLeftovers(dataFolder: string): Promise<boolean> {
  if (process.platform !== 'linux') return false
  const folder = await realpath(dataFolder)
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const places = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')))
  return places.includes(folder)
}

async function waitForLeftovers(dataFolder: string): Promise<void> {
  const deadline = Date.now() + STOP_TIMEOUT_MS
  while ((await hasLeftovers(dataFolder)) && Date.now() < deadline) await sleep(PAUSE_MS)
}

/** One attempt; undefined when a server that was killed has children that still hold its memory. */
async function startOnce(
  folder: ClusterFolder,
  wanted: ServerAddress | undefined,
): Promise<Postmaster | undefined> {
  await waitForLeftovers(folder.dataFolder)
  const address = await chooseAddress(folder, wanted)
  const output = await open(folder.startLog, 'w', 0o600)
  // A session of its own: Ctrl-C in the terminal must reach the engine, which then stops the server in order.
  const child = spawn(
    folder.binaries.postgres,
    ['-D', folder.dataFolder, ...addressArguments(address), ...settingArguments(folder.settings)],
    {
      ...identity(folder.user),
      cwd: '/',
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
      windowsHide: true,
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
    },
  )
  let ended = false
  child.once('exit', () => (ended = true))
  child.once('error', () => (ended = true))
  child.unref()
  await output.close()

  const deadline = Date.now() + START_TIMEOUT_MS
  while (!ended && Date.now() < deadline) {
    const found = await readPidFile(folder.dataFolder)
    if (found?.pid === child.pid && found?.status === 'ready') return found
    await sleep(PAUSE_MS)
  }
  const tail = await lastWords(folder)
  if (/still in use/.test(tail)) return undefined
  if (!wanted && isSocketFolder(address.host)) await rm(address.host, { recursive: true, force: true })
  const cause = new Error(tail || 'PostgreSQL did not become ready in time')
  throw new IntegrationError('STORE_START_FAILED', { log: folder.startLog }, { cause })
}

/**
 * Starts the server and waits until it takes connections, crash recovery included.
 *
 * @param wanted the address of the server that went away, which clients still use
 * @throws STORE_START_FAILED with the end of the server's log as its cause
 */
export async function startPostmaster(folder: ClusterFolder, wanted?: ServerAddress): Promise<Postmaster> {
  for (let attempt = 1; attempt <= 40; attempt += 1) {
    const started = await startOnce(folder, wanted)
    if (started) return started
    await sleep(250)
  }
  throw new IntegrationError('STORE_START_FAILED', { log: folder.startLog })
}

/** Waits until a server that somebody started takes connections, for instance after crash recovery. */
export async function waitUntilReady(folder: ClusterFolder, found: Postmaster): Promise<Postmaster> {
  const deadline = Date.now() + START_TIMEOUT_MS
  let now: Postmaster | undefined = found
  while (now && now.status !== 'ready' && Date.now() < deadline) {
    await sleep(PAUSE_MS)
    now = await findPostmaster(folder.dataFolder)
  }
  return now ?? startPostmaster(folder)
}

async function askToStop(folder: ClusterFolder, pid: number, mode: 'fast' | 'immediate'): Promise<void> {
  if (process.platform === 'win32') {
    await run(folder.binaries.pg_ctl, ['stop', '-D', folder.dataFolder, '-m', mode])
  } else process.kill(pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
}

/** Stops the server: open transactions are rolled back, everything committed is flushed, sockets are removed. */
export async function stopPostmaster(folder: ClusterFolder): Promise<void> {
  const found = await readPidFile(folder.dataFolder)
  if (!found || !(await servesFolder(found.pid, folder.dataFolder))) return
  await askToStop(folder, found.pid, 'fast')
  const deadline = Date.now() + STOP_TIMEOUT_MS
  let isImpatient = false
  while (await servesFolder(found.pid, folder.dataFolder)) {
    // Recovery at the next start makes an immediate stop safe; hanging for ever would not be.
    if (!isImpatient && Date.now() > deadline) {
      isImpatient = true
      await askToStop(folder, found.pid, 'immediate')
    }
    await sleep(PAUSE_MS)
  }
  if (isSocketFolder(found.host)) await rm(found.host, { recursive: true, force: true })
}
