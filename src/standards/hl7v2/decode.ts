import { BATCH_LIMIT, batchParts, batchSegment, countWarning, holdsSeveral } from './batch.ts'
import type { BatchGroup, Hl7Batch, UnreadableMember } from './batch.ts'
import { isByteSafe, readText, wideCharset, writeText } from './charset.ts'
import type { Text } from './charset.ts'
import { isDelimiter, readDelimiters } from './delimiters.ts'
import { Hl7Message } from './message.ts'
import { problem } from './problem.ts'
import type { Problem } from './problem.ts'
import type { Segment } from './segment.ts'
import { SEGMENT_LIMIT, splitSegments } from './split.ts'

export type { Hl7Batch } from './batch.ts'

export interface DecodeOptions {
  /** What to take when MSH-18 is empty; `auto` (default) takes UTF-8 when valid, else windows-1252. */
  readonly charset?: string
  /** What to take when MSH-12 is empty. */
  readonly version?: string
}

export type Decoded =
  | { readonly kind: 'message'; readonly message: Hl7Message }
  | { readonly kind: 'batch'; readonly batch: Hl7Batch }
  | { readonly kind: 'unreadable'; readonly problem: Problem }

/** §7.1: no readable MSH is condition 100. */
export const unreadableProblem = (): Problem => problem('HL7_UNREADABLE', { segment: 'MSH' }, 100, 'E')

/** §3: delimiters that are repeated or not allowed are condition 102 at MSH-2. */
export const delimiterProblem = (): Problem =>
  problem('HL7_DELIMITERS_INVALID', { segment: 'MSH', field: 2 }, 102, 'E')

/** First byte that is no line end, blank or control character; such bytes before MSH are real and harmless. */
export function skipBlank(bytes: Uint8Array): number {
  let from = 0
  while (from < bytes.length && (bytes[from] ?? 0) <= 0x20) from++
  return from
}

function startsWith(text: string, at: number, name: string): boolean {
  return text.startsWith(name, at) || text.slice(at, at + 3).toUpperCase() === name
}

/**
 * Decodes one frame or file. Never throws, whatever the bytes are.
 *
 * A frame with FHS or BHS, or with more than one MSH, is a batch: taking only the first would lose the rest.
 *
 * @param bytes the content of a frame, without VT and FS
 */
export function decode(bytes: Uint8Array, options: DecodeOptions = {}): Decoded {
  const wide = wideCharset(bytes)
  const from = wide ? 0 : skipBlank(bytes)
  if (from >= bytes.length) return { kind: 'unreadable', problem: unreadableProblem() }
  const text = readText(bytes, from, options.charset)
  const start = wide ? firstVisible(text.text) : firstVisible(text.text, isByteSafe(text.charset) ? from : 0)
  if (startsWith(text.text, start, 'FHS') || startsWith(text.text, start, 'BHS')) {
    return decodeBatch(bytes, text, start, options)
  }
  if (!startsWith(text.text, start, 'MSH')) return { kind: 'unreadable', problem: unreadableProblem() }
  if (holdsSeveral(text.text, start)) return decodeBatch(bytes, text, start, options)
  return decodeOne(bytes, text, start, options)
}

function firstVisible(text: string, from = 0): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) <= 0x20) at++
  return at
}

const tooLarge = (segment: string, limit: number): Decoded => ({
  kind: 'unreadable',
  problem: problem('HL7_TOO_MANY_SEGMENTS', { segment }, 198, 'E', { limit }),
})

function decodeOne(bytes: Uint8Array, read: Text, start: number, options: DecodeOptions): Decoded {
  const { text, charset, bomLength, problems } = read
  // A blank, letter or digit at MSH-1 means that this is prose that begins with MSH, not a segment.
  if (!isDelimiter(text.charAt(start + 3))) return { kind: 'unreadable', problem: unreadableProblem() }
  const delimiters = readDelimiters(start === 0 ? text : text.slice(start, start + 24))
  if (delimiters === null) return { kind: 'unreadable', problem: delimiterProblem() }
  const split = splitSegments(text, start, text.charCodeAt(start + 3))
  if (split === null) return tooLarge('MSH', SEGMENT_LIMIT)
  const defaultVersion = options.version ?? ''
  const parts = { bytes, text, delimiters, charset, bomLength, split, problems, defaultVersion }
  return { kind: 'message', message: new Hl7Message(parts) }
}

