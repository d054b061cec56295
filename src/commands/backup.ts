import { resolve } from 'node:path'
import type { Config } from '../config.ts'
import { backup } from '../store/backup.ts'
import { restore } from '../store/backup-restore.ts'
import { openCluster } from '../store/cluster.ts'
import { migrate } from '../store/migrate.ts'
import { EXIT, print, printJson } from './output.ts'
import { openLog } from './start.ts'

/** The database as its owner sees it: the embedded one, shared with a running engine, or DATABASE_URL. */
async function withOwner<T>(config: Config, work: (connectionString: string) => Promise<T>): Promise<T> {
  if (config.databaseUrl) return work(config.databaseUrl)
  await using cluster = await openCluster({ home: config.home, log: openLog(config), role: 'tool' })
  // Awaited here, since the server stops when this returns.
  return await work(cluster.connectionString)
}

/** `backup FOLDER`: one consistent moment of the whole database, while the engine runs. */
export async function backupTo(config: Config, folder: string, options: { json: boolean }): Promise<number> {
  const manifest = await withOwner(config, async (connectionString) => {
    await migrate({ database: { connectionString } })
    return backup({ database: { connectionString }, folder })
  })
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0)
  if (options.json) printJson({ folder: resolve(folder), tables: manifest.tables.length, rows })
  else {
    print(`${rows} rows of ${manifest.tables.length} tables are in ${resolve(folder)}.`)
    print(
      'Sealed data stays sealed: the backup is worth nothing without the master key, so keep that too, elsewhere.',
    )
  }
  return EXIT.done
}

/** `restore FOLDER`: into a database that was never used; set PRACTICE_STUDIO_KEY to the key it was sealed with. */
export async function restoreFrom(
  config: Config,
  folder: string,
  options: { json: boolean },
): Promise<number> {
  const manifest = await withOwner(config, (connectionString) =>
    restore({ database: { connectionString }, folder }),
  )
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0)
  if (options.json) printJson({ tables: manifest.tables.length, rows })
  else
    print(
      `${rows} rows of ${manifest.tables.length} tables are back. Start with the master key of that backup.`,
    )
  return EXIT.done
}
