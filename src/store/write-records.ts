import type { ExchangeId } from '../kernel/ids.ts'
import type { RecordType } from '../model/fields.ts'
import { Blob, plainArray, textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** A record as it is written: its sealed document, and beside it what may be searched by range. */
export interface RecordRow {
  id: string
  /** The version that was read; 0 for a record that is new. */
  version: number
  sealed: Buffer
  /** By column of {@link COLUMNS}; arrays as array literals. */
  columns: Readonly<Record<string, string | boolean | null>>
}

/** The plain columns of each record table with their types. `coalesce` ones keep their value when given null. */
// prettier-ignore
const COLUMNS = {
  patient:     [['active', 'boolean'], ['tokens', 'bigint[]']],
  encounter:   [['patient_id', 'uuid'], ['status', 'text'], ['start_at', 'timestamptz'], ['end_at', 'timestamptz']],
  appointment: [['patient_id', 'uuid'], ['status', 'text'], ['start_at', 'timestamptz'], ['end_at', 'timestamptz'],
                ['provider_id', 'text'], ['location_id', 'text'], ['number_key', 'bytea']],
  report:      [['patient_id', 'uuid'], ['status', 'text'], ['effective_at', 'timestamptz']],
  document:    [['patient_id', 'uuid'], ['status', 'text'], ['created_on', 'timestamptz']],
} as const satisfies Record<RecordType, readonly (readonly [string, string])[]>

const KEEP_WHEN_NULL = new Set(['tokens'])

function statements(table: RecordType): { insert: string; update: string; load: string } {
  const columns = COLUMNS[table]
  const parameters = columns.map((_, n) => `$${n + 6}::text[]`)
  const names = columns.map(([name]) => name)
  const input = `unnest($1::uuid[], $2::int[], $3::int[], $4::int[], ${parameters.join(', ')}) as i (id, version, at, length, ${names.join(', ')})`
  const sealed = 'substring($5::bytea from i.at for i.length)'
  const set = columns.map(([name, type]) =>
    KEEP_WHEN_NULL.has(name)
      ? `${name} = coalesce(i.${name}::${type}, r.${name})`
      : `${name} = i.${name}::${type}`,
  )
  const values = columns.map(([name, type]) => `i.${name}::${type}`)
  return {
    insert: `insert into ${table} (practice_id, id, version, sealed, ${names.join(', ')})
select current_practice(), i.id, 1, ${sealed}, ${values.join(', ')} from ${input}`,
    update: `update ${table} r set version = r.version + 1, sealed = ${sealed}, updated_at = now(), ${set.join(', ')}
from ${input} where r.practice_id = current_practice() and r.id = i.id and r.version = i.version`,
    // Rows are locked in the order of their ids, so that two workers that share a patient cannot lock each other out.
    load: `select id, version, sealed${table === 'patient' ? '' : ', patient_id'} from ${table}
where practice_id = current_practice() and id = any ($1::uuid[]) order by id for no key update`,
  }
}

const SQL = {
  patient: statements('patient'),
  encounter: statements('encounter'),
  appointment: statements('appointment'),
  report: statements('report'),
  document: statements('document'),
}

/** The statements above, for the test that looks at their plans. */
export const RECORD_STATEMENTS = SQL

/**
 * Writes new and changed records of one table.
 *
 * @returns how many were written: fewer than given means that somebody else changed one in between
 */
export async function writeRecords(
  client: Queryable,
  table: RecordType,
  rows: readonly RecordRow[],
): Promise<number> {
  const fresh = rows.filter((row) => row.version === 0)
  const changed = rows.filter((row) => row.version > 0)
  let written = 0
  if (fresh.length > 0) written += await write(client, table, 'insert', fresh)
  if (changed.length > 0) written += await write(client, table, 'update', changed)
  return written
}

async function write(
  client: Queryable,
  table: RecordType,
  verb: 'insert' | 'update',
  rows: readonly RecordRow[],
): Promise<number> {
  const blob = new Blob()
  const at = rows.map((row) => blob.add(row.sealed))
  const columns = COLUMNS[table].map(([name]) =>
    textArray(rows.map((row) => toText(row.columns[name] ?? null))),
  )
  const result = await client.query({
    name: `${verb}-${table}`,
    text: SQL[table][verb],
    values: [
      plainArray(rows.map((row) => row.id)),
      plainArray(rows.map((row) => row.version)),
      plainArray(at),
      plainArray(rows.map((row) => row.sealed.length)),
      blob.bytes(),
      ...columns,
    ],
  })
  return result.rowCount ?? 0
}

const toText = (value: string | boolean | null): string | null => (value === null ? null : String(value))

export interface LoadedRow {
  id: string
  version: number
  sealed: Buffer
  patient_id?: string | null
}

/** Reads and locks records for the length of the transaction. */
export async function loadRecords(
  client: Queryable,
  table: RecordType,
  ids: readonly string[],
): Promise<LoadedRow[]> {
  const values = [plainArray(ids)]
  return (await client.query<LoadedRow>({ name: `load-${table}`, text: SQL[table].load, values })).rows
}

export const FIND_KEYS = `
select encode(key, 'hex') as key, record_id from record_key
where practice_id = current_practice() and key = any ($1::bytea[])`

/** @returns record ids by key, the key in hexadecimal */
export async function findKeys(client: Queryable, keys: readonly string[]): Promise<Map<string, string>> {
  const values = [textArray(keys.map((key) => `\\x${key}`))]
  const result = await client.query<{ key: string; record_id: string }>({
    name: 'find-keys',
    text: FIND_KEYS,
    values,
  })
  return new Map(result.rows.map((row) => [row.key, row.record_id]))
}

export const ADD_KEYS = `
insert into record_key (practice_id, key, record_type, record_id)
select current_practice(), key, type, id from unnest($1::bytea[], $2::text[], $3::uuid[]) as t (key, type, id) order by key
on conflict do nothing`

/** @returns how many were new: fewer than given means that another process linked the same identifier meanwhile */
export async function addKeys(
  client: Queryable,
  rows: readonly { key: string; type: RecordType; id: string }[],
): Promise<number> {
  const values = [
    textArray(rows.map((row) => `\\x${row.key}`)),
    plainArray(rows.map((row) => row.type)),
    plainArray(rows.map((row) => row.id)),
  ]
  return (await client.query({ name: 'add-keys', text: ADD_KEYS, values })).rowCount ?? 0
}

export const NOTE_CHANGES = `
insert into record_change (practice_id, record_id, exchange_id, record_type, version)
select current_practice(), record_id, exchange_id, type, version
from unnest($1::uuid[], $2::uuid[], $3::text[], $4::int[]) as t (record_id, exchange_id, type, version)
on conflict do nothing`

export interface ChangeRow {
  recordId: string
  exchangeId: ExchangeId
  type: RecordType
  version: number
}

/** Links records to the exchanges that changed them. */
export async function noteChanges(client: Queryable, rows: readonly ChangeRow[]): Promise<void> {
  await client.query({
    name: 'note-changes',
    text: NOTE_CHANGES,
    values: [
      plainArray(rows.map((row) => row.recordId)),
      plainArray(rows.map((row) => row.exchangeId)),
      plainArray(rows.map((row) => row.type)),
      plainArray(rows.map((row) => row.version)),
    ],
  })
}
