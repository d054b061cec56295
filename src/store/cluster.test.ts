import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCluster } from './cluster.ts'
import type { Cluster, DatabaseAddress } from './cluster.ts'
import { isAlive } from './cluster-lock.ts'
import { findPostmaster } from './cluster-process.ts'

const isRoot = process.getuid?.() === 0
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
const code = (value: string): unknown => expect.objectContaining({ code: value })
let top: string
let home: string

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'practice-studio-cluster-'))
  home = join(top, 'var')
})
afterEach(async () => {
  const left = await findPostmaster(join(home, 'postgres'))
  if (left) {
    process.kill(left.pid, 'SIGQUIT')
    while (isAlive(left.pid)) await sleep(20)
    await rm(left.host, { recursive: true, force: true })
  }
  await rm(top, { recursive: true, force: true })
})

async function sql(address: DatabaseAddress, text: string): Promise<unknown[]> {
  const client = new pg.Client(address)
  client.on('error', () => undefined)
  await client.connect()
  return client
    .query(text)
    .then(({ rows }) => rows as unknown[])
    .finally(() => client.end().catch(() => undefined))
}

/** An engine in a process of its own that stays until it is killed, as `{ process, pid }` of engine and server. */
async function openElsewhere(
  options: { uid?: number } = {},
): Promise<{ engine: ChildProcess; serverPid: number }> {
  const program = `
    import { openCluster } from ${JSON.stringify(join(import.meta.dirname, 'cluster.ts'))}
    const log = { info() {}, warn() {}, error() {} }
    const cluster = await openCluster({ home: process.argv[1], log })
    process.stdout.write(cluster.pid + '\\n')
    process.once('SIGTERM', () => cluster.stop())`
  const engine = spawn(process.execPath, ['--input-type=module', '-e', program, home], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  })
  const [line] = (await once(engine.stdout, 'data', { signal: AbortSignal.timeout(20_000) })) as [Buffer]
  return { engine, serverPid: Number(line.toString()) }
}

const kill = async (child: ChildProcess): Promise<void> => {
  child.kill('SIGKILL')
  await once(child, 'exit')
}

const keep = (cluster: Cluster): Promise<unknown> =>
  sql(cluster.address, 'create table kept (id int); insert into kept values (1)')
const kept = (cluster: Cluster): Promise<unknown> => sql(cluster.address, 'select id from kept')

test('what was stored is there after a stop and a start, and a stop leaves no process and no socket', async () => {
  const first = await openCluster({ home, log })
  await keep(first)
  await first.stop()
  await expect.poll(() => isAlive(first.pid)).toBe(false)
  await expect(stat(first.address.host)).rejects.toThrow('ENOENT')
  await using second = await openCluster({ home, log })
  expect(await kept(second)).toEqual([{ id: 1 }])
})

test('commits are synchronous and on disk, and the log of the server can hold no values', async () => {
  await using cluster = await openCluster({ home, log })
  const rows = await sql(
    cluster.address,
    `select name, setting from pg_settings where name in
      ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'log_error_verbosity') order by name`,
  )
  expect(rows).toEqual([
    { name: 'data_checksums', setting: 'on' },
    { name: 'fsync', setting: 'on' },
    { name: 'full_page_writes', setting: 'on' },
    { name: 'log_error_verbosity', setting: 'terse' },
    { name: 'synchronous_commit', setting: 'on' },
  ])
  await sql(cluster.address, `create table t (name text unique); insert into t values ('SECRETNAME')`)
  await expect(sql(cluster.address, `insert into t values ('SECRETNAME')`)).rejects.toThrow('duplicate')
  const folder = join(home, 'postgres', 'log')
  const readLogs = async (): Promise<string> =>
    (await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))).join('')
  await expect.poll(readLogs).toContain('duplicate key')
  expect(await readLogs()).not.toContain('SECRETNAME')
})

test('a second engine on the same home is refused, and names the first', async () => {
  await using _first = await openCluster({ home, log })
  const second = openCluster({ home, log })
  await expect(second).rejects.toThrow(code('STORE_IN_USE'))
  await expect(second).rejects.toThrow(`process ${process.pid}`)
})

test('of two engines that start at once on a new home, one runs and one is refused', async () => {
  const both = await Promise.allSettled([openCluster({ home, log }), openCluster({ home, log })])
  const opened = both.filter((each) => each.status === 'fulfilled')
  expect(opened).toHaveLength(1)
  expect(both.find((each) => each.status === 'rejected')?.reason).toEqual(code('STORE_IN_USE'))
  await opened[0]?.value.stop()
})

test('an engine that was killed leaves the server running, and the next one adopts it', async () => {
  const { engine, serverPid } = await openElsewhere()
  await kill(engine)
  expect(isAlive(serverPid)).toBe(true)
  await using next = await openCluster({ home, log })
  expect(next.pid).toBe(serverPid)
  await keep(next)
  await next.stop()
  await expect.poll(() => isAlive(serverPid)).toBe(false)
})

