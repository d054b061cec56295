import { ageIn, POPULATION_YEAR } from '../households.ts'
import type { SyntheticPerson } from '../population.ts'
import { randomFor } from '../random.ts'
import { DAY_MS } from '../practice-calendar.ts'
import { idIn, instant, meta, narrative, reference, type Base, type Room } from './base.ts'
import { clinicalRoom, newestFirst } from './clinical-room.ts'
import {
  createAllergy,
  createCondition,
  createImmunization,
  createMedicationRequest,
  patchMedicationRequest,
  updateAllergy,
  updateCondition,
  updateImmunization,
} from './clinical-write.ts'
import { codeSet, CVX, eventCode, ICD10, RXNORM, SNOMED, standardConcept, TERMINOLOGY } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { diagnosisFor, MEDICINES, SNOMED_PROBLEMS, VACCINES } from './clinical-codes.ts'
import { PROVENANCE, rule } from './parameters.ts'
import { shownName } from './patient-resource.ts'
import { inRange, matches, type Query } from './query.ts'
import { stayOf, staysOf } from './stays.ts'

/** Allergies, problems, medicines and vaccinations: whole histories in one bundle. @see cerner-fhir-r4.md §3.8 */

const LIST = ['_id', 'patient']
export const ALLERGY_SEARCH = rule(
  'AllergyIntolerance',
  '_id patient clinical-status _lastUpdated',
  LIST,
  null,
  PROVENANCE,
)
export const CONDITION_SEARCH = rule(
  'Condition',
  '_id patient subject clinical-status category encounter _lastUpdated',
  ['_id', 'patient', 'subject'],
  null,
  PROVENANCE,
)
export const MEDICATION_SEARCH = rule(
  'MedicationRequest',
  '_id patient status intent -timing-boundsPeriod _lastUpdated _count',
  LIST,
  { otherwise: 25, most: 100 },
  PROVENANCE,
)
export const IMMUNIZATION_SEARCH = rule(
  'Immunization',
  '_id patient date target-disease _lastUpdated',
  LIST,
  null,
  PROVENANCE,
)

type Concepts = { coding?: { system?: string; code?: string }[] }
const conceptsIn = (resource: Resource, name: string): Concepts[] => {
  const value = resource[name]
  return Array.isArray(value) ? (value as Concepts[]) : value === undefined ? [] : [value as Concepts]
}
const changedIn = (query: Query): ((found: Versioned) => boolean) => {
  const range = query.range('_lastUpdated')
  return ({ lastUpdated }) => inRange(lastUpdated, range)
}

/** The place of a generated row in a person's list, from an id like `{person}01`. */
function rowOf(base: Base, id: string): { n: number; row: number } | null {
  const n = /^\d{4,}$/.test(id) ? base.patients.numberOf(id.slice(0, -2)) : undefined
  return n === undefined ? null : { n, row: Number(id.slice(-2)) }
}
const rowId = (person: SyntheticPerson, row: number): string =>
  `${person.personId}${String(row).padStart(2, '0')}`

const clinicalStatus = (kind: string, code: string): unknown => ({
  coding: [{ system: `${TERMINOLOGY}/${kind}`, code, display: code.charAt(0).toUpperCase() + code.slice(1) }],
  text: code.charAt(0).toUpperCase() + code.slice(1),
})

// --- allergies ---

const CATEGORY = { DA: 'medication', FA: 'food', MA: 'environment', EA: 'environment' } as const

export const allergyRoom = (base: Base): Room =>
  clinicalRoom(base, {
    type: 'AllergyIntolerance',
    verbs: ['read', 'search', 'create', 'update'],
    search: ALLERGY_SEARCH,
    ids: (n) => {
      const person = base.world.person(n)
      return person.allergies.map((_, i) => rowId(person, i))
    },
    read(id) {
      const place = rowOf(base, id)
      return place === null ? null : allergyOf(base, place.n, place.row)
    },
    wanted(query) {
      const [status, changed] = [query.tokens('clinical-status'), changedIn(query)]
      return (found) => matches(conceptsIn(found.resource, 'clinicalStatus'), status) && changed(found)
    },
    create: (body) => createAllergy(base, body),
    update: (now, body) => updateAllergy(base, now, body),
  })

