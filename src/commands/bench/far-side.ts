import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { openCerner } from '../../sandbox/cerner/cerner.ts'

/**
 * The sandbox Cerner of `bench`, as a process of its own so that it does not share the engine's event loop. Tells its
 * addresses when it listens, and on each message what it has answered since the one before. Ends with its parent.
 */
export interface FarSideOptions {
  population: number
}

export interface FarSideReady {
  /** Base of FHIR R4. */
  fhir: string
  clientId: string
  clientSecret: string
}

export interface FarSideCount {
  calls: number
  /** From the request read to the answer handed to the socket, in milliseconds. */
  p50: number
  p95: number
  tokenCalls: number
  /** Processor time of the sandbox, in seconds. */
  processorSeconds: number
}

const CLIENT = 'practice-studio-system'
const { population } = JSON.parse(process.argv[2] ?? '{}') as FarSideOptions
const tell = (message: FarSideReady | FarSideCount): void => void process.send?.(message)

const begun = new WeakMap<IncomingMessage, number>()
let took: number[] = []

subscribe('http.server.request.start', (message) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
  begun.set(request, performance.now())
  response.once('close', () => {
    took.push(performance.now() - (begun.get(request) ?? 0))
  })
})

const cerner = await openCerner({ cast: { seed: 1, population } })
await cerner.hospital.warm()
const { server } = cerner
const account = server.oauth.clients.get(CLIENT)
let processor = process.cpuUsage()

process.on('message', () => {
  took.sort((a, b) => a - b)
  const at = (share: number): number => took[Math.min(took.length - 1, Math.floor(share * took.length))] ?? 0
  const used = process.cpuUsage(processor)
  const tokens = Object.values(server.stats().tokenCalls)
  tell({
    calls: took.length,
    p50: at(0.5),
    p95: at(0.95),
    tokenCalls: tokens.reduce((sum, one) => sum + one.granted + one.refused, 0),
    processorSeconds: (used.user + used.system) / 1e6,
  })
  took = []
  processor = process.cpuUsage()
})
process.once('disconnect', () => process.exit(0))
tell({ fhir: server.endpoints.fhir, clientId: account?.id ?? '', clientSecret: account?.secret ?? '' })
