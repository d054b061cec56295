import { linesOf } from '../order-segments.ts'
import { ageIn, POPULATION_YEAR } from '../households.ts'
import { randomFor } from '../random.ts'
import { subjectOf } from '../schedule.ts'
import type { LabResult } from '../labs.ts'
import { eventIdentifier, instant, meta, reference, type Base, type Room } from './base.ts'
import { reportOf, type Stay, type Test } from './chart.ts'
import { clinicalRoom, newestFirst } from './clinical-room.ts'
import {
  codeSet,
  concept,
  eventCode,
  FHIR_DEFINITION,
  INTERPRETATIONS,
  LOINC,
  observationCategory,
  SNOMED,
  TERMINOLOGY,
  UCUM,
} from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { createObservation, updateObservation } from './observation-write.ts'
import { invalidRequest } from './outcomes.ts'
import { PROVENANCE, rule } from './parameters.ts'
import { inRange, matches, type Query } from './query.ts'
import { stayOf, staysOf, testOf } from './stays.ts'
import { hasVitals, PRESSURE, PRESSURE_PARTS, takenAt, VITALS, vitalsOf } from './vitals.ts'

export const OBSERVATION_SEARCH = rule(
  'Observation',
  '_id patient subject category code date _lastUpdated _count',
  ['_id', 'patient', 'subject'],
  { otherwise: 50, most: 200 },
  // Social history comes first, whole, whatever `_count` says.
  { ...PROVENANCE, firstPage: (ids) => ids.filter((id) => id.startsWith('SH-')).length },
)

/** Results, vital signs and social history. @see cerner-fhir-r4.md §3.5 */
export function observationRoom(base: Base): Room {
  return clinicalRoom(base, {
    type: 'Observation',
    verbs: ['read', 'search', 'create', 'update'],
    search: OBSERVATION_SEARCH,
    ids: (n) => [...socialIds(base, n), ...resultIds(base, n), ...vitalIds(base, n)],
    read: (id) => readSocial(base, id) ?? readResult(base, id) ?? readVital(base, id),
    wanted,
    order: (query) => {
      const byChange = query.has('_lastUpdated')
      const newest = newestFirst((one) => (byChange ? metaOf(one) : one['effectiveDateTime']))
      const isSocial = (one: Versioned): number => (String(one.resource.id).startsWith('SH-') ? 0 : 1)
      return (a, b) => isSocial(a) - isSocial(b) || newest(a, b)
    },
    create: (body, grant) => createObservation(base, body, grant),
    update: (now, body, grant) => updateObservation(base, now, body, grant),
  })
}

const metaOf = (one: Resource): unknown => (one['meta'] as { lastUpdated?: string } | undefined)?.lastUpdated

type Concepts = { coding?: { system?: string; code?: string }[] }

function wanted(query: Query): (found: Versioned) => boolean {
  const [category, code] = [query.tokens('category'), query.tokens('code')]
  const [dates, changed] = [query.range('date'), query.range('_lastUpdated', 'time')]
  if (dates !== null && changed !== null) throw invalidRequest()
  return ({ resource, lastUpdated }) =>
    matches((resource['category'] as Concepts[] | undefined) ?? [], category) &&
    matches([resource['code'] as Concepts], code) &&
    (dates === null || inRange(Date.parse(String(resource['effectiveDateTime'])), dates)) &&
    inRange(lastUpdated, changed)
}

const siteCode = (base: Base, loinc: string, name: string): unknown => ({
  coding: [
    { system: codeSet(base.tenant, 72), code: eventCode(loinc), display: name, userSelected: true },
    { system: LOINC, code: loinc, display: name },
  ],
  text: name,
})

const performer = (
  id: string,
  ...roles: readonly (readonly [system: string, code: string, says: string])[]
) => ({
  extension: roles.map(([system, code, display]) => ({
    valueCodeableConcept: { coding: [{ system, code, display }], text: display },
    url: `${FHIR_DEFINITION}/event-performerFunction`,
  })),
  ...reference('Practitioner', id),
})
const PARTICIPATION = `${TERMINOLOGY}/v3-ParticipationType`
const LEGAL = [PARTICIPATION, 'LA', 'legal authenticator'] as const
const PERFORMER = [PARTICIPATION, 'PPRF', 'primary performer'] as const
const ORDERING = [`${TERMINOLOGY}/v2-0912`, 'OP', 'ordering provider'] as const

