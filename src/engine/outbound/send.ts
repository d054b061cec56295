import type { Action } from '../../connectors/cerner/definition.ts'
import type { CernerRoad, FhirResource, LostWrite, Read, Written } from '../../connectors/cerner/port.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { patientPatch } from '../../mapping/write-fhir.ts'
import { parseResource } from '../../standards/fhir/json.ts'
import { readContent } from '../../store/document-content.ts'
import type { OpenChange, OutboundAction, OutboundRequest } from './intent.ts'
import { connectionOf, mapSettingsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { registrationBody } from './registration-body.ts'

type Changing = Exclude<
  OutboundRequest,
  { action: 'book' | 'person_create' | 'vital_signs' | 'document_create' }
>

/** The road of each action. */
export const roadActionOf = (action: OutboundAction): Action => action

/** True for what changes a record that Cerner has, and so needs its version. */
export const isChanging = (request: OutboundRequest): request is Changing => 'farId' in request

/** Reads the record at Cerner that a change is about. */
export const readCurrent = (road: CernerRoad, { action, farId }: Changing): Promise<Read> =>
  action === 'person_update' ? road.readPerson(farId) : road.readAppointment(farId)

export const typeOf = (action: OutboundAction): LostWrite['type'] => {
  if (action === 'vital_signs') return 'Observation'
  if (action === 'document_create') return 'DocumentReference'
  return action === 'person_update' || action === 'person_create' ? 'Patient' : 'Appointment'
}

/**
 * Makes the call of a change, once.
 *
 * @param current the record as it was read just now, for changes that need it
 * @throws what the road throws
 */
export async function send(
  parts: OutboundParts,
  road: CernerRoad,
  change: OpenChange,
  current: Read | null,
): Promise<Written> {
  const { request } = change.intent
  switch (request.action) {
    case 'book': {
      const { action: _action, ...booking } = request
      return road.book(booking)
    }
    case 'reschedule':
      return road.reschedule(request.farId, versionOf(change), {
        slotId: request.slotId,
        ...(request.reason === undefined ? {} : { reason: request.reason }),
      })
    case 'cancel': {
      const { code, system, comment } = request
      return road.cancel(request.farId, versionOf(change), {
        code,
        system,
        ...(comment === undefined ? {} : { comment }),
      })
    }
    case 'check_in':
      return road.setStatus(request.farId, versionOf(change), request.status)
    case 'person_update':
      return updatePerson(parts, road, change, current)
    case 'person_create':
      return road.createPerson(personBody(parts, change), { isReviewed: !request.alone })
    case 'vital_signs':
      return road.createObservation(parseResource(request.body), request.body)
    case 'document_create':
      return road.createDocument(await withContent(parts, request))
    default:
      return request satisfies never
  }
}

function versionOf({ baseVersion, intent: { request } }: OpenChange): string {
  if (baseVersion !== null) return baseVersion
  // Without a version nothing may be overwritten: the other side could have changed.
  throw new IntegrationError('FHIR_RESOURCE_INVALID', {
    place: `${typeOf(request.action)}.meta.versionId`,
    expected: 'a version',
  })
}

async function updatePerson(
  parts: OutboundParts,
  road: CernerRoad,
  change: OpenChange,
  current: Read | null,
): Promise<Written> {
  const { request, ours } = change.intent
  if (!current || request.action !== 'person_update') throw new Error('a person is changed on a fresh read')
  const settings = mapSettingsOf(connectionOf(parts, change.connectionId))
  const resource = parseResource(current.text, 'Patient')
  const { operations, unsupported } = patientPatch(resource, ours, settings)
  const [field] = unsupported
  if (field !== undefined) {
    const reason = 'Cerner does not take it from us'
    throw new IntegrationError('FHIR_PATCH_NOT_POSSIBLE', { type: 'Patient', place: field, reason })
  }
  const version = versionOf(change)
  // Cerner has it already: there is nothing to send.
  if (operations.length === 0) return { type: 'Patient', id: request.farId, version, lastModifiedMs: null }
  return road.updatePerson(request.farId, version, operations)
}

async function withContent(
  { database, vault }: OutboundParts,
  { body, documentId }: Extract<OutboundRequest, { action: 'document_create' }>,
): Promise<FhirResource> {
  const content = await readContent(database, vault, documentId)
  if (!content) throw new IntegrationError('NOT_FOUND', { what: 'document content' })
  const resource = structuredClone(body) as unknown as FhirResource & {
    content: [{ attachment: Record<string, unknown> }]
  }
  resource.content[0].attachment['data'] = content.bytes.toString('base64')
  return resource
}

/** What a create would have made, for finding it again. */
export function lostWriteOf(parts: OutboundParts, change: OpenChange): LostWrite {
  const sentAtMs = change.sentAtMs ?? parts.clock.now()
  const type = typeOf(change.action)
  const { request } = change.intent
  switch (request.action) {
    case 'book':
      return { type, body: bookingBody(request), sentAtMs }
    case 'person_create':
      return { type, body: personBody(parts, change), sentAtMs }
    case 'vital_signs':
      return { type, body: parseResource(request.body), sentAtMs }
    case 'document_create':
      return { type, body: request.body as unknown as FhirResource, sentAtMs }
    default:
      throw new Error(`${request.action} is not looked up`)
  }
}

/**
 * The person as entered, with the organization that enrols as it is set now, so that a setting that was wrong can be
 * mended and the registration sent again.
 *
 * @throws FHIR_RULE_BROKEN
 */
function personBody(parts: OutboundParts, { connectionId, intent }: OpenChange): FhirResource {
  const connection = connectionOf(parts, connectionId)
  return registrationBody(intent.ours, mapSettingsOf(connection), connection.settings.enrolAt)
}

const bookingBody = ({
  slotId,
  start,
  end,
  patient,
  reason,
}: Extract<OutboundRequest, { action: 'book' }>): FhirResource => ({
  resourceType: 'Appointment',
  status: 'booked',
  slot: [{ reference: `Slot/${slotId}` }],
  start,
  end,
  participant: [{ actor: { reference: `Patient/${patient.id}` }, status: 'accepted' }],
  ...(reason === undefined || reason === '' ? {} : { reasonCode: [{ text: reason }] }),
})
