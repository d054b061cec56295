import { IntegrationError } from '../../kernel/errors.ts'
import { covers, parseScope, parseScopes } from '../../standards/smart/scopes.ts'
import { isFacadeType } from './types.ts'

/** SMART scopes of our own tokens: what of the façade a token opens. */

/**
 * Refuses scopes that the façade cannot honour, before a token is made with them.
 *
 * @throws REQUEST_INVALID naming the place in the list
 */
export function checkTokenScopes(scopes: readonly string[]): void {
  for (const [index, text] of scopes.entries()) {
    const reason = reasonAgainst(text)
    if (reason !== null) throw new IntegrationError('REQUEST_INVALID', { place: `scopes[${index}]`, reason })
  }
}

function reasonAgainst(text: string): string | null {
  const scope = parseScope(text)
  if (scope.kind !== 'resource') return 'write a scope such as system/Patient.rs or system/*.rs'
  if (scope.persona !== 'system') return 'a token of a program has system/ scopes'
  if (scope.type !== '*' && !isFacadeType(scope.type)) return 'the façade does not offer this resource type'
  return /^r?s?$/.test(scope.rights) ? null : 'the façade reads only: .r, .s, .rs or .read'
}

/** True when the scopes of a token open this; a token without scopes is held to its role alone. */
export const opens = (scopes: readonly string[] | null, type: string, right: 'r' | 's'): boolean =>
  scopes === null || covers(parseScopes(scopes.join(' ')), parseScope(`system/${type}.${right}`))
