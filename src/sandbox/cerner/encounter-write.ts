import { z } from 'zod'
import { idIn, instant, reference, withoutMeta, type Base, type Operation } from './base.ts'
import { codeable, moment, pointer, readByRule } from './bodies.ts'
import {
  CERNER_DEFINITION,
  codeSet,
  concept,
  ENCOUNTER_KINDS,
  FIN_ALIAS,
  FIN_SYSTEM,
  TERMINOLOGY,
} from './codes.ts'
import type { Resource, Versioned } from './contract.ts'
import { ORGANIZATIONS } from './organizations.ts'
import { againstRule } from './outcomes.ts'
import { applied, checkAgainst, type PatchRule } from './patching.ts'
import { shownName } from './patient-resource.ts'
import { PLACES } from './stays.ts'

const created = z.looseObject({
  status: z.enum(['planned', 'in-progress', 'finished', 'arrived', 'triaged', 'onleave', 'unknown']),
  type: z.array(codeable).min(1),
  subject: pointer,
  serviceProvider: pointer.optional(),
  location: z
    .array(z.looseObject({ location: pointer }))
    .length(1)
    .optional(),
  priority: codeable.optional(),
  reasonCode: z.array(codeable).optional(),
  participant: z.array(z.looseObject({ type: z.array(codeable).min(1), individual: pointer })).optional(),
  period: z.looseObject({ start: moment.optional(), end: moment.optional() }).optional(),
  hospitalization: z
    .looseObject({ admitSource: codeable.optional(), dischargeDisposition: codeable.optional() })
    .optional(),
  extension: z.array(z.looseObject({ url: z.string() })).optional(),
})

/** The first visit number that is given over an interface. */
const FIRST_ID = 97_900_000_000

/** @throws Refusal 422 for a broken rule. @see cerner-fhir-r4.md §3.4 */
export function createEncounter(base: Base, body: Resource): Versioned {
  const read = readByRule(created, body)
  const n = base.patients.numberOf(idIn(read.subject, 'Patient') ?? '')
  if (n === undefined) throw againstRule('Encounter.subject')
  const { serviceProvider, location } = read
  // Where it takes place is said once: by the organization or by the location.
  if ((serviceProvider === undefined) === (location === undefined)) throw againstRule('Encounter.location')
  refuseUnknown('Organization', serviceProvider, ORGANIZATIONS)
  refuseUnknown('Location', location?.[0]?.location, PLACES)
  const kind = kindOf(base, read.type[0])
  const id = String(FIRST_ID + base.overlay.nextNumber())
  const person = base.world.person(n)
  const start = read.period?.start ?? instant(base.clock.now())
  const resource: Resource = {
    resourceType: 'Encounter',
    id,
    ...(read.extension === undefined ? {} : { extension: read.extension.map(withAttributeId) }),
    identifier: [
      {
        use: 'usual',
        type: concept(base.tenant, 319, FIN_ALIAS),
        system: FIN_SYSTEM,
        value: `10${id}`,
        period: { start },
      },
    ],
    status: read.status,
    class: {
      system: `${TERMINOLOGY}/v3-ActCode`,
      code: kind.class,
      display: kind.says,
      userSelected: false,
    },
    type: [concept(base.tenant, 71, kind.type)],
    ...(read.priority === undefined ? {} : { priority: read.priority }),
    subject: reference('Patient', person.personId, shownName(person)),
    ...(read.participant === undefined ? {} : { participant: read.participant }),
    period: { start, ...(read.period?.end === undefined ? {} : { end: read.period.end }) },
    ...(read.reasonCode === undefined ? {} : { reasonCode: read.reasonCode }),
    ...(read.hospitalization === undefined ? {} : { hospitalization: read.hospitalization }),
    ...(location === undefined ? {} : { location: [{ ...location[0], status: 'active' }] }),
    ...(serviceProvider === undefined ? {} : { serviceProvider }),
  }
  return base.overlay.put('Encounter', id, resource, null, n)
}

