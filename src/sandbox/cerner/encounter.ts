import { instant, meta, narrative, reference, type Base, type Room } from './base.ts'
import { hasEnded, type Stay } from './chart.ts'
import { clinicalRoom, newestFirst, personsIn } from './clinical-room.ts'
import { ATTENDING, concept, ENCOUNTER_KINDS, FIN_ALIAS, FIN_SYSTEM, TERMINOLOGY } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { createEncounter, patchEncounter } from './encounter-write.ts'
import { HOSPITAL_ORGANIZATION, PRACTICE_ORGANIZATION } from './organizations.ts'
import { invalidRequest } from './outcomes.ts'
import { PROVENANCE, rule } from './parameters.ts'
import { providerName, shownName } from './patient-resource.ts'
import { inRange, type Query } from './query.ts'
import { placeOfCare, stayOf, staysOf } from './stays.ts'

export const ENCOUNTER_SEARCH = rule(
  'Encounter',
  '_id patient subject account identifier date status _lastUpdated _count',
  ['_id', 'patient', 'subject', 'account', 'identifier'],
  { otherwise: 10, most: 100 },
  PROVENANCE,
)

/** Visits at the practice and the hospital. @see cerner-fhir-r4.md §3.4 */
export function encounterRoom(base: Base): Room {
  const read = (id: string): Versioned | null => {
    const stay = /^9[78]\d+$/.test(id) ? stayOf(base, id.slice(2)) : null
    return stay === null || stay.visit.encounterId !== id ? null : encounterOf(base, stay)
  }
  return clinicalRoom(base, {
    type: 'Encounter',
    verbs: ['read', 'search', 'create', 'patch'],
    search: ENCOUNTER_SEARCH,
    ids: (n) => staysOf(base, n).map((stay) => stay.visit.encounterId),
    read,
    among: (query) => byNumber(base, query),
    wanted,
    order: () => newestFirst((one) => periodOf(one).start),
    create: (body) => createEncounter(base, body),
    patch: (now, operations) => patchEncounter(base, now, operations),
  })
}

function byNumber(base: Base, query: Query): readonly string[] | null {
  const fins = query.tokens('identifier') ?? query.tokens('account')
  if (fins === null || personsIn(query).length > 0) return null
  return fins.flatMap(({ system, code }) => {
    if (system !== null && system !== FIN_SYSTEM) return []
    const fin = code.replace(/^F/, '')
    const stay = stayOf(base, /^10\d{8}$/.test(fin) ? fin.slice(2) : fin)
    const written = fin.startsWith('10') && base.overlay.get('Encounter', fin.slice(2)) !== null
    return stay !== null && stay.visit.fin === fin ? [stay.visit.encounterId] : written ? [fin.slice(2)] : []
  })
}

const periodOf = (resource: Resource): { start?: string; end?: string } =>
  (resource['period'] as { start?: string; end?: string } | undefined) ?? {}

function wanted(query: Query): (found: Versioned) => boolean {
  const status = query.list('status')
  const dates = query.range('date')
  const changed = query.range('_lastUpdated', 'time')
  if ((status !== null || query.has('_count')) && personsIn(query).length === 0) throw invalidRequest()
  if (dates !== null && changed !== null) throw invalidRequest()
  return ({ resource, lastUpdated }) => {
    const { start, end } = periodOf(resource)
    const from = start === undefined ? -Infinity : Date.parse(start)
    const to = end === undefined ? Infinity : Date.parse(end)
    return (
      (status === null || status.includes(String(resource['status']))) &&
      (dates === null || (from < dates.to && to >= dates.from)) &&
      inRange(lastUpdated, changed)
    )
  }
}

const DISPOSITIONS: Readonly<Record<string, readonly [code: string, display: string]>> = {
  '01': ['home', 'Home'],
  '03': ['snf', 'Skilled nursing facility'],
  '06': ['other-hcf', 'Home health'],
}

/** A visit as it stands. */
export function encounterOf(base: Base, stay: Stay): Versioned {
  const { visit } = stay
  const ended = hasEnded(stay, base.clock.now())
  const version = ended ? '1' : '0'
  const lastUpdated = ended && stay.endedAt !== null ? stay.endedAt : visit.startedAt
  const period = {
    start: instant(visit.startedAt),
    ...(ended && stay.endedAt !== null ? { end: instant(stay.endedAt) } : {}),
  }
  const kind = ENCOUNTER_KINDS[visit.kind]
  const person = base.world.person(stay.patient)
  const place = placeOfCare(visit.place.pointOfCare)
  const disposition = ended ? DISPOSITIONS[stay.disposition ?? ''] : undefined
  const organization = (place?.clinic ?? null) === null ? HOSPITAL_ORGANIZATION : PRACTICE_ORGANIZATION
  const resource: Resource = {
    resourceType: 'Encounter',
    id: visit.encounterId,
    meta: meta(version, lastUpdated),
    text: narrative('Encounter', [
      ['Class', kind.says],
      ['Reason For Visit', visit.reason],
      ['Status', ended ? 'Finished' : 'In Progress'],
    ]),
    identifier: [
      {
        use: 'usual',
        type: concept(base.tenant, 319, FIN_ALIAS),
        system: FIN_SYSTEM,
        value: visit.fin,
        period: { start: period.start },
      },
    ],
    status: ended ? 'finished' : 'in-progress',
    class: {
      system: `${TERMINOLOGY}/v3-ActCode`,
      code: kind.class,
      display: kind.says,
      userSelected: false,
    },
    type: [concept(base.tenant, 71, kind.type)],
    subject: reference('Patient', person.personId, shownName(person)),
    participant: [
      {
        type: [concept(base.tenant, 333, ATTENDING)],
        period: { start: period.start },
        individual: reference('Practitioner', visit.provider.id, providerName(visit.provider)),
      },
    ],
    ...(stay.appointment === null ? {} : { appointment: [reference('Appointment', stay.appointment)] }),
    period,
    reasonCode: [{ text: visit.reason }],
    ...(disposition === undefined
      ? {}
      : {
          hospitalization: {
            dischargeDisposition: {
              coding: [
                {
                  system: `${TERMINOLOGY}/discharge-disposition`,
                  code: disposition[0],
                  display: disposition[1],
                },
              ],
              text: disposition[1],
            },
          },
        }),
    ...(place === undefined
      ? {}
      : {
          location: [
            {
              location: reference('Location', place.id, placeName(stay)),
              status: ended ? 'completed' : 'active',
            },
          ],
        }),
    serviceProvider: reference('Organization', organization.id, organization.name),
  }
  return { resource, version, lastUpdated }
}

const placeName = ({ visit: { place } }: Stay): string =>
  [place.pointOfCare, place.room, place.bed].filter((part) => part !== '').join(', ')
