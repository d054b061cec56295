import type { Page } from '../contract/common.ts'
import type { Conflict, ConflictQuery } from '../contract/conflicts.ts'
import type { RecordType } from '../model/fields.ts'
import { openSides } from './conflicts.ts'
import { readDocument } from './outbox-records.ts'
import { maskField, openerOf, readerOf } from './read-document.ts'
import type { Opener } from './read-document.ts'
import { readPatientNames } from './read-patients.ts'
import { LARGEST_ID, idOfCursor, instantOf, instantOrNull, pageOf, rowsOf, statement } from './reading.ts'
import type { ReadStore, Timestamp } from './reading.ts'

const COLUMNS = `id, connection_id, record_type, record_id, patient_id, sealed_sides, state, choice, created_at, resolved_at, resolved_by`

const FILTERS = `($3::text is null or state = $3) and ($4::uuid is null or patient_id = $4)
  and ($5::uuid is null or record_id = $5) and ($6::uuid is null or connection_id = $6)`

/** Newest first. */
export const LIST_CONFLICTS = statement(
  'list-conflicts',
  `select ${COLUMNS} from conflict where practice_id = current_practice() and id < $1 and ${FILTERS}
order by id desc limit $2`,
)

export const LIST_CONFLICTS_IN_STATE = statement(
  'list-conflicts-in-state',
  `select ${COLUMNS} from conflict where practice_id = current_practice() and state = $3 and id < $1 and ${FILTERS}
order by id desc limit $2`,
)

export const READ_CONFLICT = statement(
  'read-conflict',
  `select ${COLUMNS} from conflict where practice_id = current_practice() and id = $1`,
)

interface Row {
  id: string
  connection_id: string
  record_type: RecordType
  record_id: string
  patient_id: string | null
  sealed_sides: Buffer
  state: 'open' | 'resolved'
  choice: 'studio' | 'cerner' | null
  created_at: Timestamp
  resolved_at: Timestamp | null
  resolved_by: string | null
}

/** @param showNames false leaves the patient's name out */
export async function listConflicts(
  store: ReadStore,
  query: ConflictQuery,
  { showNames }: { showNames: boolean },
): Promise<Page<Conflict>> {
  const { state = null, patient_id = null, record_id = null, connection_id = null } = query
  const list = state === null ? LIST_CONFLICTS : LIST_CONFLICTS_IN_STATE
  const values = [
    idOfCursor(query.cursor) ?? LARGEST_ID,
    query.limit + 1,
    state,
    patient_id,
    record_id,
    connection_id,
  ]
  const rows = await rowsOf<Row>(store.database, list, values)
  const page = pageOf(rows, query.limit, { idOf: (row) => row.id, view: (row) => row })
  return { items: await viewsOf(store, page.items, showNames), next: page.next }
}

export async function readConflict(
  store: ReadStore,
  id: string,
  { showNames }: { showNames: boolean },
): Promise<Conflict | undefined> {
  const rows = await rowsOf<Row>(store.database, READ_CONFLICT, [id])
  return (await viewsOf(store, rows, showNames))[0]
}

async function viewsOf(store: ReadStore, rows: readonly Row[], showNames: boolean): Promise<Conflict[]> {
  const [opener, names] = await Promise.all([
    openerOf(store),
    readPatientNames(store, showNames ? rows.map((row) => row.patient_id) : []),
  ])
  return Promise.all(
    rows.map(async (row) => {
      const name = row.patient_id === null ? undefined : names.get(row.patient_id)
      const title = [await subjectOf(store, row), name]
        .filter((part) => part !== undefined && part !== '')
        .join(', ')
      return viewOf(row, opener, title)
    }),
  )
}

/** What the conflict is about, without its patient. */
async function subjectOf(store: ReadStore, row: Row): Promise<string> {
  if (row.record_type !== 'appointment') return 'Demographics'
  const document = await readDocument(store.database, store.vault, 'appointment', row.record_id)
  if (!document) return 'Appointment'
  const { text, object } = readerOf(document)
  return object<{ text?: string }>('service')?.text ?? text('reason') ?? 'Appointment'
}

function viewOf(row: Row, { vault, names }: Opener, title: string): Conflict {
  const sides = openSides(vault, row)
  return {
    id: row.id,
    connection_id: row.connection_id,
    connection_name: names.of(row.connection_id).name,
    record: { type: row.record_type, id: row.record_id },
    title,
    patient_id: row.patient_id,
    action: sides.action,
    fields: sides.fields.map(({ field, before, ours, theirs, place }) => ({
      field,
      before: maskField(field, before) ?? null,
      ours: maskField(field, ours) ?? null,
      theirs: maskField(field, theirs) ?? null,
      place,
    })),
    ours: sides.ours,
    theirs: sides.theirs,
    state: row.state,
    choice: row.choice,
    created_at: instantOf(row.created_at),
    resolved_at: instantOrNull(row.resolved_at),
    resolved_by: row.resolved_by,
  }
}
