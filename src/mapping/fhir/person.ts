import type { Person } from '../../model/values.ts'
import { elementIn, elementsIn, textIn } from './elements.ts'
import { isElement } from './json.ts'
import type { FhirElement } from './json.ts'
import type { FhirReading } from './reading.ts'

/**
 * A person that a reference names: the Practitioner's id, and the words beside it, `Last, First`. Participants, performers
 * and other elements that only hold the reference are looked into. The analyst may answer with the number that HL7
 * messages use (`codes.practitioner`), so that both roads name one provider.
 */
export function readFhirPerson(value: unknown, at: FhirReading): Person | undefined {
  if (!isElement(value)) return undefined
  const reference = referenceIn(value)
  const id = at.idOf(reference, 'Practitioner') ?? at.idOf(reference, 'PractitionerRole')
  const words = textIn(reference, 'display') || nameOf(at.contained(reference))
  const person: Person = {}
  if (id !== undefined) {
    person.id = at.settings.codes?.['practitioner']?.[id] ?? id
    // Personnel ids are those of PRSNL, which HL7 messages name by the same authority as visits.
    person.authority = at.fhir.visitAuthority.trim().toUpperCase()
  }
  Object.assign(person, splitName(words))
  return person.id === undefined && person.last_name === undefined ? undefined : person
}

const referenceIn = (value: FhirElement): FhirElement =>
  elementIn(value, 'actor') ?? elementIn(value, 'individual') ?? value

function nameOf(resource: FhirElement | undefined): string {
  const [name] = elementsIn(resource, 'name')
  return textIn(name, 'text') || textIn(resource, 'name')
}

/** `Cerner Test, Physician` is family and given; words without a comma are kept whole as the family name. */
export function splitName(words: string): Pick<Person, 'last_name' | 'first_name'> {
  const text = words.trim()
  if (text === '') return {}
  const comma = text.indexOf(',')
  if (comma < 0) return { last_name: text }
  const [last, first] = [text.slice(0, comma).trim(), text.slice(comma + 1).trim()]
  return { ...(last === '' ? {} : { last_name: last }), ...(first === '' ? {} : { first_name: first }) }
}
