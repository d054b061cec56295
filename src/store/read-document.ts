import type { Provenance } from '../contract/common.ts'
import { originsOf, rowsOf as rowsOfSet, valueOf } from '../model/document.ts'
import type { RecordDocument } from '../model/document.ts'
import type { RecordType } from '../model/fields.ts'
import type { Vault } from '../vault/vault.ts'
import { connectionNames } from './read-connections.ts'
import type { ConnectionNames } from './read-connections.ts'
import type { ReadStore } from './reading.ts'

/** What is needed to show stored rows: the key, and the names of connections. */
export interface Opener {
  vault: Vault
  names: ConnectionNames
}

export const openerOf = async ({ database, vault }: ReadStore): Promise<Opener> => ({
  vault,
  names: await connectionNames(database),
})

/** @throws SEAL_BROKEN when the row was changed or moved */
export const documentOf = (
  vault: Vault,
  type: RecordType,
  row: { id: string; sealed: Buffer },
): RecordDocument => JSON.parse(vault.openText(`${type}/${row.id}`, row.sealed)) as RecordDocument

/** Reads fields and sets of one document; the types of its values were checked when they were mapped. */
export interface DocumentReader {
  text(field: string): string | null
  flag(field: string): boolean | null
  object<T extends object>(field: string): T | null
  rows<T extends object>(set: string): T[]
}

export const readerOf = (document: RecordDocument): DocumentReader => ({
  text: (field) => {
    const value = valueOf(document, field)
    return typeof value === 'string' ? value : null
  },
  flag: (field) => {
    const value = valueOf(document, field)
    return typeof value === 'boolean' ? value : null
  },
  object: <T extends object>(field: string) => {
    const value = valueOf(document, field)
    return typeof value === 'object' && value !== null ? (value as T) : null
  },
  rows: (set) => rowsOfSet(document, set),
})

/** Field → the exchange, connection and place its value came from. */
export function provenanceOf(document: RecordDocument, names: ConnectionNames): Record<string, Provenance> {
  const result: Record<string, Provenance> = {}
  for (const [field, origin] of Object.entries(originsOf(document))) {
    const { name, channel } = names.of(origin.connection_id)
    result[field] = { ...origin, connection_name: name, channel }
  }
  return result
}

const SSN_SHOWN = 4

/** `***-**-1234`: enough to compare, too little to misuse. */
export const maskSsn = (ssn: string): string =>
  `***-**-${ssn.replace(/\D/g, '').slice(-SSN_SHOWN).padStart(4, '*')}`

/** A value of a change, with social security numbers cut to their end. */
export function maskField(field: string, value: unknown): unknown {
  if (field === 'ssn' && typeof value === 'string') return maskSsn(value)
  if (field === 'identifiers' && Array.isArray(value)) return value.map(maskIdentifier)
  return value
}

export const maskIdentifier = <T extends { type?: string; value?: string }>(identifier: T): T =>
  identifier.type === 'SS' && identifier.value
    ? { ...identifier, value: maskSsn(identifier.value) }
    : identifier
