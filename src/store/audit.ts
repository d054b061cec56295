import { createHash } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import { instantOf, rowsOf, statement } from './reading.ts'
import type { Queryable, Timestamp } from './reading.ts'

/** Who did what to what. `detail` holds counts and names of keys, never values of a person. */
export interface AuditEntry {
  actor: string
  role: string
  /** `patient.read`, `exchange.read-raw`, `connection.update` */
  action: string
  /** `patient/<uuid>`; a search names the kind alone. */
  object: string
  detail?: Record<string, unknown>
}

/** A row as it is hashed: everything but the hash itself. */
export interface ChainedRow {
  practice_id: string
  seq: number
  at: string
  actor: string
  role: string
  action: string
  object: string
  detail: unknown
}

interface Head {
  practice_id: string
  seq: string
  hash: Buffer
}

/** What the first row follows. */
export const FIRST_HASH = Buffer.alloc(32)

export const LOCK_AUDIT_HEAD = statement(
  'lock-audit-head',
  `select practice_id, seq, hash from audit_head where practice_id = current_practice() for update`,
)

export const START_AUDIT = statement(
  'start-audit',
  `insert into audit_head (practice_id, seq, hash) values (current_practice(), 0, $1) on conflict do nothing`,
)

// prettier-ignore
export const APPEND_AUDIT = statement(
  'append-audit',
  `with added as (
  insert into audit (practice_id, seq, at, actor, role, action, object, detail, previous_hash, hash)
  select current_practice(), r.seq, r.at, r.actor, r.role, r.action, r.object, r.detail,
    decode(r.previous_hash, 'hex'), decode(r.hash, 'hex')
  from jsonb_to_recordset($1::jsonb) as r (seq bigint, at timestamptz, actor text, role text, action text, object text,
    detail jsonb, previous_hash text, hash text)
)
update audit_head set seq = $2, hash = $3 where practice_id = current_practice()`,
)

/** JSON with the keys of every object sorted, so that a row hashes the same before and after it was stored. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const parts = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`)
  return `{${parts.join(',')}}`
}

/** SHA-256 over the hash of the row before and the canonical JSON of this one. */
export const hashOf = (previous: Uint8Array, row: ChainedRow): Buffer =>
  createHash('sha256').update(previous).update(canonicalJson(row)).digest()

/**
 * Adds rows to the trail. Runs inside a transaction and as its last statement: the head of the chain stays locked
 * until the commit, which is what makes the chain one line.
 *
 * @param client a client with an open transaction
 */
export async function appendAudit(
  client: Queryable,
  entries: readonly AuditEntry[],
  clock: Clock,
): Promise<void> {
  if (entries.length === 0) return
  const head = await lockHead(client)
  const at = new Date(clock.now()).toISOString()
  let seq = Number(head.seq)
  let previous = head.hash
  const rows = entries.map(({ actor, role, action, object, detail = {} }) => {
    seq += 1
    const row: ChainedRow = { practice_id: head.practice_id, seq, at, actor, role, action, object, detail }
    const previousHash = previous
    previous = hashOf(previousHash, row)
    return { ...row, previous_hash: previousHash.toString('hex'), hash: previous.toString('hex') }
  })
  await rowsOf(client, APPEND_AUDIT, [JSON.stringify(rows), seq, previous])
}

async function lockHead(client: Queryable): Promise<Head> {
  const [head] = await rowsOf<Head>(client, LOCK_AUDIT_HEAD, [])
  if (head) return head
  await rowsOf(client, START_AUDIT, [FIRST_HASH])
  const [started] = await rowsOf<Head>(client, LOCK_AUDIT_HEAD, [])
  if (!started) throw new Error('the audit trail has no head: is the practice set on this connection?')
  return started
}

export const READ_AUDIT_CHAIN = statement(
  'read-audit-chain',
  `select practice_id, seq, at, actor, role, action, object, detail, previous_hash, hash
from audit where practice_id = current_practice() and seq > $1 order by seq limit $2`,
)

export const READ_AUDIT_HEAD = statement(
  'read-audit-head',
  `select practice_id, seq, hash from audit_head where practice_id = current_practice()`,
)

interface StoredRow extends Omit<ChainedRow, 'seq' | 'at'> {
  seq: string
  at: Timestamp
  previous_hash: Buffer
  hash: Buffer
}

export interface AuditVerdict {
  ok: boolean
  rows: number
  /** The first row that does not follow: changed, missing, or cut off at the end. */
  brokenAt?: number
}

const VERIFY_BATCH = 5000

/**
 * Walks the whole trail from its first row. Rows that were changed, taken out, put in or cut off at the end show as a
 * hash that does not follow. The head is read first, so rows added meanwhile are left for the next check.
 */
export async function verifyAudit(database: Queryable): Promise<AuditVerdict> {
  const [head] = await rowsOf<Head>(database, READ_AUDIT_HEAD, [])
  const last = Number(head?.seq ?? 0)
  let seq = 0
  let previous: Buffer = FIRST_HASH
  while (seq < last) {
    const batch = await rowsOf<StoredRow>(database, READ_AUDIT_CHAIN, [
      seq,
      Math.min(VERIFY_BATCH, last - seq),
    ])
    for (const row of batch) {
      if (!follows(row, seq, previous)) return { ok: false, rows: seq, brokenAt: seq + 1 }
      seq += 1
      previous = row.hash
    }
    if (batch.length === 0) return { ok: false, rows: seq, brokenAt: seq + 1 }
  }
  if (head && !head.hash.equals(previous)) return { ok: false, rows: seq, brokenAt: seq }
  const [stray] = head ? [] : await rowsOf<StoredRow>(database, READ_AUDIT_CHAIN, [0, 1])
  return stray ? { ok: false, rows: 0, brokenAt: Number(stray.seq) } : { ok: true, rows: seq }
}

function follows(stored: StoredRow, seq: number, previous: Buffer): boolean {
  const { previous_hash: previousHash, hash, ...row } = stored
  const chained: ChainedRow = { ...row, seq: Number(row.seq), at: instantOf(row.at) }
  return chained.seq === seq + 1 && previousHash.equals(previous) && hashOf(previous, chained).equals(hash)
}
