import type { Identifier } from '../model/values.ts'
import type { Vault } from '../vault/vault.ts'

/**
 * Search tokens: keyed hashes of what people search by, so that the database can find a patient without being able
 * to read one. A name gives one token for each beginning of 1 to 8 letters, which is what makes a search as you type
 * possible; a longer word is searched by its first 8.
 */
export interface Searchable {
  last_name?: string | null
  first_name?: string | null
  date_of_birth?: string | null
  phones?: readonly (string | null | undefined)[]
  identifiers?: readonly Identifier[]
}

const PREFIX_MAX = 8

export function tokensOf(vault: Vault, record: Searchable): bigint[] {
  const tokens = new Set<bigint>()
  for (const name of [record.last_name, record.first_name]) {
    for (const word of wordsOf(name ?? '')) {
      for (let length = 1; length <= Math.min(PREFIX_MAX, word.length); length++) {
        tokens.add(vault.token('name', word.slice(0, length)))
      }
    }
  }
  if (record.date_of_birth) tokens.add(vault.token('date-of-birth', record.date_of_birth))
  for (const phone of record.phones ?? []) if (phone) tokens.add(vault.token('phone', digitsOf(phone)))
  for (const identifier of record.identifiers ?? []) {
    tokens.add(vault.token('identifier', identifier.value.trim().toUpperCase()))
  }
  return [...tokens]
}

/** The tokens a patient must all carry to match; `null` when the query says nothing. */
export function queryTokens(
  vault: Vault,
  query: { name?: string; date_of_birth?: string; phone?: string; mrn?: string },
): bigint[] | null {
  const tokens: bigint[] = []
  for (const word of wordsOf(query.name ?? '')) {
    tokens.push(vault.token('name', word.slice(0, PREFIX_MAX)))
  }
  if (query.date_of_birth) tokens.push(vault.token('date-of-birth', query.date_of_birth))
  if (query.phone) tokens.push(vault.token('phone', digitsOf(query.phone)))
  if (query.mrn) tokens.push(vault.token('identifier', query.mrn.trim().toUpperCase()))
  return tokens.length > 0 ? tokens : null
}

/** Words of a name without marks, case and punctuation: `O’Brien-Núñez` → `obrien`, `nunez`. */
export function wordsOf(name: string): string[] {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replace(/['’.]/g, '')
  return plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '')
}

/** The last ten digits, so that `+1 555 …` and `(555) …` are one number. */
const digitsOf = (phone: string): string => phone.replace(/\D/g, '').slice(-10)
