import type { RecordDocument } from '../model/document.ts'
import type { RecordType } from '../model/fields.ts'
import type { Vault } from '../vault/vault.ts'
import { plainArray, textArray } from './columns.ts'
import { documentOf } from './read-document.ts'
import { rowsOf, statement } from './reading.ts'
import type { Queryable } from './reading.ts'

const readOne = (type: RecordType) =>
  statement(
    `read-one-${type}`,
    `select id, sealed from ${type} where practice_id = current_practice() and id = $1`,
  )

const READ_ONE: Readonly<Record<RecordType, ReturnType<typeof readOne>>> = {
  patient: readOne('patient'),
  encounter: readOne('encounter'),
  appointment: readOne('appointment'),
  report: readOne('report'),
  document: readOne('document'),
}

/** The document of one record, as it stands. */
export async function readDocument(
  database: Queryable,
  vault: Vault,
  type: RecordType,
  id: string,
): Promise<RecordDocument | undefined> {
  const [row] = await rowsOf<{ id: string; sealed: Buffer }>(database, READ_ONE[type], [id])
  return row && documentOf(vault, type, row)
}

/** Appointments of a patient that take up some of a stretch of time, but for one. */
export const FIND_OVERLAP = statement(
  'find-overlap',
  `select id from appointment
where practice_id = current_practice() and patient_id = $1 and id is distinct from $2::uuid
  and start_at < $4 and coalesce(end_at, start_at + interval '1 minute') > $3 and status = any ($5::text[])
limit 1`,
)

export async function hasOverlap(
  client: Queryable,
  time: {
    patientId: string
    exceptId: string | null
    start: string
    end: string
    statuses: readonly string[]
  },
): Promise<boolean> {
  const { patientId, exceptId, start, end, statuses } = time
  const rows = await rowsOf(client, FIND_OVERLAP, [patientId, exceptId, start, end, textArray(statuses)])
  return rows.length > 0
}

const READ_PATIENT_OF = statement(
  'read-patient-of-appointment',
  `select patient_id from appointment where practice_id = current_practice() and id = $1`,
)

/** @returns undefined when there is no such appointment */
export async function readPatientOf(
  client: Queryable,
  appointmentId: string,
): Promise<string | null | undefined> {
  const rows = await rowsOf<{ patient_id: string | null }>(client, READ_PATIENT_OF, [appointmentId])
  return rows[0] && rows[0].patient_id
}

const READ_STATES = statement(
  'read-open-states',
  `select state, action from outbox where practice_id = current_practice() and record_id = any ($1::uuid[])`,
)

/** How the changes under way of a record stand. */
export const readOpenStates = (client: Queryable, recordId: string) =>
  rowsOf<{ state: string; action: string }>(client, READ_STATES, [plainArray([recordId])])
