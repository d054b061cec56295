import { byteOrderMark, charsetNamed, isByteSafe, readText, wideCharset, writeText } from './charset.ts'
import { decode } from './decode.ts'
import { DEFAULT_DELIMITERS, encodingCharacters } from './delimiters.ts'
import type { Delimiters } from './delimiters.ts'
import { errSegments } from './err.ts'
import { escape } from './escape.ts'
import { peekMsh } from './peek.ts'
import type { Problem } from './problem.ts'
import { atLeast } from './version.ts'
import { writeUtc } from './write-utc.ts'

export { buildBatchAck } from './batch-ack.ts'
export { readAck } from './read-ack.ts'
export type { ReadAck } from './read-ack.ts'

export type AckCode = 'AA' | 'AE' | 'AR' | 'CA' | 'CE' | 'CR'

export interface AckAnswer {
  readonly code: AckCode
  /** MSH-10 of the acknowledgement itself: new, and unique for ever. */
  readonly controlId: string
  /** When the answer is given: milliseconds since 1970, or an instant in ISO 8601. */
  readonly at: number | string
  /** MSA-3; most senders show nothing else. Places, never values. */
  readonly text?: string
  /** Become ERR segments, at most ten, when the code is not positive. */
  readonly problems?: readonly Problem[]
}

/** What of the inbound message an acknowledgement repeats. `fields[n - 1]` is MSH-n. */
export interface InboundHeader {
  readonly fields: readonly string[]
  readonly delimiters: Delimiters
  readonly segmentEnd: string
  /** Turns the finished text into bytes in the encoding of the inbound message. */
  readonly toBytes: (text: string) => Uint8Array
}

const latinBytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')

const NO_HEADER: InboundHeader = {
  fields: [],
  delimiters: DEFAULT_DELIMITERS,
  segmentEnd: '\r',
  toBytes: latinBytes,
}

/** Reads what a reply needs from the front of the inbound bytes, whatever state they are in. */
export function inboundHeader(bytes: Uint8Array): InboundHeader {
  const wide = wideCharset(bytes)
  if (wide !== null && wide.charset !== 'UTF-8') {
    const text = readText(bytes.subarray(0, 65_536), 0).text.trimStart()
    const mark = wide.bomLength > 0 ? byteOrderMark(wide.charset) : Buffer.alloc(0)
    const toBytes = (reply: string): Uint8Array => Buffer.concat([mark, writeText(reply, wide.charset)])
    return headerOf(
      Buffer.from(text, 'utf8'),
      (field) => Buffer.from(field, 'latin1').toString('utf8'),
      toBytes,
    )
  }
  const peek = peekMsh(bytes)
  if (peek === null) return NO_HEADER
  const charset = charsetNamed((peek.fields[17] ?? '').split('~', 1)[0] ?? '')
  if (charset === null || isByteSafe(charset)) return headerOf(bytes, null, latinBytes)
  // Delimiter bytes may be halves of characters in these sets, so the line is decoded before it is split.
  const line = readText(bytes.subarray(peek.from, peek.end + 2), 0).text
  const decoded = (field: string): string => Buffer.from(field, 'latin1').toString('utf8')
  return headerOf(Buffer.from(line, 'utf8'), decoded, (reply) => writeText(reply, charset))
}

function headerOf(
  bytes: Uint8Array,
  decoded: ((field: string) => string) | null,
  toBytes: InboundHeader['toBytes'],
): InboundHeader {
  const peek = peekMsh(bytes)
  if (peek === null) return { ...NO_HEADER, toBytes }
  const fields = decoded === null ? peek.fields : peek.fields.map(decoded)
  const ended = bytes[peek.end]
  const segmentEnd = ended === 0x0a ? '\n' : ended === 0x0d && bytes[peek.end + 1] === 0x0a ? '\r\n' : '\r'
  if (peek.delimiters !== null) return { fields, delimiters: peek.delimiters, segmentEnd, toBytes }
  // With unusable delimiters only plain fields can be repeated under our own.
  const plain = fields.map((field) => (/^[\w .:+/-]*$/.test(field) ? field : ''))
  return { fields: plain, delimiters: DEFAULT_DELIMITERS, segmentEnd, toBytes }
}

const firstOf = (field: string, delimiter: string): string =>
  delimiter === '' ? field : (field.split(delimiter, 1)[0] ?? '')

/** MSH-9 of an acknowledgement: `ACK`, from 2.2 with the event, from 2.3.1 with the structure. */
function ackType(event: string, version: string, d: Delimiters): string {
  if (d.component === '' || version === '2.1') return 'ACK'
  if (atLeast(version, '2.3.1')) return `ACK${d.component}${event}${d.component}ACK`
  return event === '' ? 'ACK' : `ACK${d.component}${event}`
}

/** MSH of a reply: parties swapped as whole fields, event, processing id, version and character set echoed. */
export function replyHeader(inbound: InboundHeader, answer: Pick<AckAnswer, 'controlId' | 'at'>): string {
  const { fields, delimiters: d } = inbound
  const of = (n: number): string => fields[n - 1] ?? ''
  const version = versionOf(inbound)
  const event = d.component === '' ? '' : (of(9).split(d.component, 2)[1] ?? '')
  const f = d.field
  const head =
    `MSH${f}${encodingCharacters(d)}${f}${of(5)}${f}${of(6)}${f}${of(3)}${f}${of(4)}${f}${writeUtc(answer.at)}${f}${f}` +
    `${ackType(firstOf(event, d.repetition), version, d)}${f}${escape(answer.controlId, d)}${f}${of(11) || 'P'}${f}${of(12) || version}`
  return of(18) === '' ? head : head + f.repeat(6) + of(18)
}

// Without a version we answer in the guide's own.
const versionOf = ({ fields, delimiters: d }: InboundHeader): string => {
  const found = firstOf(firstOf(fields[11] ?? '', d.repetition), d.component).trim()
  return /^2\.\d/.test(found) ? found : fields.length === 0 ? '2.5.1' : '2.3'
}

/**
 * Builds the acknowledgement of a message, readable or not, in its own delimiters, encoding and line ends.
 *
 * MSA-2 repeats MSH-10 byte for byte. When the code is positive no ERR is sent.
 *
 * @see HL7 2.5.1 §2.9.2, §2.15.1 (ACK), §2.15.5 (ERR), §2.15.8 (MSA)
 */
export function buildAck(inbound: Uint8Array, answer: AckAnswer): Uint8Array {
  const header = inboundHeader(inbound)
  const { delimiters: d, segmentEnd } = header
  const problems = answer.code === 'AA' || answer.code === 'CA' ? [] : (answer.problems ?? [])
  const text = answer.text === undefined ? '' : d.field + escape(answer.text, d, 'ASCII')
  const msa = `MSA${d.field}${answer.code}${d.field}${(header.fields[9] ?? '').trim()}${text}`
  const errs = problems.length === 0 ? '' : errSegments(problems, versionOf(header), d, segmentEnd)
  return header.toBytes(replyHeader(header, answer) + segmentEnd + msa + segmentEnd + errs)
}

/** True when the bytes are an acknowledgement, which is never acknowledged itself. */
export function isAck(bytes: Uint8Array): boolean {
  const decoded = decode(bytes)
  return (
    decoded.kind === 'message' &&
    (decoded.message.header.type === 'ACK' || decoded.message.header.type === 'MCF')
  )
}
