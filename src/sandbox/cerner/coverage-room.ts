import { z } from 'zod'
import type { Coverage } from '../coverage.ts'
import {
  idIn,
  instant,
  meta,
  narrative,
  reference,
  withoutMeta,
  type Base,
  type Operation,
  type Room,
} from './base.ts'
import { codeable, moment, pointer, readByRule } from './bodies.ts'
import { clinicalRoom } from './clinical-room.ts'
import { CERNER_DEFINITION, TERMINOLOGY } from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { ORGANIZATIONS, payerOrganizationId } from './organizations.ts'
import { againstRule, invalidRequest } from './outcomes.ts'
import { rule } from './parameters.ts'
import { checkAgainst, type PatchRule } from './patching.ts'
import { shownName } from './patient-resource.ts'
import { stayOf } from './stays.ts'
import { PAYERS } from '../payers.ts'

export const COVERAGE_SEARCH = rule(
  'Coverage',
  '_id patient -encounter',
  ['_id', 'patient', '-encounter'],
  null,
)

/**
 * Who pays: policies of a person as `{person}-{row}-{payer}`, and of a visit as `{encounter}-{row}`.
 *
 * @see cerner-fhir-r4.md §3.7
 */
export function coverageRoom(base: Base): Room {
  return clinicalRoom(base, {
    type: 'Coverage',
    verbs: ['read', 'search', 'create', 'patch', 'delete'],
    search: COVERAGE_SEARCH,
    ids: (n) => {
      const person = base.world.person(n)
      return person.coverage.map(
        ({ payer }, i) => `${person.personId}-${i + 1}-${payerOrganizationId(payer.id)}`,
      )
    },
    read: (id) => ofPerson(base, id) ?? ofVisit(base, id),
    among(query) {
      const encounters = query.references('-encounter', 'Encounter')
      if (encounters === null) return null
      if (query.has('patient')) throw invalidRequest()
      return encounters.flatMap((id) => encounterPolicies(base, id))
    },
    wanted: (query) => (found) =>
      // Policies of a visit are found by the visit alone.
      query.has('-encounter') || encounterIn(found.resource) === null,
    create: (body) => createCoverage(base, body),
    patch: (now, operations) => patchCoverage(base, now, operations),
    remove: (now) => base.overlay.remove('Coverage', String(now.resource.id), now),
  })
}

function encounterPolicies(base: Base, encounter: string): string[] {
  const stay = stayOf(base, encounter.slice(2))
  const n = stay?.patient
  if (n === undefined) return []
  const own = base.world.person(n).coverage.map((_, i) => `${encounter}-${i + 1}`)
  const written = base.overlay.idsOf('Coverage', n).filter((id) => {
    const one = base.overlay.get('Coverage', id)
    return one !== null && encounterIn(one.versioned.resource) === encounter
  })
  return [...new Set([...own, ...written])]
}

const ENCOUNTER = `${CERNER_DEFINITION}/coverage-encounter`
const extensions = z.array(z.looseObject({ url: z.string() })).catch([])

function encounterIn(resource: Resource): string | null {
  const found = extensions.parse(resource['extension']).find((one) => one.url === ENCOUNTER)
  return idIn(found?.['valueReference'], 'Encounter')
}

function ofPerson(base: Base, id: string): Versioned | null {
  const [personId = '', row = '', payer] = id.split('-')
  const n = base.patients.numberOf(personId)
  const policy = n === undefined ? undefined : base.world.person(n).coverage[Number(row) - 1]
  if (n === undefined || policy === undefined || payerOrganizationId(policy.payer.id) !== payer) return null
  return policyOf(base, id, n, policy, null, `${row}-${row}`)
}

function ofVisit(base: Base, id: string): Versioned | null {
  const [encounter = '', row = '', more] = id.split('-')
  const stay = more === undefined && /^9[78]/.test(encounter) ? stayOf(base, encounter.slice(2)) : null
  const policy = stay === null ? undefined : base.world.person(stay.patient).coverage[Number(row) - 1]
  return stay === null || policy === undefined
    ? null
    : policyOf(base, id, stay.patient, policy, encounter, row)
}

function policyOf(
  base: Base,
  id: string,
  n: number,
  policy: Coverage,
  encounter: string | null,
  version: string,
): Versioned {
  const { payer } = policy
  const person = base.world.person(n)
  const holder = base.world.person(policy.subscriber)
  const lastUpdated = base.patients.registeredAt(n)
  const group =
    policy.groupNumber === null
      ? []
      : [
          {
            type: classType('group'),
            value: policy.groupNumber,
            name: policy.groupName ?? policy.groupNumber,
          },
        ]
  const resource: Resource = {
    resourceType: 'Coverage',
    id,
    meta: meta(version, lastUpdated),
    text: narrative('Coverage', [
      ['Status', 'Active'],
      ['Beneficiary', shownName(person)],
      ['Payor', payer.name],
    ]),
    ...(encounter === null
      ? {}
      : { extension: [{ valueReference: reference('Encounter', encounter), url: ENCOUNTER }] }),
    status: 'active',
    subscriber: reference('Patient', holder.personId, shownName(holder)),
    subscriberId: policy.memberId,
    beneficiary: reference('Patient', person.personId, shownName(person)),
    relationship: {
      coding: [
        {
          system: `${TERMINOLOGY}/subscriber-relationship`,
          code: policy.relation,
          display: policy.relation.charAt(0).toUpperCase() + policy.relation.slice(1),
          userSelected: false,
        },
      ],
    },
    period: { start: instant(Date.parse(`${policy.from}T06:00:00Z`)) },
    payor: [reference('Organization', payerOrganizationId(payer.id), payer.name)],
    class: [
      { type: classType('plan'), value: planNumber(payer.planId), name: `${payer.name} ${payer.plan}` },
      ...group,
    ],
  }
  return { resource, version, lastUpdated }
}

