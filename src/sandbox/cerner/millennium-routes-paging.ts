import { randomUUID } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { OPERATIONS } from '../../standards/mws/operations.ts'
import type { Grant, Records, Versioned } from './contract.ts'
import { ServiceRefusal, type Reply, type ServiceCall } from './millennium-routes-reply.ts'

/** Pages of a search and the cursors that lead on. @see millennium-web-services.md §5.5 */

const CURSOR_LIFE_MS = 15 * 60_000
const DEFAULT_COUNT = 50
const MOST_COUNT = 200
const CURSORS_KEPT = 10_000

/** A row with its place in the order; places compare as text and are unique. */
export interface Row {
  readonly place: string
  readonly id: string
  readonly resource: object
  readonly entry?: object
}

export interface Pages {
  /** One page of the rows, which may come in any order. `type` of the Bundle: `searchset` or `history`. */
  page(call: ServiceCall, rows: readonly Row[], options?: PageOptions): Reply
}

export interface PageOptions {
  readonly type?: 'searchset' | 'history'
  /** What the cursor is bound to, where that is not in the query (a POST). */
  readonly query?: string
  readonly count?: number | null
  readonly cursor?: string | null
  readonly headers?: Readonly<Record<string, string>>
}

interface Cursor {
  readonly owner: string
  readonly query: string
  /** Place of the last row that was shown. */
  readonly after: string
  readonly expires: number
}

/**
 * A cursor remembers the place of the last row, so rows that come in between are neither shown twice nor make others
 * fall out.
 */
export function openPages(clock: Clock): Pages {
  const cursors = new Map<string, Cursor>()
  const remember = (cursor: Cursor): string => {
    const id = randomUUID()
    cursors.set(id, cursor)
    const [oldest] = cursors.keys()
    if (cursors.size > CURSORS_KEPT && oldest !== undefined) cursors.delete(oldest)
    return id
  }
  const placeBehind = (id: string, owner: string, query: string): string => {
    const cursor = cursors.get(id)
    if (cursor === undefined || cursor.expires <= clock.now())
      throw new ServiceRefusal('gone', { expression: 'cursor' })
    if (cursor.owner !== owner || cursor.query !== query)
      throw new ServiceRefusal('invalid-parameter', { expression: 'cursor' })
    return cursor.after
  }
  return {
    page(call, rows, options = {}) {
      const query = options.query ?? boundQuery(call)
      const given = options.cursor ?? valueOf(call, 'cursor')
      const owner = call.grant.clientId
      const after = given === null ? null : placeBehind(given, owner, query)
      const rest = rows.filter(({ place }) => after === null || place > after).sort(inOrder)
      const size = options.count ?? countIn(call)
      const shown = rest.slice(0, size)
      const last = shown.at(-1)
      const next =
        last === undefined || rest.length <= size
          ? null
          : remember({ owner, query, after: last.place, expires: clock.now() + CURSOR_LIFE_MS })
      const total = after === null && next === null ? rest.length : null
      return {
        status: 200,
        body: bundle(call, shown, next, total, options.type ?? 'searchset'),
        ...(options.headers === undefined ? {} : { headers: options.headers }),
      }
    },
  }
}

const inOrder = (a: Row, b: Row): number => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0)
const valueOf = ({ request }: ServiceCall, name: string): string | null =>
  request.query.find(([key]) => key === name)?.[1] ?? null

// The cursor stands for one search; a page of another size is still the same search.
const boundQuery = ({ request }: ServiceCall): string =>
  `${request.operation}?${request.query
    .filter(([name]) => name !== 'cursor' && name !== '_count')
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join('&')}`

export function readCount(text: string | null): number {
  if (text === null) return DEFAULT_COUNT
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > MOST_COUNT) throw new ServiceRefusal('invalid-parameter', { expression: '_count' })
  return count
}

const countIn = (call: ServiceCall): number => readCount(valueOf(call, '_count'))

function bundle(
  call: ServiceCall,
  rows: readonly Row[],
  next: string | null,
  total: number | null,
  type: 'searchset' | 'history',
): object {
  const self = addressOf(call, valueOf(call, 'cursor'))
  return {
    resourceType: 'Bundle',
    id: randomUUID(),
    type,
    ...(total === null ? {} : { total }),
    link: [
      { relation: 'self', url: self },
      ...(next === null ? [] : [{ relation: 'next', url: addressOf(call, next) }]),
    ],
    ...(rows.length === 0
      ? {}
      : {
          entry: rows.map(({ resource, entry }) => ({
            resource,
            ...(entry ?? { search: { mode: 'match' } }),
          })),
        }),
  }
}

function addressOf({ request, base }: ServiceCall, cursor: string | null): string {
  const path = OPERATIONS[request.operation].path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(request.path[name] ?? ''),
  )
  const query = new URLSearchParams(
    request.query.filter(([name]) => name !== 'cursor').map(([name, value]) => [name, value]),
  )
  if (cursor !== null) query.append('cursor', cursor)
  const text = query.toString()
  return `${base}${path}${text === '' ? '' : `?${text}`}`
}

const MOST_ROWS = 20_000

/** Everything that the hospital finds, page after page. */
export function collect(
  records: Records,
  type: string,
  query: URLSearchParams,
  grant: Grant,
  most = MOST_ROWS,
): readonly Versioned[] {
  const found = new Map<string, Versioned>()
  let context: string | null = null
  do {
    const page = records.search(type, query, context, grant)
    for (const { found: row, mode } of page.entries)
      if (mode === 'match') found.set(row.resource.id ?? '', row)
    context = page.next
  } while (context !== null && found.size <= most)
  return [...found.values()]
}

/** A number as text that sorts as the number does. */
export const sortable = (n: number): string => String(Math.trunc(n) + 4_000_000_000_000_000).padStart(17, '0')
/** The same, the greater first. */
export const sortableDown = (n: number): string => sortable(-n)
