import type { LeafCodec } from '../codec.ts'
import { elementIn, textIn, textOf } from '../fhir/elements.ts'
import { isElement } from '../fhir/json.ts'
import { text } from './text.ts'

/** The id of another record: plain text in HL7, a reference to that type in FHIR. */
export function referenceId(type: string): LeafCodec<string> {
  return {
    ...text,
    name: `${type} id`,
    fhir: {
      read: (value, at) => (isElement(value) ? at.idOf(value, type) : textOf(value).trim() || undefined),
    },
  }
}

/** A location's id; the analyst may answer with the code that HL7 messages use (`codes.location`). */
export const locationId: LeafCodec<string> = {
  ...text,
  name: 'locationId',
  fhir: {
    read(value, at) {
      const id = isElement(value) ? at.idOf(value, 'Location') : undefined
      return id === undefined ? undefined : (at.settings.codes?.['location']?.[id] ?? id)
    },
  },
}

/** Who pays: the Organization's id, else the number beside the reference. */
export const payerId: LeafCodec<string> = {
  ...text,
  name: 'payerId',
  fhir: {
    read(value, at) {
      if (!isElement(value)) return undefined
      return (
        at.idOf(value, 'Organization') ??
        (textIn(elementIn(value, 'identifier'), 'value').trim() || undefined)
      )
    },
  },
}