// Each member is cut out as bytes and decoded by its own MSH-18, so one odd message does not spoil the others.
function memberBytes(bytes: Uint8Array, read: Text): (start: number, end: number) => Uint8Array {
  if (read.charset === 'UTF-16LE' || read.charset === 'UTF-16BE') {
    return (start, end) => bytes.subarray(read.bomLength + start * 2, read.bomLength + end * 2)
  }
  if (read.charset.startsWith('UTF-32'))
    return (start, end) => writeText(read.text.slice(start, end), read.charset)
  return (start, end) => bytes.subarray(start, end)
}

function decodeBatch(bytes: Uint8Array, read: Text, start: number, options: DecodeOptions): Decoded {
  const wide = read.charset.startsWith('UTF-16') || read.charset.startsWith('UTF-32')
  const view = wide ? read.text : latin(bytes.subarray(read.bomLength))
  const body = wide ? bytes : bytes.subarray(read.bomLength)
  const cut = memberBytes(wide ? bytes : body, read)
  const memberOptions = wide || read.bomLength > 0 ? { ...options, charset: read.charset } : options
  const batch = new BatchBuilder(bytes, read)
  const found = batchParts(view, wide ? start : firstVisible(view))
  if (found === null) return tooLarge('BHS', BATCH_LIMIT)
  for (const part of found) {
    const partBytes = cut(part.start, part.end)
    if (part.name === 'MSH') batch.member(partBytes, decodeMember(partBytes, memberOptions))
    else
      batch.segment(
        batchSegment(decodedSegment(partBytes, wide, read, part, memberOptions), read.charset, batch.above),
      )
  }
  return { kind: 'batch', batch: batch.done() }
}

function decodedSegment(
  bytes: Uint8Array,
  wide: boolean,
  read: Text,
  part: { start: number; end: number },
  options: DecodeOptions,
): string {
  return wide ? read.text.slice(part.start, part.end) : readText(bytes, 0, options.charset).text
}

const latin = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

function decodeMember(bytes: Uint8Array, options: DecodeOptions): Decoded {
  const wide = wideCharset(bytes)
  const text = readText(bytes, 0, options.charset)
  return decodeOne(bytes, text, wide ? firstVisible(text.text) : 0, options)
}

/** Collects the parts of a batch in order of arrival. */
class BatchBuilder {
  readonly #bytes: Uint8Array
  readonly #read: Text
  #fileHeader: Segment | null = null
  #fileTrailer: Segment | null = null
  readonly #groups: BatchGroup[] = []
  #header: Segment | null = null
  #messages: Hl7Message[] = []
  #unreadable: UnreadableMember[] = []

  constructor(bytes: Uint8Array, read: Text) {
    this.#bytes = bytes
    this.#read = read
  }

  /** The header whose delimiters a trailer uses. */
  get above(): Segment | null {
    return this.#header ?? this.#fileHeader
  }

  member(bytes: Uint8Array, decoded: Decoded): void {
    if (decoded.kind === 'message') this.#messages.push(decoded.message)
    else if (decoded.kind === 'unreadable') this.#unreadable.push({ bytes, problem: decoded.problem })
  }

  segment(segment: Segment): void {
    switch (segment.name) {
      case 'FHS':
        this.#fileHeader ??= segment
        break
      case 'BHS':
        this.#close(null)
        this.#header = segment
        break
      case 'BTS':
        this.#close(segment)
        break
      case 'FTS':
        this.#close(null)
        this.#fileTrailer = segment
        break
    }
  }

  #close(trailer: Segment | null): void {
    if (this.#header === null && trailer === null && this.#messages.length + this.#unreadable.length === 0)
      return
    const group = { header: this.#header, trailer, messages: this.#messages, unreadable: this.#unreadable }
    this.#groups.push(group)
    this.#header = null
    this.#messages = []
    this.#unreadable = []
  }

  done(): Hl7Batch {
    this.#close(null)
    const groups = this.#groups
    const batches = groups.filter((group) => group.header !== null).length
    return {
      bytes: this.#bytes,
      charset: this.#read.charset,
      fileHeader: this.#fileHeader,
      fileTrailer: this.#fileTrailer,
      groups,
      messages: groups.flatMap((group) => group.messages),
      unreadable: groups.flatMap((group) => group.unreadable),
      controlId: groups.find((group) => group.header)?.header?.get(11) || (this.#fileHeader?.get(11) ?? ''),
      warnings: [
        ...this.#read.problems,
        ...groups.flatMap((g) => countWarning(g.trailer, g.messages.length + g.unreadable.length)),
        ...countWarning(this.#fileTrailer, batches),
      ],
    }
  }
}
