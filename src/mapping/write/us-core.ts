import type { Instant } from '../../kernel/calendar-date.ts'
import { rowsOf, valueOf } from '../../model/document.ts'
import type { RecordDocument } from '../../model/document.ts'
import type { AppointmentResource, Identifier, NextOfKin, PointOfCare } from '../../model/values.ts'
import { visitClass } from '../codesets/visit-class.ts'
import { relationship } from '../codesets/relationship.ts'
import type { FhirResource } from '../fhir/json.ts'
import {
  absentReason,
  addressOf,
  authorityUri,
  compacted,
  conceptFrom,
  conceptOf,
  conceptOfCoded,
  dateTime,
  one,
  personReference,
  phoneOf,
  TERMINOLOGY,
  textConcept,
  US_CORE,
} from './parts.ts'
import type { Json } from './parts.ts'
import { patientParts } from './patient-parts.ts'

/** What a stored record does not say of itself. Ids are Practice Studio's own. */
export interface UsCoreContext {
  id: string
  /** Of the patient the record belongs to; the id itself for a patient. */
  patientId: string
  lastUpdated?: Instant
  version?: number | string
}

/** Resource with its type, id, version and profile, and the members that are said. */
export function resourceOf(
  type: string,
  context: UsCoreContext,
  profile: string | null,
  members: Json,
): FhirResource {
  return {
    resourceType: type,
    id: context.id,
    meta: compacted({
      versionId: context.version === undefined ? undefined : String(context.version),
      lastUpdated: context.lastUpdated,
      profile: one(profile && `${US_CORE}/${profile}`),
    }),
    ...compacted(members),
  }
}

export const patientReference = (context: UsCoreContext): Json => ({
  reference: `Patient/${context.patientId}`,
})

export const dateTimeOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? dateTime(value) : undefined

/** US Core Patient. The social security number stays inside: no reader of the façade needs it. */
export function toUsCorePatient(document: RecordDocument, context: UsCoreContext): FhirResource {
  const of = (field: string): unknown => valueOf(document, field)
  const parts = patientParts(document)
  const diedAt = dateTimeOf(of('deceased_at'))
  const deceased = of('deceased')
  return resourceOf('Patient', context, 'us-core-patient', {
    extension: parts.extension,
    identifier: [own(context.id), ...rowsOf<Identifier>(document, 'identifiers').flatMap(identifierOf)],
    active: of('active') !== false,
    // US Core asks for a name; a patient who is known by number only has none to give.
    name: [parts.name ?? { extension: [absentReason('unknown')] }],
    telecom: parts.telecom,
    gender: parts.gender ?? 'unknown',
    birthDate: of('date_of_birth'),
    deceasedDateTime: diedAt,
    deceasedBoolean: diedAt === undefined && typeof deceased === 'boolean' ? deceased : undefined,
    address: one(parts.address),
    maritalStatus: parts.maritalStatus,
    contact: rowsOf<NextOfKin>(document, 'next_of_kin').map(contactOf),
    communication: one(parts.communication),
    generalPractitioner: one(personReference(of('primary_provider'))),
  })
}

const own = (id: string): Json => ({ use: 'usual', system: 'urn:ietf:rfc:3986', value: `urn:uuid:${id}` })

function identifierOf({ value, authority, type, raw_type }: Identifier): Json[] {
  const system = authorityUri(authority)
  if (type === 'SS' || system === undefined) return []
  // A logical id of a FHIR server is no identifier type of table 0203.
  const concept = type === 'FHIR' ? { text: 'FHIR id' } : conceptOf(`${TERMINOLOGY}/v2-0203`, type, raw_type)
  return [{ type: concept, system, value }]
}

function contactOf(row: NextOfKin): Json {
  const related = conceptFrom(relationship, `${TERMINOLOGY}/v3-RoleCode`, row.relationship)
  // Table 0131 writes the emergency contact with one letter.
  const role = row.role && conceptOf(`${TERMINOLOGY}/v2-0131`, row.role === 'EC' ? 'C' : row.role)
  return compacted({
    relationship: [...one(related), ...one(role)],
    name: compacted({ family: row.last_name, given: one(row.first_name) }),
    telecom: [...one(phoneOf(row.phone, 'home')), ...one(phoneOf(row.phone_business, 'work'))],
    address: addressOf(row.address),
  })
}

const ENCOUNTER_ROLES = [
  ['attending', 'ATND', 'attender'],
  ['referring', 'REF', 'referrer'],
  ['consulting', 'CON', 'consultant'],
  ['admitting', 'ADM', 'admitter'],
] as const

