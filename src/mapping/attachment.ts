import type { Attachment } from '../model/values.ts'
import type { Segment } from '../standards/hl7v2/message.ts'
import { labelled, sniff } from './attachment-types.ts'
import type { Reading } from './reading.ts'

/**
 * The document of an OBX-5 of type ED (hl7-v2.md §11). Senders put the data into component 3, 4 or 5 and cut it over
 * repetitions, so the longest leaf of each repetition is taken and the cuts are joined.
 *
 * @returns an attachment without data, after a warning, when the data does not decode; the raw message keeps it
 */
export function readEncapsulated(segment: Segment, at: Reading): Attachment | undefined {
  const count = segment.repetitions(5)
  let data = ''
  for (let n = 1; n <= count; n++) data += longestLeaf(segment, n)
  if (data === '') return undefined
  const label = labelled(segment.get(5, 1, 2), segment.get(5, 1, 3))
  return encode(data, segment.get(5, 1, 4), label, at)
}

function longestLeaf(segment: Segment, repetition: number): string {
  const last = segment.components(5, repetition)
  if (last <= 1) return segment.get(5, repetition)
  let longest = ''
  for (let c = 3; c <= last; c++) {
    const leaf = segment.get(5, repetition, c)
    if (leaf.length > longest.length) longest = leaf
  }
  return longest
}

// The head is enough to tell what it is; the rest of a 20 MB document is not decoded to find out.
const HEAD_CHARS = 256

function encode(data: string, encoding: string, label: string | undefined, at: Reading): Attachment {
  const kind = encoding.toUpperCase()
  if (kind === 'HEX') return encodeHex(data, label, at)
  const packed = stripped(data)
  if (kind !== 'A' && isBase64(packed)) {
    const head = Uint8Array.fromBase64(packed.slice(0, HEAD_CHARS), { lastChunkHandling: 'loose' })
    const padding = packed.endsWith('==') ? 2 : packed.endsWith('=') ? 1 : 0
    const size = Math.floor((packed.length * 3) / 4) - padding
    return attachment(sniff(head) ?? label, size, packed)
  }
  if (kind === 'BASE64') return unreadable(data, label, at)
  const bytes = new TextEncoder().encode(data)
  return attachment(
    sniff(bytes.subarray(0, HEAD_CHARS)) ?? label ?? 'text/plain',
    bytes.length,
    bytes.toBase64(),
  )
}

function encodeHex(data: string, label: string | undefined, at: Reading): Attachment {
  const packed = stripped(data)
  if (packed.length % 2 !== 0 || /[^0-9a-f]/i.test(packed)) return unreadable(data, label, at)
  const bytes = Uint8Array.fromHex(packed)
  return attachment(sniff(bytes.subarray(0, HEAD_CHARS)) ?? label, bytes.length, bytes.toBase64())
}

function unreadable(data: string, label: string | undefined, at: Reading): Attachment {
  at.warn('HL7_ATTACHMENT_UNREADABLE', { field: at.place })
  return { ...(label === undefined ? {} : { media_type: label }), size_bytes: data.length }
}

const attachment = (mediaType: string | undefined, size: number, data: string): Attachment => ({
  ...(mediaType === undefined ? {} : { media_type: mediaType }),
  size_bytes: size,
  data_base64: data,
})

// Line ends, blanks and the literal `\.br\` of senders that break base64 into lines.
const stripped = (data: string): string => data.replaceAll('\\.br\\', '').replace(/\s+/g, '')

const isBase64 = (text: string): boolean =>
  text.length > 0 && text.length % 4 !== 1 && !/[^A-Za-z0-9+/]/.test(text.replace(/={0,2}$/, ''))

/** A pointer to a document kept elsewhere (RP): pointer 1, type 3, subtype 4. */
export function readPointer(segment: Segment): Attachment | undefined {
  const url = segment.get(5)
  if (url === '') return undefined
  const mediaType = labelled(segment.get(5, 1, 3), segment.get(5, 1, 4))
  return { ...(mediaType === undefined ? {} : { media_type: mediaType }), size_bytes: 0, url }
}
