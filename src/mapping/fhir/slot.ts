import { IntegrationError } from '../../kernel/errors.ts'
import type { Instant } from '../../kernel/calendar-date.ts'
import type { Coded } from '../../model/values.ts'
import { codedOf } from './coding.ts'
import { elementIn, elementsIn, extensionOf, textIn } from './elements.ts'
import type { FhirElement } from './json.ts'
import { readFhirInstant } from './moment.ts'

/** A time that can be booked, as Cerner offers it. Ids are opaque (cerner-fhir-r4.md §3.3). */
export interface Slot {
  id: string
  start: Instant
  end: Instant
  /** `free`, `busy`, `busy-unavailable`, `busy-tentative`, `entered-in-error`. */
  status: string
  /** Every coding that says what can be booked into it, the site's own ones too: `system` and `code` search slots. */
  serviceTypes: readonly Coded[]
  scheduleId: string | null
  locationId: string | null
}

/**
 * Reads a Slot.
 *
 * @throws FHIR_RESOURCE_INVALID without an id, a start or an end
 */
export function readSlot(resource: FhirElement): Slot {
  const location = extensionOf(resource, 'scheduling-location')
  return {
    id: required(textIn(resource, 'id').trim(), 'Slot.id', 'an id'),
    start: required(readFhirInstant(textIn(resource, 'start')), 'Slot.start', 'an instant'),
    end: required(readFhirInstant(textIn(resource, 'end')), 'Slot.end', 'an instant'),
    status: textIn(resource, 'status'),
    serviceTypes: serviceTypesOf(resource),
    scheduleId: idIn(elementIn(resource, 'schedule'), 'Schedule'),
    locationId: idIn(elementIn(location, 'valueReference'), 'Location'),
  }
}

/** Whose times a schedule holds. */
export interface Schedule {
  id: string
  active: boolean
  serviceTypes: readonly Coded[]
  practitionerIds: readonly string[]
  locationIds: readonly string[]
  /** Names of the actors, for people. */
  actors: readonly string[]
}

/**
 * Reads a Schedule.
 *
 * @throws FHIR_RESOURCE_INVALID without an id
 */
export function readSchedule(resource: FhirElement): Schedule {
  const actors = elementsIn(resource, 'actor')
  const idsOf = (type: string): string[] => actors.flatMap((actor) => idIn(actor, type) ?? [])
  return {
    id: required(textIn(resource, 'id').trim(), 'Schedule.id', 'an id'),
    active: resource['active'] !== false,
    serviceTypes: serviceTypesOf(resource),
    practitionerIds: idsOf('Practitioner'),
    locationIds: idsOf('Location'),
    actors: actors.map((actor) => textIn(actor, 'display')).filter(Boolean),
  }
}

function serviceTypesOf(resource: FhirElement): readonly Coded[] {
  return elementsIn(resource, 'serviceType').flatMap((concept) => {
    const text = textIn(concept, 'text')
    return elementsIn(concept, 'coding').flatMap((coding): Coded[] => {
      const one = codedOf(coding)
      return one ? [text === '' ? one : { ...one, text }] : []
    })
  })
}

function idIn(reference: FhirElement | undefined, type: string): string | null {
  const parts = textIn(reference, 'reference').split('/')
  return parts.at(-2) === type ? (parts.at(-1) ?? null) : null
}

function required<T>(value: T | undefined | '', place: string, expected: string): T {
  if (value !== undefined && value !== '') return value
  throw new IntegrationError('FHIR_RESOURCE_INVALID', { place, expected })
}
