import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AccessToken } from '../../connectors/cerner/port.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { openTestDatabase } from '../../store/test-database.ts'
import type { TestDatabase } from '../../store/test-database.ts'
import { testVault } from '../../store/test-rows.ts'
import { openTokenSource } from './token-source.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await openTestDatabase()
})
afterAll(() => store[Symbol.asyncDispose]())

/** An authorization server that counts, and a clock that is set by hand. */
function openServer(lifeMs = 570_000) {
  const server = {
    nowMs: Date.parse('2026-03-02T15:00:00Z'),
    calls: 0,
    fails: null as IntegrationError | null,
    ask: async (): Promise<{ token: AccessToken; asked: string }> => {
      server.calls += 1
      const value = `token-${server.calls}`
      await new Promise((resolve) => setTimeout(resolve, 20))
      if (server.fails) throw server.fails
      const token = {
        value,
        expiresAtMs: server.nowMs + lifeMs,
        scope: 'system/Patient.read',
        tokenType: 'Bearer',
      }
      return { token, asked: 'system/Patient.read system/Appointment.read' }
    },
  }
  return server
}

function openProcesses(count: number, server: ReturnType<typeof openServer>) {
  const connectionId = newId<ConnectionId>()
  const vault = testVault()
  return Array.from({ length: count }, () =>
    openTokenSource({
      database: store.database,
      vault,
      clock: { now: () => server.nowMs },
      connectionId,
      purpose: 'system',
      wanted: 'system/Patient.read system/Appointment.read',
      ask: server.ask,
    }),
  )
}

const all = (sources: ReturnType<typeof openProcesses>): Promise<string[]> =>
  Promise.all(sources.flatMap((one) => [one, one, one]).map(async (one) => (await one.token()).value))

test('three processes with work of their own share one token, and ask for it once', async () => {
  const server = openServer()
  const processes = openProcesses(3, server)
  expect(new Set(await all(processes))).toEqual(new Set(['token-1']))
  server.nowMs += 200_000
  expect(new Set(await all(processes))).toEqual(new Set(['token-1']))
  expect(server.calls).toBe(1)
})

test('a token is renewed before it ends, once in each period, and nobody is ever handed one about to end', async () => {
  const server = openServer()
  const processes = openProcesses(3, server)
  const periods = 5
  for (let second = 0; second < periods * 495; second += 15) {
    server.nowMs += 15_000
    for (const one of processes) {
      const token = await one.token()
      expect(token.expiresAtMs - server.nowMs).toBeGreaterThan(20_000)
    }
  }
  // Each is used for 570 − 75 seconds, to within a step of the clock.
  expect(server.calls).toBeLessThanOrEqual(periods + 1)
  expect(server.calls).toBeGreaterThanOrEqual(periods)
})

test('when renewing early fails, the token that still lives goes on', async () => {
  const server = openServer()
  const [first, second] = openProcesses(2, server)
  await first?.token()
  server.nowMs += 510_000
  server.fails = new IntegrationError('FHIR_TOKEN_UNAVAILABLE', { host: 'auth.example', reason: '503' })
  expect((await first?.token())?.value).toBe('token-1')
  server.fails = null
  expect((await second?.token())?.value).toBe('token-3')
})

test('a token that the far side refused is replaced once, however many were refused with it', async () => {
  const server = openServer()
  const processes = openProcesses(3, server)
  const tokens = await Promise.all(processes.map((one) => one.token()))
  await Promise.all(processes.map((one, n) => one.discard(tokens[n] as AccessToken)))
  expect(new Set(await all(processes))).toEqual(new Set(['token-2']))
  // One who was slow to notice does not take the new one away.
  await processes[0]?.discard(tokens[0] as AccessToken)
  expect(new Set(await all(processes))).toEqual(new Set(['token-2']))
  expect(server.calls).toBe(2)
})

test('a wrong secret is asked with once, not by every process in turn', async () => {
  const server = openServer()
  server.fails = new IntegrationError('FHIR_TOKEN_REFUSED', {
    error: 'invalid_client',
    urn: 'invalid-client-credentials',
  })
  const processes = openProcesses(3, server)
  const outcomes = await Promise.allSettled(processes.map((one) => one.token()))
  expect(
    outcomes.map((one) => (one.status === 'rejected' ? (one.reason as IntegrationError).code : 'given')),
  ).toEqual(['FHIR_TOKEN_REFUSED', 'FHIR_TOKEN_REFUSED', 'FHIR_TOKEN_REFUSED'])
  expect(server.calls).toBe(1)
})

test('the database holds no token that can be read', async () => {
  const server = openServer()
  const [source] = openProcesses(1, server)
  await source?.token()
  const { rows } = await store.database.query<{ text: string }>('select t::text as text from access_token t')
  expect(rows.length).toBeGreaterThan(0)
  for (const { text } of rows) {
    expect(text).not.toContain('token-1')
    expect(text).not.toContain(Buffer.from('token-1').toString('hex'))
  }
})

test('when more is needed than the token was asked for, a new one is asked for at once', async () => {
  const server = openServer()
  const connectionId = newId<ConnectionId>()
  const vault = testVault()
  const open = (wanted: string) =>
    openTokenSource({
      database: store.database,
      vault,
      clock: { now: () => server.nowMs },
      connectionId,
      purpose: 'system',
      wanted,
      ask: async () => ({ token: (await server.ask()).token, asked: wanted }),
    })
  expect((await open('system/Patient.read').token()).value).toBe('token-1')
  expect((await open('system/Patient.read').token()).value).toBe('token-1')
  expect((await open('system/Patient.read system/Slot.read').token()).value).toBe('token-2')
})
