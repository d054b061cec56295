import { z } from 'zod'
import { idIn, instant, reference, withoutMeta, type Base, type Operation } from './base.ts'
import { codeable, hasCode, moment, pointer, readByRule, type CodeableBody } from './bodies.ts'
import { TERMINOLOGY } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { againstRule } from './outcomes.ts'
import { checkAgainst } from './patching.ts'
import { shownName } from './patient-resource.ts'

/** Writes to the clinical lists. @see cerner-fhir-r4.md §3.8 */

const note = z.array(z.looseObject({ text: z.string() })).optional()
const day = z.union([moment, z.iso.date()])

/** The parts of a body that a type keeps; the rest is ignored. */
function kept(body: Resource, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.flatMap((name) => (body[name] === undefined ? [] : [[name, body[name]]])))
}

function patientOf(base: Base, of: unknown, place: string): number {
  const n = base.patients.numberOf(idIn(of, 'Patient') ?? '')
  if (n === undefined) throw againstRule(place)
  return n
}

function subjectOf(base: Base, n: number): { reference: string; display?: string } {
  const person = base.world.person(n)
  return reference('Patient', person.personId, shownName(person))
}

/** The patient of a record never changes. */
function samePatient(base: Base, now: Versioned, n: number, member: 'patient' | 'subject'): Versioned {
  const before = idIn(now.resource[member], 'Patient')
  if (before !== base.world.person(n).personId) throw againstRule(`${now.resource.resourceType}.${member}`)
  return { ...now, resource: withoutMeta(now.resource) }
}

// Onsets come in with a time and are kept as a date of Greenwich.
const greenwich = (given: string | undefined): Record<string, string> =>
  given === undefined ? {} : { onsetDateTime: new Date(given).toISOString().slice(0, 10) }

// --- allergies ---

const allergy = z.looseObject({
  clinicalStatus: codeable,
  verificationStatus: codeable.optional(),
  category: z
    .array(z.enum(['food', 'medication', 'environment']))
    .max(1)
    .optional(),
  code: codeable,
  patient: pointer,
  onsetDateTime: day.optional(),
  reaction: z.array(z.looseObject({ manifestation: z.array(codeable).length(1) })).optional(),
  note,
})
const ALLERGY = [
  'clinicalStatus',
  'verificationStatus',
  'type',
  'category',
  'criticality',
  'code',
  'encounter',
  'asserter',
  'recorder',
  'reaction',
  'note',
]

export function createAllergy(base: Base, body: Resource): Versioned {
  const read = readByRule(allergy, body)
  const n = patientOf(base, read.patient, 'AllergyIntolerance.patient')
  const same = base.overlay.idsOf('AllergyIntolerance', n).flatMap((id) => {
    const written = base.overlay.get('AllergyIntolerance', id)
    return written !== null && sameCode(written.versioned.resource['code'], read.code)
      ? [written.versioned]
      : []
  })[0]
  // An equal allergy is brought up to date, not told twice.
  const id =
    same === undefined ? String(12_900_000_000 + base.overlay.nextNumber()) : String(same.resource.id)
  return base.overlay.put('AllergyIntolerance', id, allergyResource(base, n, read, body), same ?? null, n)
}

export function updateAllergy(base: Base, now: Versioned, body: Resource): Versioned {
  const read = readByRule(allergy, body)
  const n = patientOf(base, read.patient, 'AllergyIntolerance.patient')
  const before = samePatient(base, now, n, 'patient')
  return base.overlay.put(
    'AllergyIntolerance',
    String(now.resource.id),
    allergyResource(base, n, read, body),
    before,
    n,
  )
}

const allergyResource = (base: Base, n: number, read: z.infer<typeof allergy>, body: Resource): Resource => ({
  resourceType: 'AllergyIntolerance',
  ...kept(body, ALLERGY),
  patient: subjectOf(base, n),
  ...greenwich(read.onsetDateTime),
  recordedDate: instant(base.clock.now()),
})

function sameCode(one: unknown, two: CodeableBody): boolean {
  const read = codeable.safeParse(one)
  if (!read.success) return false
  const codes = (read.data.coding ?? []).map(({ system, code }) => `${system ?? ''}|${code ?? ''}`)
  return (two.coding ?? []).some(({ system, code }) => codes.includes(`${system ?? ''}|${code ?? ''}`))
}

// --- conditions ---

const condition = z.looseObject({
  clinicalStatus: codeable.optional(),
  verificationStatus: codeable,
  category: z.array(codeable).min(1),
  code: codeable,
  subject: pointer,
  encounter: pointer.optional(),
  onsetDateTime: day.optional(),
  abatementDateTime: day.optional(),
  note,
})
const CONDITION = [
  'clinicalStatus',
  'verificationStatus',
  'category',
  'severity',
  'code',
  'encounter',
  'abatementDateTime',
  'note',
]
const CONDITION_CATEGORY = `${TERMINOLOGY}/condition-category`