// --- laboratory: `L-{placer}{line}` ---

const STATUS = { P: 'preliminary', F: 'final', C: 'corrected' } as const

export const resultId = (test: Test, line: number): string =>
  `L-${test.order.placer}${String(line).padStart(2, '0')}`

const lineMemory = new WeakMap<Test, Map<string, ReturnType<typeof linesOf>>>()

/** The lines of a report as the ORU has them; worked out once for each chart that is open. */
export function reportLines(base: Base, test: Test, status: 'P' | 'F' | 'C'): ReturnType<typeof linesOf> {
  const known = lineMemory.get(test) ?? new Map<string, ReturnType<typeof linesOf>>()
  lineMemory.set(test, known)
  const made = known.get(status) ?? linesOf(subjectIn(base, test), test.order, status)
  known.set(status, made)
  return made
}

const subjectIn = (base: Base, { patient }: Test): ReturnType<typeof subjectOf> =>
  subjectOf(base.world.cast, base.world.person(patient))

function resultIds(base: Base, n: number): string[] {
  const now = base.clock.now()
  return base.charts.of(n).tests.flatMap((test) => {
    const report = reportOf(test, now)
    if (report === null) return []
    return reportLines(base, test, report.status).map((_, line) => resultId(test, line))
  })
}

function readResult(base: Base, id: string): Versioned | null {
  const match = /^L-(\d+)(\d\d)$/.exec(id)
  const test = match === null ? null : testOf(base, match[1] ?? '')
  const report = test === null ? null : reportOf(test, base.clock.now())
  if (match === null || test === null || report === null) return null
  const line = reportLines(base, test, report.status)[Number(match[2])]
  if (line === undefined) return null
  const resource = resultResource(base, test, id, line, report)
  return { resource, version: String(report.step), lastUpdated: report.at }
}

function resultResource(
  base: Base,
  test: Test,
  id: string,
  line: ReturnType<typeof linesOf>[number],
  report: { at: number; step: number },
): Resource {
  const { order, patient } = test
  const { result, status } = line
  const note = noteOf(result, status)
  return {
    resourceType: 'Observation',
    id,
    meta: meta(String(report.step), report.at),
    identifier: [eventIdentifier(id.slice(2), report.at)],
    status: STATUS[status],
    category: [observationCategory('laboratory', 'Laboratory')],
    code: siteCode(base, result.loinc, result.name),
    subject: reference('Patient', base.world.person(patient).personId),
    encounter: reference('Encounter', order.visit.encounterId),
    effectiveDateTime: instant(order.collectedAt),
    issued: instant(report.at),
    performer: [performer(order.visit.provider.id, ORDERING)],
    ...valueOf(result),
    interpretation: [concept(base.tenant, 52, INTERPRETATIONS[result.flag])],
    ...(note === null ? {} : { note: [{ time: instant(report.at), text: note }] }),
    ...rangeOf(result),
  }
}

// The words of the NTE that the ORU carries.
function noteOf(result: LabResult, status: string): string | null {
  if (status === 'C') return 'Corrected result.\nThe value reported before was in error.'
  return result.flag === 'HH' || result.flag === 'LL'
    ? 'Critical value, called to the ordering provider and read back.'
    : null
}

function valueOf({ kind, value, unit }: LabResult): Record<string, unknown> {
  if (kind === 'ST') return { valueString: value }
  const [comparator, number] = kind === 'SN' ? value.split('^') : [undefined, value]
  const quantity = { value: Number(number), unit, system: UCUM, code: unit }
  return { valueQuantity: comparator === undefined ? quantity : { ...quantity, comparator } }
}

