import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { IntegrationError } from '../kernel/errors.ts'

export interface Migration {
  /** `0001-practice`, the file name without its ending. */
  readonly name: string
  readonly sql: string
  readonly sha256: string
}

export interface MigrateResult {
  readonly applied: readonly string[]
  /** The last migration that the database now has. */
  readonly version: string
}

export const MIGRATIONS_FOLDER = join(import.meta.dirname, 'migrations')
const FILE_NAME = /^(\d{4})-[a-z0-9-]+\.sql$/
const MIGRATION_LOCK = 7_300_002
const MINIMUM_VERSION = 15

/** The application works as this role, which row-level security holds to one practice. */
export const APP_ROLE = 'practice_studio_app'

const CREATE_LEDGER = `create table if not exists schema_migration (
  name text primary key,
  sha256 text not null,
  applied_at timestamptz not null default now()
)`

/** Reads `NNNN-name.sql` files in order of their numbers; two files with one number are refused. */
export async function readMigrations(folder: string = MIGRATIONS_FOLDER): Promise<Migration[]> {
  const files = (await readdir(folder)).filter((file) => FILE_NAME.test(file)).sort()
  const numbers = files.map((file) => file.slice(0, 4))
  const twice = numbers.find((number, index) => numbers.indexOf(number) !== index)
  if (twice) throw new IntegrationError('MIGRATION_NUMBER_TWICE', { number: twice })
  return Promise.all(
    files.map(async (file) => {
      const sql = await readFile(join(folder, file), 'utf8')
      return { name: file.slice(0, -4), sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

interface LedgerRow {
  name: string
  sha256: string
}

// What ran is history: a file changed later would make two databases of one version differ.
function checkHistory(migrations: readonly Migration[], done: readonly LedgerRow[]): void {
  for (const { name, sha256 } of done) {
    const shipped = migrations.find((migration) => migration.name === name)
    if (!shipped) throw new IntegrationError('MIGRATION_UNKNOWN', { migration: name })
    if (shipped.sha256 !== sha256) throw new IntegrationError('MIGRATION_CHANGED', { migration: name })
  }
}

async function applyOne(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin')
  try {
    await client.query(migration.sql)
    await client.query('insert into schema_migration (name, sha256) values ($1, $2)', [
      migration.name,
      migration.sha256,
    ])
    await client.query('commit')
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw new IntegrationError('MIGRATION_FAILED', { migration: migration.name }, { cause })
  }
}

// `grant … to current_user` is needed from PostgreSQL 16 on even for the role's creator, or it may not `set role`.
const CREATE_APP_ROLE = `do $$ begin
  if not exists (select from pg_roles where rolname = '${APP_ROLE}') then
    begin
      create role ${APP_ROLE} nologin;
    exception when duplicate_object or unique_violation then null;
    end;
  end if;
  if not pg_has_role(current_user, '${APP_ROLE}', 'usage') then
    grant ${APP_ROLE} to current_user;
  end if;
end $$`

/** @throws STORE_VERSION_UNSUPPORTED below PostgreSQL 15 */
export async function checkServerVersion(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ version: number }>(
    `select current_setting('server_version_num')::int / 10000 as version`,
  )
  const version = rows[0]?.version ?? 0
  if (version < MINIMUM_VERSION) {
    throw new IntegrationError('STORE_VERSION_UNSUPPORTED', { version, minimum: MINIMUM_VERSION })
  }
}

/**
 * Brings a database to the version of this program: runs the migrations it lacks, each in a transaction of its own,
 * and records name and SHA-256. Processes that start together take turns.
 *
 * @throws MIGRATION_CHANGED when a migration that ran here was edited since
 * @throws MIGRATION_UNKNOWN when the database is newer than this program
 * @throws MIGRATION_FAILED with PostgreSQL's error as its cause; the migrations before it stay
 */
export async function migrate(options: {
  database: pg.ClientConfig
  migrations?: readonly Migration[]
  onApplied?: (name: string) => void
}): Promise<MigrateResult> {
  const migrations = options.migrations ?? (await readMigrations())
  const client = new pg.Client(options.database)
  await client.connect()
  try {
    await checkServerVersion(client)
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK])
    await client.query(CREATE_APP_ROLE)
    await client.query(CREATE_LEDGER)
    const { rows: done } = await client.query<LedgerRow>(
      'select name, sha256 from schema_migration order by name',
    )
    checkHistory(migrations, done)
    const missing = migrations.filter(({ name }) => !done.some((row) => row.name === name))
    for (const migration of missing) {
      await applyOne(client, migration)
      options.onApplied?.(migration.name)
    }
    return { applied: missing.map(({ name }) => name), version: migrations.at(-1)?.name ?? '' }
  } finally {
    await client.end()
  }
}
