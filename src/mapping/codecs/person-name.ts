import type { Cell, PartsCodec } from '../codec.ts'
import { textOf } from '../fhir/elements.ts'
import { splitName } from '../fhir/person.ts'
import { trimmed } from './text.ts'

/**
 * A name kept as one text, given name first. Reads XPN (`DOE^JOHN^Q` → `JOHN Q DOE`) and plain text (`JOHN DOE`),
 * which is what stands in IN1-16 of feeds that do not split it.
 */
export const fullName: PartsCodec<string> = {
  kind: 'parts',
  name: 'fullName',
  read(cell) {
    const parts = [cell.get(2), cell.get(3), familyName(cell), cell.get(4)]
    return parts.map(trimmed).filter(isSaid).join(' ') || undefined
  },
  write: (value) => [value],
  fhir: {
    read(value) {
      const { first_name: first, last_name: last } = splitName(textOf(value))
      return [first, last].filter(Boolean).join(' ') || undefined
    },
  },
}

/** XPN-1 is a surname with its own parts (FN); older feeds send it whole. */
export const familyName = (cell: Cell): string => cell.get(1, 1)

const isSaid = (part: string): boolean => part !== '' && part !== '""'
