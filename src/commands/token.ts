import type { Config } from '../config.ts'
import type { Role } from '../contract/session.ts'
import { checkTokenScopes } from '../server/fhir/token-scopes.ts'
import { createToken } from '../store/tokens.ts'
import { openStore } from './open-store.ts'
import { EXIT, print, printJson } from './output.ts'
import { openLog } from './start.ts'

/**
 * `token --role R`: prints a new bearer token, which is kept only as a hash.
 *
 * @param options.scope SMART scopes; a token that has some opens `/fhir/R4` alone
 * @throws REQUEST_INVALID for a scope that the façade does not know
 */
export async function makeToken(
  config: Config,
  options: { role: Role; name: string; days: number; json: boolean; scope: string[] },
): Promise<number> {
  checkTokenScopes(options.scope)
  await using store = await openStore({ config, log: openLog(config), role: 'tool', max: 2 })
  const { token } = await createToken(store.database, { ...options, scopes: options.scope })
  if (options.json) printJson({ token })
  else print(token)
  return EXIT.done
}
