import type { Identifier } from '../../model/values.ts'
import type { Cell, PartsCodec } from '../codec.ts'
import { identifierType } from '../codesets/identifier-type.ts'
import type { Reading } from '../reading.ts'
import { readCode } from './coded.ts'
import { trimmed } from './text.ts'

/**
 * An identifier with its assigning authority (CX; hl7-v2.md §8.3).
 *
 * @param usual the type that stands in this field when CX-5 is empty or a Cerner alias that depends on the field:
 *   `FIN NBR` is the visit in PV1-19 and the account in PID-18
 */
export function identifier(usual: string): PartsCodec<Identifier> {
  return {
    kind: 'parts',
    name: `identifier ${usual}`,
    read: (cell, at) => readIdentifier(cell, usual, at),
    write: (value) => [value.value, '', '', value.authority, value.raw_type ?? value.type],
  }
}

export function readIdentifier(cell: Cell, usual: string, at: Reading): Identifier | undefined {
  const value = trimmed(cell.get(1))
  if (value === '' || value === '""') return undefined
  const authority = at.authorityOf(cell.get(4, 1), cell.get(4, 2), cell.get(4, 3))
  const raw = trimmed(cell.get(5))
  const type = raw === '' ? usual : readIdentifierType(raw, usual, at)
  return raw === '' || raw === type ? { value, authority, type } : { value, authority, type, raw_type: raw }
}

/** An entity identifier (EI: id 1, namespace 2, universal id 3 and its type 4), as orders and appointments use it. */
export function entityIdentifier(type: string): PartsCodec<Identifier> {
  return {
    kind: 'parts',
    name: `entityIdentifier ${type}`,
    read(cell, at) {
      const value = trimmed(cell.get(1))
      if (value === '' || value === '""') return undefined
      return { value, authority: at.authorityOf(cell.get(2), cell.get(3), cell.get(4)), type }
    },
    write: (value) => [value.value, value.authority],
  }
}

// Cerner's financial number: one alias name for the account and the visit.
const FINANCIAL = /^FIN( ?NBR)?$/i

function readIdentifierType(raw: string, usual: string, at: Reading): string {
  if ((usual === 'AN' || usual === 'VN') && FINANCIAL.test(raw)) return usual
  // An unknown type does not make the number less of an identifier: it is kept under the sender's own type.
  return readCode(identifierType, raw, at) ?? raw.toUpperCase()
}
