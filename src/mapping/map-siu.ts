import { IntegrationError } from '../kernel/errors.ts'
import type { AppointmentStatus } from '../model/fields.ts'
import type { Said, SaidSet, Statement } from '../model/statement.ts'
import type { Identifier } from '../model/values.ts'
import type { Hl7Message, Segment } from '../standards/hl7v2/message.ts'
import { findResources, generalSegment, providerSegment, readResources } from './appointment-resources.ts'
import type { ResourceSegment } from './appointment-resources.ts'
import { readAppointmentTimes } from './appointment-times.ts'
import { compile, openSlots } from './compile.ts'
import { cellAt } from './field-view.ts'
import { entityIdentifier } from './codecs/identifier.ts'
import type { SiuEvent } from './events.ts'
import { readFields, readPatient } from './map-patient.ts'
import { joinNotes } from './notes.ts'
import type { Reading } from './reading.ts'
import { appointmentTable } from './tables/appointment.ts'

/**
 * An SIU message: its patient when PID was sent, then the appointment (hl7-v2.md §10.1). A message without PID
 * carries the appointment alone; whoever applies it parks it when the appointment is not known.
 *
 * @returns null when SCH-25 says that the time is blocked, which is no appointment
 * @throws HL7_REQUIRED_SEGMENT_MISSING without SCH, HL7_REQUIRED_FIELD_EMPTY without a number in SCH-2 or SCH-1
 */
export function mapSiu(message: Hl7Message, event: SiuEvent, at: Reading): Statement[] | null {
  const sch = message.segment('SCH')
  if (!sch) throw new IntegrationError('HL7_REQUIRED_SEGMENT_MISSING', { segment: 'SCH' })
  if (sch.get(25).toUpperCase() === 'BLOCKED') return null
  const key = readAppointmentKey(sch, at)
  const patient = message.segment('PID')
    ? [readPatient(message, { effect: 'upsert', isNews: false }, at)]
    : []

  const resources = findResources(message)
  const fields = readAppointmentFields(message, sch, resources, at)
  const status = statusOf(event, sch, fields['status'])
  delete fields['status']
  if (status) fields['status'] = status
  // The event reason of a cancellation says why it was called off, not why the patient was to come.
  if (event.appointment === 'cancel' && fields['reason']?.place.startsWith('SCH-6')) delete fields['reason']
  const sets = event.snapshot ? resourceSet(resources, fields['start_time'], at) : {}
  return [...patient, { record: 'appointment', keys: [key], fields, sets, effect: event.appointment }]
}

/** SCH-2 is Cerner's number and the key; without it SCH-1, with the occurrence of a series in SCH-3. */
function readAppointmentKey(sch: Segment, at: Reading): Identifier {
  const filler = FILLER.read(cellAt(sch, 2), at)
  if (filler) return filler
  const placer = PLACER.read(cellAt(sch, 1), at)
  if (!placer) throw new IntegrationError('HL7_REQUIRED_FIELD_EMPTY', { field: 'SCH-2' })
  const occurrence = sch.get(3)
  return occurrence === '' ? placer : { ...placer, value: `${placer.value}#${occurrence}` }
}

const FILLER = entityIdentifier('FILL')
const PLACER = entityIdentifier('PLAC')

function readAppointmentFields(
  message: Hl7Message,
  sch: Segment,
  resources: readonly ResourceSegment[],
  at: Reading,
): Record<string, Said> {
  const rows = compile(appointmentTable, at.settings)
  const first = (name: string): Segment | undefined =>
    resources.find(({ segment }) => segment.name === name)?.segment
  const chosen = {
    AIP: providerSegment(resources),
    AIG: generalSegment(resources, 'provider'),
    AIL: first('AIL'),
    AIS: first('AIS'),
    NTE: undefined,
  }
  const fields = readFields(rows, openSlots(rows, message, chosen), at)
  const times = readAppointmentTimes(
    { start: fields['start_time'], end: fields['end_time'] },
    sch,
    resources,
    at,
  )
  delete fields['start_time']
  delete fields['end_time']
  if (times.start) fields['start_time'] = times.start
  if (times.end) fields['end_time'] = times.end
  const notes = joinNotes(message.segments.filter(({ name }) => name === 'NTE'))
  if (notes !== undefined) fields['notes'] = { value: notes, place: 'NTE-3' }
  const room = generalSegment(resources, 'room')
  if (!fields['location_id']?.place.startsWith('AIL') && room && room.get(3) !== '')
    fields['location_id'] = { value: room.get(3), place: 'AIG-3.1' }
  return fields
}

/**
 * In S12 to S19 the filler status wins, because many senders tell a cancellation or an arrival with S14; in S15, S16,
 * S17 and S26 the event does.
 */
function statusOf(event: SiuEvent, sch: Segment, said: Said | undefined): Said | undefined {
  const byEvent = (status: AppointmentStatus): Said => ({ value: status, place: 'MSH-9.2' })
  if (event.status !== null) return byEvent(event.status)
  if (said && said.value !== null) return said
  // A status we do not know was refused with a warning; "booked" would be a guess then.
  return sch.field(25) === '' || sch.isNull(25) ? byEvent('booked') : undefined
}

function resourceSet(
  resources: readonly ResourceSegment[],
  start: Said | undefined,
  at: Reading,
): Record<string, SaidSet> {
  if (resources.length === 0) return {}
  const from = typeof start?.value === 'string' ? start.value : undefined
  // The times were read once already; their warnings stand once.
  const warned = at.warnings.length
  const rows = readResources(resources, from, at)
  at.warnings.length = warned
  return { resources: { rows, place: 'RGS' } }
}
