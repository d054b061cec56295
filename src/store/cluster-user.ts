import { execFile } from 'node:child_process'
import { chmod, chown, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { ClusterLog } from './cluster.ts'

const run = promisify(execFile)

/** PostgreSQL refuses to run as root, so root hands it to this user. */
export interface ServiceUser {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

async function lookUp(name: string): Promise<ServiceUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
    return { name, uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}

async function create(name: string): Promise<ServiceUser | undefined> {
  try {
    await run('useradd', [
      '--system',
      '--no-create-home',
      '--user-group',
      '--shell',
      '/usr/sbin/nologin',
      name,
    ])
  } catch {
    return undefined
  }
  return lookUp(name)
}

/** The user that owns a cluster made before keeps it. */
async function ownerOf(dataFolder: string): Promise<ServiceUser | undefined> {
  try {
    const { uid, gid } = await stat(dataFolder)
    return uid === 0 ? undefined : { name: String(uid), uid, gid }
  } catch {
    return undefined
  }
}

/** Undefined when this process is not root and PostgreSQL simply runs as the same user. */
export async function findServiceUser(dataFolder: string): Promise<ServiceUser | undefined> {
  if (process.getuid?.() !== 0) return undefined
  return (
    (await ownerOf(dataFolder)) ??
    (await lookUp('postgres')) ??
    (await lookUp('practice-studio')) ??
    (await create('practice-studio')) ??
    (await lookUp('nobody'))
  )
}

const ancestorsOf = (path: string): string[] => {
  const above = dirname(path)
  return above === path ? [path] : [...ancestorsOf(above), path]
}

/**
 * Lets the service user walk through the folders above the data, which lie in private ones such as /root when
 * root runs the product there. It may pass through, not list. A folder that is its owner's alone is opened to the
 * user's group only; one that already has a group keeps it, and then passing through is opened to all.
 */
export async function letPass(path: string, user: ServiceUser, log: ClusterLog): Promise<void> {
  for (const folder of ancestorsOf(path)) {
    const { uid, gid, mode } = await stat(folder)
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001
    if (mode & bit) continue
    const groupIsFree = bit === 0o001 && (mode & 0o070) === 0
    if (groupIsFree) await chown(folder, uid, user.gid)
    await chmod(folder, (mode & 0o7777) | (groupIsFree ? 0o010 : bit))
    log.warn({ folder, user: user.name }, 'the user that runs PostgreSQL may now pass through this folder')
  }
}
