import type { ConnectionId } from '../kernel/ids.ts'
import type { Vault } from '../vault/vault.ts'

/** What a stored secret looks like from outside; sent back unchanged, it means "as it is". */
export const MASK = '********'

type Tree = Record<string, unknown>

/**
 * Takes the secrets out of settings, so that they can be sealed beside them.
 *
 * @param paths the settings marked `secret` in the channel's definition: `tls.key`, `auth.clientSecret`
 */
export function splitSecrets(
  settings: Tree,
  paths: readonly string[],
): { open: Tree; secrets: Record<string, string> } {
  const open = structuredClone(settings)
  const secrets: Record<string, string> = {}
  for (const path of paths) {
    const value = at(open, path)
    if (typeof value !== 'string' || value === '') continue
    secrets[path] = value
    put(open, path, '')
  }
  return { open, secrets }
}

export function joinSecrets(settings: Tree, secrets: Readonly<Record<string, string>>): Tree {
  const joined = structuredClone(settings)
  for (const [path, value] of Object.entries(secrets)) put(joined, path, value)
  return joined
}

/** Settings as they may be shown: a secret that is set reads as {@link MASK}. */
export function maskSecrets(settings: Tree, secrets: Readonly<Record<string, string>>): Tree {
  return joinSecrets(settings, Object.fromEntries(Object.keys(secrets).map((path) => [path, MASK])))
}

/** Puts the stored secret wherever the mask came back. */
export function unmaskSecrets(
  edited: Tree,
  secrets: Readonly<Record<string, string>>,
  paths: readonly string[],
): Tree {
  const whole = structuredClone(edited)
  for (const path of paths) {
    if (at(whole, path) === MASK) put(whole, path, secrets[path] ?? '')
  }
  return whole
}

const placeOf = (id: ConnectionId): string => `connection/secrets/${id}`

export const sealSecrets = (
  vault: Vault,
  id: ConnectionId,
  secrets: Record<string, string>,
): Buffer | null =>
  Object.keys(secrets).length === 0 ? null : vault.seal(placeOf(id), JSON.stringify(secrets))

export const openSecrets = (vault: Vault, id: ConnectionId, sealed: Buffer | null): Record<string, string> =>
  sealed ? (JSON.parse(vault.openText(placeOf(id), sealed)) as Record<string, string>) : {}

function at(tree: Tree, path: string): unknown {
  return path.split('.').reduce<unknown>((node, key) => (node as Tree | null | undefined)?.[key], tree)
}

function put(tree: Tree, path: string, value: string): void {
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  let node = tree
  for (const key of keys) {
    const next = node[key]
    // A branch that is not there (no outbound side) has no secret to hold.
    if (typeof next !== 'object' || next === null) return
    node = next as Tree
  }
  node[last] = value
}
