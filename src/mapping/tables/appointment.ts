import type { AppointmentFields } from '../../model/fields.ts'
import type { LinkCodec } from '../codec.ts'
import { cancelReason, concept, conceptText, localCode } from '../codecs/concept.ts'
import { coded } from '../codecs/coded.ts'
import { instant } from '../codecs/moment.ts'
import { person, personId } from '../codecs/person.ts'
import { pointOfCare } from '../codecs/point-of-care.ts'
import { locationId, referenceId } from '../codecs/reference.ts'
import { text } from '../codecs/text.ts'
import { appointmentStatus } from '../codesets/appointment-status.ts'
import { table } from '../table.ts'

/** The patient of an appointment is a link, made when the patient's own statement is applied. */
const patientLink: LinkCodec = { kind: 'link', name: 'patient' }

/**
 * Appointments. The first ten rows are the guide's appendix, in its order and names.
 *
 * The HL7 column names the first place of each value; times with their offsets and durations, the provider among
 * several resources and the status of the event are worked out in map-siu.ts (hl7-v2.md §10.1).
 */
// prettier-ignore
export const appointmentTable = table<AppointmentFields, 'patient_id'>('appointment', [
// studio field        CCL                 HL7 v2                   FHIR R4                             CSV              codec
  ['external_id',      'SCHEDULE_ID',      'SCH-2.1 | SCH-1.1',     'id',                               'AppointmentID', text],
  ['patient_id',       'PERSON_ID',        'PID-3.1',               'participant[Patient].actor',       'PatientID',     patientLink],
  ['provider_id',      'RESOURCE_CD',      'AIP-3 | AIG-3 | PV1-7', 'participant[Practitioner]',        'ProviderID',    personId],
  ['appointment_type', 'APPT_TYPE_CD',     'SCH-8',                 'appointmentType | serviceType[0]', 'Type',          localCode('appointment-type')],
  ['start_time',       'BEG_DT_TM',        'TQ1-7 | SCH-11.4',      'start | requestedPeriod[0].start', 'Start',         instant],
  ['end_time',         'END_DT_TM',        'TQ1-8 | SCH-11.5',      'end | requestedPeriod[0].end',     'End',           instant],
  ['status',           'APPT_STATUS_CD',   'SCH-25',                'status',                           'Status',        coded(appointmentStatus)],
  ['reason',           'REASON_TXT',       'SCH-7 | SCH-6',         'reasonCode[0] | description',      'Reason',        conceptText],
  ['location_id',      'LOCATION_CD',      'AIL-3.1 | PV1-3.1',     'participant[Location].actor',      'LocationID',    locationId],
  ['notes',            'RESULT_TXT',       'NTE-3',                 'comment',                          'Notes',         text],
  ['placer_id',        'SCH_EVENT_ALIAS',  'SCH-1.1',               'identifier[PLAC].value',           null,            text],
  ['provider',         'RESOURCE_PERSON',  'AIP-3 | AIG-3 | PV1-7', 'participant[Practitioner]',        null,            person],
  ['location',         'APPT_LOCATION_CD', 'AIL-3 | PV1-3',         null,                               null,            pointOfCare],
  ['service',          'APPT_SYNONYM_CD',  'AIS-3',                 'serviceType[0]',                   null,            concept],
  ['slot_id',          null,               null,                    'slot[0]',                          null,            referenceId('Slot')],
  ['cancel_reason',    null,               null,                    'cancelationReason',                null,            cancelReason],
])
