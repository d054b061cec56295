import iconv from 'iconv-lite'
import { problem } from './problem.ts'
import type { Problem } from './problem.ts'

/** Bytes as characters. `charset` is one of our names (`UTF-8`, `windows-1252`, `ISO-8859-2`, `UTF-16LE`…). */
export interface Text {
  readonly text: string
  readonly charset: string
  /** Length of the byte order mark that was taken off, in bytes. */
  readonly bomLength: number
  readonly problems: readonly Problem[]
}

const MSH_18 = { segment: 'MSH', field: 18 }

// HL7 table 0211 and the spellings seen on real links, letters and digits only.
// prettier-ignore
const TABLE_0211: Readonly<Record<string, string>> = {
  ASCII: 'ASCII', USASCII: 'ASCII', ISOIR6: 'ASCII',
  UNICODEUTF8: 'UTF-8', UTF8: 'UTF-8', UNICODE: 'UTF-8',
  UNICODEUTF16: 'UTF-16', UTF16: 'UTF-16', UNICODEUTF32: 'UTF-32', UTF32: 'UTF-32',
  ISOIR14: 'Shift_JIS', ISOIR87: 'ISO-2022-JP', ISOIR159: 'ISO-2022-JP',
  GB180302000: 'GB18030', GB18030: 'GB18030', KSX1001: 'EUC-KR', CNS116431992: 'Big5', BIG5: 'Big5',
  WINDOWS1252: 'windows-1252', CP1252: 'windows-1252', WIN1252: 'windows-1252',
}

/** Our name for a character set named as in MSH-18 or in a connection's settings; null when unknown. */
export function charsetNamed(name: string): string | null {
  const key = name.toUpperCase().replace(/[^A-Z0-9]/g, '')
  const latin = /^(?:ISO)?8859([1-9]|1[0-6])$/.exec(key)
  if (latin && latin[1] !== '12') return `ISO-8859-${latin[1]}`
  return TABLE_0211[key] ?? null
}

// What windows-1252 has at 0x80 to 0x9F; the five unused codes stay control characters, so nothing is lost.
const C1 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ'
const C1_BYTE = new Map([...C1].map((character, i) => [character, 0x80 + i]))

const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const readLatin = (bytes: Uint8Array): string =>
  asBuffer(bytes)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (c) => C1.charAt(c.charCodeAt(0) - 0x80))

/**
 * Decodes bytes of a known character set. Bytes that are not valid become U+FFFD.
 *
 * ISO-8859-1 is read as windows-1252, as browsers do: its codes 0x80 to 0x9F are never meant as controls.
 */
export function readBytes(bytes: Uint8Array, charset: string): string {
  switch (charset) {
    case 'UTF-8':
    case 'ASCII':
      return asBuffer(bytes).toString('utf8')
    case 'windows-1252':
    case 'ISO-8859-1':
      return readLatin(bytes)
    case 'UTF-16LE':
      return asBuffer(bytes).toString('utf16le')
    case 'ISO-2022-JP':
      return new TextDecoder('iso-2022-jp').decode(bytes)
    default:
      return iconv.decode(asBuffer(bytes), charset, { stripBOM: false })
  }
}

function writeLatin(text: string): Buffer {
  const single = text.replace(/[^\x00-\x7f\xa0-\xff]/gu, (c) => {
    const code = C1_BYTE.get(c)
    return code === undefined ? '?' : String.fromCharCode(code)
  })
  return Buffer.from(single, 'latin1')
}

// ISO-2022-JP is EUC-JP with the high bits off between ESC $ B and ESC ( B (RFC 1468).
function writeIso2022Jp(text: string): Buffer {
  const parts = text.split(/([^\u0000-\u007f]+)/u).map((run, i) => {
    const bytes = i % 2 === 0 ? Buffer.from(run, 'latin1') : iconv.encode(run, 'EUC-JP')
    return i % 2 === 0
      ? bytes
      : Buffer.concat([
          Buffer.from('\x1b$B', 'latin1'),
          bytes.map((b) => b & 0x7f),
          Buffer.from('\x1b(B', 'latin1'),
        ])
  })
  return Buffer.concat(parts)
}

/** Encodes text; characters that the set lacks become `?` (escape them first, see `escape.ts`). */
export function writeText(text: string, charset: string): Buffer {
  switch (charset) {
    case 'UTF-8':
      return Buffer.from(text, 'utf8')
    case 'ASCII':
      return Buffer.from(text, 'utf8')
    case 'windows-1252':
    case 'ISO-8859-1':
      return writeLatin(text)
    case 'UTF-16LE':
      return Buffer.from(text, 'utf16le')
    case 'ISO-2022-JP':
      return writeIso2022Jp(text)
    default:
      return iconv.encode(text, charset, { addBOM: false })
  }
}

/** Byte order mark of a character set, for text that came with one. */
export function byteOrderMark(charset: string): Buffer {
  return charset.startsWith('UTF-') ? writeText('\ufeff', charset) : Buffer.alloc(0)
}

/** True when a character set keeps ASCII bytes for ASCII characters only, so delimiters can be found in bytes. */
export const isByteSafe = (charset: string): boolean =>
  charset === 'UTF-8' || charset === 'ASCII' || charset === 'windows-1252' || charset.startsWith('ISO-8859-')

