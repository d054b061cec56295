import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { once } from 'node:events'
import type { EventEmitter } from 'node:events'
import type { X509Certificate } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ProbeResult } from '../../contract/connections.ts'
import { allowList } from './allow-list.ts'
import type { Hl7v2Settings } from './definition.ts'
import type { Listener } from './receive.ts'
import { loadTls, readCertificate } from './tls.ts'

export type ProbeStep = ProbeResult['steps'][number]

export interface ProbeTarget {
  settings: Hl7v2Settings
  /** The listener, when it runs in this process. */
  listener: Pick<Listener, 'address' | 'stats'> | null
  clock: Clock
}

const CONNECT_MS = 5_000
const DAY_MS = 86_400_000
const EXPIRES_SOON_DAYS = 30
const SILENT_LONG_MS = DAY_MS

/**
 * The connectivity test of an HL7 connection, from the socket upwards. Never throws; each step says what was seen,
 * what that means and what to do. No message is sent.
 */
export async function probeHl7v2(target: ProbeTarget): Promise<ProbeStep[]> {
  const steps = [bound(target), await reachable(target)]
  if (target.settings.tls.enabled) steps.push(await handshake(target), await certificate(target))
  steps.push(allowed(target), lastHeard(target))
  return steps
}

const step = (
  name: string,
  outcome: ProbeStep['outcome'],
  evidence: string,
  meaning: string,
  remedy = '',
): ProbeStep => ({ name, outcome, evidence, meaning, remedy })

const NOT_RUNNING = 'Enable the connection, and look at its problem if it does not start.'

function bound({ settings, listener }: ProbeTarget): ProbeStep {
  const name = 'Listener is open'
  if (listener) {
    const { host, port } = listener.address
    return step(name, 'passed', `Listening on ${host}:${port}.`, 'This program takes connections.')
  }
  const wanted = `${settings.host}:${settings.port}`
  return step(
    name,
    'failed',
    `Nothing in this process listens on ${wanted}.`,
    'Senders cannot connect.',
    NOT_RUNNING,
  )
}

// The wildcard addresses are no addresses to connect to.
function target({ listener, settings }: ProbeTarget): { host: string; port: number } {
  const { host, port } = listener?.address ?? settings
  if (host === '0.0.0.0') return { host: '127.0.0.1', port }
  return host === '::' ? { host: '::1', port } : { host, port }
}

async function reachable(probe: ProbeTarget): Promise<ProbeStep> {
  const name = 'Port is reachable from here'
  const { host, port } = target(probe)
  if (port === 0)
    return step(
      name,
      'skipped',
      'The port is chosen when the listener opens.',
      'Nothing to connect to yet.',
      NOT_RUNNING,
    )
  const startedAt = performance.now()
  const socket = connect({ host, port, timeout: CONNECT_MS })
  try {
    await opened(socket, 'connect')
    const elapsedMs = Math.round(performance.now() - startedAt)
    return step(
      name,
      'passed',
      `Connected to ${host}:${port} in ${elapsedMs} ms.`,
      'The port answers on this machine. Firewalls between the sender and this machine are not tested from here.',
    )
  } catch (error) {
    const reason = codeOf(error)
    const remedy = 'Check that the listener is open, and that no local firewall blocks the port.'
    return step(
      name,
      'failed',
      `No connection to ${host}:${port} (${reason}).`,
      'Senders cannot connect either.',
      remedy,
    )
  } finally {
    socket.destroy()
  }
}

async function handshake(probe: ProbeTarget): Promise<ProbeStep> {
  const name = 'TLS handshake'
  const { host, port } = target(probe)
  if (port === 0)
    return step(
      name,
      'skipped',
      'The port is chosen when the listener opens.',
      'Nothing to connect to yet.',
      NOT_RUNNING,
    )
  // Only whether TLS is spoken is asked here; whom the certificate names and how long it lasts is the next step.
  const socket = connectTls({ host, port, rejectUnauthorized: false, timeout: CONNECT_MS })
  try {
    await opened(socket, 'secureConnect')
    const spoken = `${socket.getProtocol() ?? 'TLS'} with ${socket.getCipher().name}`
    const mutual = probe.settings.tls.requireClientCert
    const meaning = mutual
      ? 'TLS works. Senders also need a certificate of a trusted authority.'
      : 'Senders can speak TLS with this port.'
    return step(name, 'passed', `${spoken}.`, meaning)
  } catch (error) {
    const reason = codeOf(error)
    const remedy =
      'Check certificate and key of the listener, and that this port is not held by another program.'
    return step(
      name,
      'failed',
      `The handshake failed (${reason}).`,
      'Senders cannot connect with TLS.',
      remedy,
    )
  } finally {
    socket.destroy()
  }
}

