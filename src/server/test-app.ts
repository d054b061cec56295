import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { pino } from 'pino'
import type { Connection } from '../contract/connections.ts'
import type { DecodedExchange } from '../contract/exchanges.ts'
import type { LiveEvent } from '../contract/metrics.ts'
import type { Role } from '../contract/session.ts'
import type { Actor, EngineServices } from '../engine/services.ts'
import { fixedClock } from '../kernel/clock.ts'
import { IntegrationError } from '../kernel/errors.ts'
import type { Database } from '../store/database.ts'
import { openTestDatabase } from '../store/test-database.ts'
import type { TestDatabase } from '../store/test-database.ts'
import { TEST_PRACTICE_ID } from '../store/test-database.setup.ts'
import { testRows, testVault } from '../store/test-rows.ts'
import type { TestRows } from '../store/test-rows.ts'
import { createToken } from '../store/tokens.ts'
import type { Vault } from '../vault/vault.ts'
import { buildApp } from './app.ts'

/** The HTTP room on a database of its own, with an engine that answers what the test gives it. */
export interface TestApp extends AsyncDisposable {
  app: FastifyInstance
  store: TestDatabase
  database: Database
  vault: Vault
  rows: TestRows
  engine: FakeEngine
  clock: ReturnType<typeof fixedClock>
  /** What was logged, as JSON lines. */
  logged: string[]
  as(role: Role): Promise<(request: InjectOptions | string) => Promise<LightMyRequestResponse>>
  /** The trail so far: `action object`. */
  trail(): Promise<string[]>
}

export interface FakeEngine extends EngineServices {
  items: Connection[]
  decoded: DecodedExchange | undefined
  replays: { preview: boolean; actor: Actor }[]
  emit(event: LiveEvent): void
}

function fakeEngine(): FakeEngine {
  const listeners = new Set<(event: LiveEvent) => void>()
  const engine: FakeEngine = {
    items: [],
    decoded: undefined,
    replays: [],
    emit: (event) => {
      for (const listener of listeners) listener(event)
    },
    decode: () => {
      if (engine.decoded) return Promise.resolve(engine.decoded)
      return Promise.reject(new IntegrationError('NOT_FOUND', { what: 'exchange' }))
    },
    replay: (_id, { preview }, actor) => {
      engine.replays.push({ preview, actor })
      return Promise.resolve({ exchange_id: null, changes: [], warnings: [], problem: null })
    },
    connections: {
      list: () => Promise.resolve(engine.items),
      get: (id) => {
        const item = engine.items.find((each) => each.id === id)
        if (item) return Promise.resolve(item)
        return Promise.reject(new IntegrationError('NOT_FOUND', { what: 'connection' }))
      },
      create: () => notHere('connection'),
      update: async (id, change) => {
        const item = await engine.connections.get(id)
        if (item.version !== change.version)
          throw new IntegrationError('VERSION_CONFLICT', { what: 'connection' })
        return {
          ...item,
          ...(change.name === undefined ? {} : { name: change.name }),
          version: item.version + 1,
        }
      },
      probe: async (id) => {
        await engine.connections.get(id)
        return {
          steps: [{ name: 'Port', outcome: 'passed', evidence: 'open', meaning: 'It listens.', remedy: '' }],
        }
      },
      settingsSchema: () => Promise.resolve({ type: 'object', properties: { port: { type: 'integer' } } }),
    },
    cerner: {
      status: () => notHere('Cerner connection'),
      discover: () => notHere('FHIR address'),
      makeKeys: () => notHere('Cerner connection'),
      publicKeys: () => Promise.resolve([]),
    },
    launch: {
      begin: () => notHere('Cerner connection'),
      complete: () => notHere('launch'),
      keep: () => Promise.resolve(),
      context: () => notHere('launch'),
      end: () => Promise.resolve(),
      frameOrigins: () => Promise.resolve([]),
    },
    sync: { start: () => notHere('Cerner connection'), stop: () => notHere('pull') },
    scheduling: {
      options: () => notHere('Cerner connection'),
      slots: () => notHere('Cerner connection'),
      book: () => notHere('Cerner connection'),
      move: () => notHere('appointment'),
      cancel: () => notHere('appointment'),
      setStatus: () => notHere('appointment'),
    },
    outbound: {
      candidates: () => notHere('Cerner connection'),
      register: () => notHere('Cerner connection'),
      updatePatient: () => notHere('patient'),
      vitalSigns: () => notHere('patient'),
      document: () => notHere('patient'),
      withdraw: () => notHere('change'),
      retry: () => notHere('change'),
    },
    conflicts: { resolve: () => notHere('conflict') },
    documents: { content: () => notHere('document') },
    onLive: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return engine
}

const notHere = (what: string): Promise<never> => Promise.reject(new IntegrationError('NOT_FOUND', { what }))

export const NOW = Date.parse('2026-03-04T18:00:00Z')

export async function openTestApp(
  options: { publicUrl?: string; consoleFolder?: string } = {},
): Promise<TestApp> {
  const store = await openTestDatabase()
  const { database } = store
  const vault = testVault()
  const engine = fakeEngine()
  const clock = fixedClock(NOW)
  const logged: string[] = []
  const app = await buildApp({
    database,
    vault,
    engine,
    clock,
    log: pino({ level: 'debug' }, { write: (line: string) => void logged.push(line) }),
    config: {
      practice: { id: TEST_PRACTICE_ID, name: 'Test Practice', time_zone: 'America/Chicago' },
      demo: false,
      version: '0.0.0',
      publicUrl: options.publicUrl ?? 'http://127.0.0.1:3000',
    },
    checkResponses: true,
    consoleFolder: options.consoleFolder ?? '/nowhere',
  })
  const as: TestApp['as'] = async (role) => {
    const { token } = await createToken(database, { name: `Test ${role}`, role, now: NOW })
    return (request) => {
      const asked = typeof request === 'string' ? { url: request } : request
      return app.inject({ ...asked, headers: { ...asked.headers, authorization: `Bearer ${token}` } })
    }
  }
  const trail = async (): Promise<string[]> => {
    const { rows } = await database.query<{ line: string }>(
      `select action || ' ' || object as line from audit order by seq`,
    )
    return rows.map((row) => row.line)
  }
  return {
    app,
    store,
    database,
    vault,
    rows: testRows(database, vault),
    engine,
    clock,
    logged,
    as,
    trail,
    [Symbol.asyncDispose]: async () => {
      await app.close()
      await store[Symbol.asyncDispose]()
    },
  }
}