test('an engine and its server killed together come back with everything that was committed', async () => {
  const { engine, serverPid } = await openElsewhere()
  await using tool = await openCluster({ home, log, role: 'tool' })
  await keep(tool)
  process.kill(serverPid, 'SIGKILL')
  await kill(engine)
  await tool.stop()
  await using next = await openCluster({ home, log })
  expect(next.pid).not.toBe(serverPid)
  expect(await kept(next)).toEqual([{ id: 1 }])
})

test('a server killed under its engine is started again at the same address', async () => {
  await using cluster = await openCluster({ home, log })
  await keep(cluster)
  const before = cluster.pid
  process.kill(before, 'SIGKILL')
  await expect.poll(() => cluster.pid, { timeout: 15_000 }).not.toBe(before)
  expect(await kept(cluster)).toEqual([{ id: 1 }])
  await expect(openCluster({ home, log })).rejects.toThrow(code('STORE_IN_USE'))
})

test('the number of a dead server, given to another process since, does not keep the engine from starting', async () => {
  const first = await openCluster({ home, log })
  const dataFolder = join(home, 'postgres')
  await first.stop()
  const stale = [process.pid, dataFolder, 1, 5432, join(tmpdir(), 'gone'), '', '', 'ready']
  await writeFile(join(dataFolder, 'postmaster.pid'), `${stale.join('\n')}\n`)
  await using second = await openCluster({ home, log })
  expect(second.pid).not.toBe(process.pid)
})

test('a start lock left by a process that was killed is taken over', async () => {
  await mkdir(home)
  const gone = spawn(process.execPath, ['-e', ''])
  await once(gone, 'exit')
  await writeFile(join(home, 'start.lock'), `${gone.pid} 1\n`)
  await using cluster = await openCluster({ home, log })
  expect(cluster.pid).toBeGreaterThan(0)
})

test('a first start cut short is begun anew', async () => {
  await mkdir(join(home, 'postgres.new', 'base'), { recursive: true })
  await using cluster = await openCluster({ home, log })
  await keep(cluster)
})

test('a tool shares the server of a running engine and leaves it running', async () => {
  await using engine = await openCluster({ home, log })
  const tool = await openCluster({ home, log, role: 'tool' })
  expect([tool.pid, tool.owner]).toEqual([engine.pid, false])
  await tool.stop()
  await keep(engine)
})

test('a tool alone starts the server and stops it again', async () => {
  const tool = await openCluster({ home, log, role: 'tool' })
  await keep(tool)
  await tool.stop()
  await expect.poll(() => isAlive(tool.pid)).toBe(false)
})

test('a tool does not stop the server under an engine or a tool that came meanwhile', async () => {
  const tool = await openCluster({ home, log, role: 'tool' })
  const second = await openCluster({ home, log, role: 'tool' })
  await using engine = await openCluster({ home, log })
  await tool.stop()
  await second.stop()
  await keep(engine)
})

test('a home with a path longer than a socket may have works', async () => {
  home = join(top, 'a-rather-long-name-for-a-folder'.repeat(4), 'and another, with spaces and ünïcode')
  await using cluster = await openCluster({ home, log })
  await keep(cluster)
})

test.runIf(isRoot)(
  'as root, a home below a private folder works, and only the service user may pass',
  async () => {
    await chmod(top, 0o700)
    await using cluster = await openCluster({ home, log })
    await keep(cluster)
    expect((await stat(join(home, 'postgres'))).uid).not.toBe(0)
    expect((await stat(top)).mode & 0o777).toBe(0o710)
  },
)

test.runIf(isRoot)('as root, a folder that was copied back and belongs to root works', async () => {
  const first = await openCluster({ home, log })
  await keep(first)
  await first.stop()
  execFileSync('chown', ['-R', '0:0', join(home, 'postgres')])
  await using second = await openCluster({ home, log })
  expect(await kept(second)).toEqual([{ id: 1 }])
})

test.runIf(isRoot)(
  'an ordinary user runs the server as itself, and root keeps that user afterwards',
  async () => {
    const nobody = 65534
    await mkdir(home)
    await chmod(top, 0o755)
    execFileSync('chown', [`${nobody}:${nobody}`, home])
    const { engine } = await openElsewhere({ uid: nobody })
    expect((await stat(join(home, 'postgres'))).uid).toBe(nobody)
    engine.kill('SIGTERM')
    await once(engine, 'exit')
    await using cluster = await openCluster({ home, log })
    await keep(cluster)
    expect((await stat(join(home, 'postgres'))).uid).toBe(nobody)
  },
)

test('a folder that holds no readable cluster is refused with the place to look', async () => {
  await mkdir(join(home, 'postgres'), { recursive: true })
  await writeFile(join(home, 'postgres', 'PG_VERSION'), '18\n')
  await writeFile(join(home, 'postgres.password'), 'x\n')
  if (!isRoot) await chmod(join(home, 'postgres'), 0o700)
  await expect(openCluster({ home, log })).rejects.toThrow(code('STORE_START_FAILED'))
})