export function createCondition(base: Base, body: Resource): Versioned {
  const read = readByRule(condition, body)
  if (hasCode(read.verificationStatus, `${TERMINOLOGY}/condition-ver-status`, 'entered-in-error', 'refuted'))
    throw againstRule('Condition.verificationStatus')
  const n = patientOf(base, read.subject, 'Condition.subject')
  const kind = conditionKind(read)
  const id = `${kind === 'problem-list-item' ? 'p' : 'd'}${97_300_000_000 + base.overlay.nextNumber()}`
  return base.overlay.put('Condition', id, conditionResource(base, n, read, body), null, n)
}

export function updateCondition(base: Base, now: Versioned, body: Resource): Versioned {
  const read = readByRule(condition, body)
  const n = patientOf(base, read.subject, 'Condition.subject')
  const before = samePatient(base, now, n, 'subject')
  conditionKind(read)
  return base.overlay.put(
    'Condition',
    String(now.resource.id),
    conditionResource(base, n, read, body),
    before,
    n,
  )
}

/** A problem, or the diagnosis of a visit, which is active and has no end. */
function conditionKind(read: z.infer<typeof condition>): 'problem-list-item' | 'encounter-diagnosis' {
  const kind = (['problem-list-item', 'encounter-diagnosis'] as const).find((one) =>
    read.category.some((category) => hasCode(category, CONDITION_CATEGORY, one)),
  )
  if (kind === undefined) throw againstRule('Condition.category')
  if (kind === 'problem-list-item') return kind
  if (read.encounter === undefined) throw againstRule('Condition.encounter')
  const active = hasCode(read.clinicalStatus, `${TERMINOLOGY}/condition-clinical`, 'active')
  if (!active || read.abatementDateTime !== undefined) throw againstRule('Condition.clinicalStatus')
  return kind
}

const conditionResource = (
  base: Base,
  n: number,
  read: z.infer<typeof condition>,
  body: Resource,
): Resource => ({
  resourceType: 'Condition',
  ...kept(body, CONDITION),
  subject: subjectOf(base, n),
  ...greenwich(read.onsetDateTime),
  recordedDate: instant(base.clock.now()),
})

// --- medicines ---

const medicine = z.looseObject({
  status: z.literal('active'),
  intent: z.enum(['order', 'plan']),
  reportedBoolean: z.literal(true),
  medicationCodeableConcept: codeable,
  subject: pointer,
})
const MEDICINE = [
  'status',
  'intent',
  'reportedBoolean',
  'medicationCodeableConcept',
  'encounter',
  'note',
  'dosageInstruction',
  'dispenseRequest',
  'substitution',
]

export function createMedicationRequest(base: Base, body: Resource): Versioned {
  const read = readByRule(medicine, body)
  const n = patientOf(base, read.subject, 'MedicationRequest.subject')
  const id = String(31_300_000_000 + base.overlay.nextNumber())
  const resource = {
    resourceType: 'MedicationRequest',
    ...kept(body, MEDICINE),
    subject: subjectOf(base, n),
    authoredOn: instant(base.clock.now()),
  }
  return base.overlay.put('MedicationRequest', id, resource, null, n)
}

export function patchMedicationRequest(
  base: Base,
  now: Versioned,
  operations: readonly Operation[],
): Versioned {
  checkAgainst([{ op: 'replace', path: /^\/status$/ }], operations)
  const status = operations.find(({ op }) => op === 'replace')?.value
  if ((status !== 'stopped' && status !== 'cancelled') || now.resource['status'] !== 'active')
    throw againstRule('/status')
  const n = patientOf(base, now.resource['subject'], 'MedicationRequest.subject')
  const resource = { ...withoutMeta(now.resource), status }
  return base.overlay.put('MedicationRequest', String(now.resource.id), resource, now, n)
}

// --- vaccinations ---

const vaccination = z.looseObject({
  status: z.enum(['completed', 'not-done', 'entered-in-error']),
  vaccineCode: codeable,
  patient: pointer,
  occurrenceDateTime: z.union([moment, z.string().regex(/^\d{4}(-\d\d(-\d\d)?)?$/)]),
})
const VACCINATION = [
  'status',
  'statusReason',
  'vaccineCode',
  'encounter',
  'occurrenceDateTime',
  'reportOrigin',
  'site',
  'route',
  'performer',
  'doseQuantity',
  'lotNumber',
  'expirationDate',
  'note',
]

export function createImmunization(base: Base, body: Resource): Versioned {
  const read = readByRule(vaccination, body)
  if (read.status === 'entered-in-error') throw againstRule('Immunization.status')
  const n = patientOf(base, read.patient, 'Immunization.patient')
  const id = `M${19_700_000_000 + base.overlay.nextNumber()}`
  return base.overlay.put('Immunization', id, shotResource(base, n, body), null, n)
}

export function updateImmunization(base: Base, now: Versioned, body: Resource): Versioned {
  const read = readByRule(vaccination, body)
  const n = patientOf(base, read.patient, 'Immunization.patient')
  const before = samePatient(base, now, n, 'patient')
  return base.overlay.put('Immunization', String(now.resource.id), shotResource(base, n, body), before, n)
}

const shotResource = (base: Base, n: number, body: Resource): Resource => ({
  resourceType: 'Immunization',
  ...kept(body, VACCINATION),
  patient: subjectOf(base, n),
  // Told by the patient or another place, unless the hospital gave it.
  primarySource: body['reportOrigin'] === undefined,
})
