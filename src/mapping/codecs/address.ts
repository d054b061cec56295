import type { Address } from '../../model/values.ts'
import type { Cell, Components, PartsCodec } from '../codec.ts'
import { elementsIn, textIn, textOf } from '../fhir/elements.ts'
import { isElement } from '../fhir/json.ts'
import type { FhirReading } from '../fhir/reading.ts'
import type { Reading } from '../reading.ts'
import { trimmed } from './text.ts'
import { zip } from './zip.ts'

/**
 * The street line of an address (SAD): 1 the line, else 3 house number and 2 street name.
 */
export const street: PartsCodec<string> = {
  kind: 'parts',
  name: 'street',
  read(cell) {
    const line = said(cell.get(1, 1))
    if (line !== '') return line
    return [said(cell.get(1, 3)), said(cell.get(1, 2))].filter(Boolean).join(' ') || undefined
  },
  write: (value) => [[value]],
}

/** A whole address (XAD): street 1, other 2, city 3, state 4, zip 5, country 6, county 9. */
export const address: PartsCodec<Address> = {
  kind: 'parts',
  name: 'address',
  read(cell, at) {
    const value: Address = {}
    put(value, 'line1', street.read(cell, at))
    put(value, 'line2', said(cell.get(2)))
    put(value, 'city', said(cell.get(3)))
    put(value, 'state', said(cell.get(4)))
    put(value, 'postal_code', postalCode(cell, at))
    put(value, 'country', said(cell.get(6)))
    put(value, 'county', said(cell.get(9)))
    return Object.keys(value).length === 0 ? undefined : value
  },
  write: (value): Components => [
    [value.line1 ?? ''],
    value.line2 ?? '',
    value.city ?? '',
    value.state ?? '',
    value.postal_code ?? '',
    value.country ?? '',
    ...['', ''],
    value.county ?? '',
  ],
  fhir: { read: readFhirAddress },
}

const postalCode = (cell: Cell, at: Reading): string | undefined => {
  const raw = said(cell.get(5))
  return raw === '' ? undefined : zip.read(raw, at)
}

function put(value: Address, part: keyof Address, text: string | undefined): void {
  if (text) value[part] = text
}

function said(raw: string): string {
  const text = trimmed(raw)
  return text === '""' ? '' : text
}

function readFhirAddress(found: unknown, at: FhirReading): Address | undefined {
  const one = isElement(found) ? found : elementsIn({ found }, 'found')[0]
  if (!one) return undefined
  const lines = Array.isArray(one['line'])
    ? (one['line'] as readonly unknown[]).map(textOf)
    : [textIn(one, 'line')]
  const value: Address = {}
  put(value, 'line1', trimmed(lines[0] ?? ''))
  put(value, 'line2', lines.slice(1).map(trimmed).filter(Boolean).join(', '))
  put(value, 'city', trimmed(textIn(one, 'city')))
  put(value, 'state', trimmed(textIn(one, 'state')))
  const code = trimmed(textIn(one, 'postalCode'))
  if (code !== '') put(value, 'postal_code', zip.read(code, at))
  put(value, 'country', trimmed(textIn(one, 'country')))
  put(value, 'county', trimmed(textIn(one, 'district')))
  return Object.keys(value).length === 0 ? undefined : value
}
