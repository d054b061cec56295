import { instant, idIn, meta, narrative, reference, type Base, type Room } from './base.ts'
import { clinicalRoom, newestFirst } from './clinical-room.ts'
import { codeSet, eventCode, LOINC, standardConcept, TERMINOLOGY } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { createDocument, updateDocument } from './document-write.ts'
import { ccdOf, contentOf, noteOf, notesOf, reportPdf, type Note } from './documents.ts'
import { eventIdentifier } from './base.ts'
import { invalidRequest } from './outcomes.ts'
import { PROVENANCE, rule } from './parameters.ts'
import { providerName, shownName } from './patient-resource.ts'
import { inRange, matches, type Query } from './query.ts'
import { testOf } from './stays.ts'

export const DOCUMENT_SEARCH = rule(
  'DocumentReference',
  '_id patient subject encounter type category date period _lastUpdated _count',
  ['_id', 'patient', 'subject'],
  { otherwise: 10, most: 100 },
  PROVENANCE,
)

/** Notes and summaries; their bytes are Binaries. @see cerner-fhir-r4.md §3.6 */
export function documentRoom(base: Base, baseUrl: () => string): Room {
  return clinicalRoom(base, {
    type: 'DocumentReference',
    verbs: ['read', 'search', 'create', 'update'],
    search: DOCUMENT_SEARCH,
    ids: (n) => notesOf(base, n).map(({ id }) => id),
    read(id) {
      if (id.startsWith('$docref?')) return generatedDocument(base, baseUrl, new URLSearchParams(id.slice(8)))
      const note = noteOf(base, id)
      return note === null ? null : documentOf(base, baseUrl, note)
    },
    wanted,
    order: () => newestFirst((one) => one['date']),
    create: (body, grant) => createDocument(base, baseUrl, body, grant),
    update: (now, body, grant) => updateDocument(base, baseUrl, now, body, grant),
  })
}

type Concepts = { coding?: { system?: string; code?: string }[] }
interface Context {
  encounter?: unknown[]
  period?: { start?: string; end?: string }
}

function wanted(query: Query): (found: Versioned) => boolean {
  const [type, category] = [query.tokens('type'), query.tokens('category')]
  const encounters = query.references('encounter', 'Encounter')
  const given = ['date', 'period', '_lastUpdated'].filter((name) => query.has(name))
  if (given.length > 1) throw invalidRequest()
  const [dates, period] = [query.range('date'), query.range('period')]
  // A period is closed: from one moment to another.
  if (period !== null && (period.from === -Infinity || period.to === Infinity)) throw invalidRequest()
  const changed = query.range('_lastUpdated', 'time')
  return ({ resource, lastUpdated }) => {
    const context = resource['context'] as Context | undefined
    const at = Date.parse(String(resource['date']))
    const serviced = Date.parse(context?.period?.end ?? String(resource['date']))
    return (
      matches([resource['type'] as Concepts], type) &&
      matches((resource['category'] as Concepts[] | undefined) ?? [], category) &&
      (encounters === null ||
        (context?.encounter ?? []).some((one) => encounters.includes(idIn(one, 'Encounter') ?? ''))) &&
      inRange(at, dates) &&
      inRange(serviced, period) &&
      inRange(lastUpdated, changed)
    )
  }
}

