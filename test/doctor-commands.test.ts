import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { openApi } from '../src/commands/api-client.ts'
import type { ApiClient } from '../src/commands/api-client.ts'
import { byApi, doctor } from '../src/commands/doctor.ts'
import { sync } from '../src/commands/sync.ts'
import type { SyncOptions } from '../src/commands/sync.ts'
import type { Config } from '../src/config.ts'
import type { Connection } from '../src/contract/connections.ts'
import type { SyncRun } from '../src/contract/sync.ts'
import { systemClock } from '../src/kernel/clock.ts'
import { buildApp } from '../src/server/app.ts'
import { createToken } from '../src/store/tokens.ts'
import { SYSTEM_CLIENT, openCernerWorld } from './cerner-world.ts'
import type { CernerWorld } from './cerner-world.ts'

const PULL = { enabled: false, locations: ['21250403'], daysBack: 1, daysAhead: 3 }

let world: CernerWorld
let api: ApiClient
let stop: () => Promise<unknown> = async () => undefined
let said: string[] = []

beforeAll(async () => {
  world = await openCernerWorld({ pull: PULL, limits: { requestsPerSecond: 2000 } }, { population: 30 })
  const { store, vault, engine } = world.studio
  const app = await buildApp({
    database: store.database,
    vault,
    engine: engine.services,
    config: {
      practice: { id: store.database.practiceId, name: 'Test', time_zone: 'UTC' },
      demo: false,
      version: '0',
      publicUrl: 'http://localhost',
    },
    clock: systemClock,
    log: pino({ level: 'silent' }),
    consoleFolder: '/no/console',
  })
  const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
  const { token } = await createToken(store.database, { name: 'test', role: 'administrator', days: 1 })
  vi.stubEnv('PRACTICE_STUDIO_TOKEN', token)
  api = await openApi({ host: '127.0.0.1', port: Number(port) } as Config)
  stop = () => app.close()
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => said.push(String(line)) > 0)
  vi.spyOn(process.stderr, 'write').mockImplementation((line) => said.push(String(line)) > 0)
})
afterEach(() => {
  said = []
  world.cerner.faults.clear()
})
afterAll(async () => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  await stop()
  await world[Symbol.asyncDispose]()
})

const examiner = async () => {
  const { items } = await api.get<{ items: Connection[] }>('/api/connections')
  return byApi(api, items)
}
const OPTIONS: SyncOptions = { full: false, bulk: false, compare: false, resource: [], json: false }
const watch = (left = new AbortController().signal) => ({ pollMs: 20, quietMs: 50, left })

test('doctor prints the ladder of a connection that works, and ends with 0', async () => {
  expect(await doctor(await examiner(), 'cerner', { json: false })).toBe(0)
  const text = said.join('')
  expect(text).toMatch(/^Cerner \(cerner\)/)
  expect(text).toMatch(/✓ passed {3}A token is given +\d+ ms {2}Token after /)
  expect(text).toMatch(/- skipped {2}The test patient can be read/)
})

test('each call of a test is in the log, and what was seen is remembered for the next', async () => {
  await doctor(await examiner(), 'Cerner', { json: true })
  const wanted = ['POST token', 'GET metadata', 'GET smart-configuration']
  await vi.waitFor(async () =>
    expect((await world.studio.exchanges()).map(({ kind }) => kind)).toEqual(expect.arrayContaining(wanted)),
  )
  said = []
  await doctor(await examiner(), 'Cerner', { json: true })
  const { connection, steps } = JSON.parse(said.join('')) as {
    connection: Connection
    steps: { rung: string; evidence: string }[]
  }
  expect(connection.name).toBe('Cerner')
  const evidence = (rung: string): string | undefined => steps.find((step) => step.rung === rung)?.evidence
  expect(evidence('metadata')).toMatch(/The same as on/)
  expect(evidence('discovery')).toMatch(/The same as on/)
})

test('doctor tells the first failure, what to do, who acts and the ticket, and ends with 1', async () => {
  await world.cerner.faults.add({ kind: 'token-down', status: 503 })
  expect(await doctor(await examiner(), 'Cerner', { json: false })).toBe(1)
  const text = said.join('')
  expect(text).toMatch(/✗ failed {3}A token is given/)
  expect(text).toMatch(
    /First failure: A token is given\n {2}Meaning: .*\n {2}What to do: .*\n {2}Who acts: the Cerner team/,
  )
  expect(text).toMatch(/Ticket text:\n\n {4}To: Cerner support/)
  expect(text).not.toContain(SYSTEM_CLIENT.secret)
})

test('doctor without a name tests what is switched on; a name nobody has is a fault of usage', async () => {
  await doctor(await examiner(), undefined, { json: true })
  const { items } = await api.get<{ items: Connection[] }>('/api/connections')
  expect(said.join('').trim().split('\n')).toHaveLength(items.filter(({ enabled }) => enabled).length)
  said = []
  expect(await doctor(await examiner(), 'Epic', { json: false })).toBe(2)
  expect(said.join('')).toContain('There is no connection Epic. There are: ')
})

test('sync shows the steps until the pull ends, and ends with 0', async () => {
  expect(await sync(api, undefined, { ...OPTIONS, resource: ['Appointment'] }, watch())).toBe(0)
  const text = said.join('')
  expect(text).toMatch(/^Cerner: delta pull [0-9a-f-]{36}\n/)
  expect(text).toMatch(/ {2}Appointment +done +\d+ of \d+ windows, \d+ read/)
  expect(text).toMatch(/\ndone: \d+ read, \d+ new or changed, \d+\.\d s\n$/)
})

test('sync of a pull that fails says why and ends with 1', async () => {
  await world.cerner.faults.add({ kind: 'narrow', scopes: ['Immunization'] })
  expect(
    await sync(api, 'Cerner', { ...OPTIONS, full: true, resource: ['Patient', 'Immunization'] }, watch()),
  ).toBe(1)
  expect(said.join('')).toMatch(/Immunization +failed .*system\/Immunization\.read/)
})

test('sync as JSON prints the run alone', async () => {
  expect(await sync(api, 'Cerner', { ...OPTIONS, resource: ['Practitioner'], json: true }, watch())).toBe(0)
  expect(JSON.parse(said.join(''))).toMatchObject({ kind: 'delta', state: 'done' } satisfies Partial<SyncRun>)
})

test('Ctrl-C leaves the pull running and says so', async () => {
  await world.cerner.faults.add({ kind: 'slow', ms: 100 })
  const left = new AbortController()
  setTimeout(() => left.abort(), 300)
  expect(await sync(api, 'Cerner', { ...OPTIONS, full: true }, watch(left.signal))).toBe(1)
  const id = /pull ([0-9a-f-]{36})/.exec(said.join(''))?.[1] ?? ''
  expect(said.join('')).toContain(
    `The pull goes on in the engine. See it under Synchronisation in the console, or at /api/sync-runs/${id}.`,
  )
  expect((await world.run(id))?.state).toBe('running')
  world.cerner.faults.clear()
  await api.post(`/api/sync-runs/${id}/stop`, {})
})

test('sync refuses two kinds at once, types that are not pulled and connections that are not there', async () => {
  expect(await sync(api, 'Cerner', { ...OPTIONS, full: true, bulk: true }, watch())).toBe(2)
  expect(await sync(api, 'Cerner', { ...OPTIONS, resource: ['Account'] }, watch())).toBe(2)
  expect(await sync(api, 'Epic', OPTIONS, watch())).toBe(2)
  expect(said.join('')).toMatch(
    /Choose one of.*\nAccount is not pulled.*\nThere is no Cerner connection Epic\./,
  )
})
