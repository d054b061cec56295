import type { Page } from '../contract/common.ts'
import type { Exchange, ExchangeQuery, ExchangeState } from '../contract/exchanges.ts'
import type { ExchangeHead } from '../model/document.ts'
import { controlKey, patientKey } from './blind-keys.ts'
import { exchangeErrorOf } from './exchange-error.ts'
import { openerOf } from './read-document.ts'
import type { Opener } from './read-document.ts'
import { readIdentifiers } from './read-patients.ts'
import {
  LARGEST_ID,
  SMALLEST_ID,
  cursorOf,
  idAt,
  idOfCursor,
  instantOf,
  instantOfId,
  rowsOf,
  statement,
} from './reading.ts'
import type { ReadStore, Statement, Timestamp } from './reading.ts'

/** How far back one page looks for rows that match a filter without an index; the cursor goes on from there. */
export const SCAN_ROWS = 20_000

const EXCHANGE_COLUMNS =
  'e.id, e.connection_id, e.channel, e.direction, e.kind, e.duplicate_of, e.replay_of, e.size_bytes, e.remote, e.sealed_head'

/**
 * Each way into the log is an index: it gives ids from $1 (inclusive) to $2 (exclusive), newest first, at most $3.
 * $4 is what it looks for.
 */
// prettier-ignore
const WAYS = {
  all: `select e.id from exchange e
    where e.practice_id = current_practice() and e.id >= $1 and e.id < $2 and $4::text is null
    order by e.id desc limit $3`,
  control: `select id from (
      with first as (select exchange_id as id from exchange_key where practice_id = current_practice() and control_key = $4::bytea)
      select id from first
      union select e.id from exchange e, first where e.practice_id = current_practice() and e.duplicate_of = first.id
      union select e.id from exchange e, first where e.practice_id = current_practice() and e.replay_of = first.id
    ) copies where id >= $1 and id < $2 order by id desc limit $3`,
  record: `select exchange_id as id from record_change
    where practice_id = current_practice() and record_id = $4::uuid and exchange_id >= $1 and exchange_id < $2
    order by exchange_id desc limit $3`,
  patient: `select e.id from exchange e
    where e.practice_id = current_practice() and e.patient_key = any ($4::bytea[]) and e.id >= $1 and e.id < $2
    order by e.id desc limit $3`,
  error: `select exchange_id as id from exchange_outcome
    where practice_id = current_practice() and error_code = $4 and exchange_id >= $1 and exchange_id < $2
    order by exchange_id desc limit $3`,
  state: `select exchange_id as id from exchange_outcome
    where practice_id = current_practice() and state = $4 and state <> 'applied' and exchange_id >= $1 and exchange_id < $2
    order by exchange_id desc limit $3`,
  waiting: `select exchange_id as id from job
    where practice_id = current_practice() and exchange_id >= $1 and exchange_id < $2 and $4::text is null
    order by exchange_id desc limit $3`,
} as const
type Way = keyof typeof WAYS

// The filters are looked at row by row on the way, so the newest matches are found without reading the rest. $5 rows
// are shown, and `seen` says where the way ended when it ended before the page was full.
const listBy = (way: Way): Statement =>
  statement(
    `list-exchanges-by-${way}`,
    `with page as (
  select ${EXCHANGE_COLUMNS}, o.state, o.at, o.attempts, o.error_code, o.error_place, o.records
  from (${WAYS[way]}) way
  join exchange e on e.practice_id = current_practice() and e.id = way.id
  left join lateral (
    select state, at, attempts, error_code, error_place, records from exchange_outcome
    where practice_id = current_practice() and exchange_id = way.id
  ) o on true
  where ($6::uuid is null or e.connection_id = $6) and ($7::text is null or e.kind = $7 or split_part(e.kind, '^', 1) = $7)
    and ($8::text is null or e.direction = $8) and ($9::text is null or o.error_code = $9)
    and ($10::text is null or coalesce(o.state, 'received') = $10)
  order by way.id desc limit $5
)
select page.*, a.outcome as ack, a.sealed_reply from page
left join exchange_ack a on a.practice_id = current_practice() and a.exchange_id = page.id
order by page.id desc`,
  )

const endOf = (way: Way): Statement =>
  statement(
    `end-of-exchanges-by-${way}`,
    `select min(id::text) as id, count(*)::int as seen from (${WAYS[way]}) way`,
  )

const eachWay = (make: (way: Way) => Statement): Record<Way, Statement> => ({
  all: make('all'),
  control: make('control'),
  record: make('record'),
  patient: make('patient'),
  error: make('error'),
  state: make('state'),
  waiting: make('waiting'),
})

export const LIST_EXCHANGES = eachWay(listBy)
const END_OF_EXCHANGES = eachWay(endOf)

export interface ExchangeRow {
  id: string
  connection_id: string
  channel: string
  direction: 'in' | 'out'
  kind: string
  duplicate_of: string | null
  replay_of: string | null
  size_bytes: number
  remote: string
  sealed_head: Buffer
  state: Exclude<ExchangeState, 'received'> | null
  at: Timestamp | null
  attempts: number | null
  error_code: string | null
  error_place: string | null
  records: string[] | null
  ack: 'sent' | 'unsent' | null
  /** Only where the reply was decided after the exchange was stored; else it is in the head. */
  sealed_reply: Buffer | null
}

