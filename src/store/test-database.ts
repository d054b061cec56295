import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import pg from 'pg'
import { inject } from 'vitest'
import type { DatabaseAddress } from './cluster.ts'
import { connectionStringOf } from './cluster.ts'
import { openDatabase } from './database.ts'
import type { Database } from './database.ts'
import { TEST_PRACTICE_ID } from './test-database.setup.ts'
import type { TestServerAnswer } from './test-database.setup.ts'

export { TEST_PRACTICE_ID }

/** A database of a test's own, gone when the test is. */
export interface TestDatabase extends AsyncDisposable {
  readonly address: DatabaseAddress
  readonly connectionString: string
  /** As the application sees it: the application role, row-level security, practice {@link TEST_PRACTICE_ID}. */
  readonly database: Database
  /** As the owner of the tables sees it, past row-level security. */
  asOwner<R extends object>(sql: string, values?: unknown[]): Promise<R[]>
}

let asked: Promise<{ address: DatabaseAddress; template: string }> | undefined

async function askTestServer(): Promise<{ address: DatabaseAddress; template: string }> {
  const answer = JSON.parse(
    await text(connect(Number(inject('testServer')), '127.0.0.1')),
  ) as TestServerAnswer
  if ('error' in answer) throw new Error(answer.error)
  return answer
}

async function once<T>(address: DatabaseAddress, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(address)
  await client.connect()
  return work(client).finally(() => client.end())
}

/**
 * Clones the migrated template database, in some tens of milliseconds.
 *
 *     await using store = await openTestDatabase()
 *     await store.database.query('select …')
 *
 * @param options.empty a database without our tables, for tests of migrations and restore
 * @param options.practiceId another practice than the one the template knows
 */
export async function openTestDatabase(
  options: { empty?: boolean; practiceId?: string; max?: number } = {},
): Promise<TestDatabase> {
  asked ??= askTestServer()
  const { address: server, template } = await asked
  const name = `test_${randomBytes(8).toString('hex')}`
  const admin = { ...server, database: 'postgres' }
  const source = options.empty ? 'template0' : template
  await once(admin, (client) => client.query(`create database ${name} template ${source} strategy file_copy`))
  const address = { ...server, database: name }
  const database = openDatabase({
    address,
    practiceId: options.practiceId ?? TEST_PRACTICE_ID,
    max: options.max ?? 5,
  })
  return {
    address,
    connectionString: connectionStringOf(address),
    database,
    asOwner: <R extends object>(sql: string, values?: unknown[]) =>
      once(address, async (client) => (await client.query(sql, values)).rows as R[]),
    [Symbol.asyncDispose]: async () => {
      await database.close()
      await once(admin, (client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}
