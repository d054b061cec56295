import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createZstdCompress } from 'node:zlib'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'
import { IntegrationError } from '../kernel/errors.ts'
import { readTables } from './backup-catalog.ts'
import type { StoredTable } from './backup-catalog.ts'
import type { BackupManifest, BackupTable } from './backup-manifest.ts'

const quote = pg.escapeIdentifier

async function isEmptyOrAbsent(folder: string): Promise<boolean> {
  const state = await stat(folder).catch(() => undefined)
  return state === undefined || (state.isDirectory() && (await readdir(folder)).length === 0)
}

async function syncPath(path: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(path, 'r')
  await handle.sync().finally(() => handle.close())
}

async function writeTable(client: pg.Client, table: StoredTable, folder: string): Promise<BackupTable> {
  const file = `${table.name}.copy.zst`
  const path = join(folder, file)
  const columns = table.columns.map(quote).join(', ')
  const rows = client.query(copyTo(`copy ${quote(table.name)} (${columns}) to stdout (format binary)`))
  const hash = createHash('sha256')
  let bytes = 0
  const measure = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      bytes += chunk.length
      done(null, chunk)
    },
  })
  await pipeline(rows, createZstdCompress(), measure, createWriteStream(path, { mode: 0o600, flush: true }))
  return { ...table, file, rows: rows.rowCount, bytes, sha256: hash.digest('hex') }
}

async function readSequences(client: pg.Client): Promise<BackupManifest['sequences']> {
  const { rows } = await client.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'S' order by 1`,
  )
  const sequences: BackupManifest['sequences'] = []
  for (const { name } of rows) {
    const state = await client.query<{ last_value: string; is_called: boolean }>(
      `select last_value::text, is_called from ${quote(name)}`,
    )
    for (const row of state.rows) sequences.push({ name, ...row })
  }
  return sequences
}

async function beginSnapshot(client: pg.Client): Promise<StoredTable[]> {
  await client.query('begin isolation level repeatable read read only')
  // Without the rights to see every practice this fails, where it would otherwise leave rows out in silence.
  await client.query('set local row_security = off')
  await client.query('set local statement_timeout = 0')
  const tables = await readTables(client)
  const names = tables.map(({ name }) => quote(name)).join(', ')
  // Keeps retention from dropping a partition before its turn has come.
  if (names) await client.query(`lock table ${names} in access share mode`)
  return tables
}

async function writeAll(
  client: pg.Client,
  folder: string,
  onTable?: BackupOptions['onTable'],
): Promise<BackupManifest> {
  const found = await beginSnapshot(client)
  const migrations = await client.query<{ name: string; sha256: string }>(
    'select name, sha256 from schema_migration order by name',
  )
  const version = await client.query<{ server_version: string }>('show server_version')
  const sequences = await readSequences(client)
  const tables: BackupTable[] = []
  for (const table of found) {
    const written = await writeTable(client, table, folder)
    tables.push(written)
    onTable?.(written)
  }
  await client.query('commit')
  return {
    format: 1,
    made_at: new Date().toISOString(),
    postgres: version.rows[0]?.server_version ?? '',
    migrations: migrations.rows,
    tables,
    sequences,
  }
}

export interface BackupOptions {
  /** A connection as the owner of the tables. */
  database: pg.ClientConfig
  /** A folder that does not exist, or is empty. */
  folder: string
  onTable?: (table: BackupTable) => void
}

/**
 * Writes every table of every practice as of one moment, while the engine runs. Sealed columns stay sealed and data
 * keys stay wrapped, so the backup shows nothing without the master key, and is worth nothing without it: keep the
 * master key too, somewhere else. Work that pg-boss owes is not part of it; the schedules behind it are.
 *
 * The folder appears whole or not at all.
 *
 * @throws BACKUP_NOT_EMPTY when the folder holds something
 */
export async function backup(options: BackupOptions): Promise<BackupManifest> {
  const folder = resolve(options.folder)
  if (!(await isEmptyOrAbsent(folder))) throw new IntegrationError('BACKUP_NOT_EMPTY', { place: folder })
  const draft = `${folder}.part-${process.pid}`
  await mkdir(draft, { recursive: true, mode: 0o700 })
  const client = new pg.Client(options.database)
  client.on('error', () => undefined)
  try {
    await client.connect()
    const manifest = await writeAll(client, draft, options.onTable)
    const file = await open(join(draft, 'manifest.json'), 'w', 0o600)
    await file
      .writeFile(`${JSON.stringify(manifest, null, 2)}\n`)
      .then(() => file.sync())
      .finally(() => file.close())
    await syncPath(draft)
    await rm(folder, { recursive: true, force: true })
    await rename(draft, folder)
    await syncPath(dirname(folder))
    return manifest
  } finally {
    await client.end().catch(() => undefined)
    await rm(draft, { recursive: true, force: true })
  }
}