async function certificate({ settings, clock }: ProbeTarget): Promise<ProbeStep> {
  const name = 'Certificate is valid'
  try {
    await loadTls(settings.tls, true)
    return judge(name, await readCertificate(settings.tls.cert), clock.now())
  } catch (error) {
    if (!(error instanceof IntegrationError)) throw error
    return step(name, 'failed', error.message, 'The listener cannot show a certificate.', error.todo)
  }
}

function judge(name: string, { validFromDate, validToDate }: X509Certificate, nowMs: number): ProbeStep {
  const until = validToDate.toISOString().slice(0, 10)
  const daysLeft = Math.floor((validToDate.getTime() - nowMs) / DAY_MS)
  const renew =
    'Ask for a new certificate, put it into the settings and tell the Cerner interface team the day of the change.'
  if (nowMs < validFromDate.getTime()) {
    const from = validFromDate.toISOString().slice(0, 10)
    return step(
      name,
      'failed',
      `Valid from ${from}.`,
      'Senders refuse it until then.',
      'Check the clock of this machine, or use the earlier certificate.',
    )
  }
  if (daysLeft < 0)
    return step(name, 'failed', `Expired on ${until}.`, 'Senders that check it cannot connect.', renew)
  const left = `Valid until ${until}, ${daysLeft} days from now.`
  if (daysLeft < EXPIRES_SOON_DAYS)
    return step(name, 'warning', left, 'Senders will be refused after that day.', renew)
  return step(name, 'passed', left, 'The key belongs to the certificate.')
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

function allowed({ settings, listener }: ProbeTarget): ProbeStep {
  const name = 'Allow-list'
  const { allow, host } = settings
  const refused = listener?.stats().refused.notAllowed ?? 0
  const remedy = 'List the addresses of the Cerner interface engines under Allowed addresses.'
  if (allow.length === 0) {
    if (LOOPBACK.has(host))
      return step(
        name,
        'passed',
        'Empty; the listener is open to this machine only.',
        'No other machine can connect.',
      )
    const meaning = 'Any machine that reaches this port may send messages.'
    return step(name, 'warning', `Empty, while the listener is open on ${host}.`, meaning, remedy)
  }
  const wide = allow.filter((entry) => entry.endsWith('/0'))
  if (wide.length > 0)
    return step(
      name,
      'warning',
      `${wide.join(', ')} allows every address.`,
      'The list does not protect anything.',
      remedy,
    )
  const listed = `${allow.length} ${allow.length === 1 ? 'entry' : 'entries'}; ${refused} connections refused since the start.`
  if (LOOPBACK.has(host) && !allowList(allow)('127.0.0.1') && !allowList(allow)('::1')) {
    const meaning =
      'The listener is open to this machine only, and the list refuses this machine: nobody can connect.'
    return step(name, 'failed', listed, meaning, 'Listen on an address of the network, or allow 127.0.0.1.')
  }
  if (refused > 0) {
    const meaning = 'Somebody who is not on the list tried to connect.'
    return step(
      name,
      'warning',
      listed,
      meaning,
      'Look into the log for the address. Add it if it is a sender.',
    )
  }
  return step(name, 'passed', listed, 'Only these addresses may connect.')
}

function lastHeard({ listener, clock }: ProbeTarget): ProbeStep {
  const name = 'Last message heard'
  if (!listener)
    return step(
      name,
      'skipped',
      'The listener is not open in this process.',
      'Nothing can be heard.',
      NOT_RUNNING,
    )
  const { lastHeardAt, frames, connections } = listener.stats()
  const open = `${connections.length} ${connections.length === 1 ? 'connection' : 'connections'} open, ${frames} messages since the start.`
  const ask = 'Ask the Cerner interface team to send a message to this address and port.'
  if (lastHeardAt === null || frames === 0) {
    return step(
      name,
      'warning',
      `No message since the listener opened; ${open}`,
      'The feed has not been seen working.',
      ask,
    )
  }
  const ageMs = clock.now() - lastHeardAt
  const evidence = `${new Date(lastHeardAt).toISOString()}; ${open}`
  if (ageMs > SILENT_LONG_MS) return step(name, 'warning', evidence, 'Nothing came for more than a day.', ask)
  return step(name, 'passed', evidence, 'The feed works.')
}

// Rejects with a timeout too, which a socket only tells and does not act on.
async function opened(socket: Socket, event: string): Promise<void> {
  socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
  await once(socket as EventEmitter, event)
  socket.on('error', () => undefined)
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown'
