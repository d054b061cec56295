import { createHash } from 'node:crypto'
import { request } from '../../standards/mws/operations.ts'
import type { MwsRequest } from '../../standards/mws/operations.ts'
import { bodyOfSearch } from './requests.ts'
import { digitsOf } from '../../standards/fhir/json.ts'
import { idOf } from '../../standards/fhir/reference.ts'
import type { FhirResource, LostWrite, Read, Written } from '../cerner/port.ts'
import { collect } from './pages.ts'
import type { Transport } from './transport.ts'

/** Clocks differ; what changed earlier than this before our call is not ours. */
const SKEW_MS = 2 * 60_000
const MINUTE_MS = 60_000

interface Plan {
  readonly request: MwsRequest | null
  readonly isIt: (found: FhirResource) => boolean
}

/**
 * Finds what a lost write made. Mostly the same call with the same key does it; this is for a person who wants to know,
 * and for sites that forget their keys.
 *
 * @returns null when it is not there
 */
export async function lookUp(transport: Transport, lost: LostWrite): Promise<Written | null> {
  const plan = await planOf(transport, lost)
  if (plan.request === null) return null
  const wanted = plan.request
  const found = await collect(transport, { at: (cursor) => withCursor(wanted, cursor) })
  const ours = found.filter((read) => isRecent(read, lost.sentAtMs) && plan.isIt(read.resource))
  // The first one after our call: a later one is somebody else's.
  const [first] = ours.toSorted((a, b) => updatedMs(a) - updatedMs(b))
  if (first?.resource.id === undefined) return null
  const at = updatedMs(first)
  return {
    type: lost.type,
    id: first.resource.id,
    version: first.version,
    lastModifiedMs: Number.isNaN(at) ? null : at,
  }
}

export const withCursor = (wanted: MwsRequest, cursor: string | null): MwsRequest =>
  cursor === null ? wanted : { ...wanted, query: [...wanted.query, ['cursor', cursor]] }

const updatedMs = ({ resource }: Read): number =>
  Date.parse(textOf(recordOf(resource['meta'])['lastUpdated']))
const isRecent = (read: Read, sentAtMs: number): boolean => !(updatedMs(read) < sentAtMs - SKEW_MS)

async function planOf(transport: Transport, { type, body }: LostWrite): Promise<Plan> {
  switch (type) {
    case 'Patient':
      return personPlan(body)
    case 'Appointment':
      return appointmentPlan(transport, body)
    case 'Observation':
      return resultPlan(body)
    case 'DocumentReference':
      return documentPlan(body)
    default:
      return type satisfies never
  }
}

function personPlan(body: FhirResource): Plan {
  const traits = traitsOf(body)
  const { family, given, birthdate } = traits
  const sex = textOf(body['gender'])
  return {
    request:
      family === '' || birthdate === ''
        ? null
        : request('searchPerson', { body: bodyOfSearch({ family, given, birthdate }) }),
    isIt: (found) => {
      const its = traitsOf(found)
      return (
        its.family === family &&
        its.given === given &&
        its.birthdate === birthdate &&
        textOf(found['gender']) === sex
      )
    },
  }
}

function traitsOf(person: FhirResource): { family: string; given: string; birthdate: string } {
  const [name = {}] = rowsOf(person['name'])
  const [given] = Array.isArray(name['given']) ? (name['given'] as unknown[]) : []
  return {
    family: textOf(name['family']).trim().toUpperCase(),
    given: textOf(given).trim().toUpperCase(),
    birthdate: textOf(person['birthDate']),
  }
}

