import type { PatientRegisterRequest } from '../../../contract/outbound.ts'
import { readDate } from '../../time/zone.ts'
import { readPhone } from './edit-model.ts'

/** Fields that are entered when a patient is registered, in the order of the form. */
// prettier-ignore
export const ENTERED = [
  { field: 'last_name', group: 'Person', needed: true }, { field: 'first_name', group: 'Person', needed: true },
  { field: 'middle_name', group: 'Person', needed: false }, { field: 'name_suffix', group: 'Person', needed: false },
  { field: 'date_of_birth', group: 'Person', needed: true }, { field: 'gender', group: 'Person', needed: true },
  { field: 'marital_status', group: 'Person', needed: false },
  { field: 'phone_mobile', group: 'Reach', needed: false }, { field: 'phone_home', group: 'Reach', needed: false },
  { field: 'email', group: 'Reach', needed: false },
  { field: 'address.line1', group: 'Address', needed: false }, { field: 'address.line2', group: 'Address', needed: false },
  { field: 'address.city', group: 'Address', needed: false }, { field: 'address.state', group: 'Address', needed: false },
  { field: 'address.postal_code', group: 'Address', needed: false },
  { field: 'preferred_language', group: 'Background', needed: false }, { field: 'race', group: 'Background', needed: false },
  { field: 'ethnicity', group: 'Background', needed: false },
] as const
export type EnteredField = (typeof ENTERED)[number]['field']
export type Entry = Record<EnteredField, string>

export const emptyEntry = (): Entry => Object.fromEntries(ENTERED.map(({ field }) => [field, ''])) as Entry

/** The field as it is sent, or why it is not. */
function read(field: EnteredField, text: string): { value: string } | { fault: string } {
  if (field === 'date_of_birth') {
    const date = readDate(text)
    return date === null ? { fault: 'Write it as 03/14/1962 or 1962-03-14' } : { value: date }
  }
  if (field.startsWith('phone_')) {
    const number = readPhone(text)
    return number === null ? { fault: 'Write it as (816) 555-0100 or +44 20 7946 0000' } : { value: number }
  }
  if (field === 'email' && !/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text)) return { fault: 'An address with @' }
  return { value: text }
}

/** What is sent; null while something is missing or not right. */
export function entryOf(entry: Entry): {
  request: Omit<PatientRegisterRequest, 'override' | 'request_id'> | null
  faults: Partial<Record<EnteredField, string>>
} {
  const faults: Partial<Record<EnteredField, string>> = {}
  const flat: Record<string, string> = {}
  const address: Record<string, string> = {}
  for (const { field, needed } of ENTERED) {
    const text = entry[field].trim()
    if (text === '') {
      if (needed) faults[field] = 'Cannot be empty'
      continue
    }
    const found = read(field, text)
    if ('fault' in found) faults[field] = found.fault
    else if (field.startsWith('address.')) address[field.slice('address.'.length)] = found.value
    else flat[field] = found.value
  }
  if (Object.keys(faults).length > 0) return { request: null, faults }
  const said = Object.keys(address).length > 0 ? { ...flat, address } : flat
  return { request: said as unknown as Omit<PatientRegisterRequest, 'override' | 'request_id'>, faults }
}
