import type { RecordType } from '../model/fields.ts'
import type { Identifier } from '../model/values.ts'
import { recordKey } from '../store/blind-keys.ts'
import type { Vault } from '../vault/vault.ts'

/**
 * Identity by identifier and assigning authority (DESIGN §8). The probabilistic matcher will stand behind the same
 * door: given what a message says about a patient, which of ours is it?
 */

// These name a person for other purposes, are shared, mistyped or reused, and never link records (hl7-v2.md §8.1).
const NEVER_A_KEY = new Set(['SS', 'DL', 'PPN', 'AN', 'VN', 'NPI'])

/** The keys of a patient statement that may link, as hexadecimal blind keys; none when it has no such number. */
export function patientKeys(vault: Vault, keys: readonly Identifier[]): string[] {
  const linking = keys.filter((key) => !NEVER_A_KEY.has(key.type))
  return blindKeys(vault, 'patient', linking, '')
}

export function blindKeys(
  vault: Vault,
  record: RecordType,
  keys: readonly Identifier[],
  scope: string,
): string[] {
  return [...new Set(keys.map((key) => recordKey(vault, record, key, scope).toString('hex')))]
}

export type Match = { kind: 'known'; id: string } | { kind: 'new' } | { kind: 'conflict' }

/** All keys that are known must name one record. */
export function decideMatch(keys: readonly string[], recordOf: (key: string) => string | undefined): Match {
  const known = new Set<string>()
  for (const key of keys) {
    const id = recordOf(key)
    if (id !== undefined) known.add(id)
  }
  const [id] = known
  if (id === undefined) return { kind: 'new' }
  return known.size === 1 ? { kind: 'known', id } : { kind: 'conflict' }
}
