import type { Config } from '../config.ts'
import type { Role } from '../contract/session.ts'
import { createToken } from '../store/tokens.ts'
import { openStore } from './open-store.ts'
import { EXIT, print, printJson } from './output.ts'
import { openLog } from './start.ts'

/** `token --role R`: prints a new bearer token, which is kept only as a hash. */
export async function makeToken(
  config: Config,
  options: { role: Role; name: string; days: number; json: boolean },
): Promise<number> {
  await using store = await openStore({ config, log: openLog(config), role: 'tool', max: 2 })
  const { token } = await createToken(store.database, options)
  if (options.json) printJson({ token })
  else print(token)
  return EXIT.done
}
