import type { Config } from '../config.ts'
import { openStore } from './open-store.ts'
import { EXIT, print, printJson } from './output.ts'
import { openLog } from './start.ts'

/** `migrate`: brings the database to this version; every start does the same. */
export async function runMigrate(config: Config, options: { json: boolean }): Promise<number> {
  await using store = await openStore({ config, log: openLog(config), role: 'tool', max: 2 })
  if (options.json) printJson({ applied: store.migrated })
  else
    print(store.migrated.length > 0 ? `Applied ${store.migrated.join(', ')}.` : 'The database is up to date.')
  return EXIT.done
}
