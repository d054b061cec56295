import { z } from 'zod'
import type { Resource } from './contract.ts'

/** R4 records as DSTU 2 tells them. @see cerner-fhir-r4.md §4 */

type Json = Record<string, unknown>
/** `…/v3-Race` was `…/v3/Race`, and most others stood where their value sets stand. */
function oldSystem(system: string): string {
  if (system.endsWith('/v3-ObservationInterpretation')) return 'http://hl7.org/fhir/v2/0078'
  return system.replace(
    /^http:\/\/terminology\.hl7\.org\/CodeSystem\/(?:(v[23])-)?/,
    (_all, version?: string) =>
      version === undefined ? 'http://hl7.org/fhir/' : `http://hl7.org/fhir/${version}/`,
  )
}

/** Code systems by their old names, everywhere in a value. */
function oldSystems(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(oldSystems)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      name,
      name === 'system' && typeof part === 'string' ? oldSystem(part) : oldSystems(part),
    ]),
  )
}

const list = z.array(z.looseObject({})).catch([])
const object = z.looseObject({}).catch({})
const first = (value: unknown): Json | undefined => list.parse(value)[0]
const pick = (from: Json, ...names: readonly string[]): Json =>
  Object.fromEntries(names.flatMap((name) => (from[name] === undefined ? [] : [[name, from[name]]])))
const when = (name: string, value: unknown): Json => (value === undefined ? {} : { [name]: value })

const HEAD = ['resourceType', 'id', 'meta', 'text'] as const

const SHAPES: Readonly<Record<string, (r4: Json) => Json>> = {
  Patient: (r4) => ({
    ...pick(r4, ...HEAD),
    extension: list.parse(r4['extension']).map(argonaut),
    ...pick(r4, 'identifier', 'active'),
    ...when('name', r4['name'] === undefined ? undefined : list.parse(r4['name']).map(familyList)),
    ...pick(
      r4,
      'telecom',
      'gender',
      'birthDate',
      'deceasedBoolean',
      'multipleBirthInteger',
      'address',
      'maritalStatus',
      'communication',
    ),
    ...when(
      'contact',
      r4['contact'] === undefined
        ? undefined
        : list.parse(r4['contact']).map((one) => ({ ...one, name: familyList(object.parse(one['name'])) })),
    ),
    ...when('careProvider', r4['generalPractitioner']),
    ...pick(r4, 'managingOrganization'),
    ...when(
      'link',
      r4['link'] === undefined
        ? undefined
        : list.parse(r4['link']).map((one) => ({ ...one, type: 'replace' })),
    ),
  }),
  Appointment: (r4) => ({
    ...pick(r4, ...HEAD, 'status'),
    ...(r4['status'] === 'checked-in' ? { status: 'arrived' } : {}),
    ...when('type', first(r4['serviceType'])),
    ...when('reason', first(r4['reasonCode'])),
    ...pick(r4, 'description', 'start', 'end', 'minutesDuration', 'slot', 'comment'),
    participant: list.parse(r4['participant']).map(({ period: _period, ...one }) => one),
  }),
  Slot: (r4) => ({
    ...pick(r4, ...HEAD),
    extension: list.parse(r4['extension']).map(dstu2Definition),
    ...when('type', first(r4['serviceType'])),
    ...pick(r4, 'schedule'),
    freeBusyType: r4['status'],
    ...pick(r4, 'start', 'end'),
  }),
  Schedule: (r4) => ({
    ...pick(r4, ...HEAD),
    type: list.parse(r4['serviceType']).map((one) => pick(one, 'text')),
    ...when('actor', first(r4['actor'])),
  }),
  Encounter: (r4) => ({
    ...pick(r4, ...HEAD, 'identifier', 'status'),
    class: CLASSES[String(object.parse(r4['class'])['code'])] ?? 'other',
    ...pick(r4, 'type', 'priority'),
    ...when('patient', r4['subject']),
    ...pick(r4, 'participant', 'appointment', 'period'),
    ...when('appointment', first(r4['appointment'])),
    ...when('reason', r4['reasonCode']),
    ...pick(r4, 'hospitalization', 'location', 'serviceProvider'),
  }),
  Observation: (r4) => ({
    ...pick(r4, ...HEAD, 'identifier', 'status'),
    ...when('category', first(r4['category'])),
    ...pick(r4, 'code', 'subject', 'encounter', 'effectiveDateTime', 'issued'),
    ...when(
      'performer',
      r4['performer'] === undefined
        ? undefined
        : list.parse(r4['performer']).map((one) => pick(one, 'reference', 'display')),
    ),
    ...pick(r4, 'valueQuantity', 'valueCodeableConcept', 'valueString', 'valueDateTime'),
    ...when('interpretation', first(r4['interpretation'])),
    ...when('comments', first(r4['note'])?.['text']),
    ...when('referenceRange', r4['referenceRange'] === undefined ? undefined : ranges(r4['referenceRange'])),
    ...when(
      'related',
      r4['hasMember'] === undefined
        ? undefined
        : list.parse(r4['hasMember']).map((target) => ({ type: 'has-member', target })),
    ),
    ...when(
      'component',
      r4['component'] === undefined
        ? undefined
        : list.parse(r4['component']).map(({ interpretation: _judged, ...one }) => ({
            ...one,
            ...when(
              'referenceRange',
              one['referenceRange'] === undefined ? undefined : ranges(one['referenceRange']),
            ),
          })),
    ),
  }),
  Practitioner: (r4) => ({
    ...pick(r4, ...HEAD, 'identifier', 'active'),
    ...when('name', first(r4['name']) && familyList(first(r4['name']) ?? {})),
    ...pick(r4, 'telecom', 'address', 'gender'),
  }),
  Condition: (r4) => ({
    ...pick(r4, ...HEAD),
    ...when('patient', r4['subject']),
    ...pick(r4, 'encounter'),
    ...when(
      'dateRecorded',
      typeof r4['recordedDate'] === 'string' ? r4['recordedDate'].slice(0, 10) : undefined,
    ),
    ...pick(r4, 'code'),
    ...when('category', CONDITION_CATEGORIES[codeOf(first(r4['category']))]),
    clinicalStatus: codeOf(r4['clinicalStatus']),
    verificationStatus: codeOf(r4['verificationStatus']),
    ...pick(r4, 'onsetDateTime', 'abatementDateTime'),
  }),
  AllergyIntolerance: (r4) => ({
    ...pick(r4, ...HEAD, 'recordedDate', 'recorder', 'patient'),
    ...when('substance', r4['code']),
    status: codeOf(r4['clinicalStatus']) === 'active' ? 'confirmed' : 'inactive',
    criticality: r4['criticality'] === 'high' ? 'CRITH' : 'CRITL',
    ...pick(r4, 'type'),
    ...when('category', Array.isArray(r4['category']) ? r4['category'][0] : undefined),
    ...pick(r4, 'reaction'),
  }),
  DocumentReference: (r4) => ({
    ...pick(r4, ...HEAD, 'identifier', 'subject', 'type', 'author', 'authenticator'),
    ...when('created', r4['date']),
    ...when('indexed', r4['date']),
    ...pick(r4, 'status'),
    docStatus: { coding: [{ system: 'http://hl7.org/fhir/composition-status', code: r4['docStatus'] }] },
    content: list.parse(r4['content']).map((one) => pick(one, 'attachment')),
    context: contextOf(object.parse(r4['context'])),
  }),
}

