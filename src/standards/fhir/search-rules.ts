/**
 * What Cerner takes in a search of each type, as data: the required combinations, what excludes what, and the form of
 * each value (cerner-fhir-r4.md §1.4, §3; DSTU 2: §4). A search that breaks its rule is answered 400 there, so it is
 * refused here before it is sent.
 */

/** The form of a parameter. */
export type Form =
  /** One value or a list, `system|code` or bare: `status=booked,arrived`. */
  | { is: 'list' }
  /** One value. */
  | { is: 'one' }
  /** `123`, `Patient/123`, or a list of them. */
  | { is: 'references' }
  /** A calendar date with a prefix, never a time. */
  | { is: 'date'; from: readonly Prefix[]; to: readonly Prefix[]; sides: Sides }
  /** A time with its zone, with a prefix; `bare` where a date alone is taken too. */
  | { is: 'instant'; from: readonly Prefix[]; to: readonly Prefix[]; sides: Sides; bare?: true }
  | { is: 'count'; min: number; max: number }
  /** One of these values. */
  | { is: 'choice'; of: readonly string[] }

export type Prefix = 'eq' | 'ge' | 'gt' | 'le' | 'lt'
/** `both`: a lower and an upper bound must be given; `one`: a single bound; `any`: one value, or a lower and an upper. */
export type Sides = 'both' | 'one' | 'any'

export interface SearchRule {
  /** The rule as a sentence goes on after "A search of Patient needs …". */
  says: string
  /** Any one of these sets of parameters satisfies it. */
  needs: readonly (readonly string[])[]
  /** Of each set at most one may be given. */
  oneOf: readonly (readonly string[])[]
  /** These take no other parameter beside them but `_include` and `_revinclude`. */
  alone: readonly string[]
  takes: Readonly<Record<string, Form>>
}

const list: Form = { is: 'list' }
const one: Form = { is: 'one' }
const references: Form = { is: 'references' }
const count = (max: number, min = 1): Form => ({ is: 'count', min, max })
const choice = (...of: string[]): Form => ({ is: 'choice', of })
const LOWER: readonly Prefix[] = ['ge', 'gt']
const UPPER: readonly Prefix[] = ['lt', 'le']
type Instants = Extract<Form, { is: 'instant' }>
const instant = (sides: Sides, from = LOWER, to = UPPER): Instants => ({ is: 'instant', from, to, sides })
const date: Form = { is: 'date', from: ['eq', ...LOWER], to: UPPER, sides: 'any' }
const changed = instant('any')
const provenance = choice('Provenance:target')

// Cerner publishes no maximum for these; a larger page is answered with fewer rows.
const UNPUBLISHED = 1000

function rule(
  says: string,
  needs: SearchRule['needs'],
  takes: SearchRule['takes'],
  limits: { oneOf?: SearchRule['oneOf']; alone?: readonly string[] } = {},
): SearchRule {
  return { says, needs, takes, oneOf: limits.oneOf ?? [], alone: limits.alone ?? ['_id'] }
}

const each = (...names: string[]): string[][] => names.map((name) => [name])

