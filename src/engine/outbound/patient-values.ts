import { IntegrationError } from '../../kernel/errors.ts'
import { isCalendarDay } from '../../kernel/calendar-date.ts'
import { readPhone } from '../../mapping/codecs/phone.ts'
import { ethnicityOf, genderOf, languageOf, maritalOf, raceOf } from '../../mapping/write/patient-parts.ts'

type Check = (text: string, country: string) => string | undefined

const LONGEST = 100

const words: Check = (text) => (text.trim() !== '' && text.length <= LONGEST ? text.trim() : undefined)
const coded =
  (isKnown: (value: string) => unknown): Check =>
  (text) =>
    isKnown(text) === undefined ? undefined : text

const phone: Check = (text, country) => {
  const read = readPhone(text, country)
  return read?.startsWith('+') ? read : undefined
}

const day: Check = (text) => {
  const [, year, month, date] = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? []
  return isCalendarDay(Number(year), Number(month), Number(date)) ? text : undefined
}

/** Fields of a patient that Cerner takes from us (cerner-fhir-r4.md §3.1), with what each may be. */
// prettier-ignore
const FIELDS: Readonly<Record<string, { check: Check; expected: string; mayClear: boolean }>> = {
  'last_name':           { check: words, expected: 'a name of at most 100 letters', mayClear: false },
  'first_name':          { check: words, expected: 'a name of at most 100 letters', mayClear: false },
  'middle_name':         { check: words, expected: 'a name of at most 100 letters', mayClear: true },
  'name_suffix':         { check: words, expected: 'words of at most 100 letters', mayClear: true },
  'date_of_birth':       { check: day, expected: 'a day such as 1980-05-15', mayClear: false },
  'gender':              { check: coded(genderOf), expected: 'one of M, F, O, U', mayClear: false },
  'marital_status':      { check: coded(maritalOf), expected: 'a marital status that we know', mayClear: false },
  'preferred_language':  { check: coded(languageOf), expected: 'a language that we know', mayClear: false },
  'race':                { check: coded(raceOf), expected: 'a race that we know', mayClear: false },
  'ethnicity':           { check: coded(ethnicityOf), expected: 'an ethnicity that we know', mayClear: false },
  'phone_home':          { check: phone, expected: 'a telephone number', mayClear: true },
  'phone_mobile':        { check: phone, expected: 'a telephone number', mayClear: true },
  'phone_work':          { check: phone, expected: 'a telephone number', mayClear: true },
  'email':               { check: (text) => (/^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(text) ? text : undefined), expected: 'an email address', mayClear: true },
  'address.line1':       { check: words, expected: 'words of at most 100 letters', mayClear: false },
  'address.line2':       { check: words, expected: 'words of at most 100 letters', mayClear: true },
  'address.city':        { check: words, expected: 'words of at most 100 letters', mayClear: false },
  'address.state':       { check: words, expected: 'words of at most 100 letters', mayClear: false },
  'address.postal_code': { check: (text) => (/^[\w -]{1,25}$/.test(text.trim()) ? text.trim() : undefined), expected: 'a postal code', mayClear: false },
  'address.country':     { check: words, expected: 'words of at most 100 letters', mayClear: false },
  'address.county':      { check: words, expected: 'words of at most 100 letters', mayClear: false },
}

/**
 * The values of a patient change as we keep them.
 *
 * @param at where in the request the fields stand
 * @throws REQUEST_INVALID for a field that Cerner does not take from us, or a value that the field cannot have
 */
export function checkedValues(
  changes: Readonly<Record<string, string | null>>,
  country: string,
  at = 'body.changes',
): Record<string, string | null> {
  const values: Record<string, string | null> = {}
  for (const [field, value] of Object.entries(changes)) {
    const known = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined
    const place = known ? `${at}.${field}` : at
    if (!known)
      throw new IntegrationError('REQUEST_INVALID', {
        place,
        reason: 'Cerner does not take one of the fields',
      })
    if (value === null && !known.mayClear)
      throw new IntegrationError('REQUEST_INVALID', { place, reason: 'Cerner does not let it be cleared' })
    const checked = value === null ? null : known.check(value, country)
    if (checked === undefined)
      throw new IntegrationError('REQUEST_INVALID', { place, reason: `expected ${known.expected}` })
    values[field] = checked
  }
  return values
}
