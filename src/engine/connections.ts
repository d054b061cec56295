import { isDeepStrictEqual } from 'node:util'
import { hl7v2Settings, hl7v2SettingsJson } from '../connectors/hl7v2/definition.ts'
import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import type { Log } from '../connectors/hl7v2/log.ts'
import { probeHl7v2 } from '../connectors/hl7v2/probe.ts'
import { openListener } from '../connectors/hl7v2/receive.ts'
import type { Listener } from '../connectors/hl7v2/receive.ts'
import type { Inbox } from '../connectors/connector.ts'
import type { Connection, ConnectionUpdate, ProbeResult } from '../contract/connections.ts'
import type { Clock } from '../kernel/clock.ts'
import { IntegrationError } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import { appendAudit } from '../store/audit.ts'
import { addConnection, listConnections, updateConnection } from '../store/connections.ts'
import type { ConnectionRow } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import type { Vault } from '../vault/vault.ts'
import type { RunningConnection } from './connection.ts'
import { readerOf } from './read-message.ts'
import type { Reader } from './read-message.ts'
import {
  joinSecrets,
  maskSecrets,
  openSecrets,
  SECRET_PATHS,
  sealSecrets,
  splitSecrets,
  unmaskSecrets,
} from './secrets.ts'
import type { Actor } from './services.ts'

export interface ConnectionsOptions {
  database: Database
  vault: Vault
  clock: Clock
  log: Log
  /** Settings of the first connection, and what the environment says over the stored ones. */
  defaults: Partial<Record<keyof Hl7v2Settings, unknown>>
  overrides: Partial<Record<keyof Hl7v2Settings, unknown>>
  /** False for a process that only serves the API or only works the queue. */
  listens: boolean
  onChanged: (id: ConnectionId) => void
}

interface Held {
  row: ConnectionRow
  running: RunningConnection
  reader: Reader
  secrets: Record<string, string>
  listener: Listener | null
  problem: string | null
}