async function appointmentPlan(transport: Transport, body: FhirResource): Promise<Plan> {
  const actors = actorsOf(body)
  const patient = actors.map((one) => idOf(one, 'Patient')).find((id) => id !== null)
  const startMs = Date.parse(textOf(body['start']))
  const at = Number.isNaN(startMs) ? await slotStart(transport, body) : startMs
  if (patient === undefined || patient === null || Number.isNaN(at))
    return { request: null, isIt: () => false }
  const doctors = actors.filter((one) => one.startsWith('Practitioner/'))
  return {
    request: request('searchAppointments', {
      query: [['patient', patient], ...between('start', at - MINUTE_MS, at + MINUTE_MS)],
    }),
    isIt: (found) =>
      !['cancelled', 'entered-in-error'].includes(textOf(found['status'])) &&
      Date.parse(textOf(found['start'])) === at &&
      doctors.every((doctor) => actorsOf(found).includes(doctor)),
  }
}

async function slotStart(transport: Transport, body: FhirResource): Promise<number> {
  const [slot = {}] = rowsOf(body['slot'])
  const id = idOf(textOf(slot['reference']), 'Slot')
  if (id === null) return NaN
  const answer = await transport.send(request('readSlot', { path: { slot: id } }))
  return Date.parse(textOf(recordOf(JSON.parse(answer.body ?? 'null'))['start']))
}

const actorsOf = (appointment: FhirResource): string[] =>
  rowsOf(appointment['participant']).map((row) => textOf(recordOf(row['actor'])['reference']))

function resultPlan(body: FhirResource): Plan {
  const patient = idOf(textOf(recordOf(body['subject'])['reference']), 'Patient')
  const at = Date.parse(textOf(body['effectiveDateTime']))
  const codes = codesOf(body)
  const [code] = codes
  if (patient === null || Number.isNaN(at) || code === undefined) return { request: null, isIt: () => false }
  return {
    request: request('searchResults', {
      query: [['patient', patient], ['code', code], ...between('effective', at - MINUTE_MS, at + MINUTE_MS)],
    }),
    isIt: (found) =>
      Date.parse(textOf(found['effectiveDateTime'])) === at &&
      codesOf(found).includes(code) &&
      measured(found) === measured(body),
  }
}

const codesOf = (resource: FhirResource): string[] =>
  rowsOf(recordOf(resource['code'])['coding']).map(
    (coding) => `${textOf(coding['system'])}|${textOf(coding['code'])}`,
  )

// 180 and 180.0 are one measurement: the far side may write it otherwise.
const measured = (resource: FhirResource): string => {
  const own = Number(digitsOf(recordOf(resource['valueQuantity'])['value']))
  const parts = rowsOf(resource['component']).map((part) =>
    Number(digitsOf(recordOf(part['valueQuantity'])['value'])),
  )
  return [own, ...parts].join(' ')
}

function documentPlan(body: FhirResource): Plan {
  const patient = idOf(textOf(recordOf(body['subject'])['reference']), 'Patient')
  const wanted = documentTraits(body)
  return {
    request: patient === null ? null : request('searchDocuments', { query: [['patient', patient]] }),
    isIt: (found) => {
      const its = documentTraits(found)
      return (
        its.title === wanted.title &&
        its.end === wanted.end &&
        (its.hash === null || wanted.hash === null || its.hash === wanted.hash)
      )
    },
  }
}

function documentTraits(document: FhirResource): { title: string; end: number; hash: string | null } {
  const attachment = recordOf(rowsOf(document['content'])[0]?.['attachment'])
  const data = attachment['data']
  const hash =
    typeof data === 'string'
      ? createHash('sha1').update(Buffer.from(data, 'base64')).digest('base64')
      : textOf(attachment['hash'])
  const end = Date.parse(textOf(recordOf(recordOf(document['context'])['period'])['end']))
  return {
    title: textOf(attachment['title']),
    end: Number.isNaN(end) ? 0 : end,
    hash: hash === '' ? null : hash,
  }
}

export const between = (name: string, fromMs: number, toMs: number): [string, string][] => [
  [name, `ge${new Date(fromMs).toISOString()}`],
  [name, `lt${new Date(toMs).toISOString()}`],
]

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
const rowsOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.map(recordOf) : []
