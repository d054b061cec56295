import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { connect as connectTls } from 'node:tls'
import type { PeerCertificate, TLSSocket } from 'node:tls'
import { setTimeout as wait } from 'node:timers/promises'
import { judgeCertificate } from './probe-certificate.ts'
import { count, duration, failed, passed, some, warning } from './probe-step.ts'
import type { Finding } from './probe-step.ts'

/** A place on the network, as the address of the settings names it. */
export interface Place {
  host: string
  port: number
  secure: boolean
}

export interface Reach {
  connectTimeoutMs: number
  ca: string | null
  nowMs: number
}

export function placeOf(address: string): Place {
  const { protocol, hostname, port } = new URL(address)
  const secure = protocol === 'https:'
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    secure,
  }
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/i
const isLoopback = ({ host }: Place): boolean => LOOPBACK.test(host)

/** The name becomes addresses. */
export async function findName({ host }: Place, { connectTimeoutMs }: Reach): Promise<Finding> {
  if (isIP(host) !== 0)
    return passed(`${host} is an address by itself.`, 'No name has to be looked up for it.')
  const startedAt = performance.now()
  try {
    const found = await inTime(lookup(host, { all: true }), connectTimeoutMs)
    const elapsed = duration(performance.now() - startedAt)
    const addresses = found.map(({ address }) => address)
    return passed(
      `${host} has ${count(addresses.length, 'address', 'addresses')} (${some(addresses, 4)}), found in ${elapsed}.`,
      'This machine knows where the server is.',
    )
  } catch (error) {
    return nameless(host, codeOf(error))
  }
}

function nameless(host: string, code: string): Finding {
  const evidence = `${host}: ${code}.`
  if (code === 'ENOTFOUND')
    return failed({
      evidence,
      meaning: `The name ${host} is not known to the name server: it is misspelled, or only known inside another network.`,
      remedy:
        'Compare the host in the address with the one Cerner gave. If it is right, ask the network team.',
      acts: 'practice',
    })
  return failed({
    evidence,
    meaning: `The name server gave no answer about ${host}, so nobody can tell where it is.`,
    remedy: 'Ask the network team to let this machine look up names outside, and to check its name servers.',
    acts: 'network',
    ask: `Let the machine that runs Practice Studio resolve ${host}.`,
  })
}

/** The port takes a connection. */
export async function openPort({ host, port }: Place, { connectTimeoutMs }: Reach): Promise<Finding> {
  const startedAt = performance.now()
  const socket = connect({ host, port, timeout: connectTimeoutMs })
  try {
    await opened(socket, 'connect')
    const elapsed = duration(performance.now() - startedAt)
    const at = socket.remoteAddress ?? host
    return passed(`Connected to ${at}, port ${port}, in ${elapsed}.`, 'No firewall stands in the way.')
  } catch (error) {
    return closed({ host, port }, codeOf(error), duration(performance.now() - startedAt))
  } finally {
    socket.destroy()
  }
}

function closed({ host, port }: { host: string; port: number }, code: string, elapsed: string): Finding {
  const evidence = `No connection to ${host}, port ${port}: ${code} after ${elapsed}.`
  const ask = `Allow outbound TCP from the machine of Practice Studio to ${host}, port ${port}.`
  if (code === 'ECONNREFUSED')
    return failed({
      evidence,
      meaning: `The port ${port} is closed: the machine answers, and nothing listens there or a firewall turns us away.`,
      remedy: 'Check the port in the address. If it is right, ask the network team about the firewall.',
      acts: 'network',
      ask,
    })
  return failed({
    evidence,
    meaning: `Nothing answers at port ${port}: a firewall drops the connection, or there is no route to the server.`,
    remedy: 'Ask the network team to open the way out.',
    acts: 'network',
    ask,
  })
}

