import type { AuditQuery, AuditRow } from '../contract/audit.ts'
import type { Page } from '../contract/common.ts'
import { IntegrationError } from '../kernel/errors.ts'
import { idAt, instantOf, rowsOf, statement } from './reading.ts'
import type { Queryable, Timestamp } from './reading.ts'

/** How far back one page looks for rows that match; the cursor goes on from there. */
const SCAN_ROWS = 50_000

const COLUMNS = 'seq, at, actor, role, action, object, detail, hash'

export const LIST_AUDIT = statement(
  'list-audit',
  `select ${COLUMNS} from (
  select ${COLUMNS} from audit where practice_id = current_practice() and seq < $1 order by seq desc limit $7
) recent
where ($3::text is null or actor = $3) and ($4::text is null or action = $4 or split_part(action, '.', 1) = $4)
  and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
order by seq desc limit $2`,
)

export const LIST_AUDIT_OF_OBJECT = statement(
  'list-audit-of-object',
  `select ${COLUMNS} from audit
where practice_id = current_practice() and object = $7 and seq < $1
  and ($3::text is null or actor = $3) and ($4::text is null or action = $4 or split_part(action, '.', 1) = $4)
  and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
order by seq desc limit $2`,
)

export const LAST_AUDIT_SEQ = statement(
  'last-audit-seq',
  `select seq from audit_head where practice_id = current_practice()`,
)

interface Row extends Omit<AuditRow, 'seq' | 'at' | 'hash'> {
  seq: string
  at: Timestamp
  hash: Buffer
}

/** The audit trail, newest first. */
export async function listAudit(database: Queryable, query: AuditQuery): Promise<Page<AuditRow>> {
  const before = query.cursor === undefined ? await afterLast(database) : seqOfCursor(query.cursor)
  for (const end of ['from', 'to'] as const) if (query[end] !== undefined) idAt(query[end], `query.${end}`)
  const { actor = null, action = null, from = null, to = null, object } = query
  const values = [before, query.limit + 1, actor, action, from, to]
  const rows =
    object === undefined
      ? await rowsOf<Row>(database, LIST_AUDIT, [...values, SCAN_ROWS])
      : await rowsOf<Row>(database, LIST_AUDIT_OF_OBJECT, [...values, object])
  const items = rows.slice(0, query.limit).map(viewOf)
  const last = items.at(-1)
  if (rows.length > query.limit && last) return { items, next: String(last.seq) }
  const scannedTo = before - SCAN_ROWS
  return { items, next: object === undefined && scannedTo > 1 ? String(scannedTo) : null }
}

async function afterLast(database: Queryable): Promise<number> {
  const [head] = await rowsOf<{ seq: string }>(database, LAST_AUDIT_SEQ, [])
  return Number(head?.seq ?? 0) + 1
}

function seqOfCursor(cursor: string): number {
  if (/^\d{1,15}$/.test(cursor)) return Number(cursor)
  throw new IntegrationError('REQUEST_INVALID', {
    place: 'query.cursor',
    reason: 'it is not the next of a page',
  })
}

const viewOf = (row: Row): AuditRow => ({
  ...row,
  seq: Number(row.seq),
  at: instantOf(row.at),
  hash: row.hash.toString('hex'),
})
