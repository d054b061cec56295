/**
 * What FHIR R4 asks of the resources that the façade writes, by hand from the specification: members that must be there,
 * codes of required bindings, and the forms of dates, ids and references. US Core's own must-haves stand beside them.
 */
type Json = Record<string, unknown>

const SETS = {
  gender: ['male', 'female', 'other', 'unknown'],
  encounter: [
    'planned',
    'arrived',
    'triaged',
    'in-progress',
    'onleave',
    'finished',
    'cancelled',
    'entered-in-error',
    'unknown',
  ],
  appointment: [
    'proposed',
    'pending',
    'booked',
    'arrived',
    'fulfilled',
    'cancelled',
    'noshow',
    'entered-in-error',
    'checked-in',
    'waitlist',
  ],
  participation: ['accepted', 'declined', 'tentative', 'needs-action'],
  observation: [
    'registered',
    'preliminary',
    'final',
    'amended',
    'corrected',
    'cancelled',
    'entered-in-error',
    'unknown',
  ],
  report: [
    'registered',
    'partial',
    'preliminary',
    'final',
    'amended',
    'corrected',
    'appended',
    'cancelled',
    'entered-in-error',
    'unknown',
  ],
  document: ['current', 'superseded', 'entered-in-error'],
  financial: ['active', 'cancelled', 'draft', 'entered-in-error'],
  medication: [
    'active',
    'on-hold',
    'cancelled',
    'completed',
    'entered-in-error',
    'stopped',
    'draft',
    'unknown',
  ],
  intent: [
    'proposal',
    'plan',
    'order',
    'original-order',
    'reflex-order',
    'filler-order',
    'instance-order',
    'option',
  ],
  immunization: ['completed', 'entered-in-error', 'not-done'],
  place: ['active', 'suspended', 'inactive'],
} as const

/** Member paths that must be there, with the set of codes where the binding is required. */
const MUSTS: Record<string, readonly (readonly [path: string, set?: keyof typeof SETS])[]> = {
  Patient: [['identifier.system'], ['identifier.value'], ['name'], ['gender', 'gender']],
  Encounter: [['status', 'encounter'], ['class.code'], ['class.system'], ['type'], ['subject.reference']],
  Appointment: [
    ['status', 'appointment'],
    ['participant.status', 'participation'],
  ],
  Observation: [['status', 'observation'], ['category.coding.code'], ['code'], ['subject.reference']],
  DiagnosticReport: [['status', 'report'], ['category.coding.code'], ['code'], ['subject.reference']],
  DocumentReference: [
    ['status', 'document'],
    ['type'],
    ['category'],
    ['subject.reference'],
    ['content.attachment.url'],
  ],
  Coverage: [['status', 'financial'], ['relationship'], ['beneficiary.reference'], ['payor']],
  AllergyIntolerance: [['code'], ['patient.reference'], ['clinicalStatus.coding.code']],
  Condition: [['category.coding.code'], ['code'], ['subject.reference']],
  MedicationRequest: [
    ['status', 'medication'],
    ['intent', 'intent'],
    ['medicationCodeableConcept'],
    ['subject.reference'],
    ['requester'],
  ],
  Immunization: [['status', 'immunization'], ['vaccineCode'], ['patient.reference'], ['primarySource']],
  Practitioner: [['identifier.value'], ['name.family']],
  Location: [['name'], ['status', 'place']],
  Organization: [['active'], ['name']],
}

const DATE_TIME = /^\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?)?)?$/
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/
const ID = /^[A-Za-z0-9.-]{1,64}$/
const REFERENCE = /^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/
const DATE_MEMBERS =
  /^(birthDate|deceasedDateTime|start|end|effectiveDateTime|onsetDateTime|abatementDateTime|recordedDate|authoredOn|occurrenceDateTime|creation)$/
const INSTANT_MEMBERS = /^(lastUpdated|issued|date)$/