/** Encryption and certificate; a plain connection is accepted on this machine only. */
export async function shakeHands(place: Place, reach: Reach): Promise<Finding> {
  if (!place.secure) return unencrypted(place)
  const { host, port } = place
  const socket = connectTls({
    host,
    port,
    timeout: reach.connectTimeoutMs,
    minVersion: 'TLSv1.2',
    // The certificate is judged below, where the reasons are told apart.
    rejectUnauthorized: false,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(reach.ca === null ? {} : { ca: reach.ca }),
  })
  try {
    await opened(socket, 'secureConnect')
    return judgeCertificate(seenOf(socket, host), reach.nowMs)
  } catch (error) {
    return unspoken(place, codeOf(error))
  } finally {
    socket.destroy()
  }
}

function seenOf(socket: TLSSocket, host: string) {
  const certificate: PeerCertificate = socket.getPeerCertificate()
  // Node types it as an Error and gives a code.
  const problem: unknown = socket.authorizationError
  const untrusted = socket.authorized || !problem ? '' : textOf(problem)
  return { host, certificate, untrusted, protocol: socket.getProtocol() ?? 'TLS' }
}

const textOf = (problem: unknown): string => (typeof problem === 'string' ? problem : codeOf(problem))

function unencrypted(place: Place): Finding {
  const { host, port } = place
  const evidence = `${host}, port ${port}, is addressed with http.`
  const remedy = 'Write https:// in the address, and ask Cerner for the address with TLS if there is none.'
  if (isLoopback(place))
    return warning({
      evidence,
      meaning: 'Nothing is encrypted, which is accepted on this machine only.',
      remedy: 'Nothing for a sandbox. For a hospital, set the address with https.',
      acts: 'practice',
    })
  return failed({
    evidence,
    meaning: 'Nothing would be encrypted: the secret and the patients would cross the network in the clear.',
    remedy,
    acts: 'practice',
  })
}

const NOT_TLS = /WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNEXPECTED_MESSAGE/
const TOO_OLD = /UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|VERSION_TOO_LOW/

function unspoken({ host, port }: Place, code: string): Finding {
  const evidence = `No TLS with ${host}, port ${port}: ${code}.`
  if (NOT_TLS.test(code))
    return failed({
      evidence,
      meaning: `What answers at port ${port} speaks no TLS: it is a plain port, or a proxy that answers in the server’s place.`,
      remedy: 'Check the port in the address. Behind a proxy, ask the network team to let this host through.',
      acts: 'practice',
    })
  if (TOO_OLD.test(code))
    return failed({
      evidence,
      meaning: 'The server speaks a TLS version older than 1.2, which is not safe.',
      remedy: 'Ask who runs the server to switch on TLS 1.2 or 1.3.',
      acts: 'cerner',
      ask: 'Switch on TLS 1.2 or 1.3 at this address.',
    })
  return failed({
    evidence,
    meaning: 'The connection was opened and ended before both sides agreed on encryption.',
    remedy: 'Ask the network team whether a firewall or proxy inspects this connection.',
    acts: 'network',
    ask: `Let TLS connections to ${host}, port ${port}, through as they are.`,
  })
}

/** All three at once, for a second host: what is found first to be wrong, or that all is well. */
export async function reachAll(address: string, reach: Reach): Promise<Finding> {
  const place = placeOf(address)
  const found: Finding[] = []
  for (const look of [findName, openPort, shakeHands]) {
    const finding = await look(place, reach)
    if (finding.outcome === 'failed') return finding
    found.push(finding)
  }
  const warned = found.find(({ outcome }) => outcome === 'warning')
  const evidence = found.map((one) => one.evidence).join(' ')
  return warned ? { ...warned, evidence } : passed(evidence, 'The way to this host is open.')
}

// Rejects with a timeout too, which a socket only tells and does not act on.
async function opened(socket: Socket, event: string): Promise<void> {
  socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })))
  await once(socket, event)
  socket.on('error', () => undefined)
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  const ended = new AbortController()
  const late = wait(ms, undefined, { signal: ended.signal }).then(() => {
    throw Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })
  })
  // Whichever comes second has nobody left to hear it.
  late.catch(() => undefined)
  work.catch(() => undefined)
  return Promise.race([work, late]).finally(() => ended.abort())
}

/** `ECONNREFUSED`: a code, never an address or a value. */
function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0])
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error instanceof Error ? error.name : 'unknown'
}
