import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { IntegrationError } from '../kernel/errors.ts'
import { CLUSTER_USER, initialiseCluster, openClusterFolder, readPassword } from './cluster-folder.ts'
import { isAlive, withStartLock } from './cluster-lock.ts'
import { findPostmaster, startPostmaster, stopPostmaster, waitUntilReady } from './cluster-process.ts'
import type { ClusterFolder, Postmaster, ServerAddress } from './cluster-process.ts'
import { isUnavailable } from './database-errors.ts'

/** The few calls of a pino logger that the cluster makes. */
export interface ClusterLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** How to reach a database, as `pg` takes it. */
export interface DatabaseAddress {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/** The embedded PostgreSQL of one home folder. */
export interface Cluster extends AsyncDisposable {
  readonly address: DatabaseAddress
  readonly connectionString: string
  /** Process id of the server, as of now. */
  readonly pid: number
  /** True for the engine, which stops the server at the end; false for a tool that found one running. */
  readonly owner: boolean
  stop(): Promise<void>
}

export const DATABASE_NAME = 'practice_studio'
// Held by the engine's session for as long as it lives. The server frees it when that process dies, however it dies.
const ENGINE_LOCK = 7_300_001
const RELEASE_PATIENCE_MS = 2_000
const DYING_PATIENCE_MS = 10_000

const addressOf = (server: Postmaster, password: string, database: string): DatabaseAddress => ({
  host: server.host,
  port: server.port,
  user: CLUSTER_USER,
  password,
  database,
})

/** The same address as a URL; a socket folder travels as the `host` parameter. */
export const connectionStringOf = (address: DatabaseAddress): string => {
  const login = `${address.user}:${encodeURIComponent(address.password)}`
  return address.host.startsWith('/')
    ? `postgresql://${login}@/${address.database}?host=${encodeURIComponent(address.host)}&port=${address.port}`
    : `postgresql://${login}@${address.host}:${address.port}/${address.database}`
}

type Role = 'engine' | 'tool'

/** The process named by the session that holds the engine lock. */
async function engineOf(session: pg.Client): Promise<number | undefined> {
  const { rows } = await session.query<{ application_name: string }>(
    `select a.application_name from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.objid = $1 and l.granted`,
    [ENGINE_LOCK],
  )
  const name = rows[0]?.application_name
  return name === undefined ? undefined : Number(name.split(' ').at(-1))
}

async function takeEngineLock(session: pg.Client, home: string): Promise<void> {
  const deadline = Date.now() + RELEASE_PATIENCE_MS
  for (;;) {
    const { rows } = await session.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      ENGINE_LOCK,
    ])
    if (rows[0]?.taken) return
    const pid = await engineOf(session)
    // The session of an engine that was just killed may take a moment to notice.
    const isDead = pid === undefined || !isAlive(pid)
    if (!isDead || Date.now() > deadline) throw new IntegrationError('STORE_IN_USE', { home, pid: pid ?? 0 })
    await sleep(50)
  }
}

async function ensureDatabase(session: pg.Client): Promise<void> {
  const { rowCount } = await session.query('select from pg_database where datname = $1', [DATABASE_NAME])
  if (rowCount === 0) await session.query(`create database ${DATABASE_NAME}`)
}

async function openSession(address: DatabaseAddress, role: Role): Promise<pg.Client> {
  const session = new pg.Client({ ...address, application_name: `practice-studio ${role} ${process.pid}` })
  // Without a listener a lost connection would end the process; watchers add their own.
  session.on('error', () => undefined)
  await session.connect()
  return session
}

interface Attached {
  readonly server: Postmaster
  readonly session: pg.Client
  readonly started: boolean
}

interface AttachOptions {
  home: string
  folder: ClusterFolder
  role: Role
  /** The address of the server that went away. */
  wanted?: ServerAddress
}

