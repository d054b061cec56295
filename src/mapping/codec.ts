import type { FhirReading } from './fhir/reading.ts'
import type { Reading } from './reading.ts'

/** A place that holds components: an HL7 field repetition, or a plain value seen as its first component. */
export interface Cell {
  /** The unescaped leaf, or '' when it is absent. Both positions count from 1. */
  get(component?: number, subcomponent?: number): string
}

/** What a parts codec writes: components, each a leaf or its subcomponents. */
export type Components = readonly (string | readonly string[])[]

/**
 * How a value stands in FHIR JSON, for codecs whose text or components do not say it.
 *
 * `read` is given what stands at the row's path: a primitive, an element, or a whole list where the path ends in
 * `[*]`. Like the other halves it gives undefined for what it cannot take, and never throws.
 */
export interface FhirHalf<T> {
  read(value: unknown, at: FhirReading): T | undefined
}

/**
 * Turns one text into a value and back. `read` gives undefined for a value it cannot take, after saying why with
 * `at.warn`; it never throws and never guesses. `read(write(v))` is `v`.
 */
export interface LeafCodec<T> {
  readonly kind: 'leaf'
  readonly name: string
  read(text: string, at: Reading): T | undefined
  write(value: T): string
  readonly fhir?: FhirHalf<T>
}

/** Turns the components of one place into a value and back. */
export interface PartsCodec<T> {
  readonly kind: 'parts'
  readonly name: string
  read(cell: Cell, at: Reading): T | undefined
  write(value: T): Components
  readonly fhir?: FhirHalf<T>
}

/** A value that only FHIR holds at one place; HL7 spreads it over a segment, or does not have it. */
export interface ElementCodec<T> {
  readonly kind: 'element'
  readonly name: string
  readonly fhir: FhirHalf<T>
}

/**
 * A reference to another record. Mapping does not resolve it: the record's own statement stands first in the message
 * and the link is made when both are applied.
 */
export interface LinkCodec {
  readonly kind: 'link'
  readonly name: string
}

export type Codec<T> = LeafCodec<T> | PartsCodec<T>

/** Components as a cell, for values that did not come from an HL7 segment. */
export function cellOf(components: Components | string): Cell {
  if (typeof components === 'string') return { get: (c = 1, s = 1) => (c === 1 && s === 1 ? components : '') }
  return {
    get(component = 1, subcomponent = 1) {
      const part = components[component - 1]
      if (part === undefined) return ''
      if (typeof part === 'string') return subcomponent === 1 ? part : ''
      return part[subcomponent - 1] ?? ''
    },
  }
}
