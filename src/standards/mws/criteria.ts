/** What a search must at least say, and how names are compared. @see millennium-web-services.md §6, §8 */

/** Any one of these sets is enough. */
export const MINIMUM_CRITERIA: readonly (readonly string[])[] = [
  ['identifier'],
  ['_id'],
  ['family', 'birthdate'],
  ['family', 'given'],
  ['phone', 'birthdate'],
]

export const MINIMUM_SAYS = 'identifier, family and birthdate, family and given, or phone and birthdate'

/** Matches above this number are refused with `too-many-matches`, for privacy. */
export const MOST_MATCHES = 200

/** Longest range of dates in a search of results, days. */
export const MOST_DAYS = 366

/** @param given names of the parameters with a value; `family:exact` counts as `family` */
export function isEnough(given: Iterable<string>): boolean {
  const names = new Set([...given].map((name) => name.replace(/:exact$/, '')))
  return MINIMUM_CRITERIA.some((set) => set.every((name) => names.has(name)))
}

/**
 * NAME_LAST_KEY and NAME_FIRST_KEY: upper case, without accents, punctuation and blanks, so that `O'Brien` and `OBRIEN`
 * are one name.
 */
export const nameKey = (name: string): string =>
  name
    .normalize('NFD')
    .toUpperCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '')

/** The digits of a phone number; a leading 1 of eleven is the country's. */
export function phoneKey(phone: string): string {
  const digits = phone.replaceAll(/\D/g, '')
  return digits.length === 11 && digits.startsWith('1') ? digits.slice(1) : digits
}
