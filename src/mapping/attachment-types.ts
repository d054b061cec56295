/**
 * What a document is, by its first bytes. Sniffing beats the label, because senders mislabel documents
 * (hl7-v2.md §11).
 */
const MAGIC: readonly { readonly mediaType: string; readonly bytes: readonly number[] }[] = [
  { mediaType: 'application/pdf', bytes: [0x25, 0x50, 0x44, 0x46] }, // %PDF
  { mediaType: 'application/rtf', bytes: [0x7b, 0x5c, 0x72, 0x74, 0x66] }, // {\rtf
  { mediaType: 'image/jpeg', bytes: [0xff, 0xd8, 0xff] },
  { mediaType: 'image/png', bytes: [0x89, 0x50, 0x4e, 0x47] },
  { mediaType: 'image/tiff', bytes: [0x49, 0x49, 0x2a, 0x00] }, // II*
  { mediaType: 'image/tiff', bytes: [0x4d, 0x4d, 0x00, 0x2a] }, // MM*
  { mediaType: 'application/zip', bytes: [0x50, 0x4b, 0x03, 0x04] }, // PK
]

const HTML = /^\s*<(?:!doctype html|html)/i
const XML = /^\s*<(?:\?xml|\w)/

/** The media type of a document by its beginning; undefined for what no signature tells. */
export function sniff(head: Uint8Array): string | undefined {
  const found = MAGIC.find(({ bytes }) => bytes.every((byte, i) => head[i] === byte))
  if (found) return found.mediaType
  const text = String.fromCharCode(...head.subarray(0, 64))
  if (HTML.test(text)) return 'text/html'
  return XML.test(text) ? 'application/xml' : undefined
}

// Tables 0191 and 0291, and the abbreviations feeds send for them.
const LABELS = new Map<string, string>([
  ['PDF', 'application/pdf'],
  ['APPLICATION/PDF', 'application/pdf'],
  ['RTF', 'application/rtf'],
  ['HTML', 'text/html'],
  ['HTM', 'text/html'],
  ['XML', 'application/xml'],
  ['JPEG', 'image/jpeg'],
  ['JPG', 'image/jpeg'],
  ['PNG', 'image/png'],
  ['GIF', 'image/gif'],
  ['TIFF', 'image/tiff'],
  ['TIF', 'image/tiff'],
  ['DICOM', 'application/dicom'],
  ['TEXT', 'text/plain'],
  ['TXT', 'text/plain'],
  ['FT', 'text/plain'],
])

/** The media type that type and subtype name, in whichever order they stand; undefined when they name none. */
export const labelled = (type: string, subtype: string): string | undefined =>
  LABELS.get(subtype.toUpperCase()) ?? LABELS.get(type.toUpperCase())
