import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'
import type { RecordType } from '../model/fields.ts'
import type { Vault } from '../vault/vault.ts'
import { textArray } from './columns.ts'
import type { Queryable } from './columns.ts'

/** A conflict as it is stored. */
export interface ConflictRow {
  id: string
  connection_id: ConnectionId
  record_type: RecordType
  record_id: string
  patient_id: string | null
  exchange_id: ExchangeId
  far_exchange_id: ExchangeId | null
  fields: string[]
  sealed_sides: Buffer
  far_version: string | null
  state: 'open' | 'resolved'
  choice: 'studio' | 'cerner' | null
}

/** One field that both sides changed. */
export interface ConflictField {
  field: string
  before: unknown
  ours: unknown
  theirs: unknown
  /** Where theirs stands, as the standard spells it. */
  place: string
}

interface Side {
  at: string | null
  by: string
  exchange_id: ExchangeId | null
}

/** What a conflict keeps sealed. */
export interface ConflictSides {
  action: string
  fields: ConflictField[]
  ours: Side
  theirs: Side
}

const placeOf = (id: string): string => `conflict/${id}`

export const sealSides = (vault: Vault, id: string, sides: ConflictSides): Buffer =>
  vault.seal(placeOf(id), JSON.stringify(sides))

/** @throws SEAL_BROKEN when the row was changed or moved */
export const openSides = (vault: Vault, row: { id: string; sealed_sides: Buffer }): ConflictSides =>
  JSON.parse(vault.openText(placeOf(row.id), row.sealed_sides)) as ConflictSides

export type NewConflictRow = Omit<ConflictRow, 'state' | 'choice'>

// A change of ours has one open conflict at most; later news renews what it says.
export const PUT_CONFLICT = `
insert into conflict (practice_id, id, connection_id, record_type, record_id, patient_id, exchange_id, far_exchange_id, fields,
  sealed_sides, far_version)
values (current_practice(), $1, $2, $3, $4, $5, $6, $7, $8::text[], $9, $10)
on conflict (practice_id, exchange_id) where state = 'open' do update set
  far_exchange_id = excluded.far_exchange_id, fields = excluded.fields, sealed_sides = excluded.sealed_sides,
  far_version = excluded.far_version`

/** @param row sealed for the id of the conflict that is open already, where there is one */
export async function putConflict(client: Queryable, row: NewConflictRow): Promise<void> {
  const values = [
    row.id,
    row.connection_id,
    row.record_type,
    row.record_id,
    row.patient_id,
    row.exchange_id,
    row.far_exchange_id,
    textArray(row.fields),
    row.sealed_sides,
    row.far_version,
  ]
  await client.query({ name: 'put-conflict', text: PUT_CONFLICT, values })
}

const COLUMNS = `id, connection_id, record_type, record_id, patient_id, exchange_id, far_exchange_id, fields, sealed_sides,
  far_version, state, choice`

export const READ_CONFLICT_ROW = `
select ${COLUMNS} from conflict where practice_id = current_practice() and id = $1`

export async function readConflictRow(client: Queryable, id: string): Promise<ConflictRow | undefined> {
  return (
    await client.query<ConflictRow>({ name: 'read-conflict-row', text: READ_CONFLICT_ROW, values: [id] })
  ).rows[0]
}

export const LOCK_CONFLICT = `${READ_CONFLICT_ROW} for update`

export async function lockConflict(client: Queryable, id: string): Promise<ConflictRow | undefined> {
  return (await client.query<ConflictRow>({ name: 'lock-conflict', text: LOCK_CONFLICT, values: [id] }))
    .rows[0]
}

export const FIND_OPEN_CONFLICT = `
select id from conflict where practice_id = current_practice() and exchange_id = $1 and state = 'open'`

/** The open conflict of a change of ours. */
export async function findOpenConflict(client: Queryable, exchangeId: ExchangeId): Promise<string | null> {
  const values = [exchangeId]
  const { rows } = await client.query<{ id: string }>({
    name: 'find-open-conflict',
    text: FIND_OPEN_CONFLICT,
    values,
  })
  return rows[0]?.id ?? null
}

export const RESOLVE_CONFLICT = `
update conflict set state = 'resolved', choice = $2, resolved_at = now(), resolved_by = $3
where practice_id = current_practice() and exchange_id = $1 and state = 'open'`

/** Closes the open conflict of a change of ours, if there is one. @returns whether there was */
export async function resolveConflictOf(
  client: Queryable,
  exchangeId: ExchangeId,
  choice: 'studio' | 'cerner',
  by: string,
): Promise<boolean> {
  const values = [exchangeId, choice, by]
  const done = await client.query({ name: 'resolve-conflict', text: RESOLVE_CONFLICT, values })
  return (done.rowCount ?? 0) > 0
}
