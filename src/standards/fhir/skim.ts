/**
 * Finds the parts of JSON text without parsing it: objects member by member, arrays element by element. Inside a value
 * only strings and brackets are looked at, so it runs at memory speed and leaves every digit where it is. Whoever takes
 * a part out parses it, and so checks it.
 */

/** Start and end (exclusive) of a part. */
export type Span = readonly [from: number, to: number]

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** The text ends before the value does, or has something else where a part of JSON should be. */
export class SkimError extends Error {}

/**
 * Walks the members of the object that begins at or behind `from`.
 *
 * @param visit gets each key and where its value begins; it returns the end when it walked the value itself
 * @returns the place behind the closing brace
 * @throws SkimError
 */
export function skimObject(
  text: string,
  from: number,
  visit: (key: string, at: number) => number | undefined,
): number {
  let at = expect(text, skipBlanks(text, from), OPEN_BRACE)
  at = skipBlanks(text, at)
  if (text.charCodeAt(at) === CLOSE_BRACE) return at + 1
  for (;;) {
    const keyEnd = skipString(text, expectQuote(text, at))
    const key = keyOf(text, at, keyEnd)
    const valueAt = skipBlanks(text, expect(text, skipBlanks(text, keyEnd), COLON))
    at = skipBlanks(text, visit(key, valueAt) ?? skipValue(text, valueAt))
    if (text.charCodeAt(at) === CLOSE_BRACE) return at + 1
    at = skipBlanks(text, expect(text, at, COMMA))
  }
}

/**
 * Walks the elements of an array; what is no array has none.
 *
 * @param visit gets where each element begins; it returns the end when it walked the element itself
 * @returns the place behind the value
 * @throws SkimError
 */
export function skimArray(text: string, from: number, visit: (at: number) => number | undefined): number {
  let at = skipBlanks(text, from)
  if (text.charCodeAt(at) !== OPEN_BRACKET) return skipValue(text, at)
  at = skipBlanks(text, at + 1)
  if (text.charCodeAt(at) === CLOSE_BRACKET) return at + 1
  for (;;) {
    at = skipBlanks(text, visit(at) ?? skipValue(text, at))
    if (text.charCodeAt(at) === CLOSE_BRACKET) return at + 1
    at = skipBlanks(text, expect(text, at, COMMA))
  }
}

/** Where the first value begins, behind blanks and a byte order mark. */
export const compactOf = (text: string): number => skipBlanks(text, text.charCodeAt(0) === 0xfeff ? 1 : 0)

function skipBlanks(text: string, from: number): number {
  let at = from
  for (;;) {
    const c = text.charCodeAt(at)
    if (c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09) at++
    else return at
  }
}

/** From the first character of a value to behind its last one. @throws SkimError */
export function skipValue(text: string, from: number): number {
  const first = text.charCodeAt(from)
  if (first === QUOTE) return skipString(text, from + 1)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(text, from)
  return skipScalar(text, from)
}

function skipNested(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length;) {
    const c = text.charCodeAt(at++)
    if (c === QUOTE) at = skipString(text, at)
    else if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++
    else if ((c === CLOSE_BRACE || c === CLOSE_BRACKET) && --depth === 0) return at
  }
  throw new SkimError('ends inside a value')
}

/** @param from behind the opening quote */
function skipString(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === QUOTE) return at + 1
    if (c === BACKSLASH) at++
  }
  throw new SkimError('ends inside a string')
}

function skipScalar(text: string, from: number): number {
  let at = from
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at)
    if (c === COMMA || c === CLOSE_BRACE || c === CLOSE_BRACKET || c <= 0x20) break
  }
  if (at === from) throw new SkimError('has no value where one should be')
  return at
}

function keyOf(text: string, from: number, to: number): string {
  const plain = text.slice(from + 1, to - 1)
  return plain.includes('\\') ? (JSON.parse(text.slice(from, to)) as string) : plain
}

function expect(text: string, at: number, code: number): number {
  if (text.charCodeAt(at) !== code) throw new SkimError('has something else where JSON goes on')
  return at + 1
}

const expectQuote = (text: string, at: number): number => expect(text, at, QUOTE)