/** What is wrong with a resource, each with its place; an empty list when nothing is. */
export function faultsOf(resource: Json): string[] {
  const type = String(resource['resourceType'])
  const faults: string[] = []
  if (!ID.test(String(resource['id']))) faults.push(`${type}.id`)
  if (!INSTANT.test(String((resource['meta'] as Json | undefined)?.['lastUpdated'])))
    faults.push(`${type}.meta.lastUpdated`)
  const musts = MUSTS[type]
  if (!musts) return [`${type} has no rules`]
  for (const [path, set] of musts) {
    const values = at(resource, path)
    if (values.length === 0) faults.push(`${type}.${path} is missing`)
    const codes: readonly string[] | undefined = set && SETS[set]
    if (codes && values.some((value) => !codes.includes(String(value))))
      faults.push(`${type}.${path} is not in its set`)
  }
  return [...faults, ...formsOf(resource, type), ...rulesOf(resource, type)]
}

function at(value: unknown, path: string): unknown[] {
  return path.split('.').reduce<unknown[]>(
    (found, member) =>
      found.flatMap((one) => {
        const next = (one as Json | null)?.[member]
        return next === undefined ? [] : Array.isArray(next) ? (next as unknown[]) : [next]
      }),
    [value],
  )
}

/** Nothing is empty or null anywhere; dates, instants and references have their form. */
function formsOf(value: unknown, place: string): string[] {
  if (value === null || value === '' || value === undefined) return [`${place} is empty`]
  if (typeof value !== 'object') return []
  if (Array.isArray(value))
    return value.length === 0
      ? [`${place} is an empty list`]
      : value.flatMap((one, n) => formsOf(one, `${place}[${n}]`))
  const entries = Object.entries(value as Json)
  if (entries.length === 0) return [`${place} is an empty object`]
  return entries.flatMap(([name, member]) => {
    const here = `${place}.${name}`
    if (typeof member === 'string') {
      if (DATE_MEMBERS.test(name) && !DATE_TIME.test(member)) return [`${here} is no date`]
      if (INSTANT_MEMBERS.test(name) && !INSTANT.test(member)) return [`${here} is no instant`]
      if (name === 'reference' && !REFERENCE.test(member)) return [`${here} is no reference`]
    }
    return formsOf(member, here)
  })
}

/** Invariants of the specification that hold over several members. */
function rulesOf(resource: Json, type: string): string[] {
  const faults: string[] = []
  const rule = (name: string, holds: boolean): void => {
    if (!holds) faults.push(name)
  }
  if (type === 'Appointment') {
    rule(
      'app-3: start and end stand together',
      (resource['start'] === undefined) === (resource['end'] === undefined),
    )
    rule(
      'app-1: a participant has an actor or a type',
      at(resource, 'participant').every((one) => 'actor' in (one as Json) || 'type' in (one as Json)),
    )
  }
  if (type === 'Observation') {
    const hasValue = Object.keys(resource).some((name) => name.startsWith('value'))
    rule('obs-6: no reason for a value that is there', !(hasValue && 'dataAbsentReason' in resource))
    rule(
      'us-core-2: a value, components, or why not',
      hasValue || 'dataAbsentReason' in resource || 'component' in resource,
    )
  }
  if (type === 'Immunization')
    rule('an immunization says when', 'occurrenceDateTime' in resource || 'occurrenceString' in resource)
  if (type === 'Condition') {
    const status = at(resource, 'clinicalStatus.coding.code')[0]
    rule(
      'con-4: what has abated is not active',
      !('abatementDateTime' in resource) || ['inactive', 'resolved', 'remission'].includes(String(status)),
    )
  }
  if (type === 'Patient') {
    for (const contact of at(resource, 'telecom'))
      rule('cpt-2: a value has a system', 'system' in (contact as Json))
    for (const extension of at(resource, 'extension'))
      rule('ext-1: value or extensions', Object.keys(extension as Json).length >= 2)
  }
  return faults
}
