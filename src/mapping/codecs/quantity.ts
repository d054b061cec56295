import type { Quantity } from '../../model/values.ts'
import type { LeafCodec, PartsCodec } from '../codec.ts'

// NM: optional sign, digits, one point; no exponent, no thousands mark (hl7-v2.md §4).
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)$/
const COMPARED = /^(<=|>=|<|>)\s*([+-]?(?:\d+\.?\d*|\.\d+))$/

/** True for the text of an NM. */
export const isNumber = (text: string): boolean => NUMBER.test(text)

/**
 * A number with the digits as sent, which carry its precision (NM). `<5` and `>=10` are not NM, but plain enough to
 * split. Undefined, without a warning, for everything else: the caller keeps it as text.
 */
export function readNumber(raw: string): Quantity | undefined {
  const text = raw.trim()
  if (NUMBER.test(text)) return { value: text }
  const found = COMPARED.exec(text)
  if (!found) return undefined
  return { value: found[2] as string, comparator: found[1] as NonNullable<Quantity['comparator']> }
}

/** A number with an optional comparator, as text. */
export const quantity: LeafCodec<Quantity> = {
  kind: 'leaf',
  name: 'quantity',
  read: (raw, at) => readNumber(raw) ?? at.refuse('a number'),
  write: (value) => `${value.comparator ?? ''}${value.value}`,
}

/** A whole number of at least 0, such as the order of coverages. */
export const wholeNumber: LeafCodec<number> = {
  kind: 'leaf',
  name: 'wholeNumber',
  read: (raw, at) => (/^\d{1,9}$/.test(raw.trim()) ? Number(raw) : at.refuse('a whole number')),
  write: String,
}

/** A structured number (SN): a quantity, or the text of a range, ratio or grade. */
export type Structured = { quantity: Quantity } | { text: string }

const COMPARATORS: Readonly<Record<string, Quantity['comparator']>> = {
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

/** SN: comparator 1, number 2, separator 3, number 4 (hl7-v2.md §9.2). */
export const structuredNumber: PartsCodec<Structured> = {
  kind: 'parts',
  name: 'structuredNumber',
  read(cell) {
    const [sign, first, separator, second] = [1, 2, 3, 4].map((n) => cell.get(n).trim()) as [
      string,
      string,
      string,
      string,
    ]
    const whole = `${sign}${first}${separator}${second}`
    if (whole === '') return undefined
    const comparator = COMPARATORS[sign]
    const plain = separator === '' && second === '' && NUMBER.test(first)
    if (plain && (sign === '' || sign === '=')) return { quantity: { value: first } }
    if (plain && comparator) return { quantity: { value: first, comparator } }
    // Ranges, ratios, grades (`2+`) and `<>` stay readable text.
    return { text: whole }
  },
  write(value) {
    if ('quantity' in value) return [value.quantity.comparator ?? '', value.quantity.value]
    const found = /^(<>|<=|>=|<|>|=)?([+-]?[\d.]+)?([-:/.+])?([\d.]+)?$/.exec(value.text)
    return found ? [found[1] ?? '', found[2] ?? '', found[3] ?? '', found[4] ?? ''] : ['', value.text]
  },
}
