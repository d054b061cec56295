import type { PointOfCare } from '../../model/values.ts'
import type { PartsCodec } from '../codec.ts'
import { elementIn, textIn } from '../fhir/elements.ts'
import { isElement } from '../fhir/json.ts'
import type { FhirReading } from '../fhir/reading.ts'
import { trimmed } from './text.ts'

/** A place in a facility (PL): point of care 1, room 2, bed 3, facility 4. */
export const pointOfCare: PartsCodec<PointOfCare> = {
  kind: 'parts',
  name: 'pointOfCare',
  read(cell) {
    const value: PointOfCare = {}
    put(value, 'unit', cell.get(1))
    put(value, 'room', cell.get(2))
    put(value, 'bed', cell.get(3))
    put(value, 'facility', cell.get(4, 1) || cell.get(4, 2))
    return Object.keys(value).length === 0 ? undefined : value
  },
  write: (value) => [value.unit ?? '', value.room ?? '', value.bed ?? '', value.facility ?? ''],
  fhir: { read: readFhirPlace },
}

/**
 * The place that a reference or participant names. Cerner writes a bed as `facility, building, unit, room, bed`; any
 * other words are kept whole as the unit.
 */
function readFhirPlace(found: unknown, at: FhirReading): PointOfCare | undefined {
  if (!isElement(found)) return undefined
  const reference = elementIn(found, 'location') ?? elementIn(found, 'actor') ?? found
  const words = (textIn(reference, 'display') || textIn(at.contained(reference), 'name')).trim()
  if (words === '') return undefined
  const parts = words.split(',').map((part) => part.trim())
  if (parts.length !== 5) return { unit: words }
  const value: PointOfCare = {}
  for (const [index, part] of [
    [2, 'unit'],
    [3, 'room'],
    [4, 'bed'],
    [0, 'facility'],
  ] as const)
    put(value, part, parts[index] ?? '')
  return value
}

function put(value: PointOfCare, part: keyof PointOfCare, raw: string): void {
  const text = trimmed(raw)
  if (text !== '' && text !== '""') value[part] = text
}