function documentOf(base: Base, baseUrl: () => string, note: Note): Versioned {
  const { stay, at } = note
  const author = reference('Practitioner', stay.visit.provider.id, providerName(stay.visit.provider))
  const person = base.world.person(stay.patient)
  const resource: Resource = {
    resourceType: 'DocumentReference',
    id: note.id,
    meta: meta('1', at),
    text: narrative('Document Reference', [
      ['Document Type', note.title],
      ['Document Title', note.title],
      ['Status', 'Current'],
    ]),
    identifier: [eventIdentifier(note.id, at)],
    status: 'current',
    docStatus: 'final',
    type: {
      coding: [
        {
          system: codeSet(base.tenant, 72),
          code: eventCode(note.loinc),
          display: note.title,
          userSelected: true,
        },
        { system: LOINC, code: note.loinc, display: note.title, userSelected: false },
      ],
      text: note.title,
    },
    category: [CLINICAL_NOTE],
    subject: reference('Patient', person.personId, shownName(person)),
    date: instant(at),
    author: [author],
    authenticator: author,
    content: [
      {
        attachment: {
          contentType: note.contentType,
          url: `${baseUrl()}/Binary/${note.binaryId}`,
          title: note.title,
          creation: instant(at),
        },
        format: { system: `${TERMINOLOGY}/data-absent-reason`, code: 'unknown', display: 'Unknown' },
      },
    ],
    context: {
      encounter: [reference('Encounter', stay.visit.encounterId)],
      period: { start: instant(stay.visit.startedAt), end: instant(at) },
    },
  }
  return { resource, version: '1', lastUpdated: at }
}

export const CLINICAL_NOTE = {
  coding: [
    {
      system: 'http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category',
      code: 'clinical-note',
      display: 'Clinical Note',
    },
  ],
  text: 'Clinical Note',
}

/** `$docref`: one entry whose attachment is generated as it is fetched. */
function generatedDocument(base: Base, baseUrl: () => string, query: URLSearchParams): Versioned | null {
  const n = base.patients.numberOf((query.get('patient') ?? '').replace('Patient/', ''))
  const type = (query.get('type') ?? '').split('|').at(-1)
  if (n === undefined) return null
  if (type !== '34133-9') throw invalidRequest()
  const now = base.clock.now()
  const person = base.world.person(n)
  const asked = new URLSearchParams({ patient: person.personId })
  for (const name of ['start', 'end']) if (query.has(name)) asked.set(name, query.get(name) ?? '')
  return {
    resource: {
      resourceType: 'DocumentReference',
      id: `ccd-${person.personId}`,
      status: 'current',
      type: standardConcept(LOINC, '34133-9', 'Summary of episode note'),
      subject: reference('Patient', person.personId, shownName(person)),
      date: instant(now),
      content: [
        {
          attachment: {
            contentType: 'application/xml',
            url: `${baseUrl()}/Binary/$autogen-ccd-if?${asked.toString()}`,
            title: 'Continuity of Care Document',
            creation: instant(now),
          },
        },
      ],
    },
    version: '0',
    lastUpdated: now,
  }
}

/** The bytes of documents: `TR-` texts, `XR-` renditions, laboratory reports, and what was written. */
export const binaryRoom = (base: Base): Room => ({
  type: 'Binary',
  verbs: ['read'],
  search: null,
  read(id) {
    const made = binaryBehind(base, id)
    if (made === null) return null
    const resource = {
      resourceType: 'Binary',
      id,
      contentType: made.contentType,
      securityContext: reference('Patient', made.patient),
      data: made.data.toString('base64'),
    }
    return { resource, version: '0', lastUpdated: made.at }
  },
})

interface Content {
  readonly contentType: string
  readonly data: Buffer
  readonly patient: string
  readonly at: number
}

function binaryBehind(base: Base, id: string): Content | null {
  const person = (n: number): string => base.world.person(n).personId
  if (id.startsWith('$autogen-ccd-if?')) {
    const n = base.patients.numberOf(new URLSearchParams(id.slice(16)).get('patient') ?? '')
    const at = base.clock.now()
    return n === undefined
      ? null
      : { contentType: 'application/xml', data: ccdOf(base, n), patient: person(n), at }
  }
  const note = noteOf(base, id.slice(3))
  if (note !== null)
    return note.binaryId === id
      ? {
          contentType: note.contentType,
          data: contentOf(base, note),
          patient: person(note.stay.patient),
          at: note.at,
        }
      : null
  const test = id.startsWith('XR-') ? testOf(base, id.slice(3)) : null
  const data = test === null ? null : reportPdf(base, test)
  return test === null || data === null
    ? null
    : { contentType: 'application/pdf', data, patient: person(test.patient), at: test.order.collectedAt }
}
