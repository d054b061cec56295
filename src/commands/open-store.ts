import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Config } from '../config.ts'
import { openCluster } from '../store/cluster.ts'
import type { ClusterLog } from '../store/cluster.ts'
import { loadKeyRing, watchKeyRing } from '../store/database-keys.ts'
import { openDatabase } from '../store/database.ts'
import type { Database } from '../store/database.ts'
import { migrate } from '../store/migrate.ts'
import { openMasterKey } from '../vault/master-key.ts'
import type { MasterKey } from '../vault/master-key.ts'
import { openVault } from '../vault/vault.ts'
import type { Vault } from '../vault/vault.ts'
import { ensurePractice } from '../store/practice.ts'

/** Database and keys, open; what every command but `send` and `sandbox` starts with. */
export interface OpenStore extends AsyncDisposable {
  database: Database
  vault: Vault
  master: MasterKey
  connectionString: string
  /** Migrations that ran just now. */
  migrated: readonly string[]
}

export interface OpenStoreOptions {
  config: Config
  log: ClusterLog
  /** An engine owns the embedded cluster; a tool shares it with a running engine. */
  role: 'engine' | 'tool'
  max?: number
  onLost?: (error: Error) => void
}

export async function openStore(options: OpenStoreOptions): Promise<OpenStore> {
  const { config, log, role } = options
  const home = resolve(config.home)
  await mkdir(home, { recursive: true })
  await using stack = new AsyncDisposableStack()
  const master = await openMasterKey({ setting: config.key, home })
  const cluster = config.databaseUrl ? null : stack.use(await openCluster({ home, log, role }))
  const connectionString = config.databaseUrl ?? cluster?.connectionString ?? ''
  const { applied } = await migrate({ database: { connectionString } })
  const practiceId = config.practice.id
  const database = stack.use(openDatabase({ connectionString, practiceId, max: options.max ?? 10 }))
  await ensurePractice(database, config.practice)
  const ring = await loadKeyRing({ database, master: master.key })
  stack.use(
    watchKeyRing({ database, ring, onError: () => log.warn({}, 'the data keys were not read again') }),
  )
  const vault = openVault({ ring, practiceId })
  const open = stack.move()
  return {
    database,
    vault,
    master,
    connectionString,
    migrated: applied,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}
