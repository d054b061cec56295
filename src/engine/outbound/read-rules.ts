import { cernerSettings } from '../../connectors/cerner/definition.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import type { Queryable } from '../../store/columns.ts'
import { readRuleSettings } from '../../store/outbox.ts'
import type { RulesOf } from './intent.ts'

const rules = cernerSettings.shape.rules

/**
 * Who is right when both sides changed, as it is set now. Read with the changes themselves, so that every process
 * decides by the same rules.
 */
export async function readRules(client: Queryable, ids: readonly ConnectionId[]): Promise<RulesOf> {
  const stored = await readRuleSettings(client, [...new Set(ids)])
  return (id) => {
    const parsed = rules.safeParse(stored.get(id) ?? {})
    return parsed.success ? parsed.data : rules.parse({})
  }
}
