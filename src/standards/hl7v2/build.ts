import { writeText } from './charset.ts'
import { DEFAULT_DELIMITERS, encodingCharacters } from './delimiters.ts'
import type { Delimiters } from './delimiters.ts'
import { escape } from './escape.ts'
import type { SegmentEnd } from './split.ts'

/** A leaf: text, `null` for HL7 `""` (delete), `undefined` for nothing, or text that is written in a special way. */
export type LeafInput = string | number | null | undefined | TextLeaf | RawLeaf

/** FT or TX text: line breaks become `\.br\`. */
export interface TextLeaf {
  readonly text: string
}

/** Text that is escaped already and goes out as it is. */
export interface RawLeaf {
  readonly raw: string
}

/** A component: a leaf, or its subcomponents in order. */
export type ComponentInput = LeafInput | readonly LeafInput[]

/** One repetition: a leaf, or its components in order. */
export type RepetitionInput = LeafInput | readonly ComponentInput[]

/** A field: one repetition, or several. */
export type FieldInput = RepetitionInput | { readonly repeat: readonly RepetitionInput[] }

/**
 * A segment to write. As a list, the fields begin with field 1; of MSH, FHS and BHS with field 3, because fields
 * 1 and 2 come from the delimiters (they may be given and are then skipped). As a record, the keys are the
 * field numbers of the standard.
 */
export interface SegmentInput {
  readonly name: string
  readonly fields: readonly FieldInput[] | Readonly<Record<number, FieldInput>>
}

export interface BuildOptions {
  readonly delimiters?: Delimiters
  /** One of our character set names (`UTF-8`, the default, `windows-1252`, `ISO-8859-1`…). Value MSH-18 yourself. */
  readonly charset?: string
  readonly segmentEnd?: SegmentEnd
}

interface Writing {
  readonly d: Delimiters
  readonly charset: string
}

const isHeaderName = (name: string): boolean => name === 'MSH' || name === 'FHS' || name === 'BHS'

function joinTrimmed(parts: readonly string[], delimiter: string): string {
  let last = parts.length
  while (last > 0 && parts[last - 1] === '') last--
  // A message without this delimiter can only carry the first part.
  return delimiter === '' ? (parts[0] ?? '') : parts.slice(0, last).join(delimiter)
}

function writeLeaf(leaf: LeafInput, { d, charset }: Writing): string {
  if (leaf === undefined) return ''
  if (leaf === null) return '""'
  if (typeof leaf === 'string') return escape(leaf, d, charset)
  if (typeof leaf === 'number') return escape(String(leaf), d, charset)
  return 'raw' in leaf ? leaf.raw : escape(leaf.text, d, charset, 'br')
}

const isList = <T>(input: unknown): input is readonly T[] => Array.isArray(input)

function writeComponent(component: ComponentInput, w: Writing): string {
  if (!isList<LeafInput>(component)) return writeLeaf(component, w)
  return joinTrimmed(
    component.map((leaf) => writeLeaf(leaf, w)),
    w.d.subcomponent,
  )
}

function writeRepetition(repetition: RepetitionInput, w: Writing): string {
  if (!isList<ComponentInput>(repetition)) return writeLeaf(repetition, w)
  return joinTrimmed(
    repetition.map((component) => writeComponent(component, w)),
    w.d.component,
  )
}

/** One field as it goes on the wire; trailing empty parts are left out. */
export function writeField(field: FieldInput, d: Delimiters, charset: string): string {
  const w = { d, charset }
  if (typeof field === 'object' && field !== null && 'repeat' in field) {
    return joinTrimmed(
      field.repeat.map((repetition) => writeRepetition(repetition, w)),
      d.repetition,
    )
  }
  return writeRepetition(field, w)
}

function listOf(fields: SegmentInput['fields'], first: number): readonly FieldInput[] {
  if (isList<FieldInput>(fields)) return fields
  const record = fields
  const last = Math.max(0, ...Object.keys(record).map(Number))
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => record[i + first])
}

/** One segment as it goes on the wire, without its end; trailing empty fields are left out. */
export function writeSegment(
  segment: SegmentInput,
  d: Delimiters = DEFAULT_DELIMITERS,
  charset = 'UTF-8',
): string {
  const isHeader = isHeaderName(segment.name)
  const given = listOf(segment.fields, isHeader ? 3 : 1)
  const fields = isHeader && isList(segment.fields) && given[0] === d.field ? given.slice(2) : given
  const head = isHeader ? segment.name + d.field + encodingCharacters(d) : segment.name
  return joinTrimmed([head, ...fields.map((field) => writeField(field, d, charset))], d.field)
}

/**
 * Writes a message. Every leaf is escaped once, trailing empty parts are left out, each segment is ended.
 *
 * @see HL7 2.5.1 §2.6 (construction rules)
 */
export function buildMessage(segments: readonly SegmentInput[], options: BuildOptions = {}): Uint8Array {
  const { delimiters = DEFAULT_DELIMITERS, charset = 'UTF-8', segmentEnd = '\r' } = options
  const lines = segments.map((segment) => writeSegment(segment, delimiters, charset) + segmentEnd)
  return writeText(lines.join(''), charset)
}
