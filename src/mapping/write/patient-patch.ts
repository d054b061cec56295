import { patientPatch as operationsFor } from '../../standards/fhir/patch.ts'
import type { Operation, PatientChange } from '../../standards/fhir/patch.ts'
import type { Person } from '../../model/values.ts'
import { chooser } from '../fhir/choose.ts'
import { elementIn, elementsIn, extensionIndex, textIn, textOf } from '../fhir/elements.ts'
import type { FhirElement, FhirResource } from '../fhir/json.ts'
import { FhirReading } from '../fhir/reading.ts'
import type { FhirMapSettings } from '../fhir/settings.ts'
import { one, phoneOf, US_CORE } from './parts.ts'
import type { Json } from './parts.ts'
import { dialled, wholeDate } from './patient.ts'
import { emailOf, ethnicityOf, genderOf, languageOf, maritalOf, raceOf } from './patient-parts.ts'

export interface FieldPatch {
  operations: readonly Operation[]
  /** Fields that Cerner cannot take this way: a person enters them there. */
  unsupported: readonly string[]
}

/**
 * The JSON Patch that brings fields of a patient to Cerner, with the tests it insists on (cerner-fhir-r4.md §3.1).
 *
 * The elements are found as they are read: the home number that would be shown is the one that is replaced. What is
 * not there yet is added; `null` removes what may be removed. A field that already has its value makes no operation.
 *
 * @param current the Patient as read, in the version that goes into If-Match
 * @param changes field name → the new value, `null` to clear it
 */
export function patientPatch(
  current: FhirResource,
  changes: Readonly<Record<string, unknown>>,
  settings: FhirMapSettings,
): FieldPatch {
  const readMs = Date.parse(textIn(elementIn(current, 'meta'), 'lastUpdated'))
  const plan = new Plan(current, changes, settings, readMs)
  const found: PatientChange[] = []
  const unsupported: string[] = []
  for (const [fields, make] of PLANNERS) {
    const asked = fields.filter((field) => field in changes)
    if (asked.length === 0) continue
    const made = make(plan)
    if (made === null) unsupported.push(...asked)
    else found.push(...made)
  }
  const known = new Set(PLANNERS.flatMap(([fields]) => fields))
  unsupported.push(...Object.keys(changes).filter((field) => !known.has(field)))
  return { operations: operationsFor(current, found), unsupported }
}

/** What is asked of a patient, and where the elements stand that would show it. */
class Plan {
  readonly current: FhirResource
  readonly settings: FhirMapSettings
  readonly #changes: Readonly<Record<string, unknown>>
  readonly #at: FhirReading

  constructor(
    current: FhirResource,
    changes: Readonly<Record<string, unknown>>,
    settings: FhirMapSettings,
    readMs: number,
  ) {
    this.current = current
    this.settings = settings
    this.#changes = changes
    this.#at = new FhirReading(settings, current, readMs)
  }

  isAsked(field: string): boolean {
    return field in this.#changes
  }

  /** The new value of a field, or undefined when it is not asked for. */
  asked(field: string): unknown {
    return this.#changes[field]
  }

