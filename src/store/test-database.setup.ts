import { rmSync } from 'node:fs'
import { mkdtemp, readdir, rm, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { openCluster } from './cluster.ts'
import type { Cluster, DatabaseAddress } from './cluster.ts'
import { isAlive } from './cluster-lock.ts'
import { findPostmaster, readPidFile } from './cluster-process.ts'
import { migrate, readMigrations } from './migrate.ts'

/** What the main process tells a test that asks for a database. */
export type TestServerAnswer = { address: DatabaseAddress; template: string } | { error: string }

declare module 'vitest' {
  export interface ProvidedContext {
    testServer: string
  }
}

const PREFIX = 'practice-studio-test-'
export const TEST_PRACTICE_ID = '01900000-0000-7000-8000-000000000001'

// Tests that outlive a power cut are not needed; tests that start in half the time are.
const FAST = {
  fsync: 'off',
  full_page_writes: 'off',
  synchronous_commit: 'off',
  shared_buffers: '64MB',
  autovacuum: 'off',
  logging_collector: 'off',
  max_connections: '200',
  wal_level: 'minimal',
  min_wal_size: '80MB',
  max_wal_size: '256MB',
}
const silent = { info: () => undefined, warn: () => undefined, error: () => undefined }

const SHARED_MEMORY = '/dev/shm'
const ROOM_BYTES = 2 * 1024 ** 3

/** Memory where there is plenty: a database is cloned there in 10 ms, and in 50 to 300 ms on a disk. */
async function homeOfTests(): Promise<string> {
  const memory = await statfs(SHARED_MEMORY).catch(() => undefined)
  const hasRoom = memory !== undefined && memory.bavail * memory.bsize > ROOM_BYTES
  const folder = (parent: string): Promise<string> => mkdtemp(join(parent, `${PREFIX}${process.pid}-`))
  return hasRoom ? folder(SHARED_MEMORY).catch(() => folder(tmpdir())) : folder(tmpdir())
}

/** Ends servers of test runs that were killed before they could. */
async function sweep(): Promise<void> {
  for (const parent of [tmpdir(), SHARED_MEMORY]) {
    for (const name of await readdir(parent).catch(() => [])) {
      const pid = Number(/^practice-studio-test-(\d+)-/.exec(name)?.[1])
      if (pid && !isAlive(pid)) await endServer(join(parent, name)).catch(() => undefined)
    }
  }
}

async function endServer(home: string): Promise<void> {
  const data = join(home, 'postgres')
  const last = await readPidFile(data)
  const server = await findPostmaster(data)
  if (server) process.kill(server.pid, 'SIGQUIT')
  if (last?.host.startsWith(tmpdir())) await rm(last.host, { recursive: true, force: true })
  await rm(home, { recursive: true, force: true, maxRetries: 20 })
}

async function makeTemplate(address: DatabaseAddress): Promise<string> {
  const migrations = await readMigrations()
  // Named by content, so that watch mode notices a migration that changed.
  const template = `template_${migrations
    .map(({ sha256 }) => sha256.slice(0, 4))
    .join('')
    .slice(-40)}`
  const admin = new pg.Client({ ...address, database: 'postgres' })
  await admin.connect()
  try {
    const { rowCount } = await admin.query('select from pg_database where datname = $1', [template])
    if (rowCount) return template
    const draft = `${template}_draft`
    await admin.query(`drop database if exists ${draft}`)
    await admin.query(`create database ${draft}`)
    await migrate({ database: { ...address, database: draft }, migrations })
    await addPractice({ ...address, database: draft })
    await admin.query(`alter database ${draft} rename to ${template}`)
    return template
  } finally {
    await admin.end()
  }
}

async function addPractice(address: DatabaseAddress): Promise<void> {
  const client = new pg.Client(address)
  await client.connect()
  await client
    .query(
      `insert into practice (practice_id, name, country, time_zone) values ($1, 'Test Practice', 'US', 'America/Chicago')`,
      [TEST_PRACTICE_ID],
    )
    .finally(() => client.end())
}

/**
 * Stands ready to start one PostgreSQL for the whole test run. It starts when the first test asks for a database, so
 * that runs without one cost nothing.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await sweep()
  const home = await homeOfTests()
  let starting: Promise<Cluster> | undefined
  let cluster: Cluster | undefined
  let templates: Promise<unknown> = Promise.resolve()

  const answer = async (): Promise<TestServerAnswer> => {
    starting ??= openCluster({ home, log: silent, settings: FAST })
    cluster = await starting
    const { address } = cluster
    const mine = templates.then(() => makeTemplate(address))
    templates = mine.catch(() => undefined)
    return { address, template: await mine }
  }
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    answer()
      .catch((cause: unknown): TestServerAnswer => ({ error: describe(cause) }))
      .then((message) => socket.end(JSON.stringify(message)))
      .catch(() => socket.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  project.provide('testServer', String(typeof bound === 'object' && bound ? bound.port : 0))

  // Should the run end without its teardown, the server must not stay.
  const lastResort = (): void => {
    if (cluster && isAlive(cluster.pid)) process.kill(cluster.pid, 'SIGQUIT')
    if (cluster) rmSync(cluster.address.host, { recursive: true, force: true })
    rmSync(home, { recursive: true, force: true, maxRetries: 20 })
  }
  process.once('exit', lastResort)

  return async () => {
    server.close()
    await starting?.catch(() => undefined)
    await cluster?.stop()
    await rm(home, { recursive: true, force: true, maxRetries: 20 })
    process.off('exit', lastResort)
  }
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause)
  return cause.cause === undefined ? cause.message : `${cause.message} ${describe(cause.cause)}`
}
