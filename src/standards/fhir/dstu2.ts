import type { ParsedResource } from './json.ts'

/**
 * Brings resources of DSTU 2 (FHIR 1.0.2) into the shape of R4, so that one mapping reads both.
 *
 * Only what the two write differently is touched, and only in the types that old domains serve; everything else is
 * handed on as it is. A resource that is already R4 comes back equal.
 *
 * @see cerner-fhir-r4.md §4
 */
export function fromDstu2(resource: ParsedResource): ParsedResource {
  const renamed = withR4Systems(resource) as ParsedResource
  const convert = Object.hasOwn(CONVERTERS, renamed.resourceType)
    ? CONVERTERS[renamed.resourceType]
    : undefined
  return convert ? (convert(renamed) as ParsedResource) : renamed
}

type Json = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('rawJSON' in value)

// --- code systems and extensions that moved ---

const TERMINOLOGY = 'http://terminology.hl7.org/CodeSystem'
const CDCREC = 'urn:oid:2.16.840.1.113883.6.238'

const SYSTEMS: Readonly<Record<string, string>> = {
  'http://hl7.org/fhir/v3/Race': CDCREC,
  'http://hl7.org/fhir/v3/Ethnicity': CDCREC,
  ...Object.fromEntries(
    [
      'observation-category',
      'data-absent-reason',
      'admit-source',
      'condition-category',
      'diagnosis-role',
      'referencerange-meaning',
      'discharge-disposition',
    ].map((name) => [`http://hl7.org/fhir/${name}`, `${TERMINOLOGY}/${name}`]),
  ),
  'http://hl7.org/fhir/condition-clinical': `${TERMINOLOGY}/condition-clinical`,
  'http://hl7.org/fhir/condition-ver-status': `${TERMINOLOGY}/condition-ver-status`,
}

function r4System(system: string): string {
  const [, version, name = ''] = /^http:\/\/hl7\.org\/fhir\/(v2|v3)\/(\w+)$/.exec(system) ?? []
  return SYSTEMS[system] ?? (version === undefined ? system : `${TERMINOLOGY}/${version}-${name}`)
}

const ARGONAUT = /^http:\/\/fhir\.org\/guides\/argonaut\/StructureDefinition\/argo-(race|ethnicity|birthsex)$/
const US_CORE = 'http://hl7.org/fhir/us/core/StructureDefinition/us-core'

/** Every `system` and extension `url` of the tree by its R4 name; parts without one are the same objects. */
function withR4Systems(value: unknown): unknown {
  if (Array.isArray(value)) return (value as readonly unknown[]).map(withR4Systems)
  if (!isObject(value)) return value
  const copy: Record<string, unknown> = {}
  for (const [name, member] of Object.entries(value)) {
    if (name === 'system' && typeof member === 'string') put(copy, name, r4System(member))
    else if (name === 'url' && typeof member === 'string')
      put(copy, name, member.replace(ARGONAUT, `${US_CORE}-$1`))
    else put(copy, name, withR4Systems(member))
  }
  return copy
}

/** Sets a member, also one named `__proto__`. */
const put = (target: Record<string, unknown>, name: string, value: unknown): void => {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true })
}

// --- members that moved ---

/** How one member is written in R4: its name, and its value. An existing R4 member stays. */
type Move = readonly [from: string, to: string, value?: (found: unknown) => unknown]

const listed = (found: unknown): unknown => (Array.isArray(found) ? (found as unknown) : [found])
const asText = (found: unknown): unknown => (typeof found === 'string' ? [{ text: found }] : undefined)
const concept =
  (system: string) =>
  (found: unknown): unknown =>
    typeof found === 'string' ? { coding: [{ system: `${TERMINOLOGY}/${system}`, code: found }] } : found

function moving(...moves: readonly Move[]): (resource: Json) => Json {
  return (resource) => {
    const next: Record<string, unknown> = { ...resource }
    for (const [from, to, value] of moves) {
      if (!(from in resource) || (from !== to && to in resource)) continue
      if (from !== to) delete next[from]
      const moved = value ? value(resource[from]) : resource[from]
      if (moved !== undefined) next[to] = moved
      else delete next[to]
    }
    return next
  }
}

const names = (found: unknown): unknown =>
  (listed(found) as readonly unknown[]).map((name) => {
    if (!isObject(name) || !Array.isArray(name['family'])) return name
    return {
      ...name,
      family: (name['family'] as readonly unknown[]).filter((part) => typeof part === 'string').join(' '),
    }
  })

const contacts = (found: unknown): unknown =>
  (listed(found) as readonly unknown[]).map((contact) => {
    if (!isObject(contact) || !('name' in contact)) return contact
    return { ...contact, name: (names(contact['name']) as readonly unknown[])[0] }
  })

const links = (found: unknown): unknown =>
  (listed(found) as readonly unknown[]).map((link) =>
    isObject(link) && link['type'] === 'replace' ? { ...link, type: 'replaced-by' } : link,
  )

const CLASSES: Readonly<Record<string, string>> = {
  inpatient: 'IMP',
  outpatient: 'AMB',
  ambulatory: 'AMB',
  emergency: 'EMER',
  home: 'HH',
  field: 'FLD',
  daytime: 'AMB',
  virtual: 'VR',
}
const visitClass = (found: unknown): unknown =>
  typeof found === 'string' && CLASSES[found] !== undefined
    ? { system: `${TERMINOLOGY}/v3-ActCode`, code: CLASSES[found] }
    : undefined

