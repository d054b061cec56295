import type { Config } from '../config.ts'
import type { Connection, ProbeResult } from '../contract/connections.ts'
import { examine } from '../engine/cerner/doctor.ts'
import { Connections } from '../engine/connections.ts'
import { systemClock } from '../kernel/clock.ts'
import { IntegrationError } from '../kernel/errors.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import { listConnections } from '../store/connections.ts'
import { openApi } from './api-client.ts'
import type { ApiClient } from './api-client.ts'
import { openStore } from './open-store.ts'
import { complain, EXIT, print, printJson } from './output.ts'
import { openLog } from './start.ts'

type Step = ProbeResult['steps'][number]

/** Who tests the connections: the running engine, or this process. */
export interface Examiner extends AsyncDisposable {
  list(): Promise<Connection[]>
  probe(id: string): Promise<ProbeResult>
}

/**
 * The running engine where one answers: only it knows its listeners. Without one the test runs here, so that a
 * connection can be tested before anything is started.
 *
 * @throws ENGINE_UNREACHABLE when a token was given for an engine that does not answer
 */
export async function openExaminer(config: Config): Promise<Examiner> {
  const api = await openApi(config)
  try {
    const { items } = await api.get<{ items: Connection[] }>('/api/connections')
    return byApi(api, items)
  } catch (error) {
    // Whoever gave a token means that engine, and perhaps has no database here.
    if (!isAway(error) || process.env['PRACTICE_STUDIO_TOKEN']) throw error
    complain('No engine answers, so the test runs in this process. Listeners are not open here.')
    return openHere(config)
  }
}

const isAway = (error: unknown): boolean =>
  error instanceof IntegrationError && error.code === 'ENGINE_UNREACHABLE'

export const byApi = (api: ApiClient, items: Connection[]): Examiner => ({
  list: () => Promise.resolve(items),
  probe: (id) => api.post<ProbeResult>(`/api/connections/${id}/probe`, {}),
  [Symbol.asyncDispose]: () => Promise.resolve(),
})

async function openHere(config: Config): Promise<Examiner> {
  await using stack = new AsyncDisposableStack()
  const log = openLog(config)
  const { database, vault } = stack.use(await openStore({ config, log, role: 'tool', max: 2 }))
  // The first start makes the first connection, not a test.
  const isEmpty = (await listConnections(database)).length === 0
  const connections = new Connections({
    database,
    vault,
    clock: systemClock,
    log,
    defaults: {},
    overrides: {},
    listens: false,
    onChanged: () => undefined,
    probeCerner: (connection) =>
      examine({ database, clock: systemClock, log: { note: () => undefined } }, connection),
  })
  if (!isEmpty) await connections.load()
  const open = stack.move()
  return {
    list: () => Promise.resolve(connections.list()),
    probe: (id) => connections.probe(id as ConnectionId),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

/** `doctor [CONNECTION]`: tests one connection, or all that are switched on. */
export async function doctor(
  examiner: Examiner,
  wanted: string | undefined,
  options: { json: boolean },
): Promise<number> {
  const all = await examiner.list()
  const chosen = wanted === undefined ? all.filter(({ enabled }) => enabled) : namedBy(all, wanted)
  if (chosen.length === 0) return nobody(all, wanted)
  let failed = 0
  for (const one of chosen) {
    const { steps } = await examiner.probe(one.id)
    if (steps.some(({ outcome }) => outcome === 'failed')) failed += 1
    const { id, name, channel } = one
    if (options.json) printJson({ connection: { id, name, channel }, steps })
    else printLadder(`${name} (${channel})`, steps)
  }
  return failed === 0 ? EXIT.done : EXIT.failed
}

/** By id, by name in any case, or by channel. */
export function namedBy<C extends Pick<Connection, 'id' | 'name' | 'channel'>>(
  all: readonly C[],
  wanted: string,
): C[] {
  const sought = wanted.toLowerCase()
  const exact = all.filter(({ id, name }) => id === wanted || name.toLowerCase() === sought)
  return exact.length > 0 ? exact : all.filter(({ channel }) => channel === sought)
}

function nobody(all: readonly Connection[], wanted: string | undefined): number {
  if (all.length === 0) {
    complain('There is no connection yet. Make one in Settings > Integrations.')
    return EXIT.failed
  }
  const names = all.map(({ name }) => name).join(', ')
  complain(
    wanted === undefined
      ? `No connection is switched on. Name one to test it all the same: ${names}.`
      : `There is no connection ${wanted}. There are: ${names}.`,
  )
  return wanted === undefined ? EXIT.failed : EXIT.usage
}

// Mark and word, so that nothing hangs on colour or on one sign.
const MARKS: Readonly<Record<Step['outcome'], string>> = {
  passed: '✓ passed ',
  warning: '! warning',
  failed: '✗ failed ',
  skipped: '- skipped',
}
const ACTORS: Readonly<Record<NonNullable<Step['acts']>, string>> = {
  practice: 'this practice',
  network: 'the network team',
  cerner: 'the Cerner team',
  nobody: 'nobody',
}

function printLadder(title: string, steps: readonly Step[]): void {
  const width = Math.max(...steps.map(({ name }) => name.length))
  print(title)
  for (const { name, outcome, evidence, took_ms: tookMs } of steps) {
    const took = tookMs === undefined ? '' : `${Math.round(tookMs)} ms`
    print(`  ${MARKS[outcome]}  ${name.padEnd(width)}  ${took.padStart(8)}  ${evidence}`.trimEnd())
  }
  const trouble =
    steps.find(({ outcome }) => outcome === 'failed') ?? steps.find(({ outcome }) => outcome === 'warning')
  print('')
  if (trouble) printTrouble(trouble)
  else print('  All passed.\n')
}

/** The first failure, or else the first warning: later ones often come from it. */
function printTrouble({ name, outcome, meaning, remedy, acts, ticket }: Step): void {
  print(`  ${outcome === 'failed' ? 'First failure' : 'First warning'}: ${name}`)
  print(`  Meaning: ${meaning}`)
  if (remedy !== '') print(`  What to do: ${remedy}`)
  if (acts !== undefined && acts !== 'nobody') print(`  Who acts: ${ACTORS[acts]}`)
  if (ticket !== undefined && outcome === 'failed')
    print(
      `\n  Ticket text:\n\n${ticket
        .split('\n')
        .map((line) => `    ${line}`.trimEnd())
        .join('\n')}`,
    )
  print('')
}
