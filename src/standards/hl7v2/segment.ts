import type { Delimiters } from './delimiters.ts'
import { unescape } from './escape.ts'

/** What the segments of one message share. */
export interface SegmentSource {
  readonly text: string
  readonly delimiters: Delimiters
  readonly charset: string
}

/** Character codes of the delimiters; -1 where there is none, which matches nothing. */
interface Codes {
  readonly field: number
  readonly repetition: number
  readonly component: number
  readonly subcomponent: number
}

const CODES = new WeakMap<Delimiters, Codes>()

function codesOf(d: Delimiters): Codes {
  let codes = CODES.get(d)
  if (codes === undefined) {
    const code = (character: string): number => (character === '' ? -1 : character.charCodeAt(0))
    codes = {
      field: code(d.field),
      repetition: code(d.repetition),
      component: code(d.component),
      subcomponent: code(d.subcomponent),
    }
    CODES.set(d, codes)
  }
  return codes
}

// Above this, the built-in search beats a loop; the slice keeps it from running past the end of the field.
const LONG = 512

function find(text: string, code: number, from: number, to: number): number {
  if (to - from > LONG) {
    if (code < 0) return -1
    const at = text.slice(from, to).indexOf(String.fromCharCode(code))
    return at < 0 ? -1 : from + at
  }
  for (let at = from; at < to; at++) {
    if (text.charCodeAt(at) === code) return at
  }
  return -1
}

function count(text: string, code: number, from: number, to: number): number {
  let found = 0
  if (code < 0) return 0
  const part = text.slice(from, to)
  const mark = String.fromCharCode(code)
  for (let at = part.indexOf(mark); at >= 0; at = part.indexOf(mark, at + 1)) found++
  return found
}

const BREAK = /\r\n?/g

/**
 * One segment, read lazily: nothing is cut before it is asked for and no leaf is copied but the one wanted.
 *
 * Fields count as in the standard. In MSH, FHS and BHS field 1 is the separator itself and field 2 the encoding
 * characters, which are never split or unescaped.
 *
 * @see HL7 2.5.1 §2.5
 */
export class Segment {
  readonly name: string
  /** Which segment of this name, from 1. */
  readonly occurrence: number
  /** Place among all segments of the message, from 0. */
  readonly index: number
  /** Offsets into the message's text. */
  readonly start: number
  readonly end: number
  readonly #source: SegmentSource
  readonly #codes: Codes
  readonly #isHeader: boolean
  // Where each token after a separator begins, found as far as anyone asked.
  readonly #tokens: number[]
  #complete = false
  #lo = 0
  #hi = 0

  constructor(
    source: SegmentSource,
    start: number,
    end: number,
    name: string,
    occurrence: number,
    index: number,
  ) {
    this.#source = source
    this.#codes = codesOf(source.delimiters)
    this.start = start
    this.end = end
    this.name = name
    this.occurrence = occurrence
    this.index = index
    this.#isHeader = name === 'MSH' || name === 'BHS' || name === 'FHS'
    this.#tokens = [start]
  }

  /** The segment as it came, without its end. */
  get raw(): string {
    return this.#source.text.slice(this.start, this.end)
  }

