import type { AppointmentStatus } from '../../model/fields.ts'
import type { Effect, Said, SaidSet, Statement } from '../../model/statement.ts'
import type { AppointmentResource, Identifier } from '../../model/values.ts'
import { compileFhir, readFhirFields } from '../compile-fhir.ts'
import { appointmentTable } from '../tables/appointment.ts'
import { plus } from '../appointment-times.ts'
import { isNamedPerformer } from './choose.ts'
import { wordsOf } from './coding.ts'
import { elementIn, elementsIn, textIn } from './elements.ts'
import { isElement } from './json.ts'
import type { FhirElement, FhirResource } from './json.ts'
import { mentionPatient } from './map-patient.ts'
import type { FhirReading } from './reading.ts'

/**
 * An Appointment: its patient, then the appointment under two keys, the logical id and the same number as SCH-2 has it,
 * since Cerner's SIU messages name an appointment by it (cerner-fhir-r4.md §3.2).
 *
 * @throws FHIR_RESOURCE_INVALID without a patient, unless it has ended and so needs none
 */
export function mapAppointment(resource: FhirResource, id: string, at: FhirReading): readonly Statement[] {
  const fields = readAppointmentFields(resource, at)
  const effect = effectOf(fields['status']?.value)
  const keys: readonly Identifier[] = [
    at.fhirId(id),
    { value: id, authority: at.fhir.appointmentAuthority.trim().toUpperCase(), type: 'FILL' },
  ]
  const appointment: Statement = {
    record: 'appointment',
    keys,
    fields,
    sets: participants(resource, at),
    effect,
    complete: COMPLETE,
  }
  const patient = patientActor(resource, at)
  if (patient === undefined && effect === 'cancel') return [appointment]
  return [mentionPatient(patient?.actor, patient?.place ?? 'Appointment.participant', at), appointment]
}

/** What an appointment may have or not; when it is and how it stands are always said. */
const COMPLETE = ['reason', 'notes', 'cancel_reason']

const ENDED: ReadonlySet<AppointmentStatus> = new Set(['cancelled', 'noshow', 'entered-in-error'])

const effectOf = (status: unknown): Effect => (ENDED.has(status as AppointmentStatus) ? 'cancel' : 'upsert')

function readAppointmentFields(resource: FhirResource, at: FhirReading): Record<string, Said> {
  const fields = readFhirFields(compileFhir(appointmentTable), resource, 'Appointment', at)
  const { reason, status } = fields
  // Cerner puts the words of the appointment type into the description; only other words are a reason.
  if (reason?.place === 'Appointment.description' && isTypeText(resource, reason.value))
    delete fields['reason']
  readEnd(resource, fields)
  if (ENDED.has(status?.value as AppointmentStatus) && status)
    fields['slot_id'] = { value: null, place: status.place }
  return fields
}

const isTypeText = (resource: FhirResource, description: unknown): boolean =>
  wordsOf(elementIn(resource, 'serviceType')) === description ||
  wordsOf(elementIn(resource, 'appointmentType')) === description

/** Without an end, the start and the minutes say it. */
function readEnd(resource: FhirResource, fields: Record<string, Said>): void {
  const { start_time: start, end_time: end } = fields
  const minutes = Number(textIn(resource, 'minutesDuration'))
  if (end || typeof start?.value !== 'string' || !(minutes > 0 && minutes <= 1440)) return
  fields['end_time'] = { value: plus(start.value, minutes * 60_000), place: 'Appointment.minutesDuration' }
}

function patientActor(
  resource: FhirResource,
  at: FhirReading,
): { actor: FhirElement; place: string } | undefined {
  const list = listOf(resource)
  for (let i = 0; i < list.length; i++) {
    const actor = elementIn(list[i], 'actor')
    if (actor && at.idOf(actor, 'Patient') !== undefined)
      return { actor, place: `Appointment.participant[${i}].actor` }
  }
  return undefined
}

const listOf = (resource: FhirResource): readonly (FhirElement | undefined)[] => {
  const list = resource['participant']
  return Array.isArray(list)
    ? (list as readonly unknown[]).map((one) => (isElement(one) ? one : undefined))
    : []
}

/** Everyone and everything that takes part, but the patient. */
function participants(resource: FhirResource, at: FhirReading): Record<string, SaidSet> {
  const rows = elementsIn(resource, 'participant').flatMap((one) => resourceRow(one, at) ?? [])
  return rows.length === 0 ? {} : { resources: { rows, place: 'Appointment.participant' } }
}

const KINDS: Readonly<Record<string, AppointmentResource['kind'] | 'patient'>> = {
  Patient: 'patient',
  RelatedPerson: 'patient',
  Practitioner: 'provider',
  PractitionerRole: 'provider',
  Location: 'location',
  HealthcareService: 'service',
}
const STATUSES = ['accepted', 'declined', 'tentative', 'needs-action'] as const

function resourceRow(participant: FhirElement, at: FhirReading): AppointmentResource | undefined {
  const actor = elementIn(participant, 'actor')
  const target = at.target(actor)
  const contained = at.contained(actor)
  const type = target?.type ?? textIn(contained, 'resourceType')
  const kind = KINDS[type] ?? (isNamedPerformer(participant) ? 'provider' : 'other')
  const name = textIn(actor, 'display') || textIn(contained, 'name')
  if (kind === 'patient' || (target === undefined && name === '')) return undefined
  const row: AppointmentResource = { kind }
  if (target) row.id = target.id
  if (name !== '') row.name = name
  const role = elementsIn(participant, 'type').map(wordsOf).find(Boolean)
  if (role !== undefined) row.role = role
  const status = STATUSES.find((one) => one === textIn(participant, 'status'))
  if (status) row.status = status
  return row
}
