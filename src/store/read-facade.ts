import type { ConnectionId } from '../kernel/ids.ts'
import type { DirectoryEntry } from '../model/values.ts'
import type { RecordType } from '../model/fields.ts'
import { instantOf, rowsOf, statement } from './reading.ts'
import type { Queryable, Statement, Timestamp } from './reading.ts'

/** Reading records for the FHIR façade: sealed rows, newest first, by what may be searched in the clear. */

export interface FacadeRow {
  id: string
  /** Its own id for a patient; null for an appointment that nobody is named for. */
  patient_id: string | null
  version: number
  sealed: Buffer
  updated_at: string
  /** Of a patient: the record it was merged into. */
  merged_into: string | null
}

export interface Narrow {
  /** Rows with a smaller id follow. */
  before: string
  limit: number
  patientId?: string | undefined
  /** Records by their ids; nothing else narrows then. */
  ids?: readonly string[] | undefined
  /** Appointments by their start: from, and up to but without. */
  start?: { from: string; to: string } | undefined
}

const COLUMNS: Readonly<Record<RecordType, string>> = {
  patient: 'id, id as patient_id, version, sealed, updated_at, merged_into',
  encounter: 'id, patient_id, version, sealed, updated_at, null as merged_into',
  appointment: 'id, patient_id, version, sealed, updated_at, null as merged_into',
  report: 'id, patient_id, version, sealed, updated_at, null as merged_into',
  document: 'id, patient_id, version, sealed, updated_at, null as merged_into',
}

const PATIENT_COLUMN: Readonly<Record<RecordType, string>> = {
  patient: 'id',
  encounter: 'patient_id',
  appointment: 'patient_id',
  report: 'patient_id',
  document: 'patient_id',
}

interface Statements {
  all: Statement
  ofPatient: Statement
  byIds: Statement
}

function statementsOf(table: RecordType): Statements {
  const select = `select ${COLUMNS[table]} from ${table} where practice_id = current_practice()`
  const standing = table === 'patient' ? ' and merged_into is null' : ''
  return {
    all: statement(`facade-${table}`, `${select}${standing} and id < $1 order by id desc limit $2`),
    ofPatient: statement(
      `facade-${table}-of-patient`,
      `${select}${standing} and ${PATIENT_COLUMN[table]} = $3 and id < $1 order by id desc limit $2`,
    ),
    byIds: statement(
      `facade-${table}-by-ids`,
      `${select} and id = any ($3::uuid[]) and id < $1 order by id desc limit $2`,
    ),
  }
}

/** The statements, for the test that looks at their plans. */
export const FACADE: Readonly<Record<RecordType, Statements>> = {
  patient: statementsOf('patient'),
  encounter: statementsOf('encounter'),
  appointment: statementsOf('appointment'),
  report: statementsOf('report'),
  document: statementsOf('document'),
}

export const FACADE_SCHEDULE = statement(
  'facade-schedule',
  `select ${COLUMNS.appointment} from appointment
where practice_id = current_practice() and start_at >= $3 and start_at < $4 and id < $1 and ($5::uuid is null or patient_id = $5)
order by id desc limit $2`,
)

export const FACADE_PATIENTS_BY_TOKENS = statement(
  'facade-patients-by-tokens',
  `select ${COLUMNS.patient} from patient
where practice_id = current_practice() and id = any (array(select find_patients($3::bigint[], $1, $2)))
order by id desc`,
)

type Stored = Omit<FacadeRow, 'updated_at'> & { updated_at: Timestamp }
const rowOf = (row: Stored): FacadeRow => ({ ...row, updated_at: instantOf(row.updated_at) })

export async function listFacadeRows(
  database: Queryable,
  table: RecordType,
  narrow: Narrow,
): Promise<FacadeRow[]> {
  const { before, limit, patientId, ids, start } = narrow
  const of = FACADE[table]
  const read = async (which: Statement, ...more: unknown[]): Promise<FacadeRow[]> =>
    (await rowsOf<Stored>(database, which, [before, limit, ...more])).map(rowOf)
  if (ids !== undefined) return ids.length === 0 ? [] : read(of.byIds, ids)
  if (start !== undefined && table === 'appointment')
    return read(FACADE_SCHEDULE, start.from, start.to, patientId ?? null)
  return patientId === undefined ? read(of.all) : read(of.ofPatient, patientId)
}

/** Patients who carry all of these search tokens (patient-tokens.ts). */
export async function findFacadePatients(
  database: Queryable,
  tokens: readonly bigint[],
  { before, limit }: Pick<Narrow, 'before' | 'limit'>,
): Promise<FacadeRow[]> {
  const values = [before, limit, tokens.map(String)]
  return (await rowsOf<Stored>(database, FACADE_PATIENTS_BY_TOKENS, values)).map(rowOf)
}

const OWNERS: Readonly<Record<Exclude<RecordType, 'patient'>, Statement>> = {
  encounter: ownerOf('encounter'),
  appointment: ownerOf('appointment'),
  report: ownerOf('report'),
  document: ownerOf('document'),
}

function ownerOf(table: string): Statement {
  return statement(
    `patient-of-${table}`,
    `select patient_id from ${table} where practice_id = current_practice() and id = $1`,
  )
}

/** Whose record this is; null for one that is not there, or that nobody is named for. */
export async function patientOfRecord(
  database: Queryable,
  table: Exclude<RecordType, 'patient'>,
  id: string,
): Promise<string | null> {
  const rows = await rowsOf<{ patient_id: string | null }>(database, OWNERS[table], [id])
  return rows[0]?.patient_id ?? null
}

export interface FacadeEntry extends DirectoryEntry {
  connection_id: ConnectionId
  updated_at: string
}

export const FACADE_DIRECTORY = statement(
  'facade-directory',
  `select connection_id, kind, id, name, active, detail, updated_at from directory_entry
where practice_id = current_practice() and kind = $1 order by connection_id desc, id desc`,
)

/** People or places of all connections. */
export async function listFacadeEntries(
  database: Queryable,
  kind: DirectoryEntry['kind'],
): Promise<FacadeEntry[]> {
  type Row = Omit<FacadeEntry, 'updated_at'> & { updated_at: Timestamp }
  const rows = await rowsOf<Row>(database, FACADE_DIRECTORY, [kind])
  return rows.map((row) => ({ ...row, updated_at: instantOf(row.updated_at) }))
}
