import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openStore } from '../../src/commands/open-store.ts'
import type { OpenStore } from '../../src/commands/open-store.ts'
import { loadConfig } from '../../src/config.ts'
import type { Queryable } from '../../src/store/database.ts'

/** A home folder of its own, gone afterwards unless it is to be kept. */
export interface Home extends AsyncDisposable {
  readonly path: string
  /** Leaves the folder where it is, for whoever looks into a failure. */
  keep(): void
}

export async function openHome(name: string): Promise<Home> {
  const path = await mkdtemp(join(tmpdir(), `practice-studio-${name}-`))
  let isKept = false
  return {
    path,
    keep: () => {
      isKept = true
    },
    [Symbol.asyncDispose]: async () => {
      if (!isKept) await rm(path, { recursive: true, force: true, maxRetries: 10 })
    },
  }
}

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Database and keys of a home beside its running engine, as the tools of the command line open them. */
export async function openStoreOf(home: string): Promise<OpenStore> {
  const config = await loadConfig({ environment: { PRACTICE_STUDIO_HOME: home }, folder: home })
  return openStore({ config, log: quiet, role: 'tool', max: 2 })
}

/** Resolves when no work is owed. @throws Error after the limit */
export async function drained(database: Queryable, limitMs: number): Promise<void> {
  const deadline = performance.now() + limitMs
  for (;;) {
    const { rows } = await database.query<{ owed: boolean }>('select exists (select from job) as owed')
    if (rows[0]?.owed === false) return
    if (performance.now() > deadline) throw new Error(`work was still owed after ${limitMs} ms`)
    await sleep(50)
  }
}
