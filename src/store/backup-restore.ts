import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createZstdDecompress } from 'node:zlib'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { IntegrationError } from '../kernel/errors.ts'
import { inOrderOfReferences, readTables } from './backup-catalog.ts'
import { backupManifest } from './backup-manifest.ts'
import type { BackupManifest, BackupTable } from './backup-manifest.ts'
import { migrate, readMigrations } from './migrate.ts'
import type { Migration } from './migrate.ts'

const quote = pg.escapeIdentifier

async function readManifest(folder: string): Promise<BackupManifest> {
  try {
    return backupManifest.parse(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8')))
  } catch (cause) {
    throw new IntegrationError('BACKUP_DAMAGED', { file: 'manifest.json' }, { cause })
  }
}

async function isWhole(folder: string, table: BackupTable): Promise<boolean> {
  const path = join(folder, table.file)
  const state = await stat(path).catch(() => undefined)
  if (state?.size !== table.bytes) return false
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex') === table.sha256
}

/**
 * Reads a backup from end to end without restoring it.
 *
 * @throws BACKUP_DAMAGED naming the file that is missing, changed or cut off
 */
export async function verifyBackup(folder: string): Promise<BackupManifest> {
  const manifest = await readManifest(folder)
  for (const table of manifest.tables) {
    if (!(await isWhole(folder, table))) throw new IntegrationError('BACKUP_DAMAGED', { file: table.file })
  }
  return manifest
}

/** The shipped migrations that the backup had run; newer ones run after its rows are back. */
function migrationsOf(manifest: BackupManifest, shipped: readonly Migration[]): Migration[] {
  return manifest.migrations.map(({ name, sha256 }) => {
    const found = shipped.find((migration) => migration.name === name)
    if (found?.sha256 === sha256) return found
    const reason = `migration ${name} is ${found ? 'another here' : 'not known here'}`
    throw new IntegrationError('BACKUP_VERSION', { reason })
  })
}

async function readLedger(client: pg.Client): Promise<string[] | undefined> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('schema_migration') is not null as there`,
  )
  if (!rows[0]?.there) return undefined
  const done = await client.query<{ name: string }>('select name from schema_migration order by name')
  return done.rows.length === 0 ? undefined : done.rows.map(({ name }) => name)
}

async function refuseIfUsed(client: pg.Client): Promise<void> {
  await client.query('set row_security = off')
  for (const { name } of await readTables(client)) {
    const { rows } = await client.query<{ used: boolean }>(
      `select exists (select from ${quote(name)}) as used`,
    )
    if (rows[0]?.used) throw new IntegrationError('BACKUP_NOT_EMPTY', { place: `table ${name}` })
  }
}

/** Brings a new database, or one that was migrated and never used, to the migrations of the backup. */
async function prepare(
  client: pg.Client,
  database: pg.ClientConfig,
  migrations: readonly Migration[],
): Promise<void> {
  const ledger = await readLedger(client)
  if (ledger) {
    await refuseIfUsed(client)
    const extra = ledger.find((name) => !migrations.some((migration) => migration.name === name))
    const reason = `the database already has migration ${extra}; restore into a new, empty database`
    if (extra) throw new IntegrationError('BACKUP_VERSION', { reason })
  }
  await migrate({ database, migrations })
}

async function loadTable(client: pg.Client, table: BackupTable, folder: string): Promise<void> {
  const columns = table.columns.map(quote).join(', ')
  const target = client.query(copyFrom(`copy ${quote(table.name)} (${columns}) from stdin (format binary)`))
  await pipeline(createReadStream(join(folder, table.file)), createZstdDecompress(), target)
  // Rows counted by PostgreSQL as it took them in.
  if (target.rowCount !== table.rows) throw new IntegrationError('BACKUP_DAMAGED', { file: table.file })
}

async function makePartitions(client: pg.Client, tables: readonly BackupTable[]): Promise<void> {
  for (const { name, partition } of tables) {
    if (!partition) continue
    const of = quote(partition.of)
    await client.query(`create table if not exists ${quote(name)} partition of ${of} ${partition.bound}`)
  }
}

// Triggers keep history and chains while the product works. Here they would write it a second time.
const setTriggers = async (
  client: pg.Client,
  names: readonly string[],
  state: 'enable' | 'disable',
): Promise<void> => {
  for (const name of names) await client.query(`alter table ${quote(name)} ${state} trigger user`)
}

async function load(client: pg.Client, manifest: BackupManifest, options: RestoreOptions): Promise<void> {
  await makePartitions(client, manifest.tables)
  const all = (await readTables(client)).map(({ name }) => name)
  // What migrations put there came back with the backup, as it was then.
  if (all.length > 0) await client.query(`truncate ${all.map(quote).join(', ')}`)
  await setTriggers(client, all, 'disable')
  for (const table of await inOrderOfReferences(client, manifest.tables)) {
    await loadTable(client, table, options.folder)
    options.onTable?.(table)
  }
  for (const { name, last_value, is_called } of manifest.sequences) {
    await client.query('select setval($1::regclass, $2, $3)', [quote(name), last_value, is_called])
  }
  await setTriggers(client, all, 'enable')
}

export interface RestoreOptions {
  /** A connection as the owner of the tables. */
  database: pg.ClientConfig
  folder: string
  migrations?: readonly Migration[]
  onTable?: (table: BackupTable) => void
}

/**
 * Puts a backup into a database that was never used: checks every file first, migrates to the version of the backup,
 * loads all rows in one transaction, then runs the migrations made since. Fails without a trace in the data.
 *
 * @throws BACKUP_DAMAGED before anything is written
 * @throws BACKUP_NOT_EMPTY when a table holds rows
 * @throws BACKUP_VERSION when the backup needs migrations that this program does not have
 */
export async function restore(options: RestoreOptions): Promise<BackupManifest> {
  const manifest = await verifyBackup(options.folder)
  const shipped = options.migrations ?? (await readMigrations())
  const client = new pg.Client(options.database)
  client.on('error', () => undefined)
  await client.connect()
  try {
    await prepare(client, options.database, migrationsOf(manifest, shipped))
    await client.query('begin')
    await load(client, manifest, options)
    await client.query('commit')
    await client.query('analyze')
  } finally {
    await client.end().catch(() => undefined)
  }
  await migrate({ database: options.database, migrations: shipped })
  return manifest
}
