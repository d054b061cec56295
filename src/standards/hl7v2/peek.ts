import { isDelimiter, readDelimiters } from './delimiters.ts'
import type { Delimiters } from './delimiters.ts'

/** The MSH line of a message, found in the bytes without decoding the rest. */
export interface Peek {
  /** Where MSH begins and where its line ends, in bytes. */
  readonly from: number
  readonly end: number
  /** `fields[n - 1]` is MSH-n for n ≥ 2, one character per byte. */
  readonly fields: readonly string[]
  /** Null when MSH-2 cannot be used. */
  readonly delimiters: Delimiters | null
}

const CR = 0x0d
const LF = 0x0a

const isMsh = (bytes: Uint8Array, at: number): boolean =>
  ((bytes[at] ?? 0) & 0xdf) === 0x4d &&
  ((bytes[at + 1] ?? 0) & 0xdf) === 0x53 &&
  ((bytes[at + 2] ?? 0) & 0xdf) === 0x48

// Header lines are a few hundred bytes; a longer one is no header.
const HEADER_LIMIT = 65_536

/**
 * Looks at the MSH line only, in constant time however long the message is.
 *
 * @returns null when the bytes do not begin with an MSH segment (blanks, NULs and line ends before it are skipped)
 */
export function peekMsh(bytes: Uint8Array): Peek | null {
  let from = 0
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) from = 3
  while (from < bytes.length && (bytes[from] ?? 0) <= 0x20) from++
  if (!isMsh(bytes, from) || !isDelimiter(String.fromCharCode(bytes[from + 3] ?? 0))) return null
  let end = from + 4
  const limit = Math.min(bytes.length, from + HEADER_LIMIT)
  while (end < limit && bytes[end] !== CR && bytes[end] !== LF) end++
  const line = latin(bytes, from, end)
  return { from, end, fields: line.split(line.charAt(3)), delimiters: readDelimiters(line) }
}

/** Bytes as text, one character each. */
export function latin(bytes: Uint8Array, from: number, end: number): string {
  const buffer = Buffer.isBuffer(bytes)
    ? bytes
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('latin1', from, end)
}
