import pg from 'pg'
import { IntegrationError } from '../kernel/errors.ts'
import { asStoreError, isUnavailable } from './database-errors.ts'
import { openListener } from './database-listener.ts'
import type { NotificationHandler } from './database-listener.ts'
import { TYPE_PARSERS } from './database-types.ts'
import { APP_ROLE } from './migrate.ts'

/** Anything that runs statements: the database, a client of its own, or a transaction. */
export interface Queryable {
  /**
   * @throws STORE_UNAVAILABLE when the database was not reached
   * @throws pg.DatabaseError with what PostgreSQL refused
   */
  query<R extends object>(
    query: string | { name?: string; text: string; values?: unknown[] },
    values?: unknown[],
  ): Promise<{ rows: R[]; rowCount: number | null }>
}

/** A connection kept for one purpose, such as the writer of the exchange log. */
export interface DatabaseClient extends Queryable, AsyncDisposable {
  /** Ends the connection. */
  close(): Promise<void>
  /** The `pg` client itself, for streams (COPY) and notices. */
  readonly raw: pg.Client
  readonly isLost: boolean
}

export interface TransactionOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable'
  readOnly?: boolean
}

export interface Database extends Queryable, AsyncDisposable {
  readonly practiceId: string
  /**
   * Runs `work` in a transaction: commits what it returns from, rolls back what it throws.
   *
   * @throws STORE_COMMIT_UNKNOWN when the connection broke during the commit
   */
  tx<T>(work: (client: Queryable) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** A connection outside the pool. The caller closes it. */
  client(): Promise<DatabaseClient>
  /**
   * Calls `handler` for each NOTIFY on the channel, and with `undefined` after a lost connection came back, since
   * notifications may have been missed. Connects again by itself.
   */
  listen(channel: string, handler: NotificationHandler): Promise<AsyncDisposable>
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** Either a URL (`DATABASE_URL`) or the address of an embedded cluster. */
  connectionString?: string
  address?: { host: string; port: number; user: string; password: string; database: string }
  practiceId: string
  /** Connections in the pool; default 10. */
  max?: number
  /** Shown in pg_stat_activity. */
  name?: string
}

// A URL may carry options of its own; `pg` would let them replace ours, and with them the role.
function takeUrlOptions(url: string): { url: string; options: string } {
  const found = /[?&]options=([^&]*)/.exec(url)
  if (!found) return { url, options: '' }
  const rest = url.replace(found[0], '').replace(/^([^?&]*)&/, '$1?')
  return { url: rest, options: ` ${decodeURIComponent((found[1] ?? '').replaceAll('+', ' '))}` }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/**
 * Every connection starts as the application role, held by row-level security to one practice. As start-up options
 * they are the session's defaults: no statement has to set them, and RESET ROLE or DISCARD ALL return to them.
 */
function clientConfig(options: DatabaseOptions): pg.ClientConfig {
  if (!UUID.test(options.practiceId)) {
    throw new IntegrationError('CONFIG_INVALID', { place: 'practice.id', reason: 'expected a UUID' })
  }
  const own = `-c role=${APP_ROLE} -c practice_studio.practice_id=${options.practiceId} -c TimeZone=UTC`
  const shared = {
    types: TYPE_PARSERS,
    application_name: options.name ?? 'practice-studio',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
  }
  if (options.connectionString === undefined) return { ...shared, ...options.address, options: own }
  const { url, options: given } = takeUrlOptions(options.connectionString)
  return { ...shared, connectionString: url, options: `${given.trimStart()} ${own}`.trim() }
}

const begin = ({ isolation = 'read committed', readOnly = false }: TransactionOptions): string =>
  `begin isolation level ${isolation}${readOnly ? ' read only' : ''}`

const failAs = (cause: unknown): never => {
  throw asStoreError(cause)
}

/** Wraps the one call of `pg` that everything goes through. */
function queryable(target: pg.ClientBase | pg.Pool): Queryable {
  return {
    // Rows are what the statement says they are; callers name the type beside the statement.
    query: <R extends object>(query: string | pg.QueryConfig, values?: unknown[]) =>
      (target as pg.ClientBase).query(query as string, values).catch(failAs) as Promise<{
        rows: R[]
        rowCount: number | null
      }>,
  }
}

async function inTransaction<T>(
  client: pg.PoolClient,
  work: (client: Queryable) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const inside = queryable(client)
  await inside.query(begin(options))
  let result: T
  try {
    result = await work(inside)
  } catch (cause) {
    // When the connection is gone, so is the transaction.
    await client.query('rollback').catch(() => undefined)
    throw cause
  }
  await client.query('commit').catch((cause: unknown) => {
    throw isUnavailable(cause) ? new IntegrationError('STORE_COMMIT_UNKNOWN', {}, { cause }) : cause
  })
  return result
}

async function openClient(config: pg.ClientConfig): Promise<DatabaseClient> {
  const raw = new pg.Client(config)
  let isLost = false
  // Without a listener a lost connection would end the process; the next query reports it.
  raw.on('error', () => (isLost = true))
  raw.once('end', () => (isLost = true))
  await raw.connect().catch(failAs)
  const close = (): Promise<void> => raw.end().catch(() => undefined)
  return {
    ...queryable(raw),
    raw,
    close,
    get isLost() {
      return isLost
    },
    [Symbol.asyncDispose]: close,
  }
}

/** Opens a pool on a migrated database. Nothing is connected until it is needed. */
export function openDatabase(options: DatabaseOptions): Database {
  const config = clientConfig(options)
  const pool = new pg.Pool({ ...config, max: options.max ?? 10, idleTimeoutMillis: 60_000 })
  // The pool drops the connection that failed; whoever needs one next gets a new one or the error.
  pool.on('error', () => undefined)
  const listener = openListener(config)

  const tx: Database['tx'] = async (work, txOptions = {}) => {
    const client = await pool.connect().catch(failAs)
    let lost: Error | undefined
    const notice = (cause: Error): void => {
      lost = cause
    }
    client.on('error', notice)
    try {
      return await inTransaction(client, work, txOptions)
    } finally {
      client.off('error', notice)
      client.release(lost)
    }
  }

  const close = async (): Promise<void> => {
    await listener.close()
    if (!pool.ended && !pool.ending) await pool.end()
  }

  return {
    ...queryable(pool),
    practiceId: options.practiceId,
    tx,
    client: () => openClient(config),
    listen: (channel, handler) => listener.listen(channel, handler),
    close,
    [Symbol.asyncDispose]: close,
  }
}