const actor = (found: unknown): unknown =>
  (listed(found) as readonly unknown[]).map((one) =>
    isObject(one) && 'reference' in one ? { actor: one } : one,
  )

const codeOf = (found: unknown): unknown => {
  if (!isObject(found)) return found
  const codings = found['coding']
  const first: unknown = Array.isArray(codings) ? (codings as readonly unknown[])[0] : undefined
  return isObject(first) ? first['code'] : undefined
}

const CRITICALITY: Readonly<Record<string, string>> = {
  CRITL: 'low',
  CRITH: 'high',
  CRITU: 'unable-to-assess',
}
const criticality = (found: unknown): unknown =>
  typeof found === 'string' ? (CRITICALITY[found] ?? found) : undefined

const CATEGORIES: Readonly<Record<string, string>> = {
  problem: 'problem-list-item',
  diagnosis: 'encounter-diagnosis',
}
const conditionCategory = (found: unknown): unknown =>
  (listed(found) as readonly unknown[]).map((one) => {
    const said = codeOf(one)
    const code = typeof said === 'string' ? CATEGORIES[said] : undefined
    return code === undefined ? one : { coding: [{ system: `${TERMINOLOGY}/condition-category`, code }] }
  })

const members = (found: unknown): unknown =>
  (listed(found) as readonly unknown[]).flatMap((one) =>
    isObject(one) && one['type'] === 'has-member' && 'target' in one ? [one['target']] : [],
  )

/** DSTU 2 has one status for what R4 splits into clinical and verification status. */
function allergyStatus(resource: Json): Json {
  const { status, ...rest } = resource
  if (typeof status !== 'string' || 'clinicalStatus' in resource) return resource
  const verification = ['unconfirmed', 'confirmed', 'refuted', 'entered-in-error'].includes(status)
    ? status
    : 'confirmed'
  const clinical = status === 'inactive' || status === 'resolved' ? status : 'active'
  const isWrong = verification === 'refuted' || verification === 'entered-in-error'
  return {
    ...rest,
    verificationStatus: concept('allergyintolerance-verification')(verification),
    ...(isWrong ? {} : { clinicalStatus: concept('allergyintolerance-clinical')(clinical) }),
  }
}

const vaccination = (resource: Json): Json =>
  resource['wasNotGiven'] === true && resource['status'] !== 'entered-in-error'
    ? { ...resource, status: 'not-done' }
    : resource

/** A MedicationStatement is what the patient takes; R4 of Cerner shows it as a request that was reported. */
const statement = (resource: Json): Json => ({
  ...resource,
  resourceType: 'MedicationRequest',
  intent: resource['intent'] ?? 'plan',
  reportedBoolean: resource['reportedBoolean'] ?? true,
})

const order = (resource: Json): Json => ({
  ...resource,
  resourceType: 'MedicationRequest',
  intent: resource['intent'] ?? 'order',
})

const then =
  (...steps: readonly ((resource: Json) => Json)[]) =>
  (resource: Json): Json =>
    steps.reduce((current, step) => step(current), resource)

// prettier-ignore
const CONVERTERS: Readonly<Record<string, (resource: Json) => Json>> = {
  Patient: moving(['name', 'name', names], ['contact', 'contact', contacts], ['careProvider', 'generalPractitioner'], ['link', 'link', links]),
  Practitioner: moving(['name', 'name', names]),
  Appointment: moving(['type', 'serviceType', listed], ['reason', 'reasonCode', listed]),
  Slot: moving(['type', 'serviceType', listed], ['freeBusyType', 'status']),
  Schedule: moving(['type', 'serviceType', listed], ['actor', 'actor', listed]),
  Encounter: moving(['patient', 'subject'], ['class', 'class', visitClass], ['reason', 'reasonCode', listed]),
  Observation: moving(['category', 'category', listed], ['comments', 'note', asText], ['related', 'hasMember', members], ['interpretation', 'interpretation', listed]),
  DiagnosticReport: moving(['category', 'category', listed], ['performer', 'performer', listed]),
  DocumentReference: moving(
    ['docStatus', 'docStatus', codeOf], ['class', 'category', listed], ['created', 'date'], ['indexed', 'date'],
    ['context', 'context', (found) => isObject(found) ? moving(['encounter', 'encounter', listed])(found) : found],
  ),
  Condition: moving(
    ['patient', 'subject'], ['category', 'category', conditionCategory], ['dateRecorded', 'recordedDate'],
    ['clinicalStatus', 'clinicalStatus', concept('condition-clinical')],
    ['verificationStatus', 'verificationStatus', concept('condition-ver-status')],
  ),
  AllergyIntolerance: then(
    moving(['substance', 'code'], ['category', 'category', listed], ['onset', 'onsetDateTime'], ['criticality', 'criticality', criticality]),
    allergyStatus,
  ),
  Immunization: then(vaccination, moving(['date', 'occurrenceDateTime'], ['performer', 'performer', actor])),
  MedicationOrder: then(moving(['patient', 'subject'], ['dateWritten', 'authoredOn'], ['prescriber', 'requester']), order),
  MedicationStatement: then(moving(['patient', 'subject'], ['dateAsserted', 'authoredOn'], ['dosage', 'dosageInstruction']), statement),
}