/** Types that the old road reads. */
export const DSTU2_TYPES: readonly string[] = Object.keys(SHAPES)

export function toDstu2(r4: Resource): Resource {
  const shape = SHAPES[r4.resourceType]
  return shape === undefined ? r4 : (oldSystems(shape(r4)) as Resource)
}

const CLASSES: Readonly<Record<string, string>> = { AMB: 'outpatient', EMER: 'emergency', IMP: 'inpatient' }

const CONDITION_CATEGORIES: Readonly<Record<string, unknown>> = {
  'problem-list-item': {
    coding: [{ system: 'http://argonaut.hl7.org', code: 'problem', display: 'Problem' }],
    text: 'Problem',
  },
  'encounter-diagnosis': {
    coding: [{ system: 'http://hl7.org/fhir/condition-category', code: 'diagnosis', display: 'Diagnosis' }],
    text: 'Diagnosis',
  },
}

const codeOf = (concept: unknown): string => String(first(object.parse(concept)['coding'])?.['code'] ?? '')

const familyList = (name: Json): Json => ({ ...name, family: [name['family']] })

const ranges = (value: unknown): Json[] =>
  list.parse(value).map(({ type, ...one }) => ({ ...one, ...when('meaning', type) }))

const contextOf = (context: Json): Json => ({
  ...when('encounter', first(context['encounter'])),
  ...pick(context, 'period'),
})

const ARGONAUT = 'http://fhir.org/guides/argonaut/StructureDefinition'
const KINDS: Readonly<Record<string, readonly [url: string, system: string | null]>> = {
  'us-core-race': ['argo-race', 'http://hl7.org/fhir/v3/Race'],
  'us-core-ethnicity': ['argo-ethnicity', 'http://hl7.org/fhir/v3/Ethnicity'],
  'us-core-birthsex': ['argo-birthsex', null],
}

function argonaut(extension: Json): Json {
  const known = KINDS[String(extension['url']).split('/').at(-1) ?? '']
  if (known === undefined) return dstu2Definition(extension)
  const [url, system] = known
  const parts = list.parse(extension['extension']).map((part) => {
    const { valueCoding } = part
    return valueCoding === undefined
      ? part
      : { ...part, valueCoding: { ...object.parse(valueCoding), system } }
  })
  return {
    url: `${ARGONAUT}/${url}`,
    ...pick(extension, 'valueCode'),
    ...(parts.length === 0 ? {} : { extension: parts }),
  }
}

const dstu2Definition = (extension: Json): Json => ({
  ...extension,
  url: String(extension['url']).replace('/r4/', '/dstu2/'),
})
