import { isDeepStrictEqual } from 'node:util'
import type { CernerSettings } from '../connectors/cerner/definition.ts'
import { hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import type { Log } from '../connectors/hl7v2/log.ts'
import { probeHl7v2 } from '../connectors/hl7v2/probe.ts'
import { openListener } from '../connectors/hl7v2/receive.ts'
import type { Listener } from '../connectors/hl7v2/receive.ts'
import type { Inbox } from '../connectors/connector.ts'
import type { ConnectionCreate } from '../contract/cerner.ts'
import type { Connection, ConnectionUpdate, ProbeResult } from '../contract/connections.ts'
import type { Clock } from '../kernel/clock.ts'
import { IntegrationError } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import type { ConnectionId } from '../kernel/ids.ts'
import { forgetTokens } from '../store/access-tokens.ts'
import { appendAudit } from '../store/audit.ts'
import { addConnection, listConnections, updateConnection } from '../store/connections.ts'
import type { ConnectionRow } from '../store/connections.ts'
import type { Database } from '../store/database.ts'
import { ENDPOINTS_FACT, forgetFacts } from '../store/facts.ts'
import type { Vault } from '../vault/vault.ts'
import { definitionOf } from './channels.ts'
import type { RunningCerner, RunningConnection, RunningHl7 } from './connection.ts'
import { stateOf, STOPPED } from './listener-state.ts'
import { readerOf } from './reader.ts'
import type { Reader } from './reader.ts'
import { joinSecrets, maskSecrets, openSecrets, sealSecrets, splitSecrets, unmaskSecrets } from './secrets.ts'
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
  /** The connectivity test of a Cerner connection; a process without one has no web roads. */
  probeCerner?: (connection: RunningCerner) => Promise<ProbeResult>
  /** Settings were taken over, here or from another process. */
  onHeld?: (connection: RunningConnection) => void
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
    const { database, defaults } = this.#options
    let rows = await listConnections(database)
    if (rows.length === 0) {
      rows = await database.tx(async (client) => {
        // Processes that start together on a new database must not each add one.
        await client.query(FIRST_CONNECTION_LOCK)
        const known = await listConnections(client)
        if (known.length > 0) return known
        await addConnection(client, this.#newRow('hl7v2', 'Cerner HL7', hl7v2Settings.parse(defaults)))
        return listConnections(client)
      })
    }
    for (const row of rows) this.#hold(row)
  }

  #newRow(channel: string, name: string, settings: Record<string, unknown>) {
    const id = newId<ConnectionId>()
    const { open, secrets } = splitSecrets(settings, definitionOf(channel).secrets)
    return {
      id,
      channel,
      name,
      settings: open,
      sealed_secrets: sealSecrets(this.#options.vault, id, secrets),
    }
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

  /** @throws NOT_FOUND for a connection of another kind */
  hl7(id: ConnectionId): RunningHl7 {
    const { running } = this.#get(id)
    if (running.channel !== 'hl7v2') throw new IntegrationError('NOT_FOUND', { what: 'HL7 connection' })
    return running
  }

  /** @throws NOT_FOUND for a connection of another kind */
  cerner(id: ConnectionId): RunningCerner {
    const { running } = this.#get(id)
    if (running.channel !== 'cerner') throw new IntegrationError('NOT_FOUND', { what: 'Cerner connection' })
    return running
  }

  /** All Cerner connections, in the order they were made. */
  cerners(): RunningCerner[] {
    return [...this.#held.values()].flatMap(({ running }) => (running.channel === 'cerner' ? [running] : []))
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
    return definitionOf(this.#get(id).row.channel).json
  }

  async create({ channel, name }: ConnectionCreate, actor: Actor): Promise<Connection> {
    const settings = definitionOf(channel).settings.parse({})
    const row = this.#newRow(channel, name, settings)
    await this.#options.database.tx(async (client) => {
      await addConnection(client, row)
      await this.#audit(client, actor, 'connection.create', row.id, { channel })
    })
    await this.reload(row.id)
    this.#options.onChanged(row.id)
    return this.get(row.id)
  }

  async update(id: ConnectionId, change: ConnectionUpdate, actor: Actor): Promise<Connection> {
    const held = this.#get(id)
    const definition = definitionOf(held.row.channel)
    const stored = joinSecrets(held.row.settings, held.secrets)
    const edited = unmaskSecrets(change.settings ?? stored, held.secrets, definition.secrets)
    const parsed = definition.settings.safeParse(edited)
    if (!parsed.success) {
      const [issue] = parsed.error.issues
      const place = `settings.${issue?.path.join('.') ?? ''}`
      throw new IntegrationError('REQUEST_INVALID', { place, reason: issue?.message ?? 'not valid' })
    }
    const { open, secrets } = splitSecrets(parsed.data, definition.secrets)
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
      const changed = [
        ...changedKeys(held.row.settings, open),
        ...definition.secrets.filter((path) => held.secrets[path] !== secrets[path]),
      ]
      await this.#audit(client, actor, 'connection.update', id, { changed, enabled: row.enabled })
      // A token is of one account at one address, and so is what was found out about the address.
      if (changed.some((key) => OF_ADDRESS.test(key))) {
        await forgetTokens(client, id)
        await forgetFacts(client, id, [ENDPOINTS_FACT])
      }
    })
    await this.reload(id)
    this.#options.onChanged(id)
    return this.get(id)
  }

  #audit(
    client: Parameters<typeof appendAudit>[0],
    actor: Actor,
    action: string,
    id: ConnectionId,
    detail: Record<string, unknown>,
  ): Promise<unknown> {
    const entry = { actor: actor.name, role: actor.role, action, object: `connection/${id}`, detail }
    return appendAudit(client, [entry], this.#options.clock)
  }

  async probe(id: ConnectionId): Promise<ProbeResult> {
    const { running, listener } = this.#get(id)
    const { clock, probeCerner } = this.#options
    if (running.channel === 'hl7v2') {
      return { steps: await probeHl7v2({ settings: running.settings, listener, clock }) }
    }
    if (!probeCerner) throw new IntegrationError('NOT_FOUND', { what: 'connectivity test' })
    return probeCerner(running)
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
    const running = this.#runningOf(row, joinSecrets(row.settings, secrets))
    const held: Held = { row, running, reader: readerOf(running), secrets, listener: null, problem: null }
    this.#held.set(row.id, held)
    this.#options.onHeld?.(running)
    return held
  }

  #runningOf(row: ConnectionRow, stored: Record<string, unknown>): RunningConnection {
    const { channel, settings } = definitionOf(row.channel)
    const base = { id: row.id, name: row.name }
    if (channel === 'hl7v2') {
      return { ...base, channel, settings: hl7v2Settings.parse({ ...stored, ...this.#options.overrides }) }
    }
    const parsed = settings.parse(stored) as CernerSettings
    return { ...base, channel, settings: parsed, enabled: row.enabled, version: row.version }
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
    const { running } = held
    if (!held.row.enabled || !this.#inbox || this.#closed || running.channel !== 'hl7v2') return
    const { log, clock } = this.#options
    const { id, settings } = running
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
      listener:
        row.channel === 'hl7v2'
          ? {
              ...(listener ? stateOf(listener) : STOPPED),
              state: listener ? 'listening' : problem ? 'failed' : 'stopped',
              problem,
            }
          : null,
      updated_at: new Date(row.updated_at).toISOString(),
    }
  }
}

const OF_ADDRESS = /^(auth|fhir|millennium)(\.|$)/

const FIRST_CONNECTION_LOCK = 'select pg_advisory_xact_lock(7302)'

/** Names of the settings that differ: what the audit trail says about a change. */
const changedKeys = (before: Record<string, unknown>, after: Record<string, unknown>): string[] =>
  // PostgreSQL keeps the keys of an object in an order of its own, so their text would differ.
  Object.keys(after).filter((key) => !isDeepStrictEqual(before[key], after[key]))
