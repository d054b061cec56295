import type { Delimiters } from '../standards/hl7v2/delimiters.ts'
import type { Segment } from '../standards/hl7v2/message.ts'
import type { Cell } from './codec.ts'

const NOTHING: readonly string[] = []

/**
 * One repetition of a field, seen from a table's place: as components, or as the subcomponents of one component.
 *
 * The rows of a table ask for the parts of a field one after the other, so the field is cut once and kept until
 * another is asked for. Only plain text is cut here; what has repetitions, escapes or joined lines goes leaf by leaf
 * through the segment, which knows all the rules.
 */
export class FieldView implements Cell {
  readonly #delimiters: Delimiters
  #segment: Segment | undefined
  #field = 0
  #repetition = 0
  #inside = 0
  #parts: readonly string[] | null = NOTHING

  constructor(delimiters: Delimiters) {
    this.#delimiters = delimiters
  }

  /**
   * Turns the view to a place.
   *
   * @param component 0 to see the whole field, else the component whose subcomponents are wanted
   */
  aim(segment: Segment, field: number, repetition: number, component: number): this {
    this.#inside = component
    if (segment === this.#segment && field === this.#field && repetition === this.#repetition) return this
    this.#segment = segment
    this.#field = field
    this.#repetition = repetition
    this.#parts = this.#cut(segment.field(field), repetition)
    return this
  }

  /** True when nothing was sent in this field. */
  get isAbsent(): boolean {
    return this.#parts === NOTHING
  }

  /** The leaf seen from the field, wherever the view is aimed inside it. */
  leaf(component: number, subcomponent: number): string {
    const part = this.#parts === null ? undefined : (this.#parts[component - 1] ?? '')
    if (part === '' || part === '""') return ''
    if (part === undefined || !isPlain(part, this.#delimiters.subcomponent))
      return this.#segment?.get(this.#field, this.#repetition, component, subcomponent) ?? ''
    return subcomponent === 1 ? part : ''
  }

  get(component = 1, subcomponent = 1): string {
    if (this.#inside === 0) return this.leaf(component, subcomponent)
    // Seen from inside a component, only its subcomponents are there.
    return component === 1 ? this.leaf(this.#inside, subcomponent) : ''
  }

  #cut(raw: string, repetitionNumber: number): readonly string[] | null {
    if (raw === '') return NOTHING
    const { component, repetition, escape } = this.#delimiters
    if (repetitionNumber > 1 || holds(raw, escape) || holds(raw, repetition) || holds(raw, '\r')) return null
    return holds(raw, component) ? raw.split(component) : [raw]
  }
}

const holds = (raw: string, delimiter: string): boolean => delimiter !== '' && raw.includes(delimiter)

// Outer blanks are the segment's business too.
const isPlain = (part: string, subcomponent: string): boolean =>
  part.charCodeAt(0) !== 0x20 && part.charCodeAt(part.length - 1) !== 0x20 && !holds(part, subcomponent)

/** A view on a repetition of a field, for code that reads beside the tables. */
export const cellAt = (segment: Segment, field: number, repetition = 1): Cell => ({
  get: (component = 1, subcomponent = 1) => segment.get(field, repetition, component, subcomponent),
})
