import { IntegrationError } from '../kernel/errors.ts'
import type { Database, DatabaseClient, Queryable } from './database.ts'

/** A connection for the hot path: opened when it is needed, and again when it was lost. */
export interface Writer extends Queryable {
  /** As {@link Database.tx}, on this one connection; transactions of one writer do not overlap. */
  tx<T>(work: (client: Queryable) => Promise<T>): Promise<T>
  close(): Promise<void>
}

// The statements of the hot path are few and always go by an index, so one plan serves all values.
const PLAN_BY_INDEX = 'set enable_seqscan = off; set plan_cache_mode = force_generic_plan'

// A plan made while a table was empty, as on the first day or the first of a month, may read it whole, and would be
// kept while it grows to millions. So plans are made anew every few seconds; a dozen of them cost some milliseconds.
const REPLAN_MS = 2_000

/**
 * @param repeatable true where everything written would be written again after a crash, so that a commit need not wait
 *   for the disk. The inbound flow is so: its jobs are on disk since they were accepted, and end in the same commit as
 *   the changes they stand for.
 */
export function openWriter(
  database: Pick<Database, 'client'>,
  { repeatable = false }: { repeatable?: boolean } = {},
): Writer {
  let opening: Promise<DatabaseClient> | null = null
  let plannedAt = 0
  const open = async (): Promise<DatabaseClient> => {
    const client = await database.client()
    try {
      await client.query(PLAN_BY_INDEX)
      if (repeatable) await client.query('set synchronous_commit = off')
      return client
    } catch (cause) {
      await client.close()
      throw cause
    }
  }
  const openAgain = async (lost: DatabaseClient | null | undefined): Promise<DatabaseClient> => {
    await lost?.close()
    return open()
  }
  const client = async (): Promise<DatabaseClient> => {
    const seen = opening
    const known = await seen?.catch(() => null)
    if (known && !known.isLost) {
      const now = performance.now()
      if (now - plannedAt > REPLAN_MS) {
        plannedAt = now
        await known.query('discard plans')
      }
      return known
    }
    // Callers that find it lost at the same time share one new connection.
    if (opening === null || opening === seen) opening = openAgain(known)
    return opening
  }
  // One statement or transaction at a time; callers take their turns in the order they came.
  let turn: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => undefined)
    return mine
  }
  return {
    query: (query, values) => inTurn(async () => (await client()).query(query, values)),
    tx: (work) => inTurn(async () => transaction(await client(), work)),
    close: async () => {
      await turn
      const known = await opening?.catch(() => null)
      await known?.close()
    },
  }
}

async function transaction<T>(client: DatabaseClient, work: (client: Queryable) => Promise<T>): Promise<T> {
  await client.query('begin')
  let result: T
  try {
    result = await work(client)
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw cause
  }
  await client.query('commit').catch((cause: unknown) => {
    throw client.isLost ? new IntegrationError('STORE_COMMIT_UNKNOWN', {}, { cause }) : cause
  })
  return result
}
