import type { Page } from '../contract/common.ts'
import type { Observation, Report } from '../contract/observations.ts'
import type { Coded, Observation as StoredObservation, Person } from '../model/values.ts'
import { documentOf, openerOf, provenanceOf, readerOf } from './read-document.ts'
import type { Opener } from './read-document.ts'
import { LARGEST_ID, cursorOf, idOfCursor, pageOf, rowsOf, statement } from './reading.ts'
import type { ReadStore } from './reading.ts'

const COLUMNS = 'id, patient_id, status, version, sealed'

export const LIST_REPORTS = statement(
  'list-reports',
  `select ${COLUMNS} from report where practice_id = current_practice() and id < $1 order by id desc limit $2`,
)

export const LIST_REPORTS_OF_PATIENT = statement(
  'list-reports-of-patient',
  `select ${COLUMNS} from report
where practice_id = current_practice() and patient_id = $3 and id < $1 order by id desc limit $2`,
)

export const READ_REPORT = statement(
  'read-report',
  `select ${COLUMNS} from report where practice_id = current_practice() and id = $1`,
)

interface Row {
  id: string
  patient_id: string
  status: string
  version: number
  sealed: Buffer
}

interface ReportQuery {
  limit: number
  cursor?: string | undefined
  patient_id?: string | undefined
}

export async function listReports(store: ReadStore, query: ReportQuery): Promise<Page<Report>> {
  const before = idOfCursor(query.cursor) ?? LARGEST_ID
  const [rows, opener] = await Promise.all([
    readRows(store, { before, limit: query.limit + 1, patientId: query.patient_id }),
    openerOf(store),
  ])
  return pageOf(rows, query.limit, { idOf: (row) => row.id, view: (row) => reportOf(row, opener) })
}

export async function readReport(store: ReadStore, id: string): Promise<Report | undefined> {
  const [[row], opener] = await Promise.all([rowsOf<Row>(store.database, READ_REPORT, [id]), openerOf(store)])
  return row && reportOf(row, opener)
}

const readRows = (
  { database }: ReadStore,
  { before, limit, patientId }: { before: string; limit: number; patientId?: string | undefined },
): Promise<Row[]> =>
  patientId === undefined
    ? rowsOf<Row>(database, LIST_REPORTS, [before, limit])
    : rowsOf<Row>(database, LIST_REPORTS_OF_PATIENT, [before, limit, patientId])

/** Reports opened per step while results are gathered; and how many at most for one page. */
const STEP_REPORTS = 50
const MOST_STEPS = 20

/**
 * Results, those of the newest report first and in the order of the report. A page ends with a whole report, so it can
 * hold somewhat more than `limit`; when a code is rare it can also hold fewer, and `next` says whether to go on.
 */
export async function listObservations(
  store: ReadStore,
  query: ReportQuery & { code?: string | undefined },
): Promise<Page<Observation>> {
  const items: Observation[] = []
  let before = idOfCursor(query.cursor) ?? LARGEST_ID
  for (let step = 0; step < MOST_STEPS; step++) {
    const rows = await readRows(store, { before, limit: STEP_REPORTS + 1, patientId: query.patient_id })
    const reports = rows.slice(0, STEP_REPORTS)
    for (const [index, row] of reports.entries()) {
      items.push(...observationsOf(row, store).filter((each) => isCoded(each, query.code)))
      before = row.id
      const more = index < rows.length - 1
      if (items.length >= query.limit || !more) return { items, next: more ? cursorOf(before) : null }
    }
    if (rows.length <= STEP_REPORTS) return { items, next: null }
  }
  return { items, next: cursorOf(before) }
}

const isCoded = (observation: Observation, code: string | undefined): boolean =>
  code === undefined || observation.code.code === code

const observationsOf = (row: Row, { vault }: ReadStore): Observation[] =>
  readerOf(documentOf(vault, 'report', row))
    .rows<StoredObservation>('observations')
    .map((each) => observationOf(row, each))

function observationOf(row: Row, { key, attachment, ...rest }: StoredObservation): Observation {
  const { performer: _performer, ...shown } = rest
  return {
    ...shown,
    id: `${row.id}:${key}`,
    report_id: row.id,
    patient_id: row.patient_id,
    ...(attachment === undefined ? {} : { attachment: withoutData(attachment) }),
    ...(rest.previous === undefined ? {} : { previous: rest.previous.map(versionOf) }),
  }
}

// The document itself can be megabytes; a list says that it is there.
function withoutData({ data_base64: _data, ...attachment }: NonNullable<StoredObservation['attachment']>) {
  return attachment
}

type Version = NonNullable<Observation['previous']>[number]

const versionOf = (earlier: Omit<StoredObservation, 'key' | 'previous'>): Version => ({
  status: earlier.status,
  ...(earlier.quantity && { quantity: earlier.quantity }),
  ...(earlier.text !== undefined && { text: earlier.text }),
  ...(earlier.codes && { codes: earlier.codes }),
  ...(earlier.effective_at !== undefined && { effective_at: earlier.effective_at }),
})

function reportOf(row: Row, { vault, names }: Opener): Report {
  const document = documentOf(vault, 'report', row)
  const { text, object, rows } = readerOf(document)
  return {
    id: row.id,
    patient_id: row.patient_id,
    external_id: text('external_id'),
    placer_order: text('placer_order'),
    code: object<Coded>('code'),
    status: row.status,
    effective_at: text('effective_at'),
    issued_at: text('issued_at'),
    category: text('category'),
    ordering_provider: object<Person>('ordering_provider'),
    performer: object<Person>('performer'),
    notes: text('notes'),
    observations: rows<StoredObservation>('observations').map((each) => observationOf(row, each)),
    version: row.version,
    provenance: provenanceOf(document, names),
  }
}
