import type { Exchange, ExchangeQuery } from '../contract/exchanges.ts'
import { listExchanges } from '../store/read-exchanges.ts'
import type { ReadStore } from '../store/reading.ts'
import { csvLine } from './csv.ts'

type Column = readonly [title: string, value: (exchange: Exchange) => string | number | null]

// prettier-ignore
const COLUMNS: readonly Column[] = [
  ['id',            (each) => each.id],
  ['received_at',   (each) => each.received_at],
  ['connection',    (each) => each.connection_name],
  ['channel',       (each) => each.channel],
  ['direction',     (each) => each.direction],
  ['kind',          (each) => each.kind],
  ['control_id',    (each) => each.control_id],
  ['state',         (each) => each.state],
  ['finished_at',   (each) => each.finished_at],
  ['ack_outcome',   (each) => each.ack_outcome],
  ['ack_code',      (each) => each.ack_code],
  ['attempts',      (each) => each.attempts],
  ['error_code',    (each) => each.error?.code ?? null],
  ['error_place',   (each) => each.error?.place ?? null],
  ['error',         (each) => each.error?.says ?? null],
  ['records',       (each) => each.records.map(({ type, id }) => `${type}/${id}`).join(' ')],
  ['size_bytes',    (each) => each.size_bytes],
  ['remote',        (each) => each.remote],
  ['duplicate_of',  (each) => each.duplicate_of],
  ['replay_of',     (each) => each.replay_of],
]

const MOST_ROWS = 100_000
const PAGE_ROWS = 500

/** The log as CSV, page by page, so that a long one takes no more memory than a short one. */
export async function* writeLog(store: ReadStore, query: ExchangeQuery): AsyncGenerator<string> {
  yield csvLine(COLUMNS.map(([title]) => title))
  let cursor = query.cursor
  for (let rows = 0; rows < MOST_ROWS;) {
    const page = await listExchanges(store, { ...query, cursor, limit: PAGE_ROWS })
    if (page.items.length > 0)
      yield page.items.map((each) => csvLine(COLUMNS.map(([, value]) => value(each)))).join('')
    rows += page.items.length
    if (page.next === null) return
    cursor = page.next
  }
}
