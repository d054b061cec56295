import { IntegrationError } from '../../kernel/errors.ts'
import { isId } from './id.ts'
import type { ParsedResource } from './json.ts'

/** JSON Patch (RFC 6902) as Cerner takes it: only some paths, and for elements of lists a `test` of their id first. */
export type Operation =
  { op: 'test' | 'add' | 'replace'; path: string; value: unknown } | { op: 'remove'; path: string }

type Listed = 'identifier' | 'name' | 'telecom' | 'address' | 'generalPractitioner' | 'extension'

/** One change of a Patient. An index refers to the version that was read. */
export type PatientChange =
  | { change: 'add'; element: Exclude<Listed, 'name'>; value: unknown }
  | { change: 'remove'; element: Exclude<Listed, 'name'>; index: number }
  | {
      change: 'replace'
      element: Exclude<Listed, 'generalPractitioner'>
      index: number
      member: string | null
      value: unknown
    }
  | {
      change: 'set'
      member: 'gender' | 'birthDate' | 'maritalStatus' | 'communication' | 'extension'
      value: unknown
    }

/** Members of list elements that may be replaced, from the table of cerner-fhir-r4.md §3.1. */
const REPLACEABLE: Readonly<Record<string, readonly string[]>> = {
  identifier: ['system', 'value', 'period'],
  name: ['family', 'given', 'prefix', 'suffix', 'period'],
  telecom: ['value', 'rank', 'extension', 'period'],
  address: ['line', 'city', 'district', 'state', 'postalCode', 'country', 'period'],
}

/**
 * Turns changes of a Patient into operations, with the tests that Cerner insists on. Replacements come first, then
 * removals from the end of each list to its front, then additions, so that every index still means what was read.
 *
 * @param current as read, in the version that goes into If-Match
 * @throws FHIR_PATCH_NOT_POSSIBLE where Cerner takes no such change, or the element has no id to test
 * @see cerner-fhir-r4.md §3.1
 */
export function patientPatch(current: ParsedResource, changes: readonly PatientChange[]): Operation[] {
  const replaced = changes.filter((one) => one.change === 'replace')
  const removed = changes.filter((one) => one.change === 'remove').toSorted((a, b) => b.index - a.index)
  for (const one of changes) checkPatientChange(one, changes)
  const tested = new Set<string>()
  return [
    ...replaced.flatMap((one) => [...testOf(current, one, tested), replaceOf(one)]),
    ...removed.flatMap((one) => [
      ...testOf(current, one, tested),
      { op: 'remove' as const, path: `/${one.element}/${one.index}` },
    ]),
    ...changes.flatMap((one): Operation[] => {
      if (one.change === 'add') return [{ op: 'add', path: `/${one.element}/-`, value: one.value }]
      if (one.change === 'set') return [{ op: 'replace', path: `/${one.member}`, value: one.value }]
      return []
    }),
  ]
}

function checkPatientChange(one: PatientChange, all: readonly PatientChange[]): void {
  if (one.change === 'set') {
    const alsoInside = all.some((other) => other.change !== 'set' && other.element === one.member)
    if (alsoInside) throw impossible('Patient', one.member, 'the whole list and a part of it change together')
    return
  }
  if (one.change !== 'replace') return
  const { element, index, member } = one
  const place = member === null ? element : `${element}.${member}`
  if (element === 'extension' ? member !== null : !REPLACEABLE[element]?.includes(member ?? ''))
    throw impossible(
      'Patient',
      place,
      'it is not among the parts Cerner takes; remove and add the whole element',
    )
  if (element === 'name' && index !== 0)
    throw impossible('Patient', place, 'only the first name can be changed')
  const goes = all.some(
    (other) => other.change === 'remove' && other.element === element && other.index === index,
  )
  if (goes) throw impossible('Patient', place, 'the element is removed in the same change')
}

function replaceOf({ element, index, member, value }: PatientChange & { change: 'replace' }): Operation {
  const path = member === null ? `/${element}/${index}` : `/${element}/${index}/${member}`
  return { op: 'replace', path, value }
}

function testOf(
  current: ParsedResource,
  { element, index }: { element: string; index: number },
  tested: Set<string>,
): Operation[] {
  const path = `/${element}/${index}/id`
  if (tested.has(path)) return []
  tested.add(path)
  const list = current[element]
  const found: unknown = Array.isArray(list) ? list[index] : undefined
  const id = typeof found === 'object' && found !== null && 'id' in found ? found.id : undefined
  if (typeof id !== 'string')
    throw impossible('Patient', `${element}[${index}]`, 'it has no element id at Cerner')
  return [{ op: 'test', path, value: id }]
}

/** The arrival, the check-in, the end of a visit. */
export const statusPatch = (status: 'arrived' | 'checked-in' | 'fulfilled'): Operation[] => [
  { op: 'replace', path: '/status', value: status },
]

/** Books a proposed appointment into a slot. */
export function bookProposedPatch(slotId: string, reason?: string): Operation[] {
  const book: Operation[] = [
    { op: 'add', path: '/slot', value: slotValue(slotId) },
    { op: 'replace', path: '/status', value: 'booked' },
  ]
  return reason === undefined
    ? book
    : [...book, { op: 'add', path: '/reasonCode', value: [{ text: reason }] }]
}

const EXTENSION_BASE = 'https://fhir-ehr.cerner.com/r4/StructureDefinition'

/** Moves an appointment to another slot; the comment stands with the action in Cerner. */
export function reschedulePatch(slotId: string, comment?: string): Operation[] {
  const move: Operation[] = [{ op: 'replace', path: '/slot', value: slotValue(slotId) }]
  return comment === undefined ? move : [...move, actionComment(comment)]
}

/** Cancels with exactly one coded reason, of code set 14229 or the HL7 system; Cerner ignores its text. */
export function cancelPatch(why: { system: string; code: string; comment?: string }): Operation[] {
  const coding = [{ system: why.system, code: why.code }]
  const cancel: Operation[] = [
    { op: 'replace', path: '/status', value: 'cancelled' },
    { op: 'add', path: '/cancelationReason', value: { coding } },
  ]
  return why.comment === undefined ? cancel : [actionComment(why.comment), ...cancel]
}

const actionComment = (comment: string): Operation => ({
  op: 'replace',
  path: '/extension',
  value: [{ url: `${EXTENSION_BASE}/action-comment`, valueString: comment }],
})

function slotValue(slotId: string): { reference: string }[] {
  if (!isId(slotId)) throw impossible('Appointment', 'slot', 'the slot has no valid id')
  return [{ reference: `Slot/${slotId}` }]
}

const impossible = (type: string, place: string, reason: string): IntegrationError =>
  new IntegrationError('FHIR_PATCH_NOT_POSSIBLE', { type, place, reason })
