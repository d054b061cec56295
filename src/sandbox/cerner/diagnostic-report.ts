import { PANELS } from '../labs.ts'
import { eventIdentifier, idIn, instant, meta, narrative, reference, type Base, type Room } from './base.ts'
import { reportOf, type Test } from './chart.ts'
import { clinicalRoom, newestFirst } from './clinical-room.ts'
import { codeSet, eventCode, FILLER_SYSTEM, LOINC, PLACER_SYSTEM, TERMINOLOGY } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { reportLines, resultId } from './observation.ts'
import { HOSPITAL_ORGANIZATION } from './organizations.ts'
import { invalidRequest } from './outcomes.ts'
import { PROVENANCE, rule } from './parameters.ts'
import { providerName, shownName } from './patient-resource.ts'
import { inRange, matches, type Query } from './query.ts'
import { testOf } from './stays.ts'

export const REPORT_SEARCH = rule(
  'DiagnosticReport',
  '_id patient subject encounter category code date _lastUpdated _count',
  ['_id', 'patient', 'subject'],
  { otherwise: 10, most: 100 },
  PROVENANCE,
)

/** Laboratory reports; the id is the placer number, and the filler number is an identifier. @see cerner-fhir-r4.md §3.6 */
export function diagnosticReportRoom(base: Base, baseUrl: () => string): Room {
  return clinicalRoom(base, {
    type: 'DiagnosticReport',
    verbs: ['read', 'search'],
    search: REPORT_SEARCH,
    ids: (n) => {
      const now = base.clock.now()
      const reported = base.charts.of(n).tests.filter((test) => reportOf(test, now) !== null)
      return reported.map(({ order }) => order.placer)
    },
    read: (id) => {
      const test = testOf(base, id)
      return test === null ? null : reportResource(base, baseUrl, test)
    },
    wanted,
    order: (query) =>
      newestFirst((one) => (query.has('_lastUpdated') ? one['issued'] : one['effectiveDateTime'])),
  })
}

type Concepts = { coding?: { system?: string; code?: string }[] }

function wanted(query: Query): (found: Versioned) => boolean {
  const [category, code] = [query.tokens('category'), query.tokens('code')]
  const encounters = query.references('encounter', 'Encounter')
  const [dates, changed] = [query.range('date'), query.range('_lastUpdated', 'time')]
  if (dates !== null && changed !== null) throw invalidRequest()
  return ({ resource, lastUpdated }) =>
    matches((resource['category'] as Concepts[] | undefined) ?? [], category) &&
    matches([resource['code'] as Concepts], code) &&
    (encounters === null || encounters.includes(idIn(resource['encounter'], 'Encounter') ?? '')) &&
    inRange(Date.parse(String(resource['effectiveDateTime'])), dates) &&
    inRange(lastUpdated, changed)
}

const STATUS = { P: 'preliminary', F: 'final', C: 'corrected' } as const
const SECTIONS = {
  HM: 'Hematology',
  CH: 'Chemistry',
  UR: 'Urinalysis',
  MB: 'Microbiology',
  CO: 'Coagulation',
} as const

function reportResource(base: Base, baseUrl: () => string, test: Test): Versioned | null {
  const report = reportOf(test, base.clock.now())
  if (report === null) return null
  const { order } = test
  const panel = PANELS[order.panel]
  const person = base.world.person(test.patient)
  const version = String(report.step)
  const doctor = order.visit.provider
  const resource: Resource = {
    resourceType: 'DiagnosticReport',
    id: order.placer,
    meta: meta(version, report.at),
    text: narrative('Diagnostic Report', [
      ['Diagnostic Report', panel.name],
      ['Status', STATUS[report.status]],
    ]),
    identifier: [
      eventIdentifier(order.placer, report.at),
      {
        type: { coding: [{ system: `${TERMINOLOGY}/v2-0203`, code: 'FILL', display: 'Filler Identifier' }] },
        system: FILLER_SYSTEM,
        value: order.filler,
      },
      {
        type: { coding: [{ system: `${TERMINOLOGY}/v2-0203`, code: 'PLAC', display: 'Placer Identifier' }] },
        system: PLACER_SYSTEM,
        value: order.placer,
      },
    ],
    status: STATUS[report.status],
    category: [
      {
        coding: [{ system: `${TERMINOLOGY}/v2-0074`, code: 'LAB', display: 'Laboratory' }],
        text: SECTIONS[panel.section],
      },
    ],
    code: {
      coding: [
        {
          system: codeSet(base.tenant, 72),
          code: eventCode(`panel ${panel.loinc}`),
          display: panel.id,
          userSelected: true,
        },
        { system: LOINC, code: panel.loinc, display: panel.name },
      ],
      text: panel.name,
    },
    subject: reference('Patient', person.personId, shownName(person)),
    encounter: reference('Encounter', order.visit.encounterId),
    effectiveDateTime: instant(order.collectedAt),
    issued: instant(report.at),
    performer: [reference('Organization', HOSPITAL_ORGANIZATION.id, HOSPITAL_ORGANIZATION.name)],
    resultsInterpreter: [reference('Practitioner', doctor.id, providerName(doctor))],
    result: reportLines(base, test, report.status).map((_, line) =>
      reference('Observation', resultId(test, line)),
    ),
    presentedForm: [
      {
        contentType: 'application/pdf',
        url: `${baseUrl()}/Binary/XR-${order.placer}`,
        title: panel.name,
        creation: instant(report.at),
      },
    ],
  }
  return { resource, version, lastUpdated: report.at }
}
