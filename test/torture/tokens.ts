import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { openStore } from '../../src/commands/open-store.ts'
import { EXIT, printJson } from '../../src/commands/output.ts'
import { loadConfig } from '../../src/config.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { ConnectionId } from '../../src/kernel/ids.ts'
import { openHome } from './engine-home.ts'
import { fastTimer } from './fast-clock.ts'
import { openFarCerner } from './far-cerner.ts'
import type { TokenWork, TokenWorkDone } from './token-worker.ts'

/**
 * Three processes work steadily with one account on one database, through many lives of its token of 570 seconds. Proves
 * that each token is asked for once, by one of them, early, and that no call is ever made with one that has ended. The
 * clock of the processes and of the sandbox's token address runs fast; everything else is as it is in the engine.
 *
 *     node test/torture/tokens.ts [--periods 20] [--processes 3] [--speed 60]
 */
const { values } = parseArgs({
  options: {
    periods: { type: 'string', default: '20' },
    processes: { type: 'string', default: '3' },
    speed: { type: 'string', default: '60' },
  },
})

const WORKER = resolve(import.meta.dirname, 'token-worker.ts')
const TOKEN_SECONDS = 570
// As token-source.ts has it: from 75 seconds before the end somebody renews it, and 20 before nobody uses it.
const EARLIEST_MS = (TOKEN_SECONDS - 75) * 1000
const LATEST_MS = (TOKEN_SECONDS - 20) * 1000
/** A call may reach the sandbox this much later than it was sent, in milliseconds of the machine. */
const ON_THE_WAY_MS = 250
const PAUSE_MS = 20

const periods = Number(values.periods)
const time = { beganMs: Date.now(), speed: Number(values.speed) }
const clock = fastTimer(time)
const violations: string[] = []

await using home = await openHome('tokens')
await using far = await openFarCerner({ population: 50, tokenSeconds: TOKEN_SECONDS, clock })
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
const config = await loadConfig({ environment: { PRACTICE_STUDIO_HOME: home.path }, folder: home.path })
// The database is this process's; the workers share it.
await using _store = await openStore({ config, log: quiet, role: 'engine', max: 2 })

const work: TokenWork = {
  home: home.path,
  far: {
    fhir: far.fhir,
    clientId: far.clientId,
    clientSecret: far.clientSecret,
    token: far.server.endpoints.token,
  },
  connectionId: newId<ConnectionId>(),
  time,
  patient: far.hospital.patientId(0),
  pauseMs: PAUSE_MS,
}

async function open(): Promise<ChildProcess> {
  const child = fork(WORKER, [JSON.stringify(work)])
  await once(child, 'message')
  return child
}

async function end(child: ChildProcess): Promise<TokenWorkDone> {
  const [told, exited] = [once(child, 'message'), once(child, 'exit')]
  child.send('end')
  const [done] = (await told) as [TokenWorkDone]
  await exited
  return done
}

const processes = await Promise.all(Array.from({ length: Number(values.processes) }, open))
// The last period has begun when the one before it was renewed.
await sleep(((periods - 0.5) * EARLIEST_MS) / time.speed)
const done = await Promise.all(processes.map(end))

const { tokens, byStatus } = far.seen
const gaps = tokens.slice(1).map((one, n) => one.atMs - (tokens[n]?.atMs ?? 0))
const early = gaps.filter((gap) => gap < EARLIEST_MS - ON_THE_WAY_MS * time.speed)
const late = gaps.filter((gap) => gap > LATEST_MS)
if (tokens.length !== periods) violations.push(`${tokens.length} token calls in ${periods} periods`)
if (early.length > 0) violations.push(`${early.length} tokens were asked for while the one before was young`)
if (late.length > 0) violations.push(`${late.length} tokens were asked for after the one before had ended`)
if (byStatus['401']) violations.push(`${byStatus['401']} calls were made with a token that had ended`)
for (const [n, { calls, failures }] of done.entries()) {
  if (calls < periods) violations.push(`process ${n} made ${calls} calls`)
  if (failures.length > 0) violations.push(`process ${n}: ${failures.length} failures, ${failures[0] ?? ''}`)
}

printJson({
  periods,
  processes: processes.length,
  speed: time.speed,
  token_calls: tokens.length,
  renewed_after_s: { least: seconds(Math.min(...gaps)), most: seconds(Math.max(...gaps)) },
  calls: done.map(({ calls }) => calls),
  least_left_s: done.map(({ leastLeftMs }) => seconds(leastLeftMs)),
  by_status: byStatus,
  violations,
})
process.exitCode = violations.length === 0 ? EXIT.done : EXIT.failed

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10
}
