import type { PatientSummary } from '../../contract/patients.ts'

/** How values are written for people. */
export const patientName = (
  one: Pick<PatientSummary, 'last_name' | 'first_name' | 'middle_name'>,
): string => {
  const given = [one.first_name, one.middle_name].filter(Boolean).join(' ')
  return [one.last_name, given].filter((part) => part !== null && part !== '').join(', ') || 'No name'
}

export const personName = (
  one: { last_name?: string; first_name?: string; id?: string } | null | undefined,
): string =>
  one === null || one === undefined
    ? ''
    : [one.last_name, one.first_name].filter(Boolean).join(', ') || (one.id ?? '')

// prettier-ignore
const SEXES: Record<string, string> = { F: 'Female', M: 'Male', O: 'Other', U: 'Unknown' }
export const sexName = (code: string | null): string => (code === null ? '' : (SEXES[code] ?? code))

/**
 * Codes that people know by name: CDC race and ethnicity (as US Core uses them) and marital status. A code that is not
 * here is shown as it is.
 */
// prettier-ignore
const CODE_NAMES: Record<string, Record<string, string>> = {
  race: {
    '1002-5': 'American Indian or Alaska Native', '2028-9': 'Asian', '2054-5': 'Black or African American',
    '2076-8': 'Native Hawaiian or Other Pacific Islander', '2106-3': 'White', '2131-1': 'Other Race',
  },
  ethnicity: { '2135-2': 'Hispanic or Latino', '2186-5': 'Not Hispanic or Latino' },
  marital_status: {
    A: 'Legally separated', D: 'Divorced', L: 'Legally separated', M: 'Married', P: 'Domestic partner',
    S: 'Never married', T: 'Domestic partner', U: 'Unmarried', W: 'Widowed', UNK: 'Unknown',
  },
}
const languages = new Intl.DisplayNames('en', { type: 'language', fallback: 'code' })

/** A coded field by name, with its code after it where the name alone would hide what was sent. */
export function codedText(field: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') return ''
  if (field === 'preferred_language')
    return /^[a-z]{2,3}$/.test(value) ? (languages.of(value) ?? value) : value
  return CODE_NAMES[field]?.[value] ?? value
}

/** E.164 as people of its country write it; others stay as they are. */
export function phone(number: string | null | undefined): string {
  const found = /^\+1(\d{3})(\d{3})(\d{4})$/.exec(number ?? '')
  return found === null ? (number ?? '') : `(${found[1]}) ${found[2]}-${found[3]}`
}

/** `address.postal_code` → "Postal code" */
export function fieldName(field: string): string {
  const known: Record<string, string> = { ssn: 'SSN', external_id: 'External id', gender: 'Sex' }
  const last = field.split('.').at(-1) ?? field
  const words = (known[last] ?? last).replaceAll('_', ' ').replace(/(\D)(\d)$/, '$1 $2')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Any value of a change, in one line. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === '') return ''
  if (typeof value === 'string') return /^\+1\d{10}$/.test(value) ? phone(value) : value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.map(valueText).join('; ')
  return Object.values(value as Record<string, unknown>)
    .map(valueText)
    .filter(Boolean)
    .join(' ')
}

const counts = new Intl.NumberFormat('en-US')
const compact = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })
export const count = (amount: number): string => counts.format(amount)
export const shortCount = (amount: number): string =>
  amount < 10_000 ? counts.format(amount) : compact.format(amount)
export const bytes = (size: number): string =>
  size < 1_000
    ? `${size} B`
    : size < 1_000_000
      ? `${(size / 1_000).toFixed(1)} kB`
      : `${(size / 1_000_000).toFixed(1)} MB`
export const plural = (amount: number, one: string, many = `${one}s`): string =>
  `${count(amount)} ${amount === 1 ? one : many}`
