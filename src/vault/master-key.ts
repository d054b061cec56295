import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { copyFile, link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { IntegrationError } from '../kernel/errors.ts'
import { MASTER_KEY_BYTES } from './key-ring.ts'
import { isSecretReference, resolveSecret } from './secret-reference.ts'

export interface MasterKey {
  readonly key: Buffer
  /** Where it came from, to be named to people: `PRACTICE_STUDIO_KEY` or the path of a file. */
  readonly place: string
  /** True on the first run, when the caller should announce the file and advise a copy kept elsewhere. */
  readonly created: boolean
}

function decode(text: string, place: string): Buffer {
  const trimmed = text.trim()
  const key = Buffer.from(trimmed, 'base64')
  // Buffer.from skips what is not base64, so a wrong paste could still give 32 bytes.
  const same = key.toString('base64').replace(/=+$/, '') === trimmed.replace(/=+$/, '')
  if (key.length !== MASTER_KEY_BYTES || !same) throw new IntegrationError('KEY_INVALID', { place })
  return key
}

const hasCode = (cause: unknown, ...codes: string[]): boolean =>
  cause instanceof Error && 'code' in cause && codes.includes(String(cause.code))

async function readKeyFile(path: string): Promise<Buffer | undefined> {
  try {
    return decode(await readFile(path, 'utf8'), path)
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined
    throw cause
  }
}

/** Makes a new name in a folder survive a power cut. Windows has no such call and needs none. */
async function syncFolder(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(path, 'r')
  await folder.sync().finally(() => folder.close())
}

/** Writes the file whole or not at all; of two processes that both create it, one wins and both read its key. */
async function writeKeyFile(home: string, path: string): Promise<boolean> {
  await mkdir(home, { recursive: true })
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  const file = await open(draft, 'w', 0o600)
  try {
    await file.writeFile(`${randomBytes(MASTER_KEY_BYTES).toString('base64')}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  try {
    await link(draft, path).catch((cause: unknown) => {
      // Some shared and removable file systems have no hard links.
      if (hasCode(cause, 'EEXIST')) throw cause
      return copyFile(draft, path, constants.COPYFILE_EXCL)
    })
    await syncFolder(home)
    return true
  } catch (cause) {
    if (hasCode(cause, 'EEXIST')) return false
    throw cause
  } finally {
    await rm(draft, { force: true })
  }
}

/**
 * Finds the master key: in `setting` when given (32 bytes in base64, or `file:PATH`, `command:PROGRAM ARGS`,
 * `env:NAME`), otherwise in `<home>/master.key`, which is made on the first run with mode 0600.
 *
 * @throws KEY_INVALID when what was found is not 32 bytes in base64
 * @throws CONFIG_INVALID when the reference leads nowhere
 */
export async function openMasterKey(options: {
  setting: string | undefined
  home: string
  place?: string
}): Promise<MasterKey> {
  const place = options.place ?? 'PRACTICE_STUDIO_KEY'
  if (options.setting) {
    const text = isSecretReference(options.setting)
      ? await resolveSecret({ reference: options.setting, place })
      : options.setting
    return { key: decode(text, place), place, created: false }
  }
  const path = join(options.home, 'master.key')
  const known = await readKeyFile(path)
  if (known) return { key: known, place: path, created: false }
  const created = await writeKeyFile(options.home, path)
  const key = await readKeyFile(path)
  if (!key) throw new IntegrationError('KEY_INVALID', { place: path })
  return { key, place: path, created }
}
