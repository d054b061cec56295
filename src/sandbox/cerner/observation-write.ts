import { z } from 'zod'
import { eventIdentifier, idIn, withoutMeta, type Base } from './base.ts'
import { codeable, hasCode, moment, pointer, quantity, readByRule, type CodeableBody } from './bodies.ts'
import { codeSet, eventCode, FHIR_DEFINITION, LOINC, TERMINOLOGY, UCUM } from './codes.ts'
import type { Grant, Resource, Versioned } from './contract.ts'
import { PANELS } from '../labs.ts'
import { againstRule } from './outcomes.ts'
import { PRESSURE, PRESSURE_PARTS, WRITABLE_VITALS } from './vitals.ts'

const interpretation = z.array(codeable).max(1)
const range = z.looseObject({
  low: quantity.optional(),
  high: quantity.optional(),
  type: codeable.optional(),
  text: z.string().optional(),
})
const performer = pointer.extend({
  extension: z
    .array(z.looseObject({ url: z.string(), valueCodeableConcept: codeable.optional() }))
    .optional(),
})
const component = z.looseObject({
  code: codeable,
  valueQuantity: quantity,
  interpretation: interpretation.optional(),
  referenceRange: z.array(range).max(1).optional(),
})
const written = z.looseObject({
  status: z.enum(['final', 'amended', 'corrected']),
  identifier: z.array(z.looseObject({ value: z.string() })).optional(),
  category: z.array(codeable).length(1),
  code: codeable,
  subject: pointer,
  encounter: pointer.optional(),
  effectiveDateTime: moment,
  issued: moment.optional(),
  performer: z.array(performer).optional(),
  valueQuantity: quantity.optional(),
  valueCodeableConcept: codeable.optional(),
  valueString: z.string().optional(),
  valueDateTime: z.string().optional(),
  valueAttachment: z.looseObject({}).optional(),
  interpretation: interpretation.optional(),
  referenceRange: z.array(range).max(1).optional(),
  component: z.array(component).optional(),
  note: z.array(z.looseObject({ text: z.string() })).optional(),
})
type Body = z.infer<typeof written>

const CATEGORY = `${TERMINOLOGY}/observation-category`
const KEPT = [
  'status',
  'category',
  'subject',
  'encounter',
  'effectiveDateTime',
  'performer',
  'valueQuantity',
  'valueCodeableConcept',
  'valueString',
  'valueDateTime',
  'valueAttachment',
  'interpretation',
  'referenceRange',
  'component',
  'note',
] as const

/** @throws Refusal 422 for a broken rule. @see cerner-fhir-r4.md §3.5 */
export function createObservation(base: Base, body: Resource, grant: Grant): Versioned {
  const read = checked(base, body, grant)
  const n = patientOf(base, read)
  const number = `9${String(base.overlay.nextNumber()).padStart(8, '0')}`
  const id =
    read.kind === 'laboratory'
      ? `L-${number}00`
      : isPressure(read.body)
        ? `BP-${number}-${number}1`
        : `VS-${number}`
  return base.overlay.put('Observation', id, resourceOf(base, read, id, number), null, n)
}

/** Replaces a result or measurement; patient and category stay, and a vital sign names itself by its identifier. */
export function updateObservation(base: Base, now: Versioned, body: Resource, grant: Grant): Versioned {
  const read = checked(base, body, grant)
  const before = now.resource
  if (read.body.status === 'final') throw againstRule('Observation.status')
  if (idIn(read.body.subject, 'Patient') !== idIn(before['subject'], 'Patient'))
    throw againstRule('Observation.subject')
  const category = (before['category'] as CodeableBody[] | undefined)?.[0]
  if (!hasCode(category, CATEGORY, read.kind)) throw againstRule('Observation.category')
  if (read.kind === 'vital-signs' && (read.body.identifier?.length ?? 0) === 0)
    throw againstRule('Observation.identifier')
  const id = String(before.id)
  const event = id.replace(/^[A-Z]+-/, '')
  return base.overlay.put(
    'Observation',
    id,
    resourceOf(base, read, id, event),
    withoutHistory(now),
    patientOf(base, read),
  )
}

const withoutHistory = (now: Versioned): Versioned => ({ ...now, resource: withoutMeta(now.resource) })

interface Checked {
  readonly kind: 'vital-signs' | 'laboratory'
  readonly body: Body
  /** The site's name of what was measured. */
  readonly name: string
  readonly loinc: string
}

function checked(base: Base, body: Resource, grant: Grant): Checked {
  const read = readByRule(written, body)
  const [category] = read.category
  const kind = (['vital-signs', 'laboratory'] as const).find((one) => hasCode(category, CATEGORY, one))
  if (kind === undefined) throw againstRule('Observation.category')
  const coded = kind === 'laboratory' ? labCode(base, read) : vitalCode(base, read)
  if (kind === 'vital-signs') checkVital(read, coded.loinc, grant)
  else if (valuesOf(read) !== 1) throw againstRule('Observation.value')
  for (const one of [read, ...(read.component ?? [])]) checkRange(one.referenceRange?.[0])
  checkPerformers(read)
  return { kind, body: read, ...coded }
}

