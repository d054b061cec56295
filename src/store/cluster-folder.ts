import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { lchown, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { IntegrationError } from '../kernel/errors.ts'
import { findBinaries } from './cluster-binaries.ts'
import { identity } from './cluster-process.ts'
import type { ClusterFolder } from './cluster-process.ts'
import { CLUSTER_SETTINGS } from './cluster-settings.ts'
import { findServiceUser, letPass } from './cluster-user.ts'
import type { ServiceUser } from './cluster-user.ts'
import type { ClusterLog } from './cluster.ts'

const run = promisify(execFile)

export const CLUSTER_USER = 'practice_studio'

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

/** Finds programs and user for the cluster in `<home>/postgres`, and opens the way there. */
export async function openClusterFolder(options: {
  home: string
  settings: Readonly<Record<string, string>> | undefined
  log: ClusterLog
}): Promise<ClusterFolder> {
  const home = resolve(options.home)
  await mkdir(home, { recursive: true })
  const dataFolder = join(home, 'postgres')
  const user = await findServiceUser(dataFolder)
  if (user) await letPass(home, user, options.log)
  return {
    dataFolder,
    startLog: join(home, 'postgres-start.log'),
    binaries: await findBinaries({ home, user }),
    user,
    settings: { ...CLUSTER_SETTINGS, ...options.settings },
  }
}

const passwordFile = (home: string): string => join(home, 'postgres.password')

/**
 * The password of the cluster, from a file that only this user may read.
 *
 * @throws STORE_START_FAILED when the file was lost
 */
export async function readPassword(home: string): Promise<string> {
  const path = passwordFile(home)
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (cause) {
    throw new IntegrationError('STORE_START_FAILED', { log: path }, { cause })
  }
}

async function writePassword(home: string): Promise<string> {
  const password = randomBytes(24).toString('base64url')
  const file = await open(passwordFile(home), 'w', 0o600)
  await file
    .writeFile(`${password}\n`)
    .then(() => file.sync())
    .finally(() => file.close())
  return password
}

// initdb runs as the service user, which may not read the home, so it reads the password from a folder of its own.
async function withPasswordForInitdb<T>(
  password: string,
  user: ServiceUser | undefined,
  work: (path: string) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'practice-studio-initdb-'))
  try {
    const path = join(folder, 'password')
    const file = await open(path, 'w', 0o600)
    await file.writeFile(password).finally(() => file.close())
    if (user) await changeOwner(folder, user)
    return await work(path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function changeOwner(path: string, user: ServiceUser): Promise<void> {
  await lchown(path, user.uid, user.gid)
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    if (entry.isDirectory()) await changeOwner(join(path, entry.name), user)
    else await lchown(join(path, entry.name), user.uid, user.gid)
  }
}

/**
 * Makes the cluster on the first run. It is made under another name and renamed when whole, so that a run cut short
 * leaves nothing that looks finished. initdb writes to disk for certain (no `--no-sync`): it costs 0.1 s, once.
 *
 * @throws STORE_START_FAILED when initdb fails
 */
export async function initialiseCluster(home: string, folder: ClusterFolder): Promise<void> {
  if (await exists(join(folder.dataFolder, 'PG_VERSION'))) {
    // A folder that root copied back belongs to root, and PostgreSQL would refuse it.
    if (folder.user && (await stat(folder.dataFolder)).uid === 0) {
      await changeOwner(folder.dataFolder, folder.user)
    }
    return
  }
  const draft = `${folder.dataFolder}.new`
  await rm(draft, { recursive: true, force: true })
  await mkdir(draft, { mode: 0o700 })
  if (folder.user) await changeOwner(draft, folder.user)
  const password = await writePassword(home)
  const args = ['-D', draft, '-U', CLUSTER_USER, '--auth=scram-sha-256', '--encoding=UTF8', '--locale=C']
  // Sorted by code point like C, but with upper and lower case for every script.
  args.push('--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--no-instructions')
  if (folder.settings['fsync'] === 'off') args.push('--no-sync')
  try {
    await withPasswordForInitdb(password, folder.user, (path) =>
      run(folder.binaries.initdb, [...args, `--pwfile=${path}`], {
        ...identity(folder.user),
        cwd: '/',
        env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
      }),
    )
  } catch (cause) {
    throw new IntegrationError('STORE_START_FAILED', { log: draft }, { cause })
  }
  await rm(folder.dataFolder, { recursive: true, force: true })
  await rename(draft, folder.dataFolder)
}
