import { randomBytes } from 'node:crypto'
import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openVault } from '../vault/vault.ts'
import { backup } from './backup.ts'
import { restore, verifyBackup } from './backup-restore.ts'
import { loadKeyRing } from './database-keys.ts'
import { migrate, readMigrations } from './migrate.ts'
import { openTestDatabase, TEST_PRACTICE_ID } from './test-database.ts'
import type { TestDatabase } from './test-database.ts'

const code = (value: string): unknown => expect.objectContaining({ code: value })
const master = randomBytes(32)
const practiceId = TEST_PRACTICE_ID
let top: string
let folder: string

beforeEach(async () => {
  top = await mkdtemp(join(tmpdir(), 'practice-studio-backup-'))
  folder = join(top, 'backup')
})
afterEach(() => rm(top, { recursive: true, force: true }))

/** A practice with keys, a connection, exchanges in a month of long ago, and sealed content. */
async function fill(store: TestDatabase): Promise<void> {
  const vault = openVault({ ring: await loadKeyRing({ database: store.database, master }), practiceId })
  await store.asOwner(`select ensure_exchange_partitions('2020-01-01', 2)`)
  const insert = `insert into exchange (practice_id, id, connection_id, channel, direction, kind, lane, size_bytes, sealed_head, sealed_raw)
    values ($1, $2, gen_random_uuid(), 'hl7v2', 'in', 'ADT^A08', 1, 3, '\\x', $3)`
  for (let count = 0; count < 20; count += 1) {
    const id = `016f6000-0000-7000-8000-${String(count).padStart(12, '0')}`
    await store.database.query(insert, [
      practiceId,
      id,
      vault.seal(`exchange/raw/${id}`, `SECRETNAME ${count}`),
    ])
  }
  await store.database.query(
    `insert into connection (practice_id, id, channel, name, settings) values ($1, gen_random_uuid(), 'hl7v2', 'Zürich \\ "x"', '{"a": [1, null]}')`,
    [practiceId],
  )
}

