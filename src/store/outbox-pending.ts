import type { PendingChange } from '../contract/outbound.ts'
import { plainArray } from './columns.ts'
import { exchangeErrorOf } from './exchange-error.ts'
import { instantOfId, rowsOf, statement } from './reading.ts'
import type { Queryable } from './reading.ts'

// Outbound work is little at a time, so that results and documents of a patient are found without an index of their own.
export const READ_PENDING = statement(
  'read-pending',
  `select o.record_id, o.patient_id, o.exchange_id, o.action, o.state, o.attempts, o.fields, e.error_code, e.error_place,
  c.id as conflict_id
from outbox o
left join exchange_outcome e on e.practice_id = current_practice() and e.exchange_id = o.exchange_id
left join conflict c on c.practice_id = current_practice() and c.exchange_id = o.exchange_id and c.state = 'open'
where o.practice_id = current_practice() and o.record_id = any ($1::uuid[])
order by o.exchange_id`,
)

export const READ_PENDING_OF_CHART = statement(
  'read-pending-of-chart',
  READ_PENDING.text.replace(
    'o.record_id = any ($1::uuid[])',
    `(o.record_id = $1 or (o.patient_id = $1 and o.record_type in ('report', 'document')))`,
  ),
)

interface Row {
  record_id: string
  exchange_id: string
  action: PendingChange['action']
  state: 'queued' | 'sent' | 'ambiguous' | 'parked'
  attempts: number
  fields: string[]
  error_code: string | null
  error_place: string | null
  conflict_id: string | null
}

const changeOf = (row: Row): PendingChange => ({
  exchange_id: row.exchange_id,
  action: row.action,
  state: row.state === 'queued' && row.attempts > 0 ? 'retrying' : row.state,
  fields: row.fields,
  since: instantOfId(row.exchange_id),
  error: row.error_code === null ? null : exchangeErrorOf(row.error_code, row.error_place),
  conflict_id: row.conflict_id,
})

/** Changes of ours that the other side does not have yet, by record, oldest first. */
export async function readPending(
  database: Queryable,
  recordIds: readonly string[],
): Promise<Map<string, PendingChange[]>> {
  const byRecord = new Map<string, PendingChange[]>()
  if (recordIds.length === 0) return byRecord
  for (const row of await rowsOf<Row>(database, READ_PENDING, [plainArray(recordIds)])) {
    const list = byRecord.get(row.record_id)
    if (list) list.push(changeOf(row))
    else byRecord.set(row.record_id, [changeOf(row)])
  }
  return byRecord
}

/** Changes under way of a patient: demographics, results and documents. */
export const readPendingOfChart = async (database: Queryable, patientId: string): Promise<PendingChange[]> =>
  (await rowsOf<Row>(database, READ_PENDING_OF_CHART, [patientId])).map(changeOf)