function allergyOf(base: Base, n: number, row: number): Versioned | null {
  const person = base.world.person(n)
  const allergy = person.allergies[row]
  if (allergy === undefined) return null
  const at = base.patients.registeredAt(n)
  const coded = /^\d+$/.test(allergy.code)
  const id = rowId(person, row)
  const resource: Resource = {
    resourceType: 'AllergyIntolerance',
    id,
    meta: meta(id, at),
    text: narrative('Allergy', [
      ['Allergy', allergy.text],
      ['Reaction', allergy.reaction],
    ]),
    clinicalStatus: clinicalStatus('allergyintolerance-clinical', 'active'),
    verificationStatus: clinicalStatus('allergyintolerance-verification', 'confirmed'),
    type: 'allergy',
    category: [CATEGORY[allergy.kind]],
    criticality: allergy.severity === 'SV' ? 'high' : 'low',
    code: {
      coding: coded ? [{ system: RXNORM, code: allergy.code, display: allergy.text }] : [],
      text: allergy.text,
    },
    patient: reference('Patient', person.personId, shownName(person)),
    recordedDate: instant(at),
    reaction: [
      {
        id: `${id}1`,
        manifestation: [{ text: allergy.reaction }],
        severity: { SV: 'severe', MO: 'moderate', MI: 'mild' }[allergy.severity],
      },
    ],
  }
  return { resource, version: id, lastUpdated: at }
}

// --- conditions: problems `p…`, diagnoses of visits `d…` ---

export const conditionRoom = (base: Base): Room =>
  clinicalRoom(base, {
    type: 'Condition',
    verbs: ['read', 'search', 'create', 'update'],
    search: CONDITION_SEARCH,
    ids: (n) => {
      const person = base.world.person(n)
      const diagnoses = staysOf(base, n).filter((stay) => diagnosisFor(stay.visit.reason) !== null)
      return [
        ...person.conditions.map((_, i) => `p${rowId(person, i)}`),
        ...diagnoses.map(({ number }) => `d${number}`),
      ]
    },
    read: (id) =>
      id.startsWith('p') ? problemOf(base, id) : id.startsWith('d') ? diagnosisOf(base, id) : null,
    wanted(query) {
      const status = query.tokens('clinical-status')
      const category = query.tokens('category')
      const encounters = query.references('encounter', 'Encounter')
      const changed = changedIn(query)
      return (found) => {
        const encounter = idIn(found.resource['encounter'], 'Encounter')
        return (
          matches(conceptsIn(found.resource, 'clinicalStatus'), status) &&
          matches(conceptsIn(found.resource, 'category'), category) &&
          // Asking for one encounter brings all problems as well.
          (encounters === null || encounter === null || encounters.includes(encounter)) &&
          changed(found)
        )
      }
    },
    order: () => newestFirst((one) => one['recordedDate']),
    create: (body) => createCondition(base, body),
    update: (now, body) => updateCondition(base, now, body),
  })

function conditionFrame(
  base: Base,
  n: number,
  id: string,
  at: number,
  category: readonly [string, string],
): Resource {
  const person = base.world.person(n)
  return {
    resourceType: 'Condition',
    id,
    meta: meta(id.slice(1), at),
    clinicalStatus: clinicalStatus('condition-clinical', 'active'),
    verificationStatus: clinicalStatus('condition-ver-status', 'confirmed'),
    category: [
      {
        coding: [{ system: `${TERMINOLOGY}/condition-category`, code: category[0], display: category[1] }],
        text: category[1],
      },
    ],
    subject: reference('Patient', person.personId, shownName(person)),
    recordedDate: instant(at),
  }
}

function conditionCode({ code, text }: { code: string; text: string }): unknown {
  const snomed = SNOMED_PROBLEMS[code]
  const first =
    snomed === undefined ? [] : [{ system: SNOMED, code: snomed, display: text, userSelected: true }]
  return {
    coding: [...first, { system: ICD10, code, display: text, userSelected: snomed === undefined }],
    text,
  }
}

