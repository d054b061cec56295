import data from './dictionary.data.json' with { type: 'json' }

/** A field of a segment or a component of a type, as the standard names it. */
export interface FieldDefinition {
  readonly n: number
  readonly name: string
  /** Data type (`CX`, `ST`, `varies`…). */
  readonly type: string
  readonly required: boolean
  readonly repeats: boolean
  /** HL7 table number; 0 when there is none. */
  readonly table: number
}

interface Definition {
  readonly name: string
  readonly fields: ReadonlyMap<number, FieldDefinition>
}

type Versions = Readonly<Record<string, string>>
type Library = Readonly<Record<string, Versions>>

const SEGMENTS: Library = data.segments
const TYPES: Library = data.types

/** The versions that hl7v2-dictionary describes. */
export const VERSIONS = [
  '2.1',
  '2.2',
  '2.3',
  '2.3.1',
  '2.4',
  '2.5',
  '2.5.1',
  '2.6',
  '2.7',
  '2.7.1',
  '2.8',
] as const

const DEFAULT_VERSION = VERSIONS.indexOf('2.5.1')

/** Index of the version itself, else of the newest one below it; 2.5.1 for anything that is no version. */
function versionIndex(version: string): number {
  const exact = VERSIONS.findIndex((one) => one === version)
  if (exact >= 0) return exact
  const found = /^2\.(\d+)/.exec(version)
  if (!found) return DEFAULT_VERSION
  const below = VERSIONS.filter((one) => Number(one.split('.')[1]) <= Number(found[1])).length - 1
  return Math.max(0, below)
}

// `11 XAD R* 0 Patient Address`, see dictionary.generate.ts.
function readField(line: string): FieldDefinition {
  const [n = '0', type = '', flags = '', table = '0', ...name] = line.split(' ')
  return {
    n: Number(n),
    type,
    name: name.join(' '),
    required: flags.startsWith('R'),
    repeats: flags.endsWith('*'),
    table: Number(table),
  }
}

function readDefinition(line: string): Definition {
  const [name = '', ...fields] = line.split('|')
  return { name, fields: new Map(fields.map(readField).map((field) => [field.n, field])) }
}

const READ = new Map<string, Definition>()

function definitionOf(library: Library, name: string, version: string): Definition | null {
  const versions = Object.hasOwn(library, name) ? library[name] : undefined
  if (versions === undefined) return null
  const line = nearestLine(versions, versionIndex(version))
  let definition = READ.get(line)
  if (definition === undefined) {
    definition = readDefinition(line)
    READ.set(line, definition)
  }
  return definition
}

// The definition of this version, else of the next one that has the name at all, else of the last before it.
function nearestLine(versions: Versions, wanted: number): string {
  let best = ''
  let bestDistance = Infinity
  for (const [shared, line] of Object.entries(versions)) {
    for (const version of shared.split(' ')) {
      const difference = versionIndex(version) - wanted
      const distance = difference >= 0 ? difference : VERSIONS.length - difference
      if (distance < bestDistance) [best, bestDistance] = [line, distance]
    }
  }
  return best
}

export const isLocalSegment = (segment: string): boolean => segment.startsWith('Z')

/** Name of a segment (`Patient Identification`); `Local segment` for Z segments, empty when unknown. */
export function segmentName(segment: string, version = '2.5.1'): string {
  if (isLocalSegment(segment)) return 'Local segment'
  return definitionOf(SEGMENTS, segment, version)?.name ?? ''
}

/** All that is known of a field; null for Z segments and fields the standard does not have. */
export function fieldDefinition(segment: string, n: number, version = '2.5.1'): FieldDefinition | null {
  return definitionOf(SEGMENTS, segment, version)?.fields.get(n) ?? null
}

/** The fields of a segment in order; empty when it is unknown. */
export function fieldDefinitions(segment: string, version = '2.5.1'): readonly FieldDefinition[] {
  return [...(definitionOf(SEGMENTS, segment, version)?.fields.values() ?? [])]
}

/** Name of a field (`Patient Address`); empty when unknown. */
export const fieldName = (segment: string, n: number, version?: string): string =>
  fieldDefinition(segment, n, version)?.name ?? ''

/** Data type of a field (`XAD`); empty when unknown. */
export const fieldType = (segment: string, n: number, version?: string): string =>
  fieldDefinition(segment, n, version)?.type ?? ''

/** HL7 table of a field (1 for PID-8); 0 when there is none. */
export const fieldTable = (segment: string, n: number, version?: string): number =>
  fieldDefinition(segment, n, version)?.table ?? 0

/** A component of a data type; null for simple types and components the standard does not have. */
export function componentDefinition(type: string, n: number, version = '2.5.1'): FieldDefinition | null {
  return definitionOf(TYPES, type, version)?.fields.get(n) ?? null
}

/** Name of a component (`Assigning Authority` for CX-4); empty when unknown. */
export const componentName = (type: string, n: number, version?: string): string =>
  componentDefinition(type, n, version)?.name ?? ''

/** Data type of a component (`HD` for CX-4); empty when unknown. */
export const componentType = (type: string, n: number, version?: string): string =>
  componentDefinition(type, n, version)?.type ?? ''

/** Name of a data type (`Extended Address` for XAD); empty when unknown. */
export const typeName = (type: string, version = '2.5.1'): string =>
  definitionOf(TYPES, type, version)?.name ?? ''
