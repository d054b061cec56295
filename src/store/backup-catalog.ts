import type pg from 'pg'

/** A table with rows of its own: an ordinary one, or the leaf of a partitioned one. */
export interface StoredTable {
  name: string
  columns: string[]
  partition: { of: string; bound: string } | null
}

const TABLES = `
select c.relname as name,
  case when c.relispartition then json_build_object('of', p.relname, 'bound', pg_get_expr(c.relpartbound, c.oid)) end as partition,
  (select json_agg(a.attname order by a.attnum) from pg_attribute a
   where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns
from pg_class c
left join pg_inherits i on i.inhrelid = c.oid and c.relispartition
left join pg_class p on p.oid = i.inhparent
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'schema_migration'
order by c.relname`

export const readTables = async (client: pg.ClientBase): Promise<StoredTable[]> =>
  (await client.query<StoredTable>(TABLES)).rows

const REFERENCES = `
select distinct c.relname as table, r.relname as needs
from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class r on r.oid = k.confrelid
where k.contype = 'f' and c.relnamespace = 'public'::regnamespace and c.oid <> r.oid`

/** Tables in an order that puts those referred to before those that refer to them. */
export async function inOrderOfReferences<T extends { name: string }>(
  client: pg.ClientBase,
  tables: readonly T[],
): Promise<T[]> {
  const { rows } = await client.query<{ table: string; needs: string }>(REFERENCES)
  const ordered: T[] = []
  let waiting = [...tables]
  while (waiting.length > 0) {
    const isWaiting = (name: string): boolean => waiting.some((table) => table.name === name)
    const free = waiting.filter(({ name }) => !rows.some((row) => row.table === name && isWaiting(row.needs)))
    // Tables that refer to each other in a ring: any order will do, and PostgreSQL says so if it does not.
    const next = free.length > 0 ? free : waiting
    ordered.push(...next)
    waiting = waiting.filter((table) => !next.includes(table))
  }
  return ordered
}
