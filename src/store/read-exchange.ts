import type { FieldChange } from '../contract/common.ts'
import type { ExchangeDetail } from '../contract/exchanges.ts'
import type { ExchangeEffect, FieldEffect } from '../model/document.ts'
import type { Vault } from '../vault/vault.ts'
import { maskField, openerOf } from './read-document.ts'
import { exchangeOf, headOf, recordRefOf } from './read-exchanges.ts'
import type { ExchangeRow } from './read-exchanges.ts'
import { rowsOf, statement } from './reading.ts'
import type { ReadStore } from './reading.ts'

export const READ_EXCHANGE = statement(
  'read-exchange',
  `select e.id, e.connection_id, e.channel, e.direction, e.kind, e.duplicate_of, e.replay_of, e.size_bytes, e.remote,
  e.sealed_head, o.state, o.at, o.attempts, o.error_code, o.error_place, o.records, o.sealed_effect, a.outcome as ack, a.sealed_reply
from exchange e
left join exchange_outcome o on o.practice_id = current_practice() and o.exchange_id = $1
left join exchange_ack a on a.practice_id = current_practice() and a.exchange_id = $1
where e.practice_id = current_practice() and e.id = $1`,
)

/** Copies are later than what they copy, so only the partitions from its id on are looked at. */
export const READ_COPIES = statement(
  'read-copies',
  `select id, 'repeat' as how from exchange where practice_id = current_practice() and duplicate_of = $1 and id > $1
union all
select id, 'replay' from exchange where practice_id = current_practice() and replay_of = $1 and id > $1
order by id limit 1000`,
)

export interface Copy {
  id: string
  how: 'repeat' | 'replay'
}

export const readCopies = (store: ReadStore, id: string): Promise<Copy[]> =>
  rowsOf<Copy>(store.database, READ_COPIES, [id])

/**
 * One exchange with what it did, field by field.
 *
 * @param showValues false keeps the fields and leaves out what they said
 */
export async function readExchange(
  store: ReadStore,
  id: string,
  { showValues }: { showValues: boolean },
): Promise<ExchangeDetail | undefined> {
  const [[row], copies, opener] = await Promise.all([
    rowsOf<ExchangeRow & { sealed_effect: Buffer | null }>(store.database, READ_EXCHANGE, [id]),
    readCopies(store, id),
    openerOf(store),
  ])
  if (!row) return undefined
  const { sender, version } = headOf(opener, row)
  const effect = effectOf(store.vault, id, row.sealed_effect)
  return {
    ...exchangeOf(row, opener),
    sender,
    version,
    changes: effect.changes.flatMap((change) => changeOf(change, showValues)),
    warnings: effect.warnings,
    repeats: copies.filter((copy) => copy.how === 'repeat').map((copy) => copy.id),
    replays: copies.filter((copy) => copy.how === 'replay').map((copy) => copy.id),
  }
}

/** @throws SEAL_BROKEN when the row was changed or moved */
export function effectOf(vault: Vault, id: string, sealed: Buffer | null): ExchangeEffect {
  if (sealed === null) return { changes: [], warnings: [] }
  return JSON.parse(vault.openText(`exchange/effect/${id}`, sealed)) as ExchangeEffect
}

function changeOf(
  { record, field, before, after, place, outcome }: FieldEffect,
  showValues: boolean,
): FieldChange[] {
  const shown = (value: unknown): unknown => (showValues ? (maskField(field, value) ?? null) : null)
  return recordRefOf(record).map((ref) => ({
    record: ref,
    field,
    before: shown(before),
    after: shown(after),
    place,
    outcome,
  }))
}

export const READ_RAW = statement(
  'read-raw',
  `select id, kind, sealed_raw from exchange where practice_id = current_practice() and id = $1`,
)

/** The bytes as they came or went; the original of a replay is its own exchange. */
export async function readRaw(
  store: ReadStore,
  id: string,
): Promise<{ kind: string; bytes: Buffer } | undefined> {
  const [row] = await rowsOf<{ kind: string; sealed_raw: Buffer }>(store.database, READ_RAW, [id])
  return row && { kind: row.kind, bytes: store.vault.open(`exchange/raw/${id}`, row.sealed_raw) }
}