function problemOf(base: Base, id: string): Versioned | null {
  const place = rowOf(base, id.slice(1))
  const condition = place === null ? undefined : base.world.person(place.n).conditions[place.row]
  if (place === null || condition === undefined) return null
  const at = base.patients.registeredAt(place.n)
  const years = randomFor(base.world.cast.seed, 'onset', place.n, condition.code).between(0, 9)
  const onset = instant(at - years * 365 * DAY_MS).slice(0, 10)
  const frame = conditionFrame(base, place.n, id, at, ['problem-list-item', 'Problem List Item'])
  return {
    resource: { ...frame, code: conditionCode(condition), onsetDateTime: onset },
    version: id.slice(1),
    lastUpdated: at,
  }
}

function diagnosisOf(base: Base, id: string): Versioned | null {
  const stay = stayOf(base, id.slice(1))
  const diagnosis = stay === null ? null : diagnosisFor(stay.visit.reason)
  if (stay === null || diagnosis === null) return null
  const at = stay.visit.startedAt
  const frame = conditionFrame(base, stay.patient, id, at, ['encounter-diagnosis', 'Encounter Diagnosis'])
  return {
    resource: {
      ...frame,
      code: conditionCode(diagnosis),
      encounter: reference('Encounter', stay.visit.encounterId),
      onsetDateTime: instant(at),
    },
    version: id.slice(1),
    lastUpdated: at,
  }
}

// --- medicines ---

const prescribed = (person: SyntheticPerson): { code: string; medicine: (typeof MEDICINES)[string] }[] =>
  person.conditions.flatMap(({ code }) => {
    const medicine = MEDICINES[code]
    return medicine === undefined ? [] : [{ code, medicine }]
  })

export const medicationRoom = (base: Base): Room =>
  clinicalRoom(base, {
    type: 'MedicationRequest',
    verbs: ['read', 'search', 'create', 'patch'],
    search: MEDICATION_SEARCH,
    ids: (n) => {
      const person = base.world.person(n)
      return prescribed(person).map((_, i) => rowId(person, i))
    },
    read(id) {
      const place = rowOf(base, id)
      return place === null ? null : medicationOf(base, place.n, place.row)
    },
    wanted(query) {
      const [status, intent] = [query.list('status'), query.list('intent')]
      const [bounds, changed] = [query.range('-timing-boundsPeriod'), changedIn(query)]
      return (found) => {
        const end = endOfTherapy(found.resource)
        return (
          (status === null || status.includes(String(found.resource['status']))) &&
          (intent === null || intent.includes(String(found.resource['intent']))) &&
          (bounds === null || end === null || end >= bounds.from) &&
          changed(found)
        )
      }
    },
    order: () => newestFirst((one) => one['authoredOn']),
    create: (body) => createMedicationRequest(base, body),
    patch: (now, operations) => patchMedicationRequest(base, now, operations),
  })

function endOfTherapy(resource: Resource): number | null {
  const [dosage] =
    (resource['dosageInstruction'] as
      { timing?: { repeat?: { boundsPeriod?: { end?: string } } } }[] | undefined) ?? []
  const end = dosage?.timing?.repeat?.boundsPeriod?.end
  return end === undefined ? null : Date.parse(end)
}

function medicationOf(base: Base, n: number, row: number): Versioned | null {
  const person = base.world.person(n)
  const medicine = prescribed(person)[row]?.medicine
  if (medicine === undefined) return null
  const at = base.patients.registeredAt(n)
  const id = rowId(person, row)
  const resource: Resource = {
    resourceType: 'MedicationRequest',
    id,
    meta: meta('1', at),
    text: narrative('Medication Request', [
      ['Medication Name', medicine.name],
      ['Dosage', medicine.dosage],
    ]),
    status: 'active',
    intent: 'order',
    category: [standardConcept(`${TERMINOLOGY}/medicationrequest-category`, 'community', 'Community')],
    reportedBoolean: false,
    medicationCodeableConcept: {
      coding: [
        { system: RXNORM, code: medicine.rxnorm, display: medicine.name, userSelected: false },
        {
          system: `https://fhir.cerner.com/${base.tenant}/synonym`,
          code: eventCode(`rx ${medicine.rxnorm}`),
          display: medicine.name,
          userSelected: true,
        },
      ],
      text: medicine.name,
    },
    subject: reference('Patient', person.personId, shownName(person)),
    authoredOn: instant(at),
    requester: reference('Practitioner', person.primaryProvider),
    dosageInstruction: [
      {
        text: medicine.dosage,
        timing: { repeat: { boundsPeriod: { start: instant(at) } } },
        route: {
          coding: [{ system: SNOMED, code: medicine.route[0], display: medicine.route[1] }],
          text: medicine.route[2],
        },
      },
    ],
    dispenseRequest: { validityPeriod: { start: instant(at) }, numberOfRepeatsAllowed: 3 },
  }
  return { resource, version: '1', lastUpdated: at }
}