const classType = (code: string): unknown => ({ coding: [{ system: `${TERMINOLOGY}/coverage-class`, code }] })

/** Logical id of the health plan that IN1-2 names. */
export const planNumber = (planId: string): string =>
  String(729_800 + PAYERS.findIndex((one) => one.planId === planId))

// --- writes ---

const period = z.looseObject({ start: moment.optional(), end: moment.optional() })
const created = z.looseObject({
  status: z.literal('active'),
  subscriber: pointer,
  subscriberId: z.string().optional(),
  beneficiary: pointer,
  dependent: z.string().optional(),
  relationship: codeable.optional(),
  period: period.optional(),
  payor: z.array(pointer).length(1),
  class: z
    .array(z.looseObject({ type: codeable, value: z.string(), name: z.string().optional() }))
    .min(1)
    .max(2),
  extension: z.array(z.looseObject({ url: z.string() })).optional(),
})

function createCoverage(base: Base, body: Resource): Versioned {
  const read = readByRule(created, body)
  const n = base.patients.numberOf(idIn(read.beneficiary, 'Patient') ?? '')
  if (n === undefined) throw againstRule('Coverage.beneficiary')
  if (base.patients.numberOf(idIn(read.subscriber, 'Patient') ?? '') === undefined)
    throw againstRule('Coverage.subscriber')
  const payer = idIn(read.payor[0], 'Organization')
  if (!ORGANIZATIONS.some((one) => one.id === payer)) throw againstRule('Coverage.payor')
  const kinds = read.class.map(({ type }) => type.coding?.[0]?.code)
  if (kinds[0] !== 'plan' || (kinds.length === 2 && kinds[1] !== 'group')) throw againstRule('Coverage.class')
  const number = base.overlay.nextNumber()
  const encounter = encounterIn(body)
  const person = base.world.person(n).personId
  const id = encounter === null ? `${person}-9${number}-${payer ?? ''}` : `${encounter}-9${number}`
  const { status, subscriber, subscriberId, beneficiary, dependent, relationship, payor, extension } = read
  const resource: Resource = {
    resourceType: 'Coverage',
    status,
    subscriber,
    beneficiary,
    payor,
    class: read.class,
    ...(subscriberId === undefined ? {} : { subscriberId }),
    ...(dependent === undefined ? {} : { dependent }),
    ...(relationship === undefined ? {} : { relationship }),
    ...(read.period === undefined ? {} : { period: read.period }),
    ...(extension === undefined ? {} : { extension: extension.filter(({ url }) => url === ENCOUNTER) }),
  }
  return base.overlay.put('Coverage', id, resource, null, n)
}

export const COVERAGE_PATCHES: readonly PatchRule[] = [
  { op: 'replace', path: /^\/class\/0\/value$/ },
  { op: 'replace', path: /^\/class\/1\/(value|name)$/ },
  { op: 'replace', path: /^\/(dependent|period|relationship|subscriberId|subscriber)$/ },
]

const VALUES: Readonly<Record<string, z.ZodType>> = {
  dependent: z.string(),
  period,
  relationship: codeable,
  subscriberId: z.string(),
  subscriber: pointer,
}

/** An operation without a value unsets its member. */
function patchCoverage(base: Base, now: Versioned, operations: readonly Operation[]): Versioned {
  checkAgainst(COVERAGE_PATCHES, operations)
  const resource: Record<string, unknown> = structuredClone(withoutMeta(now.resource))
  for (const { op, path, value } of operations) {
    if (op !== 'replace') continue
    const [, member = '', row, part] = path.split('/')
    if (member === 'class') replaceClass(resource, Number(row), part ?? '', value, path)
    else if (value === undefined || value === null) delete resource[member]
    else resource[member] = readByRule(VALUES[member] ?? z.never(), value)
  }
  const n = base.patients.numberOf(idIn(resource['beneficiary'], 'Patient') ?? '') ?? null
  return base.overlay.put('Coverage', String(now.resource.id), resource as Resource, now, n)
}

function replaceClass(
  resource: Record<string, unknown>,
  row: number,
  part: string,
  value: unknown,
  path: string,
): void {
  const list = z.array(z.looseObject({})).parse(resource['class'])
  const old = list[row] ?? (row === 1 ? { type: classType('group') } : undefined)
  if (old === undefined || (value !== undefined && typeof value !== 'string')) throw againstRule(path)
  const { [part]: _gone, ...rest } = old
  list[row] = value === undefined ? rest : { ...rest, [part]: value }
  resource['class'] = list
}
