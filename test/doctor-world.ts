import { createServer, request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { readFileSync } from 'node:fs'
import { cernerSettings } from '../src/connectors/cerner/definition.ts'
import type { CernerSettingsInput } from '../src/connectors/cerner/definition.ts'
import { probeCerner } from '../src/connectors/cerner/probe.ts'
import type { CernerProbe, Probed } from '../src/connectors/cerner/probe.ts'
import { readPem } from '../src/connectors/fhir/pem.ts'
import { systemTimer } from '../src/connectors/fhir/timer.ts'
import { openCerner } from '../src/sandbox/cerner/cerner.ts'
import type { SandboxCerner } from '../src/sandbox/cerner/cerner.ts'
import { DEMO_CLIENTS } from '../src/sandbox/cerner/oauth/clients.ts'
import type { ClientInput } from '../src/sandbox/cerner/oauth/clients.ts'
import { SYSTEM_CLIENT } from './cerner-world.ts'

const folder = new URL('../fixtures/tls/', import.meta.url)
export const pem = (name: string): string => readFileSync(new URL(`${name}.pem`, folder), 'utf8')
export const certificate = (name: string) => ({
  kind: 'certificate',
  cert: pem(`${name}.cert`),
  key: pem(`${name}.key`),
})

/** Apps that are registered with something wrong. */
const account = (id: string, more: Partial<ClientInput>): ClientInput => ({
  id,
  persona: 'system',
  secret: SYSTEM_CLIENT.secret,
  scopes: [],
  ...more,
})
const CLIENTS = [
  ...DEMO_CLIENTS,
  account('without-scopes', {}),
  account('not-enabled', { enabled: false, scopes: ['system/Patient.read'] }),
]

/** Two sandboxes, one of them behind TLS. */
export interface DoctorWorld extends AsyncDisposable {
  plain: SandboxCerner
  secure: SandboxCerner
  /** The id of the test patient, which must show nowhere. */
  patient: string
}

export async function openDoctorWorld(): Promise<DoctorWorld> {
  const cast = { seed: 1, population: 20 }
  const tls = { cert: pem('server.cert'), key: pem('server.key') }
  const plain = await openCerner({ cast, clients: CLIENTS })
  const secure = await openCerner({ cast, clients: CLIENTS, tls, host: '127.0.0.1' })
  return {
    plain,
    secure,
    patient: plain.hospital.patientId(3),
    [Symbol.asyncDispose]: async () => {
      await plain[Symbol.asyncDispose]()
      await secure[Symbol.asyncDispose]()
    },
  }
}

/** Settings with which everything passes, and short patience. */
export const goodSettings = (
  { patient }: Pick<DoctorWorld, 'patient'>,
  sandbox: SandboxCerner,
): CernerSettingsInput & { auth: object; fhir: object; millennium: object } => ({
  fhir: { base: sandbox.server.endpoints.fhir },
  auth: { clientId: SYSTEM_CLIENT.id, clientSecret: SYSTEM_CLIENT.secret },
  millennium: {},
  tls: { ca: pem('ca.cert') },
  pull: { locations: ['21250403'] },
  limits: { requestsPerSecond: 2000, connectTimeoutMs: 600, answerTimeoutMs: 600 },
  knownPatient: patient,
})

export const examine = async (
  input: CernerSettingsInput,
  more: Partial<CernerProbe> = {},
): Promise<Probed> => {
  const settings = cernerSettings.parse(input)
  return probeCerner({
    settings,
    ca: await readPem('tls.ca', settings.tls.ca),
    log: { note: () => undefined },
    before: { endpoints: null, capability: null },
    flow: null,
    ...more,
  })
}

/** Our clock, ahead of everybody’s by so much. */
export const clockAhead = (ms: number): Pick<CernerProbe, 'timer'> => ({
  timer: { now: () => Date.now() + ms, sleep: systemTimer.sleep },
})

export interface Passed {
  status: number
  headers: IncomingHttpHeaders
  body: string
}

/** Somebody in between who changes answers. */
export interface Relay extends AsyncDisposable {
  /** The address of the far side as it is reached through here. */
  base: string
}

/** @param alter gives the answer another shape; null leaves it as it came */
export async function openRelay(
  address: string,
  alter: (path: string, answer: Passed) => Partial<Passed> | null,
): Promise<Relay> {
  const target = new URL(address)
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '/'
    const call = request(
      { host: target.hostname, port: target.port, path, method: incoming.method, headers: incoming.headers },
      (answer) => {
        void buffer(answer).then((bytes) => {
          const passed = {
            status: answer.statusCode ?? 502,
            headers: answer.headers,
            body: bytes.toString('utf8'),
          }
          const { status, headers, body } = { ...passed, ...alter(path, passed) }
          const { 'content-length': _length, ...rest } = headers
          outgoing.writeHead(status, rest)
          outgoing.end(body)
        })
      },
    )
    call.on('error', () => outgoing.destroy())
    incoming.pipe(call)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    base: address.replace(target.host, `127.0.0.1:${port}`),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A port where nobody listens: taken, and given back. */
export async function closedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
