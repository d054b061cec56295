import type { z } from 'zod'
import type { Page } from '../contract/common.ts'
import type { ClinicalDocument, documentQuery } from '../contract/documents.ts'
import { valueOf } from '../model/document.ts'
import type { Coded, Person } from '../model/values.ts'
import { documentOf, openerOf, provenanceOf, readerOf } from './read-document.ts'
import type { Opener } from './read-document.ts'
import { LARGEST_ID, idOfCursor, instantOf, pageOf, rowsOf, statement } from './reading.ts'
import type { ReadStore, Timestamp } from './reading.ts'

const COLUMNS = `d.id, d.patient_id, d.status, d.version, d.sealed, d.updated_at, c.size_bytes`

const FROM = `from document d
left join document_content c on c.practice_id = current_practice() and c.document_id = d.id
where d.practice_id = current_practice()`

/** Newest first. */
export const LIST_DOCUMENTS = statement(
  'list-documents',
  `select ${COLUMNS} ${FROM} and d.id < $1 order by d.id desc limit $2`,
)

export const LIST_DOCUMENTS_OF_PATIENT = statement(
  'list-documents-of-patient',
  `select ${COLUMNS} ${FROM} and d.patient_id = $3 and d.id < $1 order by d.id desc limit $2`,
)

export const READ_DOCUMENT = statement('read-document', `select ${COLUMNS} ${FROM} and d.id = $1`)

interface Row {
  id: string
  patient_id: string
  status: string
  version: number
  sealed: Buffer
  updated_at: Timestamp
  /** Of the content kept here; null when none is. */
  size_bytes: number | null
}

export async function listDocuments(
  store: ReadStore,
  query: z.infer<typeof documentQuery>,
): Promise<Page<ClinicalDocument>> {
  const page = [idOfCursor(query.cursor) ?? LARGEST_ID, query.limit + 1]
  const [rows, opener] = await Promise.all([
    query.patient_id === undefined
      ? rowsOf<Row>(store.database, LIST_DOCUMENTS, page)
      : rowsOf<Row>(store.database, LIST_DOCUMENTS_OF_PATIENT, [...page, query.patient_id]),
    openerOf(store),
  ])
  return pageOf(rows, query.limit, { idOf: (row) => row.id, view: (row) => viewOf(row, opener) })
}

export async function readClinicalDocument(
  store: ReadStore,
  id: string,
): Promise<ClinicalDocument | undefined> {
  const [[row], opener] = await Promise.all([
    rowsOf<Row>(store.database, READ_DOCUMENT, [id]),
    openerOf(store),
  ])
  return row && viewOf(row, opener)
}

function viewOf(row: Row, { vault, names }: Opener): ClinicalDocument {
  const document = documentOf(vault, 'document', row)
  const { text, object } = readerOf(document)
  const size = valueOf(document, 'size_bytes')
  const provenance = provenanceOf(document, names)
  return {
    id: row.id,
    patient_id: row.patient_id,
    external_id: text('external_id'),
    status: row.status,
    doc_status: text('doc_status'),
    type: object<Coded>('type'),
    category: text('category'),
    title: text('title'),
    author: object<Person>('author'),
    created_at: text('created_at'),
    period_start: text('period_start'),
    period_end: text('period_end'),
    media_type: text('media_type'),
    size_bytes: row.size_bytes ?? (typeof size === 'number' ? size : null),
    content: row.size_bytes !== null ? 'here' : text('content_url') === null ? 'none' : 'there',
    version: row.version,
    updated_at: instantOf(row.updated_at),
    provenance,
  }
}
