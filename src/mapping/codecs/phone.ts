import { parsePhoneNumberFromString } from 'libphonenumber-js/min'
import type { CountryCode } from 'libphonenumber-js/min'
import type { PartsCodec } from '../codec.ts'
import { extensionOf, extensionValue, textIn, textOf } from '../fhir/elements.ts'
import { isElement } from '../fhir/json.ts'

/**
 * A telephone number in E.164 (`+15555551234`), with `;ext=` when it has an extension (RFC 3966). Reads XTN-1, else
 * XTN-12, else the parts 5 to 8. A number that is possible by its length is taken even when no such number is
 * assigned yet; one that cannot be a number is kept as the text that was sent (hl7-v2.md §8.1, PID-13).
 */
export const phone: PartsCodec<string> = {
  kind: 'parts',
  name: 'phone',
  read(cell, at) {
    let raw = cell.get(1) || cell.get(12)
    let extension = ''
    if (raw === '' || raw === '""') {
      const local = cell.get(7)
      if (local === '' || local === '""') return undefined
      const country = cell.get(5)
      raw = `${country === '' ? '' : `+${country.replace('+', '')} `}${cell.get(6)} ${local}`
    }
    if (raw.indexOf(';ext=') < 0) extension = cell.get(8)
    const read = readPhone(raw, at.settings.country)
    return extension === '' || read === undefined || read.includes(';ext=')
      ? read
      : `${read};ext=${extension}`
  },
  write: (value) => [value],
  fhir: {
    read(value, at) {
      if (!isElement(value)) return readPhone(textOf(value), at.settings.country)
      const number = textIn(value, 'value').trim()
      if (number === '' || /^(?:masked|unknown)$/i.test(number)) return undefined
      const extension = extensionOf(value, 'contactpoint-extension')
      const digits = extension ? textOf(extensionValue(extension)).trim() : ''
      const read = readPhone(number, at.settings.country)
      return digits === '' || read === undefined || read.includes(';ext=') ? read : `${read};ext=${digits}`
    },
  },
}

// The library takes some 20 µs a number, and a registration desk sends the same few thousand numbers all day.
const REMEMBERED = 5000
const remembered = new Map<string, string>()

/** E.164 for a number written in any form, or the trimmed text when it cannot be a number; undefined when blank. */
export function readPhone(raw: string, country: string): string | undefined {
  if (country === 'US' || country === 'CA') {
    const fast = readNanp(raw)
    if (fast !== undefined) return fast
  }
  const key = `${country} ${raw}`
  const known = remembered.get(key)
  if (known !== undefined) return known || undefined
  const value = parse(raw, country)
  if (remembered.size >= REMEMBERED) remembered.delete(remembered.keys().next().value ?? '')
  remembered.set(key, value)
  return value || undefined
}

function parse(raw: string, country: string): string {
  const trimmed = raw.trim()
  const parsed = parsePhoneNumberFromString(trimmed.replace(';ext=', ' x'), country as CountryCode)
  if (!parsed?.isPossible()) return trimmed
  return parsed.ext ? `${parsed.number};ext=${parsed.ext}` : parsed.number
}

/**
 * The common North American forms, such as `(555)555-1234`, `555.555.1234` and `+1 555 555 1234`, without the library
 * and with the same result. Undefined for every other form, which goes the long way.
 */
export function readNanp(raw: string): string | undefined {
  let digits = ''
  for (let i = 0; i < raw.length; i++) {
    const code = raw.charCodeAt(i)
    if (code >= 48 && code <= 57) digits += raw[i]
    else if (code === 43 ? i > 0 : !isPunctuation(code)) return undefined
  }
  if (digits.length === 11 && digits.charCodeAt(0) === 49) digits = digits.slice(1)
  else if (raw.charCodeAt(0) === 43) return undefined
  // Area code and exchange begin with 2 to 9; anything else may be a prefix that the library knows.
  if (digits.length !== 10 || digits.charCodeAt(0) < 50 || digits.charCodeAt(3) < 50) return undefined
  return `+1${digits}`
}

// space ( ) - .
const isPunctuation = (code: number): boolean =>
  code === 32 || code === 40 || code === 41 || code === 45 || code === 46
