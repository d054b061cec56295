import type { Appointment, AppointmentQuery } from '../contract/appointments.ts'
import type { Page } from '../contract/common.ts'
import type { PendingChange } from '../contract/outbound.ts'
import type { Coded, Person } from '../model/values.ts'
import { stepsOf } from '../sync/transitions.ts'
import type { Step } from '../sync/transitions.ts'
import { appointmentNumberKey } from './blind-keys.ts'
import { readPending } from './outbox-pending.ts'
import { documentOf, openerOf, provenanceOf, readerOf } from './read-document.ts'
import type { Opener } from './read-document.ts'
import { readPatientNames } from './read-patients.ts'
import {
  LARGEST_ID,
  idAt,
  idOfCursor,
  instantOf,
  instantOrNull,
  pageOf,
  rowsOf,
  statement,
} from './reading.ts'
import type { ReadStore, Timestamp } from './reading.ts'
import { zonesOf } from './read-zones.ts'
import type { Zones } from './read-zones.ts'

const COLUMNS =
  'id, patient_id, status, start_at, end_at, provider_id, location_id, version, sealed, updated_at'

const FILTERS = `($3::uuid is null or patient_id = $3) and ($4::text is null or provider_id = $4)
  and ($5::text is null or location_id = $5) and ($6::text is null or status = $6)`

/** Newest first. */
export const LIST_APPOINTMENTS = statement(
  'list-appointments',
  `select ${COLUMNS} from appointment
where practice_id = current_practice() and id < $1 and ${FILTERS}
order by id desc limit $2`,
)

export const LIST_APPOINTMENTS_OF_PATIENT = statement(
  'list-appointments-of-patient',
  `select ${COLUMNS} from appointment
where practice_id = current_practice() and patient_id = $3 and id < $1 and ${FILTERS}
order by id desc limit $2`,
)

/** A stretch of the schedule, in the order of the day. The cursor is the last appointment that was shown. */
export const LIST_SCHEDULE = statement(
  'list-schedule',
  `select ${COLUMNS} from appointment
where practice_id = current_practice() and start_at >= greatest($7::timestamptz,
    (select start_at from appointment where practice_id = current_practice() and id = $1))
  and start_at < $8
  and ($1::uuid is null or (start_at, id) >
    (select start_at, id from appointment where practice_id = current_practice() and id = $1))
  and ${FILTERS}
order by start_at, id limit $2`,
)

export const READ_APPOINTMENT = statement(
  'read-appointment',
  `select ${COLUMNS} from appointment where practice_id = current_practice() and id = $1`,
)

interface Row {
  id: string
  patient_id: string | null
  status: string
  start_at: Timestamp | null
  end_at: Timestamp | null
  provider_id: string | null
  location_id: string | null
  version: number
  sealed: Buffer
  updated_at: Timestamp
}

/** How appointments are shown to who asks. */
export interface Showing {
  /** False leaves the patient's name out. */
  showNames: boolean
  /** What the connections can carry to the other side now; without it whatever may follow. */
  offers?: ReadonlySet<Step>
}

/** Appointments newest first, or by start time when `from` or `to` is given. */
export async function listAppointments(
  store: ReadStore,
  query: AppointmentQuery,
  showing: Showing,
): Promise<Page<Appointment>> {
  if (query.external_id !== undefined) {
    const found = await findByNumber(store, query.external_id)
    return { items: (await viewsOf(store, found, showing)).filter(isWithin(query)), next: null }
  }
  const page = await readPage(store, query)
  return { items: await viewsOf(store, page.items, showing), next: page.next }
}

async function readPage(store: ReadStore, query: AppointmentQuery): Promise<Page<Row>> {
  const rows = await readRows(store, query)
  return pageOf(rows, query.limit, { idOf: (row) => row.id, view: (row) => row })
}

export const FIND_BY_NUMBER = statement(
  'find-appointments-by-number',
  `select ${COLUMNS} from appointment
where practice_id = current_practice() and number_key = $1
order by id desc`,
)

/** By the number the other side gave it, whichever authority that was. */
const findByNumber = (store: ReadStore, number: string): Promise<Row[]> =>
  rowsOf<Row>(store.database, FIND_BY_NUMBER, [appointmentNumberKey(store.vault, number)])