// prettier-ignore
export const R4_RULES: Readonly<Record<string, SearchRule>> = {
  Patient: rule(
    'one of _id, identifier, name, family, given, birthdate, phone, email and address-postalcode',
    each('_id', 'identifier', 'name', 'family', 'given', 'birthdate', 'phone', 'email', 'address-postalcode'),
    { _id: references, identifier: one, name: one, family: one, given: one, birthdate: date, phone: one, email: one,
      'address-postalcode': one, gender: one, _count: count(UNPUBLISHED), _revinclude: provenance },
    { oneOf: [['name', 'family'], ['name', 'given'], ['_id', '_count'], ['identifier', '_count']] },
  ),
  Appointment: rule(
    'exactly one of patient, practitioner and location, with date or -date-or-req-period; or _id',
    [['_id'], ...['patient', 'practitioner', 'location'].flatMap((who) => [[who, 'date'], [who, '-date-or-req-period']])],
    { _id: references, patient: references, practitioner: references, location: references, date: instant('any'),
      '-date-or-req-period': instant('any'), status: list, _count: count(UNPUBLISHED) },
    { oneOf: [['patient', 'practitioner', 'location'], ['date', '-date-or-req-period']] },
  ),
  Slot: rule(
    'start from and to, with service-type, -location or schedule.actor; or _id',
    [['_id'], ['service-type', 'start'], ['-location', 'start'], ['schedule.actor', 'start']],
    { _id: references, 'service-type': list, start: instant('both'), 'schedule.actor': references, '-location': references,
      _count: count(200, 5), _include: choice('Slot:schedule', 'Schedule:actor:Practitioner') },
  ),
  Schedule: rule('_id', each('_id'), { _id: references }),
  Encounter: rule(
    'one of _id, patient, subject, account and identifier',
    each('_id', 'patient', 'subject', 'account', 'identifier'),
    { _id: references, patient: references, subject: references, account: one, identifier: one, date: instant('any'),
      status: list, _lastUpdated: changed, _count: count(UNPUBLISHED), _revinclude: provenance },
    { oneOf: [['date', '_lastUpdated']] },
  ),
  Observation: rule(
    '_id, patient or subject', each('_id', 'patient', 'subject'),
    { _id: references, patient: references, subject: references, category: list, code: list, date: instant('any'),
      _lastUpdated: changed, _count: count(200), _revinclude: provenance },
    { oneOf: [['patient', 'subject'], ['date', '_lastUpdated']] },
  ),
  DiagnosticReport: rule(
    '_id or patient', each('_id', 'patient'),
    { _id: references, patient: references, encounter: references, category: list, code: list, date: instant('any'),
      _lastUpdated: changed, _count: count(100), _revinclude: provenance },
    { oneOf: [['date', '_lastUpdated']] },
  ),
  DocumentReference: rule(
    '_id or patient', each('_id', 'patient'),
    { _id: references, patient: references, encounter: references, type: list, category: list, date: instant('any'),
      period: instant('both'), _lastUpdated: changed, _count: count(100), _revinclude: provenance },
    { oneOf: [['date', 'period', '_lastUpdated']] },
  ),
  Practitioner: rule(
    'one of _id, identifier, family, name and active', each('_id', 'identifier', 'family', 'name', 'active'),
    { _id: references, identifier: one, family: one, given: one, name: one, active: choice('true', 'false'), _count: count(UNPUBLISHED) },
  ),
  Location: rule(
    'one of _id, -physicalType, type, identifier, name, address, address-city, address-state and address-postalcode',
    each('_id', '-physicalType', 'type', 'identifier', 'name', 'address', 'address-city', 'address-state', 'address-postalcode'),
    { _id: references, '-physicalType': list, type: list, identifier: one, name: one, organization: references, address: one,
      'address-city': one, 'address-state': one, 'address-postalcode': one, _count: count(UNPUBLISHED) },
  ),
  Organization: rule(
    'nothing', [[]],
    { _id: references, identifier: one, type: list, name: one, address: one, _count: count(UNPUBLISHED) },
  ),
  Coverage: rule(
    'one of patient, -encounter and _id', each('patient', '-encounter', '_id'),
    { _id: references, patient: references, '-encounter': references, _revinclude: provenance },
    { oneOf: [['patient', '-encounter']] },
  ),
  InsurancePlan: rule('_id or owned-by', each('_id', 'owned-by'), { _id: references, 'owned-by': one }),
  RelatedPerson: rule(
    '_id, -encounter, or patient or identifier with -relationship-level',
    [['_id'], ['-encounter'], ['patient', '-relationship-level'], ['identifier', '-relationship-level']],
    { _id: references, '-encounter': references, patient: references, identifier: one, '-relationship-level': one,
      _revinclude: provenance },
  ),
  Person: rule('_id or identifier', each('_id', 'identifier'), { _id: references, identifier: one }),
  AllergyIntolerance: rule(
    '_id or patient', each('_id', 'patient'),
    { _id: references, patient: references, 'clinical-status': list, _lastUpdated: changed, _revinclude: provenance },
  ),
  Condition: rule(
    '_id, patient or subject', each('_id', 'patient', 'subject'),
    { _id: references, patient: references, subject: references, 'clinical-status': list, category: list,
      encounter: references, _lastUpdated: changed, _revinclude: provenance },
    { oneOf: [['patient', 'subject']] },
  ),
  MedicationRequest: rule(
    '_id or patient', each('_id', 'patient'),
    { _id: references, patient: references, status: list, intent: list, '-timing-boundsPeriod': instant('one', ['ge'], []),
      _lastUpdated: instant('any', ['ge'], ['le']), _count: count(UNPUBLISHED), _revinclude: provenance },
  ),
  Immunization: rule(
    '_id or patient', each('_id', 'patient'),
    { _id: references, patient: one, date: { ...instant('any', ['ge'], ['le']), bare: true }, 'target-disease': list,
      _lastUpdated: instant('one', LOWER, []), _revinclude: provenance },
  ),
  Procedure: rule(
    '_id, patient or subject', each('_id', 'patient', 'subject'),
    { _id: references, patient: references, subject: references, date: instant('any'), _lastUpdated: changed,
      _revinclude: provenance },
    { oneOf: [['patient', 'subject'], ['date', '_lastUpdated']] },
  ),
  ServiceRequest: rule(
    '_id, patient or subject', each('_id', 'patient', 'subject'),
    { _id: references, patient: references, subject: references, code: list, _lastUpdated: instant('any', ['ge'], ['le']),
      _count: count(UNPUBLISHED), _revinclude: provenance },
    { oneOf: [['patient', 'subject']] },
  ),
  Provenance: rule('_id or target', each('_id', 'target'), { _id: references, target: references }),
}

