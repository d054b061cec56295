import { IntegrationError } from '../kernel/errors.ts'
import type { Vault } from '../vault/vault.ts'
import type { Queryable } from './columns.ts'

export type { Queryable }

/** What every read is handed: rows, and the key that opens them. */
export interface ReadStore {
  database: Queryable
  vault: Vault
}

export interface Statement {
  name: string
  text: string
}

/** A named statement, prepared once per connection. */
export const statement = (name: string, text: string): Statement => ({ name, text })

export async function rowsOf<R extends object>(
  database: Queryable,
  { name, text }: Statement,
  values: unknown[],
): Promise<R[]> {
  return (await database.query<R>({ name, text, values })).rows
}

export type Timestamp = string | Date

/** ISO 8601 in UTC, whichever way the driver hands timestamps over. */
export const instantOf = (value: Timestamp): string => new Date(value).toISOString()
export const instantOrNull = (value: Timestamp | null): string | null =>
  value === null ? null : instantOf(value)

/** The instant in a UUID version 7 (RFC 9562 §5.7): its first 48 bits are milliseconds since 1970. */
export const instantOfId = (id: string): string => new Date(millisecondsOfId(id)).toISOString()

const millisecondsOfId = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)

/** The smallest id an instant can have, so that ranges of time become ranges of ids and partitions are skipped. */
export function idAt(instant: string, place: string): string {
  const ms = Date.parse(instant)
  if (!Number.isFinite(ms) || ms < 0 || ms > 0xffff_ffff_ffff) {
    throw new IntegrationError('REQUEST_INVALID', { place, reason: 'it is not an ISO 8601 instant' })
  }
  const hex = ms.toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`
}

export const SMALLEST_ID = '00000000-0000-0000-0000-000000000000'
export const LARGEST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/** A cursor is the id a page ended with, in 22 letters that promise nothing. */
export const cursorOf = (id: string): string =>
  Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')

/** @throws REQUEST_INVALID when the cursor is not one of ours */
export function idOfCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined
  const hex = Buffer.from(cursor, 'base64url').toString('hex')
  if (hex.length !== 32) {
    throw new IntegrationError('REQUEST_INVALID', {
      place: 'query.cursor',
      reason: 'it is not the next of a page',
    })
  }
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** Cuts a page from rows that were read one too many. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  { idOf, view }: { idOf: (row: R) => string; view: (row: R) => T },
): { items: T[]; next: string | null } {
  const items = rows.slice(0, limit)
  const last = rows.length > limit ? items.at(-1) : undefined
  return { items: items.map(view), next: last === undefined ? null : cursorOf(idOf(last)) }
}
