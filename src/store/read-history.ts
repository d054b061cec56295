import type { Page, RecordRef } from '../contract/common.ts'
import type { HistoryEntry } from '../contract/patients.ts'
import { maskField, openerOf } from './read-document.ts'
import { effectOf } from './read-exchange.ts'
import { LARGEST_ID, idOfCursor, instantOfId, pageOf, rowsOf, statement } from './reading.ts'
import type { ReadStore } from './reading.ts'

export const READ_HISTORY = statement(
  'read-history',
  `select c.exchange_id, e.kind, e.connection_id, o.sealed_effect
from (
  select exchange_id from record_change
  where practice_id = current_practice() and record_id = $1 and exchange_id < $2
  order by exchange_id desc limit $3
) c
left join exchange e on e.practice_id = current_practice() and e.id = c.exchange_id
left join exchange_outcome o on o.practice_id = current_practice() and o.exchange_id = c.exchange_id
order by c.exchange_id desc`,
)

/** Kind and connection are null when retention has dropped the exchange. */
interface Row {
  exchange_id: string
  kind: string | null
  connection_id: string | null
  sealed_effect: Buffer | null
}

/** What happened to one record, newest first: each exchange that changed it, with the fields it changed. */
export async function readHistory(
  store: ReadStore,
  record: RecordRef,
  query: { limit: number; cursor?: string | undefined },
): Promise<Page<HistoryEntry>> {
  const values = [record.id, idOfCursor(query.cursor) ?? LARGEST_ID, query.limit + 1]
  const [rows, { vault, names }] = await Promise.all([
    rowsOf<Row>(store.database, READ_HISTORY, values),
    openerOf(store),
  ])
  const view = (row: Row): HistoryEntry => ({
    exchange_id: row.exchange_id,
    at: instantOfId(row.exchange_id),
    kind: row.kind ?? '',
    connection_name: row.connection_id === null ? '' : names.of(row.connection_id).name,
    record,
    changes: effectOf(vault, row.exchange_id, row.sealed_effect)
      .changes.filter((each) => each.record === `${record.type}/${record.id}` && each.outcome === 'changed')
      .map(({ field, before, after, place }) => ({
        field,
        before: maskField(field, before) ?? null,
        after: maskField(field, after) ?? null,
        place,
      })),
  })
  return pageOf(rows, query.limit, { idOf: (row) => row.exchange_id, view })
}