/** The other filters of a query, for rows that were not found by them. */
const isWithin =
  (query: AppointmentQuery) =>
  (item: Appointment): boolean =>
    (query.patient_id === undefined || item.patient_id === query.patient_id) &&
    (query.provider_id === undefined || item.provider_id === query.provider_id) &&
    (query.location_id === undefined || item.location_id === query.location_id) &&
    (query.status === undefined || item.status === query.status) &&
    isBetween(item.start_time, query)

function isBetween(start: string | null, { from, to }: AppointmentQuery): boolean {
  if (from === undefined && to === undefined) return true
  if (start === null) return false
  const at = Date.parse(start)
  return (from === undefined || at >= Date.parse(from)) && (to === undefined || at < Date.parse(to))
}

async function readRows(store: ReadStore, query: AppointmentQuery): Promise<Row[]> {
  const { patient_id = null, provider_id = null, location_id = null, status = null, from, to } = query
  const filters = [query.limit + 1, patient_id, provider_id, location_id, status]
  const cursor = idOfCursor(query.cursor)
  if (from !== undefined || to !== undefined) {
    const range = [
      from === undefined ? '-infinity' : checked(from, 'from'),
      to === undefined ? 'infinity' : checked(to, 'to'),
    ]
    return rowsOf<Row>(store.database, LIST_SCHEDULE, [cursor ?? null, ...filters, ...range])
  }
  const list = patient_id === null ? LIST_APPOINTMENTS : LIST_APPOINTMENTS_OF_PATIENT
  return rowsOf<Row>(store.database, list, [cursor ?? LARGEST_ID, ...filters])
}

function checked(instant: string, name: string): string {
  idAt(instant, `query.${name}`)
  return instant
}

export async function readAppointment(
  store: ReadStore,
  id: string,
  showing: Showing,
): Promise<Appointment | undefined> {
  const rows = await rowsOf<Row>(store.database, READ_APPOINTMENT, [id])
  return (await viewsOf(store, rows, showing))[0]
}

async function viewsOf(store: ReadStore, rows: readonly Row[], showing: Showing): Promise<Appointment[]> {
  const { showNames, offers } = showing
  const [opener, patients, pending, zones] = await Promise.all([
    openerOf(store),
    readPatientNames(store, showNames ? rows.map((row) => row.patient_id) : []),
    readPending(
      store.database,
      rows.map((row) => row.id),
    ),
    zonesOf(store.database),
  ])
  return rows.map((row) =>
    appointmentOf(row, opener, { patients, pending: pending.get(row.id) ?? [], zones, offers }),
  )
}

interface Beside {
  patients: ReadonlyMap<string, string>
  pending: readonly PendingChange[]
  zones: Zones
  offers: ReadonlySet<Step> | undefined
}

/** What may be done with it now: nothing while a change of it is under way, or before the other side has it. */
function stepsNow(status: string, number: string | null, { pending, offers }: Beside): Step[] {
  if (pending.length > 0 || number === null) return []
  return stepsOf(status).filter((step) => offers?.has(step) ?? true)
}

function appointmentOf(row: Row, { vault, names }: Opener, beside: Beside): Appointment {
  const { patients, pending, zones } = beside
  const document = documentOf(vault, 'appointment', row)
  const { text, object } = readerOf(document)
  return {
    id: row.id,
    external_id: text('external_id'),
    placer_id: text('placer_id'),
    patient_id: row.patient_id,
    patient_name: (row.patient_id === null ? undefined : patients.get(row.patient_id)) ?? null,
    provider_id: row.provider_id,
    provider: object<Person>('provider'),
    appointment_type: text('appointment_type'),
    start_time: instantOrNull(row.start_at),
    end_time: instantOrNull(row.end_at),
    status: row.status,
    reason: text('reason'),
    location_id: row.location_id,
    service: object<Coded>('service'),
    notes: text('notes'),
    cancel_reason: object<Coded>('cancel_reason'),
    time_zone: zones.of(row.location_id),
    steps: stepsNow(row.status, text('external_id'), beside),
    // The one that a person has to look at, else the first: the others wait behind it.
    pending: pending.find(({ state }) => state === 'parked') ?? pending[0] ?? null,
    version: row.version,
    updated_at: instantOf(row.updated_at),
    provenance: provenanceOf(document, names),
  }
}
