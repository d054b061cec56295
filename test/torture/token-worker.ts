import { setTimeout as sleep } from 'node:timers/promises'
import { requestToken, systemProof } from '../../src/connectors/cerner/auth.ts'
import { cernerSettings } from '../../src/connectors/cerner/definition.ts'
import { WebClient } from '../../src/connectors/fhir/client.ts'
import { FhirClient } from '../../src/connectors/fhir/fhir-client.ts'
import { openTokenSource } from '../../src/engine/cerner/token-source.ts'
import type { FarSideReady } from '../../src/commands/bench/far-side.ts'
import type { ConnectionId } from '../../src/kernel/ids.ts'
import { openStoreOf } from './engine-home.ts'
import { fastTimer } from './fast-clock.ts'
import type { FastTime } from './fast-clock.ts'

/**
 * One of the processes of tokens.ts: the token source, the token call and the FHIR client of the engine, on the shared
 * database, by a clock that runs fast. Reads patients one after the other until it is told to end, then tells how it went.
 */
export interface TokenWork {
  home: string
  far: FarSideReady & { token: string }
  connectionId: ConnectionId
  time: FastTime
  patient: string
  /** The longest pause between two calls, of the machine's milliseconds. */
  pauseMs: number
}

export interface TokenWorkDone {
  calls: number
  /** Codes of calls that failed. */
  failures: string[]
  /** The least that a token had left to live when a call was made with it, in milliseconds of the fast clock. */
  leastLeftMs: number
}

const { home, far, connectionId, time, patient, pauseMs } = JSON.parse(process.argv[2] ?? '{}') as TokenWork
const timer = fastTimer(time)
const settings = cernerSettings.parse({
  auth: { clientId: far.clientId, clientSecret: far.clientSecret },
  limits: { requestsPerSecond: 2000 },
})
const scopes = ['system/Patient.read']
const { limits } = settings
const shared = { base: far.fhir, ca: null, limits, log: { note: () => undefined }, timer }
const done: TokenWorkDone = { calls: 0, failures: [], leastLeftMs: Number.POSITIVE_INFINITY }
let ending = false

await using store = await openStoreOf(home)
await using web = new WebClient({ ...shared, channel: 'fhir', tokens: null })
const tokens = openTokenSource({
  database: store.database,
  vault: store.vault,
  clock: timer,
  connectionId,
  purpose: 'system',
  ask: async () => {
    const grant = { type: 'client_credentials', scopes } as const
    const proof = systemProof(settings)
    const { token } = await requestToken({ web, tokenUrl: far.token, proof, grant })
    return { token, asked: scopes.join(' ') }
  },
})
await using client = new FhirClient({
  ...shared,
  tokens: {
    token: async (signal) => {
      const token = await tokens.token(signal)
      done.leastLeftMs = Math.min(done.leastLeftMs, token.expiresAtMs - timer.now())
      return token
    },
    discard: (token) => tokens.discard(token),
  },
})

process.once('message', () => {
  ending = true
})
process.once('disconnect', () => process.exit(1))
process.send?.('ready')

for (;;) {
  try {
    await client.search('Patient', [['_id', patient]])
    done.calls += 1
  } catch (error) {
    done.failures.push(String((error as { code?: unknown }).code ?? error))
  }
  if (ending) break
  await sleep(Math.random() * pauseMs)
}
process.send?.(done)
process.removeAllListeners('disconnect')
process.disconnect?.()
