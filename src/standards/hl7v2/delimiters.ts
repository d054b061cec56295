/** The characters of MSH-1 and MSH-2; an empty string means that this message has no such delimiter. */
export interface Delimiters {
  readonly field: string
  readonly component: string
  readonly repetition: string
  readonly escape: string
  readonly subcomponent: string
  /** From version 2.7 (`#`). */
  readonly truncation: string
}

export const DEFAULT_DELIMITERS: Delimiters = {
  field: '|',
  component: '^',
  repetition: '~',
  escape: '\\',
  subcomponent: '&',
  truncation: '',
}

/** MSH-2 as sent, without the field separator. */
export const encodingCharacters = (d: Delimiters): string =>
  d.component + d.repetition + d.escape + d.subcomponent + d.truncation

// Punctuation of ASCII: one byte in every character set, so that bytes and text are cut at the same places.
const ALLOWED = /^[!-/:-@[-`{-~]$/

/** True when the character may be a delimiter at all (HL7 2.5.1 §2.5.4). */
export const isDelimiter = (character: string): boolean => ALLOWED.test(character)

/**
 * Reads delimiters from the front of an MSH, FHS or BHS segment (`MSH|^~\&|…`).
 *
 * A shorter MSH-2 leaves the missing ones empty. More than five characters, repeats and characters that are
 * not punctuation are refused.
 *
 * @returns null when MSH-1 or MSH-2 cannot be used
 * @see HL7 2.5.1 §2.5.4, HL7 2.7 §2.5.5.3 (truncation)
 */
export function readDelimiters(header: string): Delimiters | null {
  const field = header.charAt(3)
  if (header.startsWith('^~\\&', 4) && field === '|' && header.charAt(8) === '|') return DEFAULT_DELIMITERS
  let end = 4
  while (end < header.length && header[end] !== field && header[end] !== '\r' && header[end] !== '\n') end++
  const characters = header.slice(3, Math.min(end, 16))
  const known = KNOWN.get(characters)
  if (known !== undefined) return known
  const read = readCharacters(characters)
  if (read !== null && KNOWN.size < 100) KNOWN.set(characters, read)
  return read
}

// A connection keeps its delimiters; one object for all its messages keeps later look-ups cheap.
const KNOWN = new Map<string, Delimiters>()

function readCharacters(characters: string): Delimiters | null {
  if (characters.length > 6 || ![...characters].every(isDelimiter)) return null
  if (new Set(characters).size !== characters.length) return null
  const [, component = '', repetition = '', escape = '', subcomponent = '', truncation = ''] = characters
  return { field: characters.charAt(0), component, repetition, escape, subcomponent, truncation }
}
