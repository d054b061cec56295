import type { Database, DatabaseClient, Queryable } from './database.ts'

/** A connection of its own that is opened when it is needed and again when it was lost. */
export interface Writer extends Queryable {
  close(): Promise<void>
}

export function openWriter(database: Pick<Database, 'client'>): Writer {
  let opening: Promise<DatabaseClient> | null = null
  const client = async (): Promise<DatabaseClient> => {
    const known = await opening?.catch(() => null)
    if (known && !known.isLost) return known
    await known?.close()
    opening = database.client()
    return opening
  }
  return {
    query: async (query, values) => (await client()).query(query, values),
    close: async () => {
      const known = await opening?.catch(() => null)
      await known?.close()
    },
  }
}