/** Every row of every table as text, to compare two databases. */
async function contentOf(store: TestDatabase): Promise<Record<string, unknown>> {
  const tables = await store.asOwner<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
       and not relispartition and relname <> 'schema_migration' order by 1`,
  )
  const content: Record<string, unknown> = {}
  for (const { name } of tables)
    content[name] = await store.asOwner(`select t::text from ${name} t order by 1`)
  return content
}

test('a restored database holds every row, byte for byte, and opens with the same master key', async () => {
  await using store = await openTestDatabase()
  await fill(store)
  const manifest = await backup({ database: store.address, folder })
  expect(manifest.tables.find(({ name }) => name === 'exchange_202001')?.rows).toBe(20)

  await using target = await openTestDatabase({ empty: true })
  await restore({ database: target.address, folder })
  expect(await contentOf(target)).toEqual(await contentOf(store))
  const ring = await loadKeyRing({ database: target.database, master })
  const [row] = (
    await target.database.query<{ id: string; sealed_raw: Buffer }>(
      'select id, sealed_raw from exchange order by id limit 1',
    )
  ).rows
  const text = openVault({ ring, practiceId }).openText(
    `exchange/raw/${row?.id}`,
    row?.sealed_raw ?? Buffer.of(),
  )
  expect(text).toBe('SECRETNAME 0')
})

test('a backup shows no sealed content and is readable by its owner alone', async () => {
  await using store = await openTestDatabase()
  await fill(store)
  await backup({ database: store.address, folder })
  expect((await stat(folder)).mode & 0o777).toBe(0o700)
  for (const name of await readdir(folder)) {
    const bytes = await readFile(join(folder, name))
    const content = name.endsWith('.zst') ? zstdDecompressSync(bytes) : bytes
    expect(content.includes('SECRETNAME')).toBe(false)
    expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
  }
})

test('rows written while the backup runs are either wholly in it or not at all', async () => {
  await using store = await openTestDatabase()
  await fill(store)
  const add = `with k as (insert into exchange_key (practice_id, control_key, fingerprint, exchange_id)
      select $1, uuid_send(id), '\\x00', id from (select gen_random_uuid() as id) n returning exchange_id)
    insert into job (practice_id, exchange_id, lane) select $1, exchange_id, 1 from k`
  let isDone = false
  const writing = (async () => {
    while (!isDone) await store.database.query(add, [practiceId])
  })()
  const manifest = await backup({ database: store.address, folder }).finally(() => (isDone = true))
  await writing
  const rowsOf = (name: string): number | undefined =>
    manifest.tables.find((table) => table.name === name)?.rows
  expect(rowsOf('exchange_key')).toBe(rowsOf('job'))
})

test('a folder that holds something is not overwritten', async () => {
  await using store = await openTestDatabase()
  await backup({ database: store.address, folder })
  await expect(backup({ database: store.address, folder })).rejects.toThrow(code('BACKUP_NOT_EMPTY'))
  expect(await readdir(top)).toEqual(['backup'])
})

test('a database that was used is not overwritten', async () => {
  await using store = await openTestDatabase()
  await backup({ database: store.address, folder })
  await using used = await openTestDatabase()
  await expect(restore({ database: used.address, folder })).rejects.toThrow(code('BACKUP_NOT_EMPTY'))
})

test('a database that was migrated and never used is restored into', async () => {
  await using store = await openTestDatabase()
  await fill(store)
  await backup({ database: store.address, folder })
  await using target = await openTestDatabase({ empty: true })
  await migrate({ database: target.address })
  await restore({ database: target.address, folder })
  expect(await contentOf(target)).toEqual(await contentOf(store))
})

test('a changed, cut or missing file is named before anything is restored', async () => {
  await using store = await openTestDatabase()
  await fill(store)
  await backup({ database: store.address, folder })
  const path = join(folder, 'exchange_202001.copy.zst')
  const whole = await readFile(path)
  const changed = Buffer.from(whole)
  changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1
  await using target = await openTestDatabase({ empty: true })
  const refused = async (): Promise<void> => {
    const run = restore({ database: target.address, folder })
    await expect(run).rejects.toThrow(code('BACKUP_DAMAGED'))
    await expect(run).rejects.toThrow('exchange_202001')
  }
  await writeFile(path, changed)
  await refused()
  await writeFile(path, whole.subarray(0, -1))
  await refused()
  await writeFile(path, whole)
  await appendFile(path, 'x')
  await refused()
  await rm(path)
  await refused()
  await rm(join(folder, 'manifest.json'))
  await expect(verifyBackup(folder)).rejects.toThrow('manifest.json')
  expect(await target.asOwner(`select to_regclass('exchange') as there`)).toEqual([{ there: null }])
})

test('a backup of an older version is restored and then migrated, one of a newer version is refused', async () => {
  await using store = await openTestDatabase()
  await fill(store)
  await backup({ database: store.address, folder })
  const shipped = await readMigrations()
  const newer = {
    name: '9999-newer',
    sql: 'alter table connection add column note text default 1',
    sha256: 'x',
  }
  await using target = await openTestDatabase({ empty: true })
  await restore({ database: target.address, folder, migrations: [...shipped, newer] })
  expect(await target.asOwner('select note from connection')).toEqual([{ note: '1' }])

  await using old = await openTestDatabase({ empty: true })
  const older = restore({ database: old.address, folder, migrations: shipped.slice(0, -1) })
  await expect(older).rejects.toThrow(code('BACKUP_VERSION'))
})

test('sequences go on from where they were, and triggers write nothing twice', async () => {
  const shipped = await readMigrations()
  const extra = {
    name: '9999-extra',
    sql: `create table line (n bigint generated always as identity, twice bigint generated always as (size * 2) stored, size bigint);
      create table seen (n bigint);
      create function see() returns trigger language plpgsql as $$ begin insert into seen values (new.n); return new; end $$;
      create trigger see after insert on line for each row execute function see();
      insert into line (size) values (1)`,
    sha256: 'x',
  }
  const migrations = [...shipped, extra]
  await using store = await openTestDatabase({ empty: true })
  await migrate({ database: store.address, migrations })
  await store.asOwner('insert into line (size) values (5), (6)')
  await backup({ database: store.address, folder })
  await using target = await openTestDatabase({ empty: true })
  await restore({ database: target.address, folder, migrations })
  expect(await contentOf(target)).toEqual(await contentOf(store))
  await target.asOwner('insert into line (size) values (7)')
  expect(await target.asOwner('select n, twice from line order by n desc limit 1')).toEqual([
    { n: '4', twice: '14' },
  ])
  expect(await target.asOwner('select count(*)::int as n from seen')).toEqual([{ n: 4 }])
})
