import type { Page } from '../contract/common.ts'
import type { Encounter } from '../contract/patients.ts'
import type { Coded, Diagnosis, Person, PointOfCare } from '../model/values.ts'
import { documentOf, openerOf, provenanceOf, readerOf } from './read-document.ts'
import type { Opener } from './read-document.ts'
import { LARGEST_ID, idOfCursor, pageOf, rowsOf, statement } from './reading.ts'
import type { ReadStore } from './reading.ts'

const COLUMNS = 'id, patient_id, status, version, sealed'

export const LIST_ENCOUNTERS = statement(
  'list-encounters',
  `select ${COLUMNS} from encounter where practice_id = current_practice() and id < $1 order by id desc limit $2`,
)

export const LIST_ENCOUNTERS_OF_PATIENT = statement(
  'list-encounters-of-patient',
  `select ${COLUMNS} from encounter
where practice_id = current_practice() and patient_id = $3 and id < $1 order by id desc limit $2`,
)

export const READ_ENCOUNTER = statement(
  'read-encounter',
  `select ${COLUMNS} from encounter where practice_id = current_practice() and id = $1`,
)

interface Row {
  id: string
  patient_id: string
  status: string
  version: number
  sealed: Buffer
}

export async function listEncounters(
  store: ReadStore,
  query: { limit: number; cursor?: string | undefined; patient_id?: string | undefined },
): Promise<Page<Encounter>> {
  const before = idOfCursor(query.cursor) ?? LARGEST_ID
  const values = [before, query.limit + 1]
  const [rows, opener] = await Promise.all([
    query.patient_id === undefined
      ? rowsOf<Row>(store.database, LIST_ENCOUNTERS, values)
      : rowsOf<Row>(store.database, LIST_ENCOUNTERS_OF_PATIENT, [...values, query.patient_id]),
    openerOf(store),
  ])
  return pageOf(rows, query.limit, { idOf: (row) => row.id, view: (row) => encounterOf(row, opener) })
}

export async function readEncounter(store: ReadStore, id: string): Promise<Encounter | undefined> {
  const [[row], opener] = await Promise.all([
    rowsOf<Row>(store.database, READ_ENCOUNTER, [id]),
    openerOf(store),
  ])
  return row && encounterOf(row, opener)
}

function encounterOf(row: Row, { vault, names }: Opener): Encounter {
  const document = documentOf(vault, 'encounter', row)
  const { text, object, rows } = readerOf(document)
  return {
    id: row.id,
    patient_id: row.patient_id,
    external_id: text('external_id'),
    account_number: text('account_number'),
    status: row.status,
    class: text('class'),
    location: object<PointOfCare>('location'),
    attending: object<Person>('attending'),
    referring: object<Person>('referring'),
    consulting: object<Person>('consulting'),
    admitting: object<Person>('admitting'),
    service: text('service'),
    start_time: text('start_time'),
    end_time: text('end_time'),
    reason: object<Coded>('reason'),
    diagnoses: rows<Diagnosis>('diagnoses'),
    version: row.version,
    provenance: provenanceOf(document, names),
  }
}
