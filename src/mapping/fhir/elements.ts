import { digitsOf } from '../../standards/fhir/json.ts'
import { isElement } from './json.ts'
import type { FhirElement } from './json.ts'

/** Reading parts of FHIR JSON that may be absent, masked or of the wrong shape: none of these throws. */

/** The element in a member; the first one where a list stands. */
export function elementIn(parent: FhirElement | undefined, name: string): FhirElement | undefined {
  const value = parent?.[name]
  const one: unknown = Array.isArray(value) ? value[0] : value
  return isElement(one) ? one : undefined
}

const NONE: readonly FhirElement[] = []

/** The elements of a list; a single element counts as a list of one. */
export function elementsIn(parent: FhirElement | undefined, name: string): readonly FhirElement[] {
  const value = parent?.[name]
  if (Array.isArray(value)) return (value as readonly unknown[]).filter(isElement)
  return isElement(value) ? [value] : NONE
}

/** A primitive as text; '' when it is absent. Numbers have the digits that were sent. */
export const textIn = (parent: FhirElement | undefined, name: string): string => textOf(parent?.[name])

export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'boolean' ? String(value) : (digitsOf(value) ?? '')
}

/** The member of an extension that holds its value: `valueCode`, `valueCoding` … */
export function extensionValue(extension: FhirElement): unknown {
  for (const name in extension) if (name.startsWith('value')) return extension[name]
  return undefined
}

/** The extension whose url is, or ends with, the given name; -1 when there is none. */
export function extensionIndex(list: readonly unknown[], name: string): number {
  return list.findIndex((one) => {
    if (!isElement(one)) return false
    const url = one['url']
    return typeof url === 'string' && (url === name || url.endsWith(`/${name}`))
  })
}

export function extensionOf(element: FhirElement | undefined, name: string): FhirElement | undefined {
  const list = elementsIn(element, 'extension')
  return list[extensionIndex(list, name)]
}

const ABSENT = 'http://terminology.hl7.org/CodeSystem/data-absent-reason'
const NULL_FLAVOR = 'http://terminology.hl7.org/CodeSystem/v3-NullFlavor'

/** True for a coding that says only that there is none: data-absent-reason, or a null flavour. */
export function isAbsentCoding(coding: FhirElement): boolean {
  const system = coding['system']
  return system === ABSENT || system === NULL_FLAVOR || textIn(coding, 'code') === ''
}

/** True for a null flavour such as UNK, which a few code sets know as an answer. */
export const isNullFlavor = (coding: FhirElement): boolean => coding['system'] === NULL_FLAVOR

// Cerner's own code sets, nomenclature and synonyms, at whatever region: https://fhir.cerner.com/{tenant}/codeSet/72.
const SITE = /^https?:\/\/fhir\.(?:[\w-]+\.)?cerner\.com\//

/** True for a coding of the site's own system, which means nothing elsewhere. */
export const isSiteCoding = (coding: FhirElement): boolean => SITE.test(textIn(coding, 'system'))

/** True when the element's period has ended, or begins later. `nowMs` is when the resource was read. */
export function isOutOfDate(element: FhirElement, nowMs: number): boolean {
  const period = elementIn(element, 'period')
  if (!period) return false
  const end = Date.parse(textIn(period, 'end'))
  const start = Date.parse(textIn(period, 'start'))
  return end <= nowMs || start > nowMs
}