function rangeOf({ kind, range, unit }: LabResult): { referenceRange?: unknown[] } {
  if (range === '') return {}
  const type = {
    coding: [{ system: `${TERMINOLOGY}/referencerange-meaning`, code: 'normal', display: 'Normal Range' }],
    text: 'Normal Range',
  }
  if (kind === 'ST') return { referenceRange: [{ type, text: range }] }
  const quantity = (text: string): unknown => ({ value: Number(text), unit, system: UCUM, code: unit })
  const match = /^(?:([\d.]+)-([\d.]+)|<=([\d.]+)|>=([\d.]+))$/.exec(range)
  const low = match?.[1] ?? match?.[4]
  const high = match?.[2] ?? match?.[3]
  return {
    referenceRange: [
      {
        ...(low === undefined ? {} : { low: quantity(low) }),
        ...(high === undefined ? {} : { high: quantity(high) }),
        type,
      },
    ],
  }
}

// --- vital signs: `VS-{visit}{key}`, and `BP-{visit}08-{visit}09` ---

const pressureId = (number: string): string => `BP-${number}08-${number}09`

function vitalIds(base: Base, n: number): string[] {
  const now = base.clock.now()
  return staysOf(base, n)
    .filter((stay) => hasVitals(stay) && takenAt(stay) <= now)
    .flatMap(({ number }) => [pressureId(number), ...VITALS.map(({ key }) => `VS-${number}${key}`)])
}

function readVital(base: Base, id: string): Versioned | null {
  const pressure = /^BP-(\d+)08-\d+09$/.exec(id)
  const single = /^VS-(\d+)(\d\d)$/.exec(id)
  const number = pressure?.[1] ?? single?.[1]
  const stay = number === undefined ? null : stayOf(base, number)
  if (stay === null || !hasVitals(stay) || takenAt(stay) > base.clock.now()) return null
  const values = vitalsOf(base.world.cast.seed, base.world.person(stay.patient), stay)
  const at = takenAt(stay) + 90_000
  const version = pressure === null ? '1' : '1-1'
  const body = pressure === null ? singleVital(base, single?.[2] ?? '', values) : bloodPressure(base, values)
  if (body === null) return null
  return { resource: { ...vitalFrame(base, stay, id, version, at), ...body }, version, lastUpdated: at }
}

const vitalFrame = (base: Base, stay: Stay, id: string, version: string, at: number): Resource => ({
  resourceType: 'Observation',
  id,
  meta: meta(version, at),
  identifier: [eventIdentifier(id.slice(3), at)],
  status: 'final',
  category: [observationCategory('vital-signs', 'Vital Signs')],
  subject: reference('Patient', base.world.person(stay.patient).personId),
  encounter: reference('Encounter', stay.visit.encounterId),
  effectiveDateTime: instant(takenAt(stay)),
  issued: instant(at),
  performer: [performer(stay.visit.provider.id, LEGAL, PERFORMER)],
})

function singleVital(
  base: Base,
  key: string,
  values: ReadonlyMap<string, number>,
): Record<string, unknown> | null {
  const vital = VITALS.find((one) => one.key === key)
  const value = values.get(key)
  if (vital === undefined || value === undefined) return null
  return {
    code: siteCode(base, vital.loinc, vital.name),
    valueQuantity: { value, unit: vital.unit, system: UCUM, code: vital.ucum },
    ...(vital.range === null ? {} : judged(base, value, vital.range, vital.unit, vital.ucum)),
  }
}

function bloodPressure(base: Base, values: ReadonlyMap<string, number>): Record<string, unknown> {
  const { unit, ucum } = PRESSURE
  return {
    code: siteCode(base, PRESSURE.loinc, PRESSURE.name),
    component: PRESSURE_PARTS.map(({ key, loinc, name, range }) => {
      const value = values.get(key) ?? 0
      return {
        code: siteCode(base, loinc, name),
        valueQuantity: { value, unit, system: UCUM, code: ucum },
        ...judged(base, value, range, unit, ucum),
      }
    }),
  }
}

