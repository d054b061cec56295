import { ERRORS } from '../../kernel/errors.ts'
import type { ErrorCode, PlacesOf } from '../../kernel/errors.ts'

/** Where in a message something is, as ERL counts: everything from 1. */
export interface Place {
  readonly segment: string
  /** Which segment of that name. */
  readonly occurrence?: number
  readonly field?: number
  readonly repetition?: number
  readonly component?: number
  readonly subcomponent?: number
}

/** Table 0516: fatal, error, warning, information. */
export type Severity = 'F' | 'E' | 'W' | 'I'

/** Something wrong with a message. Names a place and never a value, so it may be logged and sent back. */
export interface Problem {
  readonly code: ErrorCode
  readonly place: Place
  /** HL7 table 0357, what goes into ERR-3. */
  readonly condition: number
  readonly severity: Severity
  readonly says: string
  readonly todo: string
}

const nth = (n: number | undefined): string => (n !== undefined && n > 1 ? `[${n}]` : '')

/** `PID-7`, `PID[2]-3[1].4.1`: occurrence and repetition are shown only when above 1. */
export function placeText(place: Place): string {
  let text = place.segment + nth(place.occurrence)
  if (place.field === undefined) return text
  text += `-${place.field}${nth(place.repetition)}`
  if (place.component === undefined) return text
  text += `.${place.component}`
  return place.subcomponent === undefined ? text : `${text}.${place.subcomponent}`
}

/** Reads what {@link placeText} writes (`PID-3[2].4.1`, `NK1[2]-2`); null for anything else. */
export function readPlace(text: string): Place | null {
  const found =
    /^([A-Za-z][A-Za-z0-9]{2})(?:\[(\d+)\])?(?:-(\d+)(?:\[(\d+)\])?(?:\.(\d+)(?:\.(\d+))?)?)?$/.exec(text)
  if (!found) return null
  const [, segment = '', occurrence, field, repetition, component, subcomponent] = found
  return {
    segment: segment.toUpperCase(),
    ...(occurrence === undefined ? {} : { occurrence: Number(occurrence) }),
    ...(field === undefined ? {} : { field: Number(field) }),
    ...(repetition === undefined ? {} : { repetition: Number(repetition) }),
    ...(component === undefined ? {} : { component: Number(component) }),
    ...(subcomponent === undefined ? {} : { subcomponent: Number(subcomponent) }),
  }
}

/**
 * Builds a problem from the error table; `field` and `segment` in the sentence are filled from the place.
 *
 * @param extra the other words the sentence of this code needs
 */
export function problem<C extends ErrorCode>(
  code: C,
  place: Place,
  condition: number,
  severity: Severity,
  extra: Partial<PlacesOf<C>> = {},
): Problem {
  const { says, todo } = ERRORS[code]
  const { segment, occurrence = 1 } = place
  const words = { field: placeText(place), segment: placeText({ segment, occurrence }), ...extra }
  return { code, place, condition, severity, says: (says as (at: object) => string)(words), todo }
}
