import { isCancelable, isReschedulable, isStatus } from '../../standards/mws/statuses.ts'
import type { Resource, Versioned } from './contract.ts'
import { collect, sortable, type Row } from './millennium-routes-paging.ts'
import {
  isObject,
  listIn,
  one,
  parametersOf,
  rangeIn,
  ServiceRefusal,
  textIn,
  type Reply,
  type ServiceCall,
} from './millennium-routes-reply.ts'
import type { Desk } from './millennium-routes-services.ts'
import { appendRange, startOf } from './millennium-routes-slots.ts'

/** Appointments: reading them, and moving them on. @see millennium-web-services.md §7 */

const MINUTE_MS = 60_000
const EXTENSION = 'urn:practicestudio:mws:'

/** What the services know of an appointment beyond the hospital's record. */
export interface AppointmentNote {
  readonly slotId: string
  readonly description: string | null
  readonly comment: string | null
  /** Counts the times it was moved. */
  readonly sequence: number
}

export const referencesOf = (appointment: Resource): string[] =>
  listIn(appointment['participant']).flatMap((row) =>
    isObject(row) && isObject(row['actor']) ? (textIn(row['actor']['reference']) ?? []) : [],
  )

export function shownAs(desk: Desk, found: Versioned): Reply {
  return one(found, appointmentOf(desk, found.resource))
}

export function appointmentOf(desk: Desk, resource: Resource): Resource {
  const note = desk.notes.get(resource.id ?? '')
  const doctor = referencesOf(resource).find((reference) => reference.startsWith('Practitioner/'))
  const status = isStatus(resource['status']) ? resource['status'] : 'booked'
  const minutes = Math.round(
    (Date.parse(String(resource['end'])) - Date.parse(String(resource['start']))) / MINUTE_MS,
  )
  const own = listIn(resource['extension']).filter(
    (row) => isObject(row) && !/\/is-(cancelable|reschedulable)$/.test(String(row['url'])),
  )
  return {
    ...resource,
    extension: [
      ...own,
      { url: `${EXTENSION}sch-event-id`, valueString: resource.id ?? '' },
      { url: `${EXTENSION}schedule-seq`, valueInteger: note?.sequence ?? 0 },
      ...(doctor === undefined
        ? []
        : [{ url: `${EXTENSION}resource-cd`, valueString: doctor.slice('Practitioner/'.length) }]),
      { url: `${EXTENSION}is-cancelable`, valueBoolean: isCancelable(status) },
      { url: `${EXTENSION}is-reschedulable`, valueBoolean: isReschedulable(status) },
    ],
    ...(Number.isNaN(minutes) ? {} : { minutesDuration: minutes }),
    ...(note === undefined ? {} : { slot: [{ reference: `Slot/${note.slotId}` }] }),
    ...(note === undefined || note.description === null ? {} : { description: note.description }),
    ...(note === undefined || note.comment === null ? {} : { comment: note.comment }),
  }
}

export const read = (desk: Desk, { request, grant }: ServiceCall): Versioned =>
  desk.hospital.records.read('Appointment', request.path['id'] ?? '', grant)

export const readAppointment = (desk: Desk, call: ServiceCall): Reply => shownAs(desk, read(desk, call))

export function searchAppointments(desk: Desk, call: ServiceCall): Reply {
  const who = ['patient', 'practitioner', 'location']
  const query = parametersOf(call, [...who, 'start', 'status'], ['start'])
  const given = who.filter((name) => query.has(name))
  if (given.length !== 1)
    throw new ServiceRefusal(given.length === 0 ? 'missing-parameter' : 'invalid-parameter', {
      expression: 'patient',
    })
  const range = rangeIn(query, 'start')
  const search = new URLSearchParams([...query].filter(([name]) => [...who, 'status'].includes(name)))
  search.set('_count', '200')
  if (range !== null) appendRange(search, 'date', range)
  // The hospital also finds what ends in the range; here only the start counts.
  const found = collect(desk.hospital.records, 'Appointment', search, call.grant).filter(
    ({ resource }) => range === null || (startOf(resource) >= range.from && startOf(resource) < range.to),
  )
  return desk.pages.page(
    call,
    found.map((row) => appointmentRow(desk, row)),
  )
}

const appointmentRow = (desk: Desk, { resource }: Versioned): Row => ({
  place: `${sortable(startOf(resource))} ${resource.id ?? ''}`,
  id: resource.id ?? '',
  resource: appointmentOf(desk, resource),
})