function judged(
  base: Base,
  value: number,
  [low, high]: readonly [number, number],
  unit: string,
  code: string,
): Record<string, unknown> {
  const flag = value < low ? 'L' : value > high ? 'H' : 'N'
  const quantity = (bound: number): unknown => ({ value: bound, unit, system: UCUM, code })
  return {
    interpretation: [concept(base.tenant, 52, INTERPRETATIONS[flag])],
    referenceRange: [{ low: quantity(low), high: quantity(high), text: `${low}-${high} ${unit}` }],
  }
}

// --- social history: `SH-1-{person}` and its members `SH-{person}-q{question}` ---

const QUESTIONS = [
  {
    key: 'q4625825',
    from: 13,
    code: '229819007',
    says: 'Tobacco use and exposure',
    loinc: '72166-2',
    text: 'SHX Tobacco use',
  },
  {
    key: 'q4625817',
    from: 18,
    code: '363905002',
    says: 'Details of alcohol drinking behavior',
    loinc: null,
    text: 'SHX Alcohol use',
  },
] as const
const TOBACCO = [
  ['266919005', 'Never smoked tobacco', 'Never (less than 100 in lifetime)'],
  ['8517006', 'Ex-smoker', 'Former smoker, quit more than 30 days ago'],
  ['449868002', 'Smokes tobacco daily', '10 or more cigarettes per day'],
] as const
const ALCOHOL = [
  ['410513005', 'In the past', 'Past'],
  ['15240007', 'Current', 'Current'],
] as const

const asked = (base: Base, n: number): (typeof QUESTIONS)[number][] => {
  const age = ageIn(POPULATION_YEAR, base.world.person(n))
  return n < base.world.cast.population ? QUESTIONS.filter((one) => age >= one.from) : []
}

const socialIds = (base: Base, n: number): string[] => {
  const { personId } = base.world.person(n)
  const questions = asked(base, n)
  if (questions.length === 0) return []
  return [`SH-1-${personId}`, ...questions.map(({ key }) => `SH-${personId}-${key}`)]
}

function readSocial(base: Base, id: string): Versioned | null {
  const match = /^SH-(?:1-(\d+)|(\d+)-(q\d+))$/.exec(id)
  const n = base.patients.numberOf(match?.[1] ?? match?.[2] ?? '')
  if (match === null || n === undefined) return null
  const questions = asked(base, n)
  const question = questions.find(({ key }) => key === match[3])
  if (questions.length === 0 || (match[3] !== undefined && question === undefined)) return null
  const at = base.patients.registeredAt(n)
  const { personId, primaryProvider } = base.world.person(n)
  const frame = {
    resourceType: 'Observation',
    id,
    meta: meta(personId, at),
    status: 'final',
    category: [observationCategory('social-history', 'Social History')],
    subject: reference('Patient', personId),
    effectiveDateTime: instant(at),
    issued: instant(at),
    performer: [reference('Practitioner', primaryProvider)],
  }
  const body = question === undefined ? groupOf(personId, questions) : answerOf(base, n, question)
  return { resource: { ...frame, ...body }, version: personId, lastUpdated: at }
}

const groupOf = (
  personId: string,
  questions: readonly (typeof QUESTIONS)[number][],
): Record<string, unknown> => ({
  code: {
    coding: [{ system: SNOMED, code: '160476009', display: 'Social / personal history observable' }],
    text: 'Social history',
  },
  hasMember: questions.map(({ key }) => reference('Observation', `SH-${personId}-${key}`)),
})

function answerOf(base: Base, n: number, question: (typeof QUESTIONS)[number]): Record<string, unknown> {
  const random = randomFor(base.world.cast.seed, 'social', n, question.key)
  const [code, display, text] =
    question.loinc === null
      ? random.pick(ALCOHOL)
      : TOBACCO[random.chance(0.66) ? 0 : random.chance(0.6) ? 1 : 2]
  const loinc = question.loinc === null ? [] : [{ system: LOINC, code: question.loinc }]
  return {
    code: {
      coding: [{ system: SNOMED, code: question.code, display: question.says }, ...loinc],
      text: question.text,
    },
    valueCodeableConcept: { coding: [{ system: SNOMED, code, display }], text },
  }
}