/** US Core Encounter. */
export function toUsCoreEncounter(document: RecordDocument, context: UsCoreContext): FhirResource {
  const of = (field: string): unknown => valueOf(document, field)
  const studioClass = of('class')
  const code = typeof studioClass === 'string' ? visitClass.write(studioClass as 'AMB', 'fhir') : undefined
  const display = typeof studioClass === 'string' ? visitClass.display(studioClass) : undefined
  return resourceOf('Encounter', context, 'us-core-encounter', {
    identifier: one(visitNumber(of('external_id'))),
    status: of('status') ?? 'unknown',
    class: {
      system: `${TERMINOLOGY}/v3-ActCode`,
      code: code ?? 'AMB',
      ...(display === undefined ? {} : { display }),
    },
    type: [textConcept(display) ?? { text: 'Visit' }],
    serviceType: codeText(of('service')),
    subject: patientReference(context),
    participant: ENCOUNTER_ROLES.flatMap(([field, role, words]) => {
      const individual = personReference(of(field))
      const type = conceptOf(`${TERMINOLOGY}/v3-ParticipationType`, role, words)
      return individual ? [{ type: [type], individual }] : []
    }),
    period: compacted({ start: dateTimeOf(of('start_time')), end: dateTimeOf(of('end_time')) }),
    reasonCode: one(conceptOfCoded(of('reason'))),
    hospitalization: compacted({
      admitSource: codeText(of('admit_source')),
      dischargeDisposition: codeText(of('discharge_disposition')),
    }),
    location: one(placeOf(of('location'))).map((place) => ({ location: place })),
  })
}

const visitNumber = (value: unknown): Json | undefined =>
  typeof value === 'string'
    ? { type: conceptOf(`${TERMINOLOGY}/v2-0203`, 'VN', 'Visit number'), value }
    : undefined

/** A code of the site, whose system is not kept. */
const codeText = (value: unknown): Json | undefined =>
  typeof value === 'string' ? { coding: [{ code: value }], text: value } : undefined

/** A place by words; a bed is written as Cerner writes it, so that its parts can be read again. */
function placeOf(value: unknown): Json | undefined {
  const { facility = '', unit = '', room = '', bed = '' } = (value ?? {}) as PointOfCare
  const display =
    room === '' && bed === '' && facility === '' ? unit : [facility, '', unit, room, bed].join(', ')
  return display === '' ? undefined : { display }
}

/** Appointment of FHIR R4; US Core has no profile for it. */
export function toUsCoreAppointment(document: RecordDocument, context: UsCoreContext): FhirResource {
  const of = (field: string): unknown => valueOf(document, field)
  const [start, end] = [dateTimeOf(of('start_time')), dateTimeOf(of('end_time'))]
  return resourceOf('Appointment', context, null, {
    identifier: one(typeof of('external_id') === 'string' && { value: of('external_id') }),
    status: of('status') ?? 'booked',
    cancelationReason: conceptOfCoded(of('cancel_reason')),
    serviceType: one(conceptOfCoded(of('service'))),
    appointmentType: codeText(of('appointment_type')),
    reasonCode: one(textConcept(of('reason'))),
    // The two times stand together or not at all (FHIR R4, app-3).
    ...(start !== undefined && end !== undefined ? { start, end } : {}),
    comment: of('notes'),
    participant: [{ actor: patientReference(context), status: 'accepted' }, ...participantsOf(document)],
  })
}

function participantsOf(document: RecordDocument): Json[] {
  const provider = personReference(valueOf(document, 'provider'))
  const location = placeOf(valueOf(document, 'location'))
  const others = rowsOf<AppointmentResource>(document, 'resources').filter(
    ({ kind }) => kind === 'service' || kind === 'other',
  )
  const performer = conceptOf(`${TERMINOLOGY}/v3-ParticipationType`, 'PPRF', 'primary performer')
  return [
    ...one(provider && { type: [performer], actor: provider, status: 'accepted' }),
    ...one(location && { actor: location, status: 'accepted' }),
    ...others.flatMap(({ name, id, role, status }) => {
      const display = name ?? id
      return display === undefined
        ? []
        : [compacted({ type: one(textConcept(role)), actor: { display }, status: status ?? 'accepted' })]
    }),
  ] as Json[]
}

const CLINICAL_NOTE = conceptOf(
  'http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category',
  'clinical-note',
  'Clinical Note',
)

/** US Core DocumentReference; the content is a Binary of Practice Studio's own, under the same id. */
export function toUsCoreDocumentReference(document: RecordDocument, context: UsCoreContext): FhirResource {
  const of = (field: string): unknown => valueOf(document, field)
  const size = of('size_bytes')
  return resourceOf('DocumentReference', context, 'us-core-documentreference', {
    status: of('status') ?? 'current',
    docStatus: of('doc_status'),
    type: conceptOfCoded(of('type')) ?? conceptOf(`${TERMINOLOGY}/v3-NullFlavor`, 'UNK', 'unknown'),
    category: [CLINICAL_NOTE, ...one(textConcept(of('category')))],
    subject: patientReference(context),
    date: instantOf(of('created_at')),
    author: one(personReference(of('author'))),
    content: [
      {
        attachment: compacted({
          contentType: of('media_type'),
          url: `Binary/${context.id}`,
          size: typeof size === 'number' && size > 0 ? size : undefined,
          title: of('title'),
          creation: dateTimeOf(of('created_at')),
        }),
      },
    ],
    context: compacted({
      period: compacted({ start: dateTimeOf(of('period_start')), end: dateTimeOf(of('period_end')) }),
    }),
  })
}

/** `DocumentReference.date` is an instant; a day alone cannot stand there. */
const instantOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value.includes('T') ? value : undefined
