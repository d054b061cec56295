import type { Remap } from './settings.ts'

/**
 * One place of a table's HL7 column: `PID-7`, `PID-5.1.1`, `PID-13(home)`.
 *
 * A word in brackets chooses the repetition by what it is; see repetition.ts.
 */
export interface Place {
  readonly segment: string
  readonly field: number
  /** 0 stands for the whole field. */
  readonly component: number
  /** 0 stands for the whole component. */
  readonly subcomponent: number
  readonly choice: string | null
}

const FORM = /^([A-Z][A-Z0-9]{2})-(\d+)(?:\((\w+)\))?(?:\.(\d+)(?:\.(\d+))?)?$/

/** Reads a column: places joined by ` | `, of which the first valued one counts. */
export function readPlaces(column: string): readonly Place[] {
  return column.split(' | ').map(readPlace)
}

export function readPlace(text: string): Place {
  const found = FORM.exec(text)
  if (!found) throw new TypeError(`not an HL7 place: ${text}`)
  const [, segment = '', field, choice, component, subcomponent] = found
  return {
    segment,
    field: Number(field),
    component: Number(component ?? 0),
    subcomponent: Number(subcomponent ?? 0),
    choice: choice ?? null,
  }
}

/** `PID-5.1.1`, with `[n]` for a segment or repetition after the first. */
export function placeText(place: Place, occurrence = 1, repetition = 1): string {
  const nth = (n: number): string => (n > 1 ? `[${n}]` : '')
  const parts = [place.component, place.subcomponent].filter((n) => n > 0).map((n) => `.${n}`)
  return `${place.segment}${nth(occurrence)}-${place.field}${nth(repetition)}${parts.join('')}`
}

/**
 * Where to look for a standard place under the connection's remaps; null when what stands there is meant for another
 * place. The last remap of a place wins, a remap of a component wins over one of its field.
 */
export function remapped(place: Place, remaps: readonly Remap[]): Place | null {
  if (remaps.length === 0) return place
  const rules = remaps.map(({ from, to }) => ({ from: readPlace(from), to: readPlace(to) })).reverse()
  const bringing =
    rules.find(({ to }) => to.component > 0 && covers(to, place)) ?? rules.find(({ to }) => covers(to, place))
  if (bringing) return moved(place, bringing.from, bringing.to)
  return rules.some(({ from }) => covers(from, place)) ? null : place
}

const covers = (rule: Place, place: Place): boolean =>
  rule.segment === place.segment &&
  rule.field === place.field &&
  (rule.component === 0 || rule.component === place.component)

function moved(place: Place, from: Place, to: Place): Place {
  // A field moved to a field keeps its components; a component moved keeps its subcomponents.
  const component = to.component === 0 && from.component === 0 ? place.component : from.component
  return { ...place, segment: from.segment, field: from.field, component }
}