interface Entry {
  way: Way
  /** What the way looks for: a key, an id, a code. */
  key: string | Buffer | Buffer[] | null
}

/** The log, newest first. A page may hold fewer rows than asked for; `next` alone says whether there is more. */
export async function listExchanges(store: ReadStore, query: ExchangeQuery): Promise<Page<Exchange>> {
  const [entry, opener] = await Promise.all([entryOf(store, query), openerOf(store)])
  const { from, to } = boundsOf(query)
  const bounds = [from, to, SCAN_ROWS, entry.key]
  const { connection_id = null, kind = null, direction = null, error_code = null, state = null } = query
  const filters = [query.limit + 1, connection_id, kind, direction, error_code, state]
  const rows = await rowsOf<ExchangeRow>(store.database, LIST_EXCHANGES[entry.way], [...bounds, ...filters])
  const items = rows.slice(0, query.limit).map((row) => exchangeOf(row, opener))
  const last = items.at(-1)
  if (rows.length > query.limit && last) return { items, next: cursorOf(last.id) }
  return { items, next: await endOfScan(store, entry, bounds) }
}

/** Where a page that is not full stopped looking; null when it looked at everything. */
async function endOfScan({ database }: ReadStore, entry: Entry, bounds: unknown[]): Promise<string | null> {
  const [end] = await rowsOf<{ id: string | null; seen: number }>(
    database,
    END_OF_EXCHANGES[entry.way],
    bounds,
  )
  return end?.id && end.seen >= SCAN_ROWS ? cursorOf(end.id) : null
}

/** The narrowest way in that a query offers. */
async function entryOf(store: ReadStore, query: ExchangeQuery): Promise<Entry> {
  const { vault } = store
  if (query.control_id !== undefined) return { way: 'control', key: controlKey(vault, query.control_id) }
  if (query.record_id !== undefined) return { way: 'record', key: query.record_id }
  if (query.mrn !== undefined) return { way: 'patient', key: [patientKey(vault, query.mrn)] }
  if (query.patient_id !== undefined) {
    const identifiers = await readIdentifiers(store, query.patient_id)
    return { way: 'patient', key: identifiers.map((each) => patientKey(vault, each.value)) }
  }
  if (query.error_code !== undefined) return { way: 'error', key: query.error_code }
  if (query.state === 'received') return { way: 'waiting', key: null }
  if (query.state !== undefined && query.state !== 'applied') return { way: 'state', key: query.state }
  return { way: 'all', key: null }
}

function boundsOf(query: ExchangeQuery): { from: string; to: string } {
  const ends = [
    query.to === undefined ? LARGEST_ID : idAt(query.to, 'query.to'),
    idOfCursor(query.cursor) ?? LARGEST_ID,
  ]
  return {
    from: query.from === undefined ? SMALLEST_ID : idAt(query.from, 'query.from'),
    to: ends.reduce((a, b) => (a < b ? a : b)),
  }
}

/** @throws SEAL_BROKEN when the row was changed or moved */
export const headOf = (
  { vault }: Pick<Opener, 'vault'>,
  row: { id: string; sealed_head: Buffer },
): ExchangeHead => JSON.parse(vault.openText(`exchange/head/${row.id}`, row.sealed_head)) as ExchangeHead

const UNFINISHED: ReadonlySet<ExchangeState> = new Set(['retrying', 'queued', 'sent', 'ambiguous'])

export function exchangeOf(row: ExchangeRow, opener: Opener): Exchange {
  const head = headOf(opener, row)
  const state = row.state ?? 'received'
  return {
    id: row.id,
    connection_id: row.connection_id,
    connection_name: opener.names.of(row.connection_id).name,
    channel: row.channel,
    direction: row.direction,
    kind: row.kind,
    control_id: head.controlId,
    received_at: instantOfId(row.id),
    state,
    finished_at: row.at === null || UNFINISHED.has(state) ? null : instantOf(row.at),
    ack_outcome: row.ack ?? 'unknown',
    ack_code: head.ackCode ?? ackCodeIn(opener.vault, row),
    attempts: row.attempts ?? 0,
    error: row.error_code === null ? null : exchangeErrorOf(row.error_code, row.error_place),
    records: (row.records ?? []).flatMap(recordRefOf),
    size_bytes: row.size_bytes,
    remote: row.remote,
    duplicate_of: row.duplicate_of,
    replay_of: row.replay_of,
  }
}

/** MSA-1 of a reply that was given after the change was applied. */
function ackCodeIn(vault: Opener['vault'], { id, sealed_reply: sealed }: ExchangeRow): string | null {
  if (sealed === null) return null
  return (
    /[\r\n]MSA.([A-Z]{2})/.exec(vault.open(`exchange/reply/${id}`, sealed).toString('latin1'))?.[1] ?? null
  )
}

/** `patient/<uuid>` as a reference; anything else is no record of ours. */
export function recordRefOf(text: string): Exchange['records'] {
  const [type, id] = text.split('/')
  const known = (['patient', 'encounter', 'appointment', 'report', 'document'] as const).find(
    (each) => each === type,
  )
  return known && id ? [{ type: known, id }] : []
}
