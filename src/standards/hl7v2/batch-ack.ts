import { inboundHeader } from './ack.ts'
import { skipBlank } from './decode.ts'
import { encodingCharacters } from './delimiters.ts'
import { escape } from './escape.ts'
import { writeUtc } from './write-utc.ts'
import { byteOrderMark, readBytes, wideCharset, writeText } from './charset.ts'

export interface BatchAckAnswer {
  /** Acknowledgements of the messages, in order, as `buildAck` made them. */
  readonly replies: readonly Uint8Array[]
  /** BHS-11 of the reply. */
  readonly controlId: string
  /** Milliseconds since 1970, or an instant in ISO 8601. */
  readonly at: number | string
}

const NOT_LATIN = new Set(['UTF-16LE', 'UTF-16BE', 'UTF-32LE', 'UTF-32BE'])

/**
 * The one frame that answers a batch: BHS, the acknowledgements, BTS. More frames would be read as answers to
 * the next messages.
 *
 * BHS-3 to BHS-6 are those of the inbound BHS swapped, BHS-12 is its BHS-11.
 *
 * @see HL7 2.5.1 §2.10.3 (batch protocol), §2.15.2 (BHS), §2.15.3 (BTS)
 */
export function buildBatchAck(inbound: Uint8Array, answer: BatchAckAnswer): Uint8Array {
  const { bytes, isHeaded } = asMsh(inbound)
  const { fields, delimiters: d, segmentEnd, toBytes: asRead } = inboundHeader(bytes)
  const wide = wideOf(inbound)
  // The members are answered in their own encoding, and the frame around them must be in the same.
  const toBytes = wide
    ? (text: string): Uint8Array => writeText(Buffer.from(asRead(text)).toString('utf8'), wide.charset)
    : asRead
  const mark = wide !== null && wide.bomLength > 0 ? byteOrderMark(wide.charset) : Buffer.alloc(0)
  const of = (n: number): string => fields[n - 1] ?? ''
  // Without a BHS the parties are those of the first message, and there is no batch id to refer to.
  const reference = isHeaded ? of(11) : ''
  const f = d.field
  const bhs =
    `BHS${f}${encodingCharacters(d)}${f}${of(5)}${f}${of(6)}${f}${of(3)}${f}${of(4)}${f}${writeUtc(answer.at)}` +
    `${f}${f}${f}${f}${escape(answer.controlId, d)}${reference === '' ? '' : f + reference}${segmentEnd}`
  const bts = `BTS${f}${answer.replies.length}${segmentEnd}`
  return Buffer.concat([mark, toBytes(bhs), ...answer.replies, toBytes(bts)])
}

function wideOf(inbound: Uint8Array): ReturnType<typeof wideCharset> {
  const wide = wideCharset(inbound)
  return wide !== null && NOT_LATIN.has(wide.charset) ? wide : null
}

// FHS and BHS are laid out as MSH up to field 7, so the first header is read by the same rules.
function asMsh(inbound: Uint8Array): { bytes: Uint8Array; isHeaded: boolean } {
  const wide = wideOf(inbound)
  const text = wide ? readBytes(inbound.subarray(wide.bomLength), wide.charset) : null
  const bytes = text === null ? inbound : Buffer.from(text, 'utf8')
  const at = skipBlank(bytes) + (wide === null ? (wideCharset(inbound)?.bomLength ?? 0) : 0)
  const name = Buffer.from(bytes.subarray(at, at + 3))
    .toString('latin1')
    .toUpperCase()
  const start = name === 'FHS' ? bhsAfter(bytes, at) : at
  if (name !== 'FHS' && name !== 'BHS') return { bytes, isHeaded: false }
  const header = Buffer.from(bytes.subarray(start))
  header.write('MSH', 0, 'latin1')
  return { bytes: header, isHeaded: true }
}

// The BHS inside a file is the one to answer; a file header alone serves in its place.
function bhsAfter(bytes: Uint8Array, from: number): number {
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf('BHS', from)
  const before = bytes[at - 1]
  return at > 0 && (before === 0x0d || before === 0x0a) ? at : from
}