/** The practice's connections: what is configured, what listens, and how each reads its messages. */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #held = new Map<ConnectionId, Held>()
  #inbox: Inbox | null = null
  #reloading: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: ConnectionsOptions) {
    this.#options = options
  }

  /** Reads what is configured; a new practice starts with one HL7 connection. */
  async load(): Promise<void> {
    const { database, vault, defaults } = this.#options
    let rows = await listConnections(database)
    if (rows.length === 0) {
      rows = await database.tx(async (client) => {
        // Processes that start together on a new database must not each add one.
        await client.query(FIRST_CONNECTION_LOCK)
        const known = await listConnections(client)
        if (known.length > 0) return known
        const { open, secrets } = splitSecrets(hl7v2Settings.parse(defaults))
        const id = newId<ConnectionId>()
        const sealed_secrets = sealSecrets(vault, id, secrets)
        await addConnection(client, {
          id,
          channel: 'hl7v2',
          name: 'Cerner HL7',
          settings: open,
          sealed_secrets,
        })
        return listConnections(client)
      })
    }
    for (const row of rows) this.#hold(row)
  }

  /** Starts the listeners. One that cannot start is shown as failed, and the others run. */
  async listen(inbox: Inbox): Promise<void> {
    this.#inbox = inbox
    if (!this.#options.listens) return
    for (const held of this.#held.values()) await this.#open(held)
  }

  running(id: ConnectionId): RunningConnection {
    return this.#get(id).running
  }

  reader(id: ConnectionId): Reader {
    return this.#get(id).reader
  }

  /** The address senders connect to, of the first connection that listens. */
  address(): { host: string; port: number } | null {
    for (const { listener } of this.#held.values()) if (listener) return listener.address
    return null
  }

  /** Why a listener did not start, if one did not. */
  problems(): string[] {
    return [...this.#held.values()].flatMap(({ problem }) => (problem ? [problem] : []))
  }

  list(): Connection[] {
    return [...this.#held.values()].map((held) => this.#view(held))
  }

  get(id: ConnectionId): Connection {
    return this.#view(this.#get(id))
  }

  schema(id: ConnectionId): unknown {
    this.#get(id)
    return hl7v2SettingsJson
  }

  async update(id: ConnectionId, change: ConnectionUpdate, actor: Actor): Promise<Connection> {
    const held = this.#get(id)
    const edited = unmaskSecrets(
      change.settings ?? joinSecrets(held.row.settings, held.secrets),
      held.secrets,
    )
    const parsed = hl7v2Settings.safeParse(edited)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const place = `settings.${issue?.path.join('.') ?? ''}`
      throw new IntegrationError('REQUEST_INVALID', { place, reason: issue?.message ?? 'not valid' })
    }
    const { open, secrets } = splitSecrets(parsed.data)
    const row = {
      id,
      version: change.version,
      name: change.name ?? held.row.name,
      enabled: change.enabled ?? held.row.enabled,
      settings: open,
      sealed_secrets: sealSecrets(this.#options.vault, id, secrets),
    }
    await this.#options.database.tx(async (client) => {
      if (!(await updateConnection(client, row)))
        throw new IntegrationError('VERSION_CONFLICT', { what: 'connection' })
      const changed = [...changedKeys(held.row.settings, open), ...changedSecrets(held.secrets, secrets)]
      const entry = {
        actor: actor.name,
        role: actor.role,
        action: 'connection.update',
        object: `connection/${id}`,
      }
      await appendAudit(
        client,
        [{ ...entry, detail: { changed, enabled: row.enabled } }],
        this.#options.clock,
      )
    })
    await this.reload(id)
    this.#options.onChanged(id)
    return this.get(id)
  }

  async probe(id: ConnectionId): Promise<ProbeResult> {
    const { running, listener } = this.#get(id)
    return { steps: await probeHl7v2({ settings: running.settings, listener, clock: this.#options.clock }) }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#reloading.catch(() => undefined)
    await Promise.all([...this.#held.values()].map(({ listener }) => listener?.close()))
  }

  #get(id: ConnectionId): Held {
    const held = this.#held.get(id)
    if (!held) throw new IntegrationError('NOT_FOUND', { what: 'connection' })
    return held
  }

  #hold(row: ConnectionRow): Held {
    const secrets = openSecrets(this.#options.vault, row.id, row.sealed_secrets)
    const stored = joinSecrets(row.settings, secrets)
    const settings = hl7v2Settings.parse({ ...stored, ...this.#options.overrides })
    const running: RunningConnection = { id: row.id, name: row.name, channel: 'hl7v2', settings }
    const held: Held = { row, running, reader: readerOf(settings), secrets, listener: null, problem: null }
    this.#held.set(row.id, held)
    return held
  }

  /** Takes over what another process or this one wrote; the listener starts anew with the new settings. */
  reload(id: ConnectionId): Promise<void> {
    // One after the other: two at once would both open the port, and one listener would be forgotten.
    const reloaded = this.#reloading.catch(() => undefined).then(() => this.#reload(id))
    this.#reloading = reloaded
    return reloaded
  }

  async #reload(id: ConnectionId): Promise<void> {
    if (this.#closed) return
    const before = this.#held.get(id)
    const row = (await listConnections(this.#options.database)).find((one) => one.id === id)
    if (!row || row.version === before?.row.version) return
    await before?.listener?.close()
    const held = this.#hold(row)
    if (this.#inbox && this.#options.listens) await this.#open(held)
  }

  async #open(held: Held): Promise<void> {
    if (!held.row.enabled || !this.#inbox || this.#closed) return
    const { log, clock } = this.#options
    const { id, settings } = held.running
    try {
      held.listener = await openListener({ connectionId: id, settings, inbox: this.#inbox, log, clock })
    } catch (error) {
      if (!(error instanceof IntegrationError)) throw error
      held.problem = `${error.message} ${error.todo}`
      log.warn({ code: error.code, connection: id }, error.message)
    }
  }

  #view({ row, secrets, listener, problem }: Held): Connection {
    return {
      id: row.id,
      channel: row.channel,
      name: row.name,
      enabled: row.enabled,
      version: row.version,
      settings: maskSecrets(row.settings, secrets),
      listener: {
        ...(listener ? stateOf(listener) : STOPPED),
        state: listener ? 'listening' : problem ? 'failed' : 'stopped',
        problem,
      },
      updated_at: new Date(row.updated_at).toISOString(),
    }
  }
}

const STOPPED = { address: null, peers: [], last_heard_at: null, refused: 0, noise: 0 }

function stateOf(listener: Listener) {
  const stats = listener.stats()
  const heard = stats.connections.map((peer) => peer.lastHeardAt).filter((ms) => ms > 0)
  const last = Math.max(0, ...heard, stats.lastHeardAt ?? 0)
  return {
    address: `${listener.address.host}:${listener.address.port}`,
    peers: stats.connections.map((peer) => ({
      remote: peer.remote,
      since: instantOf(peer.since),
      last_heard_at: peer.lastHeardAt > 0 ? instantOf(peer.lastHeardAt) : null,
      frames: peer.frames,
      noise: peer.noise,
    })),
    last_heard_at: last > 0 ? instantOf(last) : null,
    refused: Object.values(stats.refused).reduce((sum, count) => sum + count, 0),
    noise: stats.noiseBytes,
  }
}

const instantOf = (ms: number): string => new Date(ms).toISOString()

const FIRST_CONNECTION_LOCK = 'select pg_advisory_xact_lock(7302)'

const changedSecrets = (before: Record<string, string>, after: Record<string, string>): string[] =>
  SECRET_PATHS.filter((path) => before[path] !== after[path])

/** Names of the settings that differ: what the audit trail says about a change. */
const changedKeys = (before: Record<string, unknown>, after: Record<string, unknown>): string[] =>
  // PostgreSQL keeps the keys of an object in an order of its own, so their text would differ.
  Object.keys(after).filter((key) => !isDeepStrictEqual(before[key], after[key]))
