import { z } from 'zod'

/** What a server says it offers, from a CapabilityStatement (R4) or a Conformance (DSTU 2), for comparing. */
export interface Capability {
  /** `4.0.1`, `1.0.2` */
  fhirVersion: string
  software: string
  /** As stated; Cerner changes it with each release. */
  date: string
  formats: readonly string[]
  patchFormats: readonly string[]
  types: ReadonlyMap<string, Offered>
}

export interface Offered {
  /** `read`, `search-type`, `create`, `patch` … */
  interactions: readonly string[]
  parameters: readonly string[]
  includes: readonly string[]
  revIncludes: readonly string[]
  operations: readonly string[]
}

const text = z.string().catch('').default('')
const words = z.array(z.string()).catch([]).default([])
const named = (key: 'code' | 'name') =>
  z
    .array(z.looseObject({ [key]: z.string() }).catch({ [key]: '' }))
    .catch([])
    .default([])

const statement = z.object({
  resourceType: z.enum(['CapabilityStatement', 'Conformance']),
  fhirVersion: text,
  date: text,
  software: z
    .object({ name: text, version: text })
    .catch({ name: '', version: '' })
    .default({ name: '', version: '' }),
  format: words,
  patchFormat: words,
  rest: z
    .array(
      z.object({
        resource: z
          .array(
            z
              .object({
                type: text,
                interaction: named('code'),
                searchParam: named('name'),
                searchInclude: words,
                searchRevInclude: words,
                operation: named('name'),
              })
              .catch(() => ({
                type: '',
                interaction: [],
                searchParam: [],
                searchInclude: [],
                searchRevInclude: [],
                operation: [],
              })),
          )
          .catch([])
          .default([]),
      }),
    )
    .catch([])
    .default([]),
})

/** Reads what a server offers; null when it is no such statement. */
export function readCapability(value: unknown): Capability | null {
  const read = statement.safeParse(value)
  if (!read.success) return null
  const { fhirVersion, software, date, format, patchFormat, rest } = read.data
  const rows = rest.flatMap(({ resource }) => resource).filter(({ type }) => type !== '')
  return {
    fhirVersion,
    software: [software.name, software.version].filter((part) => part !== '').join(' '),
    date,
    formats: format,
    patchFormats: patchFormat,
    types: new Map(
      rows.map((row) => [
        row.type,
        {
          interactions: row.interaction.map((one) => String(one['code'])),
          parameters: row.searchParam.map((one) => String(one['name'])),
          includes: row.searchInclude,
          revIncludes: row.searchRevInclude,
          operations: row.operation.map((one) => String(one['name'])),
        },
      ]),
    ),
  }
}

/** True when the server says it does this. `search` is spelled `search-type` there. */
export const offers = (capability: Capability, type: string, interaction: string): boolean =>
  capability.types.get(type)?.interactions.includes(interaction === 'search' ? 'search-type' : interaction) ??
  false

/** One difference between two statements: `Patient.searchParam.phone` went, `Slot.interaction.patch` came. */
export interface Drift {
  place: string
  change: 'came' | 'went' | 'changed'
}

/** What changed between two statements of the same server, so that an upgrade is noticed before it breaks something. */
export function driftOf(before: Capability, after: Capability): Drift[] {
  const drifts: Drift[] = (['fhirVersion', 'software'] as const).flatMap((place) =>
    before[place] === after[place] ? [] : [{ place, change: 'changed' as const }],
  )
  drifts.push(...listDrift('format', before.formats, after.formats))
  drifts.push(...listDrift('patchFormat', before.patchFormats, after.patchFormats))
  const types = new Set([...before.types.keys(), ...after.types.keys()])
  for (const type of [...types].toSorted())
    drifts.push(...typeDrift(type, before.types.get(type), after.types.get(type)))
  return drifts
}

function typeDrift(type: string, before: Offered | undefined, after: Offered | undefined): Drift[] {
  if (!before || !after) return [{ place: type, change: before ? 'went' : 'came' }]
  return [
    ...listDrift(`${type}.interaction`, before.interactions, after.interactions),
    ...listDrift(`${type}.searchParam`, before.parameters, after.parameters),
    ...listDrift(`${type}.searchInclude`, before.includes, after.includes),
    ...listDrift(`${type}.searchRevInclude`, before.revIncludes, after.revIncludes),
    ...listDrift(`${type}.operation`, before.operations, after.operations),
  ]
}

function listDrift(place: string, before: readonly string[], after: readonly string[]): Drift[] {
  const [old, now] = [new Set(before), new Set(after)]
  return [
    ...[...old.difference(now)].map((name) => ({ place: `${place}.${name}`, change: 'went' as const })),
    ...[...now.difference(old)].map((name) => ({ place: `${place}.${name}`, change: 'came' as const })),
  ]
}
