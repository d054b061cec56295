import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { migrate, readMigrations } from './migrate.ts'
import type { Migration } from './migrate.ts'
import { openTestDatabase } from './test-database.ts'

const code = (value: string): unknown => expect.objectContaining({ code: value })
const migration = (name: string, sql: string): Migration => ({
  name,
  sql,
  sha256: createHash('sha256').update(sql).digest('hex'),
})
const first = migration('0001-first', 'create table first (id int)')
const second = migration('0002-second', 'create table second (id int); insert into second values (1)')

test('missing migrations run in order, once, and are written down', async () => {
  await using store = await openTestDatabase({ empty: true })
  const database = store.address
  expect((await migrate({ database, migrations: [first] })).applied).toEqual(['0001-first'])
  expect(await migrate({ database, migrations: [first, second] })).toEqual({
    applied: ['0002-second'],
    version: '0002-second',
  })
  expect((await migrate({ database, migrations: [first, second] })).applied).toEqual([])
  const ledger = await store.asOwner('select name, sha256 from schema_migration order by name')
  expect(ledger).toEqual([first, second].map(({ name, sha256 }) => ({ name, sha256 })))
})

test('processes that start together run each migration once', async () => {
  await using store = await openTestDatabase({ empty: true })
  const database = store.address
  const all = await Promise.all([1, 2, 3, 4].map(() => migrate({ database, migrations: [first, second] })))
  expect(all.flatMap(({ applied }) => applied).sort()).toEqual(['0001-first', '0002-second'])
  expect(await store.asOwner('select count(*)::int as n from second')).toEqual([{ n: 1 }])
})

test('a migration that fails leaves nothing behind, and those before it stay', async () => {
  await using store = await openTestDatabase({ empty: true })
  const broken = migration('0002-broken', 'create table half (id int); select 1/0')
  const run = migrate({ database: store.address, migrations: [first, broken] })
  await expect(run).rejects.toThrow(code('MIGRATION_FAILED'))
  const tables = await store.asOwner(`select relname from pg_class where relname in ('first', 'half')`)
  expect(tables).toEqual([{ relname: 'first' }])
})

test('a migration changed after it ran is refused', async () => {
  await using store = await openTestDatabase({ empty: true })
  await migrate({ database: store.address, migrations: [first] })
  const changed = migration('0001-first', 'create table first (id bigint)')
  await expect(migrate({ database: store.address, migrations: [changed] })).rejects.toThrow(
    code('MIGRATION_CHANGED'),
  )
})

test('a database of a newer program is refused', async () => {
  await using store = await openTestDatabase({ empty: true })
  await migrate({ database: store.address, migrations: [first, second] })
  await expect(migrate({ database: store.address, migrations: [first] })).rejects.toThrow(
    code('MIGRATION_UNKNOWN'),
  )
})

test('two files with one number are refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'practice-studio-migrations-'))
  try {
    await writeFile(join(folder, '0001-a.sql'), '')
    await writeFile(join(folder, '0001-b.sql'), '')
    await writeFile(join(folder, 'README.md'), '')
    await expect(readMigrations(folder)).rejects.toThrow(code('MIGRATION_NUMBER_TWICE'))
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the shipped migrations leave every table under row-level security', async () => {
  await using store = await openTestDatabase()
  const open = await store.asOwner(`select relname from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
      and not relrowsecurity and relname <> 'schema_migration'`)
  expect(open).toEqual([])
})