const VALUES = [
  'valueQuantity',
  'valueCodeableConcept',
  'valueString',
  'valueDateTime',
  'valueAttachment',
] as const
const valuesOf = (body: Body): number => VALUES.filter((name) => body[name] !== undefined).length
const isPressure = (body: Body): boolean => hasCode(body.code, LOINC, PRESSURE.loinc)

function checkVital(body: Body, loinc: string, grant: Grant): void {
  // A person who writes says who measured; the integration guide's call, made by a system, names nobody.
  if ((body.performer?.length ?? 0) === 0 && grant.persona !== 'system')
    throw againstRule('Observation.performer')
  if (loinc === PRESSURE.loinc) return checkPressure(body)
  const { valueQuantity } = body
  if (valueQuantity === undefined || valuesOf(body) !== 1) throw againstRule('Observation.value')
  if (
    valueQuantity.system !== UCUM ||
    !(WRITABLE_VITALS.get(loinc)?.ucum ?? []).includes(valueQuantity.code ?? '')
  )
    throw againstRule('Observation.valueQuantity')
}

function checkPressure(body: Body): void {
  if (valuesOf(body) !== 0) throw againstRule('Observation.value')
  const parts = (body.component ?? []).map(
    (one) => (one.code.coding ?? []).find(({ system }) => system === LOINC)?.code,
  )
  const needed = PRESSURE_PARTS.map(({ loinc }) => loinc)
  if (parts.length !== 2 || !needed.every((loinc) => parts.includes(loinc)))
    throw againstRule('Observation.component')
  if ((body.component ?? []).some((one) => one.valueQuantity.code !== PRESSURE.ucum))
    throw againstRule('Observation.component.valueQuantity')
}

function checkRange(given: z.infer<typeof range> | undefined): void {
  if (given === undefined) return
  const bounds = given.low !== undefined || given.high !== undefined
  const normal =
    given.type === undefined || hasCode(given.type, `${TERMINOLOGY}/referencerange-meaning`, 'normal')
  if (!normal || (bounds && given.text !== undefined)) throw againstRule('Observation.referenceRange')
}

const ROLES = ['LA', 'PPRF', 'PRF', 'OP', 'AUTHEN']

function checkPerformers({ performer: given = [] }: Body): void {
  for (const one of given) {
    if (idIn(one, 'Practitioner') === null) throw againstRule('Observation.performer')
    const codes = (one.extension ?? [])
      .filter(({ url }) => url === `${FHIR_DEFINITION}/event-performerFunction`)
      .flatMap(({ valueCodeableConcept }) => valueCodeableConcept?.coding ?? [])
    if (codes.some(({ code }) => !ROLES.includes(code ?? '')))
      throw againstRule('Observation.performer.extension')
  }
}

function vitalCode(base: Base, { code }: Body): { name: string; loinc: string } {
  for (const { system, code: given = '' } of code.coding ?? []) {
    const own = system === codeSet(base.tenant, 72)
    if (system !== LOINC && !own) continue
    const loinc = own
      ? [...WRITABLE_VITALS.keys(), PRESSURE.loinc].find((one) => eventCode(one) === given)
      : given
    if (loinc === PRESSURE.loinc) return { name: PRESSURE.name, loinc }
    const known = WRITABLE_VITALS.get(loinc ?? '')
    if (known !== undefined && loinc !== undefined) return { name: known.name, loinc }
  }
  throw againstRule('Observation.code')
}

const LAB_NAMES = new Map(
  Object.values(PANELS).flatMap(({ tests }) => tests.map(({ loinc, name }) => [loinc, name])),
)

// A LOINC code that the site has not mapped is refused.
function labCode(base: Base, { code }: Body): { name: string; loinc: string } {
  for (const { system, code: given = '' } of code.coding ?? []) {
    const own = system === codeSet(base.tenant, 72)
    const loinc = own ? [...LAB_NAMES.keys()].find((one) => eventCode(one) === given) : given
    const name = LAB_NAMES.get(loinc ?? '')
    if ((own || system === LOINC) && name !== undefined && loinc !== undefined) return { name, loinc }
  }
  throw againstRule('Observation.code')
}

function patientOf(base: Base, { body }: Checked): number {
  const n = base.patients.numberOf(idIn(body.subject, 'Patient') ?? '')
  if (n === undefined) throw againstRule('Observation.subject')
  return n
}

function resourceOf(base: Base, { body, name, loinc }: Checked, id: string, event: string): Resource {
  const kept = Object.fromEntries(
    KEPT.flatMap((member) => (body[member] === undefined ? [] : [[member, body[member]]])),
  )
  const now = base.clock.now()
  return {
    resourceType: 'Observation',
    id,
    identifier: [eventIdentifier(event, now)],
    ...kept,
    code: {
      coding: [
        { system: codeSet(base.tenant, 72), code: eventCode(loinc), display: name, userSelected: true },
        { system: LOINC, code: loinc, display: name },
      ],
      text: name,
    },
    issued: body.issued ?? new Date(now).toISOString(),
  }
}