function refuseUnknown(type: string, given: unknown, known: readonly { id: string }[]): void {
  if (given === undefined) return
  const id = idIn(given, type)
  if (!known.some((one) => one.id === id))
    throw againstRule(`Encounter.${type === 'Location' ? 'location' : 'serviceProvider'}`)
}

function kindOf(
  { tenant }: Base,
  type: z.infer<typeof codeable> | undefined,
): (typeof ENCOUNTER_KINDS)['O' | 'E' | 'I'] {
  const kind = Object.values(ENCOUNTER_KINDS).find(({ type: own }) =>
    (type?.coding ?? []).some(
      (one) =>
        (one.system === codeSet(tenant, 71) && one.code === own.code) ||
        (one.system === own.standard?.system && one.code === own.standard?.code),
    ),
  )
  if (kind === undefined) throw againstRule('Encounter.type')
  return kind
}

// --- patch ---

const EXTENSIONS = [
  'payment-collection-status',
  'estimated-financial-responsibility-amount',
  'custom-attribute',
].map((name) => `${CERNER_DEFINITION}/${name}`)

export const ENCOUNTER_PATCHES: readonly PatchRule[] = [
  { op: 'replace', path: /^\/period\/(start|end)$/ },
  { op: 'replace', path: /^\/(type|extension)$/ },
  { op: 'add', path: /^\/extension\/-$/ },
]

/** Each `replace /extension` sets its own kind and leaves the others, as the vendor's example has three of them. */
export function patchEncounter(base: Base, now: Versioned, operations: readonly Operation[]): Versioned {
  checkAgainst(ENCOUNTER_PATCHES, operations)
  let resource = now.resource
  for (const one of operations) resource = step(base, resource, one)
  const n = base.patients.numberOf(idIn(resource['subject'], 'Patient') ?? '') ?? null
  return base.overlay.put('Encounter', String(resource.id), withoutMeta(resource), now, n)
}

function step(base: Base, resource: Resource, operation: Operation): Resource {
  const { path, value } = operation
  if (path.startsWith('/period')) return withPeriod(resource, path.endsWith('start') ? 'start' : 'end', value)
  if (path === '/type') {
    const kind = kindOf(base, readByRule(z.array(codeable).min(1), value)[0])
    return { ...resource, type: [concept(base.tenant, 71, kind.type)] }
  }
  if (path === '/extension/-') {
    const added = extensionIn(value)
    if (!added.url.endsWith('/custom-attribute')) throw againstRule(path)
    return applied(resource, [{ op: 'add', path: '/extension/-', value: withAttributeId(added) }])
  }
  return operation.op === 'test' ? applied(resource, [operation]) : withExtensions(resource, value)
}

// A replacement without a value unsets the member.
function withPeriod(resource: Resource, end: 'start' | 'end', value: unknown): Resource {
  const { [end]: _old, ...rest } = z.looseObject({}).parse(resource['period'] ?? {})
  if (value === undefined || value === null) return { ...resource, period: rest }
  return { ...resource, period: { ...rest, [end]: readByRule(moment, value) } }
}

const extension = z.looseObject({ url: z.string() })

function extensionIn(value: unknown): z.infer<typeof extension> {
  const read = readByRule(extension, value)
  if (!EXTENSIONS.includes(read.url)) throw againstRule('/extension')
  return read
}

function withExtensions(resource: Resource, value: unknown): Resource {
  const given = readByRule(z.array(z.unknown()).min(1), value).map(extensionIn)
  const old = z.array(extension).catch([]).parse(resource['extension'])
  const kinds = new Set(given.map((one) => one.url))
  return {
    ...resource,
    extension: [...old.filter((one) => !kinds.has(one.url)), ...given.map(withAttributeId)],
  }
}

const withAttributeId = (one: z.infer<typeof extension>, i = 0): z.infer<typeof extension> =>
  one.url.endsWith('/custom-attribute') && !('id' in one) ? { id: `CA-${i}`, ...one } : one
