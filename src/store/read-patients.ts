import type { Page } from '../contract/common.ts'
import type { Patient, PatientQuery, PatientSummary } from '../contract/patients.ts'
import type { RecordDocument } from '../model/document.ts'
import type { PendingChange } from '../contract/outbound.ts'
import type {
  Allergy,
  Condition,
  Coverage,
  Identifier,
  Immunization,
  KeyedRow,
  Medication,
  NextOfKin,
  Person,
} from '../model/values.ts'
import { readPendingOfChart } from './outbox-pending.ts'
import { queryTokens, wordsOf } from './patient-tokens.ts'
import { documentOf, maskIdentifier, maskSsn, openerOf, provenanceOf, readerOf } from './read-document.ts'
import type { DocumentReader, Opener } from './read-document.ts'
import { LARGEST_ID, idOfCursor, instantOf, pageOf, rowsOf, statement } from './reading.ts'
import type { ReadStore, Timestamp } from './reading.ts'

const COLUMNS = 'id, active, version, sealed, created_at, updated_at'

export const LIST_PATIENTS = statement(
  'list-patients',
  `select ${COLUMNS} from patient
where practice_id = current_practice() and merged_into is null and id < $1
order by id desc limit $2`,
)

// A function of the schema, because row-level security keeps a plain query off the GIN index (see its migration).
export const SEARCH_PATIENTS = statement(
  'search-patients',
  `select ${COLUMNS} from patient
where practice_id = current_practice() and id = any (array(select find_patients($1::bigint[], $2, $3)))
order by id desc`,
)

export const READ_PATIENT = statement(
  'read-patient',
  `select ${COLUMNS} from patient where practice_id = current_practice() and id = $1`,
)

interface Row {
  id: string
  active: boolean
  version: number
  sealed: Buffer
  created_at: Timestamp
  updated_at: Timestamp
}

/** Patients that carry everything the query says, newest first; a query that says nothing lists them all. */
export async function listPatients(store: ReadStore, query: PatientQuery): Promise<Page<PatientSummary>> {
  const before = idOfCursor(query.cursor) ?? LARGEST_ID
  const tokens = queryTokens(store.vault, saidIn(query))
  const rows =
    tokens === null
      ? await rowsOf<Row>(store.database, LIST_PATIENTS, [before, query.limit + 1])
      : await rowsOf<Row>(store.database, SEARCH_PATIENTS, [tokens.map(String), before, query.limit + 1])
  const page = pageOf(rows, query.limit, { idOf: (row) => row.id, view: (row) => opened(store, row) })
  const wanted = wordsOf(query.name ?? '')
  const items = page.items
    .filter((each) => hasName(each, wanted))
    .map(({ row, document }) => summaryOf(row, document))
  return { items, next: page.next }
}

const opened = (store: ReadStore, row: Row): Opened => ({
  row,
  document: documentOf(store.vault, 'patient', row),
})

interface Opened {
  row: Row
  document: RecordDocument
}

// Tokens hold the first eight letters of a name; what a longer query says beyond them is compared here.
function hasName({ document }: Opened, wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true
  const { text } = readerOf(document)
  const words = wordsOf(`${text('last_name') ?? ''} ${text('first_name') ?? ''}`)
  return wanted.every((each) => words.some((word) => word.startsWith(each)))
}

type Said = Partial<Pick<PatientQuery, 'mrn' | 'name' | 'date_of_birth' | 'phone'>>

const SEARCH_KEYS = ['mrn', 'name', 'date_of_birth', 'phone'] as const

/** Which keys a query searches by, for the audit trail. */
export const keysIn = (query: Said): string[] => SEARCH_KEYS.filter((key) => query[key])

function saidIn(query: Said): { mrn?: string; name?: string; date_of_birth?: string; phone?: string } {
  return Object.fromEntries(keysIn(query).map((key) => [key, query[key as keyof Said]]))
}

