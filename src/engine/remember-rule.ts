import type { Rule } from '../connectors/cerner/definition.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import type { Connections } from './connections.ts'
import type { Actor } from './services.ts'

/** Makes what a person decided about some fields the rule of their connection. */
export async function rememberRule(
  connections: Connections,
  id: ConnectionId,
  fields: readonly string[],
  rule: Rule,
  actor: Actor,
): Promise<void> {
  const { version, settings } = connections.get(id)
  const rules = settings['rules'] as { fields?: Record<string, Rule> } | undefined
  const decided = Object.fromEntries(fields.map((field) => [field, rule]))
  const changed = { ...settings, rules: { ...rules, fields: { ...rules?.fields, ...decided } } }
  await connections.update(id, { version, settings: changed }, actor)
}
