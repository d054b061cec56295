import { isSingleByte, isValidUtf8, readBytes, writeText } from './charset.ts'
import { encodingCharacters } from './delimiters.ts'
import type { Delimiters } from './delimiters.ts'

/** What an escape character in a leaf turned out to start. */
export type EscapeKind = 'known' | 'switch' | 'local' | 'unknown'

interface Sequence {
  readonly kind: EscapeKind
  /** What it decodes to; sequences that are kept verbatim decode to themselves. */
  readonly text: string
  /** Index after the sequence. */
  readonly end: number
}

// More blanks or lines than this in one sequence is an attack, not a layout.
const LAYOUT_LIMIT = 256

function separatorNamed(letter: string, d: Delimiters): string | null {
  switch (letter) {
    case 'F':
      return d.field
    case 'S':
      return d.component
    case 'R':
      return d.repetition
    case 'E':
      return d.escape
    case 'T':
      return d.subcomponent
    case 'P':
      return d.truncation === '' ? null : d.truncation
    case 'H':
    case 'N':
      return ''
    default:
      return null
  }
}

/** Layout commands of formatted text, HL7 2.5.1 §2.7.6; `null` when it is none. */
function layout(name: string): string | null {
  const found = /^\.(br|sp|sk|in|ti|ce|fi|nf)\s*([+-]?\d{0,9})$/i.exec(name)
  if (!found) return null
  const count = Math.min(Math.max(found[2] === '' ? 1 : Number(found[2]), 0), LAYOUT_LIMIT)
  switch (found[1]?.toLowerCase()) {
    case 'br':
    case 'ce':
      return '\n'
    case 'sp':
      return '\n'.repeat(count)
    case 'sk':
      return ' '.repeat(count)
    default:
      return ''
  }
}

const HEX = /^[Xx](?:[0-9A-Fa-f]{2})+$/

// Neighbouring \X runs are one run: a sender may write each byte of a character on its own.
function hexRun(raw: string, start: number, end: number, escape: string, charset: string): Sequence {
  let hex = raw.slice(start + 2, end)
  let after = end + 1
  while (raw.startsWith(escape, after)) {
    const close = raw.indexOf(escape, after + 1)
    if (close < 0 || !HEX.test(raw.slice(after + 1, close))) break
    hex += raw.slice(after + 2, close)
    after = close + 1
  }
  const bytes = Buffer.from(hex, 'hex')
  // A character that a single-byte set lacks is written as its UTF-8 bytes, by us and by others.
  const wide = isSingleByte(charset) && bytes.some((b) => b >= 0x80) && isValidUtf8(bytes)
  return { kind: 'known', text: readBytes(bytes, wide ? 'UTF-8' : charset), end: after }
}

function sequenceAt(raw: string, start: number, d: Delimiters, charset: string): Sequence {
  const end = raw.indexOf(d.escape, start + 1)
  const unknown: Sequence = { kind: 'unknown', text: d.escape, end: start + 1 }
  if (end < 0 || end === start + 1) return unknown
  if (end === start + 2) {
    const text = separatorNamed(raw.charAt(start + 1), d)
    if (text !== null) return { kind: 'known', text, end: end + 1 }
  }
  const first = raw.charCodeAt(start + 1)
  if (first === 0x58 || first === 0x78) {
    return HEX.test(raw.slice(start + 1, end)) ? hexRun(raw, start, end, d.escape, charset) : unknown
  }
  if (end - start > 128) return unknown
  const name = raw.slice(start + 1, end)
  if (first === 0x2e) {
    const text = layout(name)
    return text === null ? unknown : { kind: 'known', text, end: end + 1 }
  }
  const verbatim = raw.slice(start, end + 1)
  if (/^(?:C[0-9A-Fa-f]{4}|M[0-9A-Fa-f]{4}(?:[0-9A-Fa-f]{2})?)$/.test(name)) {
    return { kind: 'switch', text: verbatim, end: end + 1 }
  }
  return first === 0x5a ? { kind: 'local', text: verbatim, end: end + 1 } : unknown
}

/**
 * Decodes the escape sequences of one leaf. Never throws; what is no sequence stays as it is.
 *
 * @param charset the message's character set, for `\Xhh…\`
 * @param seen called with the kind of every sequence, in order
 * @see HL7 2.5.1 §2.7
 */
export function unescape(
  raw: string,
  d: Delimiters,
  charset: string,
  seen?: (kind: EscapeKind) => void,
): string {
  if (d.escape === '') return raw
  let at = raw.indexOf(d.escape)
  if (at < 0) return raw
  let text = ''
  let from = 0
  while (at >= 0) {
    const sequence = sequenceAt(raw, at, d, charset)
    seen?.(sequence.kind)
    // What stays as it is need not be copied piece by piece.
    if (sequence.kind === 'known') {
      text += raw.slice(from, at) + sequence.text
      from = sequence.end
    }
    at = raw.indexOf(d.escape, sequence.end)
  }
  return text + raw.slice(from)
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()

/** How one character is written; empty when it can stay as it is. */
function escaped(character: string, d: Delimiters, charset: string): string {
  const e = d.escape
  switch (character) {
    case d.escape:
      return `${e}E${e}`
    case d.field:
      return `${e}F${e}`
    case d.component:
      return `${e}S${e}`
    case d.repetition:
      return `${e}R${e}`
    case d.subcomponent:
      return `${e}T${e}`
    case d.truncation:
      return `${e}P${e}`
  }
  if (character < ' ' || character === '\x7f') return `${e}X${hex(writeText(character, 'UTF-8'))}${e}`
  if (character < '\x7f' || charset.startsWith('UTF-')) return ''
  const bytes = writeText(character, charset)
  if (charset !== 'ASCII' && readBytes(bytes, charset) === character) return ''
  return isSingleByte(charset) ? `${e}X${hex(writeText(character, 'UTF-8'))}${e}` : ''
}

const SPECIAL = new Map<string, RegExp>()

// Anything that might need escaping; most leaves hold nothing of it, and long base64 data is passed at full speed.
function special(d: Delimiters): RegExp {
  const characters = d.field + encodingCharacters(d)
  let found = SPECIAL.get(characters)
  if (found === undefined) {
    found = new RegExp(`[^ -~]|[${characters.replace(/[\\\]^-]/g, '\\$&')}]`)
    SPECIAL.set(characters, found)
  }
  return found
}

/**
 * Encodes one leaf, the reverse of {@link unescape}.
 *
 * @param breaks how line breaks are written: `hex` in data fields, `br` (`\.br\`) in FT and TX
 * @see HL7 2.5.1 §2.7
 */
export function escape(text: string, d: Delimiters, charset = 'UTF-8', breaks: 'hex' | 'br' = 'hex'): string {
  // Two quotation marks as a value would be read as "delete this".
  if (text === '""' && d.escape !== '') return `${d.escape}X2222${d.escape}`
  if (!special(d).test(text)) return text
  let out = ''
  let from = 0
  let at = 0
  for (const character of text) {
    const isBreak = breaks === 'br' && (character === '\n' || character === '\r')
    let written = isBreak ? `${d.escape}.br${d.escape}` : escaped(character, d, charset)
    if (isBreak && character === '\n' && text.charAt(at - 1) === '\r') written = '\u0000'
    if (written !== '') {
      // Without an escape character a delimiter cannot be written at all; a blank does the least harm.
      out += text.slice(from, at) + (written === '\u0000' ? '' : d.escape === '' ? ' ' : written)
      from = at + character.length
    }
    at += character.length
  }
  return from === 0 ? text : out + text.slice(from)
}