  /** How many fields were sent, empty ones at the end included. */
  get fieldCount(): number {
    const separators = count(this.#source.text, this.#codes.field, this.start, this.end)
    return this.#isHeader ? separators + 1 : separators
  }

  /** A field as it came, escaped and whole; empty when absent. */
  field(n: number): string {
    return this.#toField(n) ? this.#source.text.slice(this.#lo, this.#hi) : ''
  }

  /** How many repetitions a field has; 0 when it is empty or absent. */
  repetitions(n: number): number {
    if (!this.#toField(n) || this.#lo === this.#hi) return 0
    if (this.#isHeader && n <= 2) return 1
    return 1 + count(this.#source.text, this.#codes.repetition, this.#lo, this.#hi)
  }

  /** How many components a repetition has; 0 when it is empty or absent. */
  components(n: number, repetition = 1): number {
    if (!this.#toRepetition(n, repetition) || this.#lo === this.#hi) return 0
    if (this.#isHeader && n <= 2) return 1
    return 1 + count(this.#source.text, this.#codes.component, this.#lo, this.#hi)
  }

  /** How many subcomponents a component has; 0 when it is empty or absent. */
  subcomponents(n: number, repetition = 1, component = 1): number {
    if (!this.#toRepetition(n, repetition) || !this.#narrow(this.#codes.component, component)) return 0
    if (this.#lo === this.#hi) return 0
    return 1 + count(this.#source.text, this.#codes.subcomponent, this.#lo, this.#hi)
  }

  /**
   * One leaf, unescaped and without blanks around it (ids, codes, names, numbers; for ST, TX and FT text use
   * {@link text}). Empty when absent and when it is `""`; ask {@link isNull} for the difference.
   */
  get(field: number, repetition = 1, component = 1, subcomponent = 1): string {
    if (!this.#toLeaf(field, repetition, component, subcomponent)) return ''
    const text = this.#source.text
    let lo = this.#lo
    let hi = this.#hi
    while (lo < hi && text.charCodeAt(lo) === 0x20) lo++
    while (lo < hi && text.charCodeAt(hi - 1) === 0x20) hi--
    return lo === hi ? '' : this.#decoded(field, lo, hi)
  }

  /** A whole repetition as text: unescaped, not split, blanks kept, line breaks as `\n`. Empty when `""`. */
  text(field: number, repetition = 1): string {
    return this.#toRepetition(field, repetition) ? this.#decoded(field, this.#lo, this.#hi) : ''
  }

  /** A component as it came, escaped, with its subcomponents (`CX-4` as `namespace&uid&type`). */
  component(field: number, repetition: number, component: number): string {
    if (!this.#toRepetition(field, repetition) || !this.#narrow(this.#codes.component, component)) return ''
    return this.#source.text.slice(this.#lo, this.#hi)
  }

  /**
   * True when the place says `""` (delete): itself, or the whole repetition or component that holds it.
   *
   * @see HL7 2.5.1 §2.5.3
   */
  isNull(field: number, repetition = 1, component?: number, subcomponent?: number): boolean {
    if (!this.#toRepetition(field, repetition)) return false
    if (this.#isNullHere()) return true
    if (component === undefined || !this.#narrow(this.#codes.component, component)) return false
    if (this.#isNullHere()) return true
    return (
      subcomponent !== undefined && this.#narrow(this.#codes.subcomponent, subcomponent) && this.#isNullHere()
    )
  }

  /** [start, end) offsets of a place into the message's text; null when it was not sent. */
  range(
    field: number,
    repetition?: number,
    component?: number,
    subcomponent?: number,
  ): [number, number] | null {
    const found =
      this.#toField(field) &&
      (repetition === undefined || this.#narrowRepetition(field, repetition)) &&
      (component === undefined || this.#narrow(this.#codes.component, component)) &&
      (subcomponent === undefined || this.#narrow(this.#codes.subcomponent, subcomponent))
    return found ? [this.#lo, this.#hi] : null
  }

  #decoded(field: number, lo: number, hi: number): string {
    const { text, delimiters, charset } = this.#source
    const raw = text.slice(lo, hi)
    if (raw === '""' || (this.#isHeader && field <= 2)) return raw === '""' ? '' : raw
    // A line end inside a field came from a joined line; our text has one kind of break.
    const broken = raw.includes('\r') ? raw.replace(BREAK, '\n') : raw
    return unescape(broken, delimiters, charset)
  }

  #isNullHere(): boolean {
    const text = this.#source.text
    const lo = this.#lo
    return this.#hi - lo === 2 && text.charCodeAt(lo) === 0x22 && text.charCodeAt(lo + 1) === 0x22
  }

  #toLeaf(field: number, repetition: number, component: number, subcomponent: number): boolean {
    if (!this.#toRepetition(field, repetition)) return false
    if (this.#isHeader && field <= 2) return component === 1 && subcomponent === 1
    return (
      this.#narrow(this.#codes.component, component) && this.#narrow(this.#codes.subcomponent, subcomponent)
    )
  }

  #toRepetition(field: number, repetition: number): boolean {
    return this.#toField(field) && this.#narrowRepetition(field, repetition)
  }

  #narrowRepetition(field: number, repetition: number): boolean {
    if (this.#isHeader && field <= 2) return repetition === 1
    return this.#narrow(this.#codes.repetition, repetition)
  }

  // Narrows [lo, hi) to the nth part between delimiters.
  #narrow(code: number, n: number): boolean {
    const text = this.#source.text
    const hi = this.#hi
    let lo = this.#lo
    for (let i = 1; i < n; i++) {
      const at = find(text, code, lo, hi)
      if (at < 0) return false
      lo = at + 1
    }
    const at = find(text, code, lo, hi)
    this.#lo = lo
    if (at >= 0) this.#hi = at
    return n >= 1
  }

  #toField(n: number): boolean {
    let token = n
    if (this.#isHeader) {
      if (n === 1) {
        this.#lo = this.start + 3
        this.#hi = this.start + 4
        return true
      }
      token = n - 1
    }
    if (!(token >= 1)) return false
    const tokens = this.#tokens
    if (tokens.length <= token + 1 && !this.#complete) this.#scan(token + 1)
    const lo = tokens[token]
    if (lo === undefined) return false
    const next = tokens[token + 1]
    this.#lo = lo
    this.#hi = next === undefined ? this.end : next - 1
    return true
  }

  #scan(upTo: number): void {
    const tokens = this.#tokens
    const { text } = this.#source
    const code = this.#codes.field
    let from = tokens[tokens.length - 1] ?? this.start
    while (tokens.length <= upTo) {
      const at = find(text, code, from, this.end)
      if (at < 0) {
        this.#complete = true
        return
      }
      from = at + 1
      tokens.push(from)
    }
  }
}
