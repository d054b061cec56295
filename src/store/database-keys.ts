import { IntegrationError } from '../kernel/errors.ts'
import { makeDataKey, makeFirstKeys, openKeyRing, rewrapDataKey } from '../vault/key-ring.ts'
import type { KeyPurpose, KeyRing, WrappedKey } from '../vault/key-ring.ts'
import type { Database, Queryable } from './database.ts'

// A new seal key is sealed with only after every engine has read it, or one would meet rows it cannot open.
const REFRESH_MS = 30_000
const ROTATION_DELAY_SECONDS = 120

export const READ_DATA_KEYS = `
select key_id, purpose, wrapped, active_from <= clock_timestamp() as is_active
from data_key where practice_id = current_practice()
order by active_from desc, key_id`

const INSERT_DATA_KEY = `
insert into data_key (practice_id, key_id, purpose, wrapped, active_from)
values (current_practice(), $1, $2, $3, now() + make_interval(secs => $4))`

const REWRAP_DATA_KEY = `
update data_key set wrapped = $2 where practice_id = current_practice() and key_id = $1`

interface DataKeyRow {
  key_id: string
  purpose: KeyPurpose
  wrapped: Buffer
  is_active: boolean
}

async function readDataKeys(client: Queryable): Promise<WrappedKey[]> {
  const { rows } = await client.query<DataKeyRow>(READ_DATA_KEYS)
  const current = rows.find((row) => row.purpose === 'seal' && row.is_active)
  return rows.map((row) => ({
    keyId: Number(row.key_id),
    purpose: row.purpose,
    wrapped: row.wrapped,
    isCurrent: row === current,
  }))
}

const insertDataKey = (client: Queryable, key: WrappedKey, delaySeconds: number): Promise<unknown> =>
  client.query(INSERT_DATA_KEY, [key.keyId, key.purpose, key.wrapped, delaySeconds])

// Engines that start together on a new database must agree on the first keys.
const lockDataKeys = (client: Queryable, practiceId: string): Promise<unknown> =>
  client.query('select pg_advisory_xact_lock(hashtextextended($1, 7300003))', [`data_key/${practiceId}`])

/**
 * Reads and unwraps the data keys of the practice; a new practice gets its first two.
 *
 * @throws KEY_MISSING when another master key wrapped them
 */
export async function loadKeyRing(options: { database: Database; master: Uint8Array }): Promise<KeyRing> {
  const { database, master } = options
  const { practiceId } = database
  const keys = await database.tx(async (client) => {
    await lockDataKeys(client, practiceId)
    const known = await readDataKeys(client)
    if (known.length > 0) return known
    const first = makeFirstKeys({ master, practiceId })
    for (const key of first) await insertDataKey(client, key, 0)
    return first
  })
  return openKeyRing({ master, practiceId, keys })
}

/** Keeps a ring up to date with rotations made by other processes, every 30 seconds. */
export function watchKeyRing(options: {
  database: Database
  ring: KeyRing
  onError: (cause: unknown) => void
}): Disposable {
  const refresh = (): void => {
    readDataKeys(options.database).then((keys) => options.ring.refresh(keys), options.onError)
  }
  const timer = setInterval(refresh, REFRESH_MS).unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}

/**
 * Makes a new seal key. It takes over two minutes later, everywhere at once; older keys stay readable.
 *
 * @returns the id of the new key
 */
export async function rotateDataKey(options: {
  database: Database
  master: Uint8Array
  delaySeconds?: number
}): Promise<number> {
  const { database, master, delaySeconds = ROTATION_DELAY_SECONDS } = options
  const key = makeDataKey({ master, practiceId: database.practiceId, purpose: 'seal' })
  await insertDataKey(database, key, delaySeconds)
  return key.keyId
}

/**
 * Wraps every data key under another master key, all or none. Engines that run go on with the keys they have
 * opened; the next start needs the new master key.
 *
 * @throws KEY_MISSING when `from` is not the present master key
 */
export async function rotateMasterKey(options: {
  database: Database
  from: Uint8Array
  to: Uint8Array
}): Promise<number> {
  const { database, from, to } = options
  const { practiceId } = database
  return database.tx(async (client) => {
    await lockDataKeys(client, practiceId)
    const keys = await readDataKeys(client)
    if (keys.length === 0) throw new IntegrationError('KEY_MISSING', { key: 'current seal key' })
    for (const key of keys) {
      const { wrapped } = rewrapDataKey({ from, to, practiceId, key })
      await client.query(REWRAP_DATA_KEY, [key.keyId, wrapped])
    }
    return keys.length
  })
}
