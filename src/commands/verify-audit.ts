import type { Config } from '../config.ts'
import { verifyAudit } from '../store/audit.ts'
import { openStore } from './open-store.ts'
import { EXIT, print, printJson } from './output.ts'
import { openLog } from './start.ts'

/** `verify-audit`: exit code 1 when a row was changed, taken out or put in. */
export async function runVerifyAudit(config: Config, options: { json: boolean }): Promise<number> {
  await using store = await openStore({ config, log: openLog(config), role: 'tool', max: 2 })
  const verdict = await verifyAudit(store.database)
  if (options.json) printJson(verdict)
  else if (verdict.ok) print(`The audit trail is whole: ${verdict.rows} rows, each follows the one before.`)
  else
    print(
      `The audit trail is broken at row ${verdict.brokenAt ?? 0}. Keep the database as it is and call your compliance officer.`,
    )
  return verdict.ok ? EXIT.done : EXIT.failed
}
