import type { PointOfCare } from '../../model/values.ts'
import type { PartsCodec } from '../codec.ts'
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
}

function put(value: PointOfCare, part: keyof PointOfCare, raw: string): void {
  const text = trimmed(raw)
  if (text !== '' && text !== '""') value[part] = text
}