/** True when each byte is one character, so that a run of valid multi-byte UTF-8 in it is no accident. */
export const isSingleByte = (charset: string): boolean =>
  charset === 'ASCII' || charset === 'windows-1252' || charset.startsWith('ISO-8859-')

/** The byte order mark at the front, or the tell-tale zero bytes of wide text without one. */
export function wideCharset(bytes: Uint8Array): { charset: string; bomLength: number } | null {
  const [a, b, c, d] = bytes
  if (a === 0xef && b === 0xbb && c === 0xbf) return { charset: 'UTF-8', bomLength: 3 }
  if (a === 0xff && b === 0xfe) {
    return c === 0 && d === 0 ? { charset: 'UTF-32LE', bomLength: 4 } : { charset: 'UTF-16LE', bomLength: 2 }
  }
  if (a === 0xfe && b === 0xff) return { charset: 'UTF-16BE', bomLength: 2 }
  if (a === 0 && b === 0) {
    if (c === 0xfe && d === 0xff) return { charset: 'UTF-32BE', bomLength: 4 }
    return c === 0 && isLetter(d) ? { charset: 'UTF-32BE', bomLength: 0 } : null
  }
  if (a === 0 && isLetter(b) && c === 0 && isLetter(d)) return { charset: 'UTF-16BE', bomLength: 0 }
  if (isLetter(a) && b === 0) {
    if (c === 0 && d === 0) return { charset: 'UTF-32LE', bomLength: 0 }
    return isLetter(c) && d === 0 ? { charset: 'UTF-16LE', bomLength: 0 } : null
  }
  return null
}

// The first letters of MSH, FHS and BHS.
const isLetter = (byte: number | undefined): boolean =>
  byte === 0x4d || byte === 0x46 || byte === 0x42 || byte === 0x53 || byte === 0x48

/**
 * The first repetition of a header field, read as ASCII before the character set is known.
 *
 * @param n field number as in the standard (18 for the character set); the separator is the fourth byte
 */
export function asciiHeaderField(bytes: Uint8Array, from: number, n: number): string {
  const separator = bytes[from + 3]
  let at = from + 4
  let field = 2
  const end = Math.min(bytes.length, from + 65_536)
  for (; at < end && field < n; at++) {
    const byte = bytes[at]
    if (byte === 0x0d || byte === 0x0a) return ''
    if (byte === separator) field++
  }
  let text = ''
  for (; at < end && text.length < 64; at++) {
    const byte = bytes[at] ?? 0
    if (byte === separator || byte === 0x0d || byte === 0x0a || byte === 0x7e) break
    text += String.fromCharCode(byte)
  }
  return text.trim()
}

/**
 * Turns message bytes into text: byte order mark, else MSH-18, else the connection's default, else a guess.
 *
 * @param from where `MSH` (or `FHS`, `BHS`) begins
 * @param fallback the connection's character set; `auto` takes UTF-8 when valid and windows-1252 else
 * @see HL7 2.5.1 §2.15.9.18, table 0211
 */
export function readText(bytes: Uint8Array, from: number, fallback = 'auto'): Text {
  const wide = wideCharset(bytes)
  if (wide) {
    const text = readBytes(bytes.subarray(wide.bomLength), wide.charset)
    return checked(text, wide.charset, wide.bomLength, [])
  }
  const declared = asciiHeaderField(bytes, from, 18)
  const problems: Problem[] = []
  let charset = declared === '' ? null : charsetNamed(declared)
  // Text that reads as single bytes up to here cannot be UTF-16 or UTF-32 whatever it says.
  if (charset === 'UTF-16' || charset === 'UTF-32') charset = null
  if (declared !== '' && charset === null) problems.push(problem('HL7_CHARSET_UNKNOWN', MSH_18, 103, 'W'))
  charset ??= charsetNamed(fallback)
  if (charset === null || charset === 'ASCII') return guessed(bytes, charset, problems)
  return checked(readBytes(bytes, charset), charset, 0, problems)
}

// Undeclared Latin-1 is common, declared ASCII with Latin-1 letters as well.
function guessed(bytes: Uint8Array, declared: string | null, problems: Problem[]): Text {
  const utf8 = asBuffer(bytes).toString('utf8')
  if (!utf8.includes('\ufffd') || isValidUtf8(bytes)) {
    // The same length means one byte for each character, so the text is ASCII.
    if (utf8.length !== bytes.length && declared !== null) {
      problems.push(problem('HL7_CHARSET_UNKNOWN', MSH_18, 103, 'W'))
    }
    return {
      text: utf8,
      charset: declared !== null && utf8.length === bytes.length ? declared : 'UTF-8',
      bomLength: 0,
      problems,
    }
  }
  problems.push(problem(declared === null ? 'HL7_CHARSET_GUESSED' : 'HL7_CHARSET_UNKNOWN', MSH_18, 103, 'W'))
  return { text: readLatin(bytes), charset: 'windows-1252', bomLength: 0, problems }
}

function checked(text: string, charset: string, bomLength: number, problems: Problem[]): Text {
  if (text.includes('\ufffd')) problems.push(problem('HL7_CHARSET_MISMATCH', MSH_18, 102, 'W'))
  return { text, charset, bomLength, problems }
}

/** True when the bytes are well-formed UTF-8. */
export function isValidUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return true
  } catch {
    return false
  }
}

/** True when every character is ASCII. */
export function asciiOnly(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    if (text.charCodeAt(at) > 0x7f) return false
  }
  return true
}