export async function readPatient(store: ReadStore, id: string): Promise<Patient | undefined> {
  const [[row], opener, pending] = await Promise.all([
    rowsOf<Row>(store.database, READ_PATIENT, [id]),
    openerOf(store),
    readPendingOfChart(store.database, id),
  ])
  return row && patientOf(row, opener, pending)
}

/** Every identifier a patient is known by, with nothing masked: for look-ups, not for showing. */
export async function readIdentifiers(store: ReadStore, id: string): Promise<Identifier[]> {
  const [row] = await rowsOf<Row>(store.database, READ_PATIENT, [id])
  return row ? readerOf(documentOf(store.vault, 'patient', row)).rows<Identifier>('identifiers') : []
}

export const READ_PATIENT_NAMES = statement(
  'read-patient-names',
  `select id, sealed from patient where practice_id = current_practice() and id = any ($1::uuid[])`,
)

/** `Last, First` by id. */
export async function readPatientNames(
  store: ReadStore,
  ids: readonly (string | null)[],
): Promise<Map<string, string>> {
  const wanted = [...new Set(ids.filter((id) => id !== null))]
  if (wanted.length === 0) return new Map()
  const rows = await rowsOf<{ id: string; sealed: Buffer }>(store.database, READ_PATIENT_NAMES, [wanted])
  return new Map(rows.map((row) => [row.id, nameOf(readerOf(documentOf(store.vault, 'patient', row)))]))
}

const nameOf = ({ text }: DocumentReader): string =>
  [text('last_name'), text('first_name')].filter((part) => part !== null).join(', ')

function summaryOf(row: Row, document: RecordDocument): PatientSummary {
  const reader = readerOf(document)
  const { text } = reader
  return {
    id: row.id,
    external_id: text('external_id'),
    mrn: reader.rows<Identifier>('identifiers').find((each) => each.type === 'MR')?.value ?? null,
    last_name: text('last_name'),
    first_name: text('first_name'),
    middle_name: text('middle_name'),
    date_of_birth: text('date_of_birth'),
    gender: text('gender'),
    phone_home: text('phone_home'),
    phone_mobile: text('phone_mobile'),
    address: {
      line1: text('address.line1'),
      line2: text('address.line2'),
      city: text('address.city'),
      state: text('address.state'),
      postal_code: text('address.postal_code'),
      country: text('address.country'),
      county: text('address.county'),
    },
    active: row.active,
    version: row.version,
    updated_at: instantOf(row.updated_at),
  }
}

/** Rows that stand, without the mark that keeps old news from reviving the others. */
const standing = <T extends Partial<KeyedRow>>(rows: readonly T[]): Omit<T, 'gone'>[] =>
  rows.map(({ gone: _gone, ...row }) => row)

function patientOf(row: Row, { vault, names }: Opener, pending: PendingChange[]): Patient {
  const document = documentOf(vault, 'patient', row)
  const { text, flag, object, rows } = readerOf(document)
  const ssn = text('ssn')
  return {
    ...summaryOf(row, document),
    name_suffix: text('name_suffix'),
    phone_work: text('phone_work'),
    email: text('email'),
    preferred_language: text('preferred_language'),
    race: text('race'),
    ethnicity: text('ethnicity'),
    marital_status: text('marital_status'),
    religion: text('religion'),
    ssn: ssn === null ? null : maskSsn(ssn),
    deceased: flag('deceased'),
    deceased_at: text('deceased_at'),
    primary_provider: object<Person>('primary_provider'),
    identifiers: rows<Identifier>('identifiers').map(maskIdentifier),
    next_of_kin: rows<NextOfKin>('next_of_kin'),
    coverage: standing(rows<Coverage>('coverage')),
    allergies: standing(rows<Allergy>('allergies')),
    conditions: standing(rows<Condition>('conditions')),
    medications: standing(rows<Medication>('medications')),
    immunizations: standing(rows<Immunization>('immunizations')),
    pending,
    created_at: instantOf(row.created_at),
    provenance: provenanceOf(document, names),
  }
}
