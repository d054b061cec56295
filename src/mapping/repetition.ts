import type { Segment } from '../standards/hl7v2/message.ts'
import { identifierType } from './codesets/identifier-type.ts'
import { telecomEquipment, telecomUse } from './codesets/telecom-use.ts'
import type { Place } from './place.ts'

/** Chooses a repetition of a field, from 1; 0 when none is the wanted one. */
export type Choose = (segment: Segment, field: number) => number

/** How to choose the repetition for a place; null where the first is always meant. */
export function chooser(place: Place): Choose | null {
  const choice = place.choice
  if (choice === 'SS') return ofIdentifierType('SS')
  if (choice !== null) return telecom(choice)
  return USUAL[`${place.segment}-${place.field}`] ?? null
}

// hl7-v2.md §8.1: the medical record number, the legal name, the home address.
const USUAL: Readonly<Record<string, Choose>> = {
  'PID-3': firstWhere((segment, field, n) => identifierTypeAt(segment, field, n) === 'MR', 1),
  'PID-5': firstWhere((segment, field, n) => segment.get(field, n, 7) === 'L', 1),
  'PID-11': homeAddress,
}

type Test = (segment: Segment, field: number, repetition: number) => boolean

function firstWhere(test: Test, otherwise: number): Choose {
  return (segment, field) => {
    const count = segment.repetitions(field)
    if (count <= 1) return otherwise
    for (let n = 1; n <= count; n++) if (test(segment, field, n)) return n
    return otherwise
  }
}

const identifierTypeAt = (segment: Segment, field: number, n: number): string | undefined =>
  identifierType.read(segment.get(field, n, 5), 'v2')

function ofIdentifierType(type: string): Choose {
  return (segment, field) => {
    for (let n = 1, count = segment.repetitions(field); n <= count; n++)
      if (identifierTypeAt(segment, field, n) === type) return n
    return 0
  }
}

/** Home, else the first that is not known to be bad. */
function homeAddress(segment: Segment, field: number): number {
  const count = segment.repetitions(field)
  if (count <= 1) return segment.get(field, 1, 7) === 'BA' ? 0 : 1
  let usable = 0
  for (let n = 1; n <= count; n++) {
    const use = segment.get(field, n, 7).toUpperCase()
    if (use === 'H') return n
    if (use !== 'BA' && usable === 0) usable = n
  }
  return usable
}

/**
 * Choices of a telephone field: `home`, `work`, `mobile`, `email`. A repetition that does not say what it is counts
 * as home in PID-13 and as work in PID-14, which is what the fields are for.
 */
function telecom(wanted: string): Choose {
  return (segment, field) => {
    for (let n = 1, count = segment.repetitions(field); n <= count; n++) {
      const said = telecomKind(segment, field, n) || (field === 14 ? 'work' : 'home')
      if (said === wanted) return n
      // Before 2.7 an address could ride along with a number, in XTN-4.
      if (wanted === 'email' && segment.get(field, n, 4).includes('@')) return n
    }
    return 0
  }
}

/** What a repetition of XTN says it is; '' when it says nothing. */
export function telecomKind(segment: Segment, field: number, n: number): string {
  const number = segment.get(field, n, 1)
  if (number.includes('@')) return 'email'
  const equipment = telecomEquipment.read(segment.get(field, n, 3), 'v2')
  if (equipment === 'mobile' || equipment === 'email' || equipment === 'fax' || equipment === 'pager')
    return equipment
  return telecomUse.read(segment.get(field, n, 2), 'v2') ?? ''
}
