import type { SearchResult } from '../contract/session.ts'
import type { PatientSummary } from '../contract/patients.ts'
import { readAppointment } from './read-appointments.ts'
import { readExchange } from './read-exchange.ts'
import { listExchanges } from './read-exchanges.ts'
import { listPatients, readPatient } from './read-patients.ts'
import type { ReadStore } from './reading.ts'

type Item = SearchResult['items'][number]

export interface SearchScope {
  patients: boolean
  exchanges: boolean
  appointments: boolean
}

const MOST = 8
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** Looks a text up by every key it could be, and says by which it was found. */
export async function searchEverything(store: ReadStore, text: string, scope: SearchScope): Promise<Item[]> {
  const query = text.trim()
  if (UUID.test(query)) return byId(store, query.toLowerCase(), scope)
  const finds = [
    ...(scope.patients ? patientKeysOf(query).map((key) => byPatientKey(store, key)) : []),
    ...(scope.exchanges ? [byControlId(store, query)] : []),
  ]
  const items = (await Promise.all(finds)).flat()
  return items.filter((item, at) => items.findIndex((each) => each.id === item.id) === at)
}

async function byId(store: ReadStore, id: string, scope: SearchScope): Promise<Item[]> {
  const [patient, exchange, appointment] = await Promise.all([
    scope.patients ? readPatient(store, id) : undefined,
    scope.exchanges ? readExchange(store, id, { showValues: false }) : undefined,
    scope.appointments ? readAppointment(store, id, { showNames: scope.patients }) : undefined,
  ])
  const items: Item[] = []
  if (patient) items.push(patientItem(patient, 'id'))
  if (exchange)
    items.push({ type: 'exchange', id, title: exchange.kind, detail: exchange.received_at, matched: 'id' })
  if (appointment) {
    const title = appointment.patient_name ?? appointment.appointment_type ?? 'Appointment'
    items.push({ type: 'appointment', id, title, detail: appointment.start_time ?? '', matched: 'id' })
  }
  return items
}

interface PatientKey {
  matched: 'mrn' | 'name' | 'date_of_birth' | 'phone'
  value: string
}

/** A number can be a record number or a phone, a date is a date of birth, and words are names. */
function patientKeysOf(query: string): PatientKey[] {
  const birth = dateIn(query)
  if (birth !== undefined) return [{ matched: 'date_of_birth', value: birth }]
  const keys: PatientKey[] = []
  if (!/\s/.test(query)) keys.push({ matched: 'mrn', value: query })
  if (/^[+()\d .-]+$/.test(query) && query.replace(/\D/g, '').length >= 10)
    keys.push({ matched: 'phone', value: query })
  if (/\p{L}{2}/u.test(query)) keys.push({ matched: 'name', value: query })
  return keys
}

/** `1956-03-14`, `19560314` or `3/14/1956` as a calendar date. */
function dateIn(query: string): string | undefined {
  const iso = /^((?:19|20)\d\d)-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])$/.exec(query)
  if (iso) return iso.slice(1).join('-')
  const us = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(query)
  if (!us) return undefined
  const [, month = '', day = '', year = ''] = us
  return `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`
}

async function byPatientKey(store: ReadStore, { matched, value }: PatientKey): Promise<Item[]> {
  const page = await listPatients(store, { [matched]: value, limit: MOST })
  return page.items.map((patient) => patientItem(patient, matched))
}

async function byControlId(store: ReadStore, controlId: string): Promise<Item[]> {
  const page = await listExchanges(store, { control_id: controlId, limit: MOST })
  return page.items.map(({ id, kind, state, received_at: at }) => ({
    type: 'exchange',
    id,
    title: kind,
    detail: `${state}, ${at}`,
    matched: 'control_id',
  }))
}

const patientItem = (patient: PatientSummary, matched: string): Item => ({
  type: 'patient',
  id: patient.id,
  title: [patient.last_name, patient.first_name].filter((part) => part !== null).join(', '),
  detail: [patient.mrn && `MRN ${patient.mrn}`, patient.date_of_birth].filter(Boolean).join(' · '),
  matched,
})
