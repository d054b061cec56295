import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Server as TlsServer } from 'node:tls'
import { systemClock } from '../../kernel/clock.ts'
import type { Clock } from '../../kernel/clock.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import type { Inbox } from '../connector.ts'
import { openAdmission } from './admission.ts'
import type { Admission, Refusals } from './admission.ts'
import type { Hl7v2Settings } from './definition.ts'
import { noTotals } from './hub.ts'
import type { Hub, ListenerTotals } from './hub.ts'
import { QuietLog } from './log.ts'
import type { Log } from './log.ts'
import { Peer } from './peer.ts'
import { loadTls } from './tls.ts'

export interface ListenerOptions {
  connectionId: ConnectionId
  settings: Hl7v2Settings
  inbox: Inbox
  log: Log
  clock?: Clock
}

/** A connection as the console shows it. Times are milliseconds since 1970; `lastHeardAt` is 0 while nothing was heard. */
export interface PeerStats {
  remote: string
  since: number
  lastHeardAt: number
  frames: number
  noise: number
  inFlight: number
}

export interface ListenerStats extends ListenerTotals {
  connections: PeerStats[]
  refused: Refusals
  paused: boolean
}

export interface Listener extends AsyncDisposable {
  readonly address: { host: string; port: number }
  stats(): ListenerStats
  /** Stops reading from every connection; senders wait. */
  pause(): void
  resume(): void
  /** Accepts no more, answers what is in work, then ends the connections; after the deadline it ends them anyway. */
  close(options?: { deadlineMs?: number }): Promise<void>
}

const KEEP_ALIVE_MS = 30_000
const CLOSE_DEADLINE_MS = 10_000
const HANDSHAKE_MS = 10_000

/**
 * Opens an MLLP listener that records every frame in the inbox and answers with what the inbox says.
 *
 * @throws MLLP_PORT_UNAVAILABLE, TLS_MATERIAL_INVALID
 * @see docs/reference/hl7-v2.md §1.1
 */
export async function openListener(options: ListenerOptions): Promise<Listener> {
  const { settings } = options
  const secure = settings.tls.enabled ? await openSecureSide(settings) : null
  const hub = new ListenerHub(options)
  const listening = new MllpListener(hub, secure)
  await listening.open()
  return listening
}

// TLS is put on sockets that were admitted already, so that a flood of strangers costs no handshakes.
async function openSecureSide(settings: Hl7v2Settings): Promise<TlsServer> {
  const { requireClientCert } = settings.tls
  const material = await loadTls(settings.tls, true)
  return createTlsServer({
    ...material,
    requestCert: requireClientCert,
    rejectUnauthorized: requireClientCert,
    handshakeTimeout: HANDSHAKE_MS,
    allowHalfOpen: true,
  })
}

class ListenerHub implements Hub {
  readonly connectionId: ConnectionId
  readonly settings: Hl7v2Settings
  readonly inbox: Inbox
  readonly clock: Clock
  readonly log: QuietLog
  readonly totals = noTotals()
  readonly peers = new Set<Peer>()
  paused = false
  private awaitsRelief = false
  private ready: { flush(): void }[] = []

  constructor({ connectionId, settings, inbox, log, clock }: ListenerOptions) {
    this.connectionId = connectionId
    this.settings = settings
    this.inbox = inbox
    this.clock = clock ?? systemClock
    this.log = new QuietLog(log)
  }

  mayRead(): boolean {
    if (this.paused) return false
    if (!this.inbox.congested) return true
    if (!this.awaitsRelief) {
      this.awaitsRelief = true
      const relieved = (): void => {
        this.awaitsRelief = false
        this.workAll()
      }
      this.inbox.relieved().then(relieved, relieved)
    }
    return false
  }

  flushSoon(peer: { flush(): void }): void {
    // One tick settles a whole commit: the first reply asks for the flush, the others join it.
    if (this.ready.push(peer) === 1) process.nextTick(() => this.flushAll())
  }

  workAll(): void {
    for (const peer of this.peers) peer.work()
  }

  private flushAll(): void {
    const { ready } = this
    this.ready = []
    for (const peer of ready) peer.flush()
  }
}

class MllpListener implements Listener {
  private readonly hub: ListenerHub
  private readonly secure: TlsServer | null
  private readonly server: Server
  private readonly admission: Admission
  private readonly sweeper: NodeJS.Timeout
  private closing: Promise<void> | null = null
  address = { host: '', port: 0 }

  constructor(hub: ListenerHub, secure: TlsServer | null) {
    this.hub = hub
    this.secure = secure
    this.admission = openAdmission(hub)
    this.server = createServer(
      { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS },
      (socket) => this.admit(socket),
    )
    secure?.on('secureConnection', (socket: Socket) => this.greet(socket))
    secure?.on('tlsClientError', (error: Error, socket: Socket) =>
      this.admission.handshakeFailed(error, socket),
    )
    const { idleInFrameMs, idleMs } = hub.settings
    const patienceMs = idleMs > 0 ? Math.min(idleInFrameMs, idleMs) : idleInFrameMs
    this.sweeper = setInterval(() => this.sweep(), Math.min(1000, Math.max(10, patienceMs / 4))).unref()
  }

  async open(): Promise<void> {
    const { host, port } = this.hub.settings
    try {
      this.server.listen({ host, port, backlog: 1024 })
      await once(this.server, 'listening')
    } catch (cause) {
      clearInterval(this.sweeper)
      const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown'
      throw new IntegrationError('MLLP_PORT_UNAVAILABLE', { host, port, reason }, { cause })
    }
    // Running out of file descriptors is told here; the listener goes on and accepts again when some are free.
    this.server.on('error', (error) => this.admission.acceptFailed(error))
    const bound = this.server.address() as AddressInfo
    this.address = { host: bound.address, port: bound.port }
  }

  stats(): ListenerStats {
    const { totals, peers, paused } = this.hub
    const connections = Array.from(peers, ({ remote, since, lastHeardAt, frames, noise, inFlight }) => ({
      remote,
      since,
      lastHeardAt,
      frames,
      noise,
      inFlight,
    }))
    return { ...totals, connections, refused: { ...this.admission.refused }, paused }
  }

  pause(): void {
    this.hub.paused = true
    this.hub.workAll()
  }

  resume(): void {
    this.hub.paused = false
    this.hub.workAll()
  }

  close({ deadlineMs = CLOSE_DEADLINE_MS } = {}): Promise<void> {
    this.closing ??= this.shutDown(deadlineMs)
    return this.closing
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  private async shutDown(deadlineMs: number): Promise<void> {
    clearInterval(this.sweeper)
    const closed = once(this.server, 'close')
    this.server.close()
    const late = setTimeout(() => this.admission.destroyAll(), deadlineMs)
    for (const peer of this.hub.peers) peer.finish(false)
    if (this.secure) this.admission.destroyUnsecured()
    await closed
    clearTimeout(late)
  }

  private admit(socket: Socket): void {
    if (this.closing || !this.admission.admit(socket)) return
    if (this.secure) this.secure.emit('connection', socket)
    else this.greet(socket)
  }

  private greet(socket: Socket): void {
    if (this.closing) {
      socket.destroy()
      return
    }
    const remote = this.admission.greeted(socket)
    const peer = new Peer(socket, remote, this.hub)
    this.hub.peers.add(peer)
    socket.once('close', () => this.hub.peers.delete(peer))
  }

  private sweep(): void {
    const nowMs = performance.now()
    for (const peer of this.hub.peers) peer.sweep(nowMs)
  }
}