const anyDay: Form = { is: 'instant', from: ['eq', ...LOWER], to: UPPER, sides: 'any', bare: true }

// prettier-ignore
export const DSTU2_RULES: Readonly<Record<string, SearchRule>> = {
  Patient: {
    ...(R4_RULES['Patient'] as SearchRule),
    takes: { _id: references, identifier: one, name: one, family: one, given: one, birthdate: date, phone: one, email: one,
      'address-postalcode': one, gender: one, _count: count(UNPUBLISHED) },
  },
  Appointment: rule(
    'exactly one of patient, practitioner and location, with date; or _id',
    [['_id'], ['patient', 'date'], ['practitioner', 'date'], ['location', 'date']],
    { _id: references, patient: references, practitioner: references, location: references, date: anyDay, status: list, _count: count(UNPUBLISHED) },
    { oneOf: [['patient', 'practitioner', 'location']] },
  ),
  Slot: rule(
    'start from and to, with slot-type; or _id', [['_id'], ['slot-type', 'start']],
    { _id: references, 'slot-type': list, start: { ...instant('both'), bare: true }, 'schedule.actor': references,
      '-location': references, _count: count(200), _include: choice('Slot:schedule') },
  ),
  Schedule: rule('_id', each('_id'), { _id: references }),
  Encounter: rule('_id or patient', each('_id', 'patient'), { _id: references, patient: references, _count: count(UNPUBLISHED) }),
  Observation: rule(
    '_id, patient or subject', each('_id', 'patient', 'subject'),
    { _id: references, patient: references, subject: references, category: one, code: list, date: anyDay,
      _lastUpdated: anyDay, _count: count(100) },
  ),
  Practitioner: rule('_id, identifier, family or name', each('_id', 'identifier', 'family', 'name'),
    { _id: references, identifier: one, family: one, given: one, name: one, _count: count(UNPUBLISHED) }),
  Condition: rule('_id or patient', each('_id', 'patient'), { _id: references, patient: references, category: list, clinicalstatus: list }),
  AllergyIntolerance: rule('_id or patient', each('_id', 'patient'), { _id: references, patient: references, status: list }),
  MedicationOrder: rule('_id or patient', each('_id', 'patient'), { _id: references, patient: references, _count: count(UNPUBLISHED) }),
  MedicationStatement: rule('_id or patient', each('_id', 'patient'), { _id: references, patient: references, _count: count(UNPUBLISHED) }),
  Immunization: rule('_id or patient', each('_id', 'patient'), { _id: references, patient: references }),
  DiagnosticReport: rule('_id or patient', each('_id', 'patient'),
    { _id: references, patient: references, date: anyDay, _count: count(UNPUBLISHED) }),
  DocumentReference: rule(
    '_id or patient', each('_id', 'patient'),
    { _id: references, patient: references, type: list, created: { is: 'instant', from: ['ge'], to: ['le'], sides: 'both', bare: true },
      _count: count(UNPUBLISHED) },
  ),
}

/** Names of all parameters: what an error text of Cerner may be searched for without repeating a value. */
export const PARAMETER_NAMES: ReadonlySet<string> = new Set(
  [...Object.values(R4_RULES), ...Object.values(DSTU2_RULES)].flatMap(({ takes }) => Object.keys(takes)),
)
