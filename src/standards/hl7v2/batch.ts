import { DEFAULT_DELIMITERS, readDelimiters } from './delimiters.ts'
import type { Hl7Message } from './message.ts'
import { problem } from './problem.ts'
import type { Problem } from './problem.ts'
import { Segment } from './segment.ts'
import { findSegmentEnd } from './split.ts'

/** A message of a batch that could not be read, with its bytes. */
export interface UnreadableMember {
  readonly bytes: Uint8Array
  readonly problem: Problem
}

/** One BHS … BTS group; a frame of several MSH without headers is one group without header. */
export interface BatchGroup {
  readonly header: Segment | null
  readonly trailer: Segment | null
  readonly messages: readonly Hl7Message[]
  readonly unreadable: readonly UnreadableMember[]
}

/** Several messages in one frame or file, §3.3 of the reference. Each header has delimiters of its own. */
export interface Hl7Batch {
  readonly bytes: Uint8Array
  readonly charset: string
  readonly fileHeader: Segment | null
  readonly fileTrailer: Segment | null
  readonly groups: readonly BatchGroup[]
  /** All readable messages of all groups, in order. */
  readonly messages: readonly Hl7Message[]
  readonly unreadable: readonly UnreadableMember[]
  /** BHS-11 of the first group, else FHS-11, else empty. */
  readonly controlId: string
  readonly warnings: readonly Problem[]
}

/** One header, trailer or message inside a batch, as [start, end) offsets. */
export interface BatchPart {
  readonly name: 'FHS' | 'BHS' | 'MSH' | 'BTS' | 'FTS'
  readonly start: number
  readonly end: number
}

const PART = /^(?:FHS|BHS|MSH|BTS|FTS)/

/** More messages than a frame of 64 MB could hold if they were real. */
export const BATCH_LIMIT = 100_000

/**
 * Finds the parts of a batch: each begins at a line that starts with FHS, BHS, MSH, BTS or FTS.
 *
 * @returns null when there are more parts than the limit
 * @param text one character per delimiter, at least up to the line ends (Latin-1 view of the bytes will do)
 */
export function batchParts(text: string, from: number, limit = BATCH_LIMIT): readonly BatchPart[] | null {
  const separator = text.charCodeAt(from + 3)
  const mark = findSegmentEnd(text, from, separator) === '\n' ? '\n' : '\r'
  const parts: { name: BatchPart['name']; start: number; end: number }[] = []
  for (let start = from; start < text.length;) {
    const line = mark === '\r' && text[start] === '\n' ? start + 1 : start
    if (startsPart(text, line)) {
      if (parts.length >= limit) return null
      const last = parts[parts.length - 1]
      if (last !== undefined) last.end = line
      parts.push({ name: text.slice(line, line + 3) as BatchPart['name'], start: line, end: text.length })
    }
    const found = text.indexOf(mark, line)
    if (found < 0) break
    start = found + 1
  }
  return parts
}

// A header must be followed by its separator; a trailer may stand alone.
function startsPart(text: string, at: number): boolean {
  const name = text.slice(at, at + 3)
  if (!PART.test(name)) return false
  const after = text.charAt(at + 3)
  if (name === 'BTS' || name === 'FTS') return after === '' || !/[A-Za-z0-9]/.test(after)
  return after !== '' && !/[A-Za-z0-9\s]/.test(after)
}

/** True when a line after the first begins a message too, so that the frame is a batch without headers. */
export function holdsSeveral(text: string, from: number): boolean {
  for (let at = text.indexOf('MSH', from + 3); at >= 0; at = text.indexOf('MSH', at + 3)) {
    const before = text.charCodeAt(at - 1)
    // Whether that line end counts is a matter of the whole text, so the first candidate settles it.
    if ((before === 0x0d || before === 0x0a) && startsPart(text, at)) {
      return (batchParts(text, from, 2)?.filter((part) => part.name === 'MSH').length ?? 2) > 1
    }
  }
  return false
}

/** Reads FHS, BHS, BTS or FTS; trailers use the delimiters of their header. */
export function batchSegment(text: string, charset: string, above: Segment | null): Segment {
  const raw = text.replace(/[\r\n\s\0]+$/, '')
  const isHeader = raw.startsWith('FHS') || raw.startsWith('BHS')
  const own = isHeader ? readDelimiters(raw) : above && readDelimiters(above.raw)
  const source = { text: raw, delimiters: own ?? DEFAULT_DELIMITERS, charset }
  return new Segment(source, 0, raw.length, raw.slice(0, 3), 1, 0)
}

/** A warning when a trailer gives a count and it is not what came (BTS-1 messages, FTS-1 batches). */
export function countWarning(trailer: Segment | null, received: number): Problem[] {
  const declared = trailer?.get(1) ?? ''
  if (trailer === null || declared === '' || Number(declared) === received) return []
  return [problem('HL7_BATCH_COUNT', { segment: trailer.name, field: 1 }, 102, 'W')]
}

export { buildBatchAck } from './batch-ack.ts'
export type { BatchAckAnswer } from './batch-ack.ts'