async function reachServer({ home, folder, role, wanted }: AttachOptions): Promise<Attached> {
  const deadline = Date.now() + DYING_PATIENCE_MS
  for (;;) {
    const found = await findPostmaster(folder.dataFolder)
    if (!found) await initialiseCluster(home, folder)
    const server = found ? await waitUntilReady(folder, found) : await startPostmaster(folder, wanted)
    try {
      const session = await openSession(addressOf(server, await readPassword(home), 'postgres'), role)
      return { server, session, started: !found }
    } catch (cause) {
      // A server that was just killed can be found for a moment longer.
      if (!isUnavailable(cause) || Date.now() > deadline) throw cause
      await sleep(50)
    }
  }
}

async function attach(options: AttachOptions): Promise<Attached> {
  const { home, role } = options
  const { server, session, started } = await reachServer(options)
  try {
    if (role === 'engine') await takeEngineLock(session, home)
    await ensureDatabase(session)
  } catch (cause) {
    await session.end()
    throw cause
  }
  return { server, session, started }
}

/** True when somebody else still works on the server. */
async function hasOthers(session: pg.Client): Promise<boolean> {
  const { rows } = await session.query<{ others: number }>(
    `select count(*)::int as others from pg_stat_activity
     where backend_type = 'client backend' and pid <> pg_backend_pid()
       and application_name like 'practice-studio %' and split_part(application_name, ' ', 2) in ('engine', 'tool')`,
  )
  return (rows[0]?.others ?? 0) > 0
}

/**
 * Opens the PostgreSQL that lives in `<home>/postgres`, making it on the first run. A server that is running there,
 * left by an engine that was killed, is adopted; one that crashed is started again and recovers.
 *
 * An engine has the home to itself and stops the server when it stops. A tool shares the server with a running
 * engine, or starts it and stops it again when nobody else came meanwhile. A process that dies leaves the server
 * running.
 *
 * @throws STORE_IN_USE when another engine runs on the same home
 * @throws STORE_START_FAILED when the server does not start
 * @throws STORE_BINARIES_MISSING when there is no PostgreSQL for this platform
 */
export async function openCluster(options: {
  home: string
  log: ClusterLog
  role?: Role
  /** Overrides of {@link CLUSTER_SETTINGS}, for tests that need no durability. */
  settings?: Readonly<Record<string, string>>
}): Promise<Cluster> {
  const home = resolve(options.home)
  const { log } = options
  const role = options.role ?? 'engine'
  const folder = await openClusterFolder({ home, settings: options.settings, log })
  let attached = await withStartLock(home, () => attach({ home, folder, role }))
  let stopping = false
  const address = addressOf(attached.server, await readPassword(home), DATABASE_NAME)

  // The lock session ends when the server does. Whatever ended it, the engine brings it back at the same address.
  const watch = (session: pg.Client): void => {
    session.once('end', () => {
      if (!stopping && session === attached.session) void recover()
    })
  }
  const recover = async (): Promise<void> => {
    log.error({ home }, 'the embedded PostgreSQL went away; it is being started again')
    for (let waitMs = 100; !stopping; waitMs = Math.min(waitMs * 2, 10_000)) {
      try {
        attached = await withStartLock(home, () => attach({ home, folder, role, wanted: address }))
        watch(attached.session)
        log.info({ home, pid: attached.server.pid }, 'the embedded PostgreSQL is back')
        return
      } catch (error) {
        log.error({ home, error }, 'the embedded PostgreSQL could not be started; it is tried again')
        await sleep(waitMs)
      }
    }
  }
  if (role === 'engine') watch(attached.session)

  const detach = async (): Promise<void> => {
    const { session, started } = attached
    const isLast = role === 'engine' || (started && !(await hasOthers(session).catch(() => true)))
    await session.end().catch(() => undefined)
    if (isLast) await stopPostmaster(folder)
  }
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopping = true
    stopped ??= withStartLock(home, detach)
    return stopped
  }

  return {
    address,
    connectionString: connectionStringOf(address),
    get pid() {
      return attached.server.pid
    },
    owner: role === 'engine' || attached.started,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
