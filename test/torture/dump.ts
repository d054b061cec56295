import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Writable } from 'node:stream'
import pg from 'pg'
import { to as copyTo } from 'pg-copy-streams'

export interface Dump {
  name: string
  bytes: Buffer
  /** Binary columns stand in it as hexadecimal digits. */
  isHexText: boolean
}

/** Ours with their partitions and what stands beside them, and the catalogue with its statistics of values. */
const TABLES = `
select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'm', 't') and n.nspname not like 'pg_temp%' order by 1`

/** Dumps the whole database as its owner, each table as text and as binary. */
export async function* dumpDatabase(connectionString: string): AsyncGenerator<Dump> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>(TABLES)
    for (const { name } of rows) {
      // Some types of the catalogue have no binary form.
      const formats = name.startsWith('pg_catalog.') ? (['text'] as const) : (['text', 'binary'] as const)
      for (const format of formats) {
        const bytes = await copy(client, `copy (select * from ${name}) to stdout (format ${format})`)
        yield { name: `table ${name} as ${format}`, bytes, isHexText: format === 'text' }
      }
    }
  } finally {
    await client.end()
  }
}

async function copy(client: pg.Client, statement: string): Promise<Buffer> {
  const chunks: Buffer[] = []
  const gather = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk)
      done()
    },
  })
  await pipeline(client.query(copyTo(statement)), gather)
  return Buffer.concat(chunks)
}

/** Every file below a folder: tables, indexes, write-ahead log, logs, settings. */
export async function* readFolder(folder: string, except: readonly string[] = []): AsyncGenerator<Dump> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isFile() || except.includes(entry.name)) continue
    const path = join(entry.parentPath, entry.name)
    // The server may remove a file of its log between the two steps.
    const bytes = await readFile(path).catch(() => Buffer.alloc(0))
    yield { name: relative(folder, path), bytes, isHexText: false }
  }
}