// --- vaccinations: `M{person}{row}` ---

interface Shot {
  readonly vaccine: (typeof VACCINES)[number]
  readonly at: number
}

function shotsOf(base: Base, n: number): Shot[] {
  if (n >= base.world.cast.population) return []
  const person = base.world.person(n)
  const age = ageIn(POPULATION_YEAR, person)
  const born = Date.parse(`${person.birthDate}T15:00:00Z`)
  const random = randomFor(base.world.cast.seed, 'vaccines', n)
  const given = VACCINES.flatMap((vaccine) => {
    const has = random.chance(vaccine.share)
    const days = random.between(0, 60)
    if (!has || age < vaccine.from || age > vaccine.to) return []
    const first =
      vaccine.atMonths === null
        ? base.patients.registeredAt(n) - 120 * DAY_MS
        : born + vaccine.atMonths * 30.4 * DAY_MS
    return [{ vaccine, at: Math.floor(first) + days * DAY_MS }]
  })
  return given.filter(({ at }) => at <= base.clock.now())
}

export const immunizationRoom = (base: Base): Room =>
  clinicalRoom(base, {
    type: 'Immunization',
    verbs: ['read', 'search', 'create', 'update'],
    search: IMMUNIZATION_SEARCH,
    ids: (n) => {
      const person = base.world.person(n)
      return shotsOf(base, n).map((_, i) => `M${rowId(person, i)}`)
    },
    read(id) {
      const place = id.startsWith('M') ? rowOf(base, id.slice(1)) : null
      const shot = place === null ? undefined : shotsOf(base, place.n)[place.row]
      return place === null || shot === undefined ? null : shotResource(base, place.n, id, shot)
    },
    wanted(query) {
      const [dates, changed] = [query.range('date'), changedIn(query)]
      const disease = query.tokens('target-disease')
      return (found) => {
        const [protocol] =
          (found.resource['protocolApplied'] as { targetDisease?: Concepts[] }[] | undefined) ?? []
        return (
          inRange(Date.parse(String(found.resource['occurrenceDateTime'])), dates) &&
          matches(protocol?.targetDisease ?? [], disease) &&
          changed(found)
        )
      }
    },
    order: () => newestFirst((one) => one['occurrenceDateTime']),
    create: (body) => createImmunization(base, body),
    update: (now, body) => updateImmunization(base, now, body),
  })

function shotResource(base: Base, n: number, id: string, { vaccine, at }: Shot): Versioned {
  const person = base.world.person(n)
  const resource: Resource = {
    resourceType: 'Immunization',
    id,
    meta: meta('1', at),
    text: narrative('Immunization', [
      ['Vaccine', vaccine.name],
      ['Status', 'Completed'],
    ]),
    status: 'completed',
    vaccineCode: {
      coding: [
        {
          system: codeSet(base.tenant, 72),
          code: eventCode(`cvx ${vaccine.cvx}`),
          display: vaccine.name,
          userSelected: true,
        },
        { system: CVX, code: vaccine.cvx, display: vaccine.name, userSelected: false },
      ],
      text: vaccine.name,
    },
    patient: reference('Patient', person.personId, shownName(person)),
    occurrenceDateTime: instant(at),
    primarySource: true,
    protocolApplied: [
      {
        targetDisease: [
          {
            coding: [{ system: SNOMED, code: vaccine.disease[0], display: vaccine.disease[1] }],
            text: vaccine.disease[1],
          },
        ],
        doseNumberString: 'Unknown',
      },
    ],
  }
  return { resource, version: '1', lastUpdated: at }
}
