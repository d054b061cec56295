import { parseResource } from '../../standards/fhir/json.ts'
import type { Operation } from '../../standards/fhir/patch.ts'
import { range } from '../../standards/fhir/search.ts'
import type { SearchParameters } from '../../standards/fhir/search.ts'
import type { CernerRoad, PersonQuery, Read, SlotQuery } from '../cerner/port.ts'
import type { FhirClient } from './fhir-client.ts'
import { lookUp } from './look-up.ts'
import { pull } from './pull.ts'
import { book, cancel, reschedule, setStatus } from './write.ts'

/** The road to Cerner by FHIR R4. */
export function fhirRoad(client: FhirClient): CernerRoad {
  return {
    name: 'fhir',
    searchPersons: (query, signal) => all(client, 'Patient', personParameters(query), { signal }),
    readPerson: (id, signal) => client.read('Patient', id, signal),
    createPerson: (resource) => client.create('Patient', resource),
    updatePerson: (id, version, operations) =>
      client.patch('Patient', id, version, operations as readonly Operation[]),
    findSlots: (query, signal) =>
      all(client, 'Slot', slotParameters(query), { signal, limit: query.limit, along: 'Schedule' }),
    book: (booking) => book(client, booking),
    reschedule: (id, version, to) => reschedule(client, { id, version }, to),
    cancel: (id, version, why) => cancel(client, { id, version }, why),
    setStatus: (id, version, status) => setStatus(client, { id, version }, status),
    readAppointment: (id, signal) => client.read('Appointment', id, signal),
    createObservation: (resource, text) => client.create('Observation', text ?? resource),
    createDocument: (resource) => client.create('DocumentReference', resource),
    results: (query, signal) => all(client, 'Observation', resultParameters(query), { signal }),
    documents: (query, signal) => all(client, 'DocumentReference', documentParameters(query), { signal }),
    content: (url, signal) => client.content(url, signal),
    lookUp: (lost) => lookUp(client, lost),
  }
}

/** Collects the matches of a search, up to a limit. */
async function all(
  client: FhirClient,
  type: string,
  parameters: SearchParameters,
  options: {
    signal?: AbortSignal | undefined
    limit?: number | undefined
    /** A type that comes along by `_include` and is given too. */
    along?: string
  },
): Promise<Read[]> {
  const { signal, limit = Infinity, along } = options
  const found = new Map<string, Read>()
  for await (const { entries } of pull(client, { type, parameters, ...(signal ? { signal } : {}) })) {
    for (const entry of entries) {
      const isAsked = (entry.mode === 'match' && entry.type === type) || entry.type === along
      if (!isAsked || entry.id === null) continue
      // A newer version of one that came before takes its place.
      found.set(`${entry.type}/${entry.id}`, {
        resource: parseResource(entry.text, entry.type),
        text: entry.text,
        version: entry.version,
      })
    }
    if (found.size >= limit) break
  }
  return [...found.values()].slice(0, limit)
}

function personParameters({
  family,
  given,
  birthdate,
  identifier,
  phone,
  email,
}: PersonQuery): SearchParameters {
  return { identifier, family, given, birthdate, phone, email }
}

const SLOTS_AT_ONCE = { min: 5, max: 200 }

function slotParameters(query: SlotQuery): SearchParameters {
  const { serviceTypes, from, to, location, practitioner, limit } = query
  const count =
    limit === undefined ? undefined : String(Math.min(SLOTS_AT_ONCE.max, Math.max(SLOTS_AT_ONCE.min, limit)))
  return {
    'service-type': serviceTypes.length > 0 ? serviceTypes.join(',') : undefined,
    start: range(from, to),
    '-location': location,
    'schedule.actor':
      practitioner === undefined ? undefined : `Practitioner/${practitioner.replace(/^Practitioner\//, '')}`,
    _count: count,
    _include: 'Slot:schedule',
  }
}

function resultParameters(query: {
  patient: string
  category?: string
  from?: string
  to?: string
}): SearchParameters {
  const { patient, category, from, to } = query
  return { patient, category, date: bounds(from, to), _count: '200' }
}

function documentParameters({
  patient,
  from,
  to,
}: {
  patient: string
  from?: string
  to?: string
}): SearchParameters {
  return { patient, date: bounds(from, to), _count: '100' }
}

function bounds(from: string | undefined, to: string | undefined): readonly string[] | undefined {
  const sides = [...(from === undefined ? [] : [`ge${from}`]), ...(to === undefined ? [] : [`lt${to}`])]
  return sides.length > 0 ? sides : undefined
}
