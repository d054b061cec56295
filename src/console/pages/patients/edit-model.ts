import type { Patient } from '../../../contract/patients.ts'
import { phone } from '../../parts/words.ts'
import { readDate } from '../../time/zone.ts'

/** Fields of a patient that may be changed here, in the order of the form. */
// prettier-ignore
export const EDITABLE = [
  'last_name', 'first_name', 'middle_name', 'name_suffix', 'date_of_birth', 'gender', 'marital_status',
  'phone_mobile', 'phone_home', 'phone_work', 'email',
  'address.line1', 'address.line2', 'address.city', 'address.state', 'address.postal_code',
  'preferred_language', 'race', 'ethnicity',
] as const
export type EditableField = (typeof EDITABLE)[number]
export type EditDraft = Record<EditableField, string>

export const currentOf = (one: Patient, field: EditableField): string => {
  const value = field.startsWith('address.')
    ? one.address[field.slice(8) as keyof Patient['address']]
    : one[field as keyof Patient]
  return typeof value === 'string' ? value : ''
}
export const draftOf = (one: Patient): EditDraft =>
  Object.fromEntries(
    EDITABLE.map((field) => [
      field,
      field.startsWith('phone_') ? phone(currentOf(one, field)) : currentOf(one, field),
    ]),
  ) as EditDraft

/** A phone number as it is stored (E.164), or null when it is none. Ten digits are of this country. */
export function readPhone(text: string): string | null {
  const digits = text.replace(/[\s().–-]/g, '')
  if (/^\+\d{8,15}$/.test(digits)) return digits
  if (/^\d{10}$/.test(digits)) return `+1${digits}`
  return /^1\d{10}$/.test(digits) ? `+${digits}` : null
}

export interface Edited {
  /** Only what differs from the record; null clears a field. */
  changes: Partial<Record<EditableField, string | null>>
  faults: Partial<Record<EditableField, string>>
}

const NEEDED: ReadonlySet<EditableField> = new Set(['last_name', 'first_name', 'date_of_birth'])

function read(field: EditableField, text: string): { value: string } | { fault: string } {
  if (field === 'date_of_birth') {
    const date = readDate(text)
    return date === null ? { fault: 'Write it as 03/14/1962 or 1962-03-14' } : { value: date }
  }
  if (field.startsWith('phone_')) {
    const number = readPhone(text)
    return number === null ? { fault: 'Write it as (816) 555-0100 or +44 20 7946 0000' } : { value: number }
  }
  if (field === 'email' && !/^\S+@\S+\.\S+$/.test(text)) return { fault: 'An address with @' }
  return { value: text }
}

/** What the form changes, against the record as it was shown. */
export function editedOf(one: Patient, draft: EditDraft): Edited {
  const edited: Edited = { changes: {}, faults: {} }
  for (const field of EDITABLE) {
    const text = draft[field].trim()
    const before = currentOf(one, field)
    if (text === before) continue
    if (text === '') {
      if (NEEDED.has(field)) edited.faults[field] = 'Cannot be empty'
      else edited.changes[field] = null
      continue
    }
    const found = read(field, text)
    if ('fault' in found) edited.faults[field] = found.fault
    else if (found.value !== before) edited.changes[field] = found.value
  }
  return edited
}

/** Changes that touch who the person is, and not only how to reach them. */
export const touchesIdentity = ({ changes }: Edited): boolean =>
  (['last_name', 'first_name', 'date_of_birth', 'gender'] as const).some((field) => field in changes)
