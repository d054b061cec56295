import type { Delimiters } from './delimiters.ts'
import { unescape } from './escape.ts'
import { readHeader } from './header.ts'
import type { Header } from './header.ts'
import { readPlace } from './problem.ts'
import type { Place, Problem } from './problem.ts'
import { Segment } from './segment.ts'
import type { SegmentSource } from './segment.ts'
import type { SegmentEnd, Split } from './split.ts'
import { findWarnings } from './warnings.ts'

export { Segment } from './segment.ts'
export type { Header } from './header.ts'

/** Everything decode found out; see `decode.ts`. */
export interface MessageParts {
  readonly bytes: Uint8Array
  readonly text: string
  readonly delimiters: Delimiters
  readonly charset: string
  readonly bomLength: number
  readonly split: Split
  readonly problems: readonly Problem[]
  readonly defaultVersion: string
}

const PATHS = new Map<string, Place | null>()
const PATHS_KEPT = 5000

// Paths come from tables and settings, so the same few hundred are asked for again and again.
function placeOf(path: string): Place | null {
  let place = PATHS.get(path)
  if (place === undefined) {
    if (PATHS.size >= PATHS_KEPT) PATHS.clear()
    place = readPlace(path)
    PATHS.set(path, place)
  }
  return place
}

/**
 * One HL7 v2 message. Fields are cut when they are asked for; a 20 MB OBX-5 costs nothing until it is read.
 *
 * @see HL7 2.5.1 chapter 2
 */
export class Hl7Message {
  /** The message as it came, byte order mark included. */
  readonly bytes: Uint8Array
  readonly text: string
  readonly delimiters: Delimiters
  readonly charset: string
  readonly bomLength: number
  readonly segmentEnd: SegmentEnd
  readonly segments: readonly Segment[]
  readonly #parts: MessageParts
  #header: Header | undefined
  #warnings: readonly Problem[] | undefined

  constructor(parts: MessageParts) {
    this.bytes = parts.bytes
    this.text = parts.text
    this.delimiters = parts.delimiters
    this.charset = parts.charset
    this.bomLength = parts.bomLength
    this.segmentEnd = parts.split.segmentEnd
    this.#parts = parts
    this.segments = makeSegments(parts, parts.split)
  }

  get header(): Header {
    this.#header ??= readHeader(this.segments[0] as Segment, this.segment('EVN'), this.#parts.defaultVersion)
    return this.#header
  }

  /** What was tolerated: character set, joined lines, names in lower case, odd escapes. */
  get warnings(): readonly Problem[] {
    this.#warnings ??= findWarnings(this, this.#parts)
    return this.#warnings
  }

  segment(name: string, occurrence = 1): Segment | undefined {
    const segments = this.segments
    for (let i = 0; i < segments.length; i++) {
      const segment = segments[i] as Segment
      if (segment.name === name && segment.occurrence === occurrence) return segment
    }
    return undefined
  }

  all(name: string): readonly Segment[] {
    return this.segments.filter((segment) => segment.name === name)
  }

  /** The leaf at a path (`PID-3.4.1`, `PID-3[2].1`, `NK1[2]-2.1`), as {@link Segment.get}; empty if absent. */
  get(path: string): string {
    const place = placeOf(path)
    if (place?.field === undefined) return ''
    const segment = this.segment(place.segment, place.occurrence)
    return segment?.get(place.field, place.repetition, place.component, place.subcomponent) ?? ''
  }

  /** Unescapes raw text of this message in its own delimiters and character set; empty for `""`. */
  decodeLeaf(raw: string): string {
    return raw === '""' ? '' : unescape(raw.replace(/\r\n?/g, '\n'), this.delimiters, this.charset)
  }
}

// A message has a handful of segment names; the strings are shared, not cut anew for each segment.
const NAMES = new Map<string, string>()

function nameOf(text: string, start: number): string {
  const raw = text.slice(start, start + 3)
  const known = NAMES.get(raw)
  if (known !== undefined) return known
  const name = raw.toUpperCase()
  if (NAMES.size < 1000) NAMES.set(raw, name)
  return name
}

function makeSegments(source: SegmentSource, split: Split): readonly Segment[] {
  const counts = new Map<string, number>()
  const segments: Segment[] = []
  for (let i = 0; i < split.starts.length; i++) {
    const start = split.starts[i] ?? 0
    const name = nameOf(source.text, start)
    const occurrence = (counts.get(name) ?? 0) + 1
    counts.set(name, occurrence)
    segments.push(new Segment(source, start, split.ends[i] ?? start, name, occurrence, i))
  }
  return segments
}
