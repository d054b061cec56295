import type { AppointmentResource } from '../model/values.ts'
import type { Hl7Message, Segment } from '../standards/hl7v2/message.ts'
import { plus, readAmount } from './appointment-times.ts'
import { cellAt } from './field-view.ts'
import { appointmentStatus } from './codesets/appointment-status.ts'
import { readInstant } from './codecs/moment.ts'
import { person } from './codecs/person.ts'
import type { Reading } from './reading.ts'

/** Where a kind of resource segment keeps its parts; offset, duration and their units follow the start. */
interface ResourceFields {
  readonly kind: AppointmentResource['kind']
  readonly role: number | null
  readonly start: number
  readonly status: number
}

export interface ResourceSegment {
  readonly segment: Segment
  readonly fields: ResourceFields
}

// prettier-ignore
const FIELDS: Readonly<Record<string, ResourceFields>> = {
  AIS: { kind: 'service',  role: null, start: 4, status: 10 },
  AIG: { kind: 'other',    role: 4,    start: 8, status: 14 },
  AIL: { kind: 'location', role: 4,    start: 6, status: 12 },
  AIP: { kind: 'provider', role: 4,    start: 6, status: 12 },
}

// The order in which a start is looked for (hl7-v2.md §10.1).
const ORDER = ['AIS', 'AIP', 'AIL', 'AIG']

/**
 * The resources of every RGS group: one appointment has them all. Those with action code D, and those in a group
 * with it, are gone.
 */
export function findResources(message: Hl7Message): ResourceSegment[] {
  const found: ResourceSegment[] = []
  let groupIsGone = false
  for (const segment of message.segments) {
    if (segment.name === 'RGS') groupIsGone = isDeleted(segment)
    const fields = FIELDS[segment.name]
    if (fields && !groupIsGone && !isDeleted(segment)) found.push({ segment, fields })
  }
  return found.sort((a, b) => ORDER.indexOf(a.segment.name) - ORDER.indexOf(b.segment.name))
}

const isDeleted = (segment: Segment): boolean => segment.get(2).toUpperCase() === 'D'

const PROVIDER = /PROV|PHYS|DOC|ATTEND|PRACT|CLINICIAN|SURGEON|RESOURCE PERSON|\bMD\b|\bDO\b|\bNP\b/i
const ROOM = /ROOM|LOC/i

/** The segment that names the provider: an AIP in a provider's role, else the first AIP. */
export function providerSegment(resources: readonly ResourceSegment[]): Segment | undefined {
  const people = resources.filter(({ segment }) => segment.name === 'AIP')
  return (people.find(({ segment }) => PROVIDER.test(roleOf(segment))) ?? people[0])?.segment
}

/** The AIG whose type says that it is a provider, or a room. */
export const generalSegment = (
  resources: readonly ResourceSegment[],
  kind: 'provider' | 'room',
): Segment | undefined =>
  resources.find(
    ({ segment }) => segment.name === 'AIG' && (kind === 'provider' ? PROVIDER : ROOM).test(roleOf(segment)),
  )?.segment

const roleOf = (segment: Segment): string => `${segment.get(4)} ${segment.get(4, 1, 2)}`.trim()

/** All resources as the rows of a set. */
export function readResources(
  resources: readonly ResourceSegment[],
  start: string | undefined,
  at: Reading,
): AppointmentResource[] {
  return resources.map(({ segment, fields }) => {
    const row: AppointmentResource = { kind: kindOf(segment, fields) }
    const id = segment.get(3)
    const name = nameOf(segment, row.kind, at)
    const role = fields.role === null ? '' : segment.get(fields.role) || segment.get(fields.role, 1, 2)
    if (id !== '') row.id = id
    if (name !== undefined) row.name = name
    if (role !== '') row.role = role
    const status = participation(segment.get(fields.status) || segment.get(fields.status, 1, 2))
    if (status) row.status = status
    const needed = neededAt(segment, fields, start, at)
    if (needed !== undefined) row.start_time = needed
    const duration = readAmount(segment, fields.start + 3, fields.start + 4, at)
    if (duration !== undefined) row.minutes = Math.round(duration / 60_000)
    return row
  })
}

function kindOf(segment: Segment, fields: ResourceFields): AppointmentResource['kind'] {
  if (segment.name !== 'AIG') return fields.kind
  if (PROVIDER.test(roleOf(segment))) return 'provider'
  return ROOM.test(roleOf(segment)) ? 'location' : 'other'
}

function nameOf(segment: Segment, kind: AppointmentResource['kind'], at: Reading): string | undefined {
  if (segment.name !== 'AIP')
    return (kind === 'location' && segment.name === 'AIL' ? '' : segment.get(3, 1, 2)) || undefined
  const found = person.read(cellAt(segment, 3), at)
  return [found?.first_name, found?.last_name].filter(Boolean).join(' ') || undefined
}

/** When a resource is needed: its own time, else the start of the appointment and its offset. */
function neededAt(
  segment: Segment,
  fields: ResourceFields,
  start: string | undefined,
  at: Reading,
): string | undefined {
  const own = segment.get(fields.start)
  if (own !== '') return readInstant(own, at)
  const offset =
    segment.get(fields.start + 1) === ''
      ? undefined
      : readAmount(segment, fields.start + 1, fields.start + 2, at)
  return start !== undefined && offset !== undefined ? plus(start, offset) : undefined
}

/** Filler status of a resource → FHIR participation status (hl7-v2.md §10.1). */
function participation(code: string): AppointmentResource['status'] {
  switch (code === '' ? undefined : appointmentStatus.read(code, 'v2')) {
    case 'booked':
    case 'arrived':
    case 'checked-in':
    case 'fulfilled':
      return 'accepted'
    case 'cancelled':
    case 'entered-in-error':
    case 'noshow':
      return 'declined'
    case 'pending':
    case 'waitlist':
      return 'tentative'
    case 'proposed':
      return 'needs-action'
    default:
      return undefined
  }
}