  /** The element that a reader would take, with its index; undefined when there is none. */
  element(name: string, words: string | null): { index: number; element: FhirElement } | undefined {
    const list = elementsIn(this.current, name)
    const index = chooser(name, words)?.(list, words ?? '', this.#at) ?? 0
    const element = list[index]
    return element && { index, element }
  }
}

/** Makes the changes of a group of fields; null when Cerner cannot take them. */
type Planner = (plan: Plan) => PatientChange[] | null

const hasId = (element: FhirElement): boolean => textIn(element, 'id') !== ''

// prettier-ignore
const PLANNERS: readonly (readonly [fields: readonly string[], make: Planner])[] = [
  [['last_name'], (plan) => namePart(plan, 'family', plan.asked('last_name'))],
  [['first_name', 'middle_name'], givenNames],
  [['name_suffix'], (plan) => namePart(plan, 'suffix', one(plan.asked('name_suffix')))],
  [['date_of_birth'], (plan) => set('birthDate', wholeDate(plan.asked('date_of_birth')))],
  [['gender'], (plan) => set('gender', genderOf(plan.asked('gender')))],
  [['marital_status'], (plan) => set('maritalStatus', maritalOf(plan.asked('marital_status')))],
  [['preferred_language'], (plan) => setList('communication', languageOf(plan.asked('preferred_language')))],
  [['phone_home'], (plan) => telecom(plan, 'phone,home', phone(plan, 'phone_home', 'home'))],
  [['phone_mobile'], (plan) => telecom(plan, 'phone,mobile', phone(plan, 'phone_mobile', 'mobile'))],
  [['phone_work'], (plan) => telecom(plan, 'phone,work', phone(plan, 'phone_work', 'work'))],
  [['email'], (plan) => telecom(plan, 'email', emailOf(plan.asked('email')))],
  [['address.line1', 'address.line2', 'address.city', 'address.state', 'address.postal_code', 'address.country', 'address.county'], address],
  [['race', 'ethnicity'], extensions],
  [['primary_provider'], provider],
]

const set = (member: 'birthDate' | 'gender' | 'maritalStatus', value: unknown): PatientChange[] | null =>
  value === undefined ? null : [{ change: 'set', member, value }]

const setList = (member: 'communication', value: unknown): PatientChange[] | null =>
  value === undefined ? null : [{ change: 'set', member, value: [value] }]

/** Only the first name can be changed, and only while it is the one that counts. */
function namePart(plan: Plan, member: string, value: unknown): PatientChange[] | null {
  const found = plan.element('name', null)
  if (!found || found.index !== 0 || !hasId(found.element)) return null
  if (member === 'family' && typeof value !== 'string') return null
  return [{ change: 'replace', element: 'name', index: 0, member, value }]
}

function givenNames(plan: Plan): PatientChange[] | null {
  const list = plan.element('name', null)?.element['given']
  const [first, ...others] = (Array.isArray(list) ? (list as readonly unknown[]) : []).map(textOf)
  const next = plan.isAsked('first_name') ? plan.asked('first_name') : first
  const middle = plan.isAsked('middle_name') ? one(plan.asked('middle_name')) : others
  if (typeof next !== 'string' || next === '') return null
  return namePart(plan, 'given', [next, ...middle])
}

const phone = (plan: Plan, field: string, use: string): Json | undefined =>
  phoneOf(plan.asked(field), use, (number) => dialled(number, plan.settings.country))

function telecom(plan: Plan, words: string, next: Json | undefined): PatientChange[] | null {
  const found = plan.element('telecom', words)
  if (!found) return next ? [{ change: 'add', element: 'telecom', value: next }] : []
  const { index, element } = found
  if (!hasId(element)) return null
  if (!next) return [{ change: 'remove', element: 'telecom', index }]
  // Nothing can be replaced that is not there: the number is written anew, with its extension.
  if (next['extension'] !== undefined && !('extension' in element)) return anew('telecom', index, next)
  const changes: PatientChange[] = []
  const replace = (member: string): void => {
    changes.push({ change: 'replace', element: 'telecom', index, member, value: next[member] ?? [] })
  }
  if (textIn(element, 'value') !== next['value']) replace('value')
  if (next['extension'] !== undefined || extensionOfPhone(element) >= 0) replace('extension')
  return changes
}

const anew = (element: 'telecom' | 'address', index: number, value: unknown): PatientChange[] => [
  { change: 'remove', element, index },
  { change: 'add', element, value },
]

const extensionOfPhone = (element: FhirElement): number =>
  extensionIndex(elementsIn(element, 'extension'), 'contactpoint-extension')

const ADDRESS_MEMBERS = [
  ['address.city', 'city'],
  ['address.state', 'state'],
  ['address.postal_code', 'postalCode'],
  ['address.country', 'country'],
  ['address.county', 'district'],
] as const

function address(plan: Plan): PatientChange[] | null {
  const found = plan.element('address', null)
  const old = Array.isArray(found?.element['line'])
    ? (found.element['line'] as readonly unknown[]).map(textOf)
    : []
  const lines = [0, 1].flatMap((n) => {
    const field = `address.line${n + 1}`
    return one(plan.isAsked(field) ? plan.asked(field) : old[n])
  })
  const asksLine = plan.isAsked('address.line1') || plan.isAsked('address.line2')
  const members = ADDRESS_MEMBERS.filter(([field]) => plan.isAsked(field)).map(
    ([field, member]) => [member, plan.asked(field)] as const,
  )
  if (!found) {
    const said = members.filter(([, value]) => value !== null)
    if (said.length === 0 && lines.length === 0) return []
    const value = { use: 'home', ...(lines.length > 0 ? { line: lines } : {}), ...Object.fromEntries(said) }
    return [{ change: 'add', element: 'address', value }]
  }
  const { index, element } = found
  // A part of an address cannot be taken away by a patch; the whole address would have to go.
  if (!hasId(element) || members.some(([, value]) => value === null) || (asksLine && lines.length === 0))
    return null
  const all: (readonly [string, unknown])[] = asksLine ? [['line', lines], ...members] : members
  if (all.some(([member]) => !(member in element))) {
    const { id: _id, text: _text, ...rest } = element
    return anew('address', index, { ...rest, ...Object.fromEntries(all) })
  }
  return all.map(([member, value]) => ({ change: 'replace', element: 'address', index, member, value }))
}

const OMB = { race: raceOf, ethnicity: ethnicityOf } as const

function extensions(plan: Plan): PatientChange[] | null {
  const list = elementsIn(plan.current, 'extension')
  const asked = (['race', 'ethnicity'] as const).filter((kind) => plan.isAsked(kind))
  const next = asked.map((kind) => [kind, OMB[kind](plan.asked(kind))] as const)
  if (next.some(([, value]) => value === undefined)) return null
  const at = next.map(([kind]) => extensionIndex(list, `us-core-${kind}`))
  const needsList = at.some((index) => index >= 0 && !hasId(list[index] as FhirElement))
  if (needsList)
    return [{ change: 'set', member: 'extension', value: wholeList(list, Object.fromEntries(next)) }]
  return next.map(([, value], n): PatientChange => {
    const index = at[n] ?? -1
    if (index < 0) return { change: 'add', element: 'extension', value }
    return { change: 'replace', element: 'extension', index, member: null, value }
  })
}

/** Birth sex, race and ethnicity are replaced as one list, so those that stay are sent again. */
function wholeList(list: readonly FhirElement[], next: Readonly<Record<string, unknown>>): unknown[] {
  return ['birthsex', 'race', 'ethnicity'].flatMap((kind) => {
    const known = list[extensionIndex(list, `us-core-${kind}`)]
    if (next[kind] !== undefined) return [next[kind]]
    if (!known) return []
    const { id: _id, ...rest } = known
    return [{ ...rest, url: `${US_CORE}/us-core-${kind}` }]
  })
}

/** Only a provider of the same Cerner can be named there. */
function provider(plan: Plan): PatientChange[] | null {
  const person = (plan.asked('primary_provider') ?? {}) as Person
  const isOurs =
    person.id !== undefined && person.authority === plan.settings.visitAuthority.trim().toUpperCase()
  if (plan.asked('primary_provider') !== null && !isOurs) return null
  const [element] = elementsIn(plan.current, 'generalPractitioner')
  if (element && !hasId(element)) return null
  const remove: PatientChange[] = element
    ? [{ change: 'remove', element: 'generalPractitioner', index: 0 }]
    : []
  if (!isOurs) return remove
  const value = { reference: `Practitioner/${person.id}` }
  return [...remove, { change: 'add', element: 'generalPractitioner', value }]
}
