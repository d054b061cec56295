import { AsyncLocalStorage } from 'node:async_hooks'
import { requestToken, systemProof } from '../../connectors/cerner/auth.ts'
import type { Action, CernerSettings } from '../../connectors/cerner/definition.ts'
import type { CallLog, CernerRoad, TokenSource } from '../../connectors/cerner/port.ts'
import { roadOf } from '../../connectors/cerner/roads.ts'
import { askedScopes } from '../../connectors/cerner/scopes-needed.ts'
import { WebClient } from '../../connectors/fhir/client.ts'
import { FhirClient } from '../../connectors/fhir/fhir-client.ts'
import { readPem } from '../../connectors/fhir/pem.ts'
import { FhirPages } from '../../connectors/fhir/pull.ts'
import { fhirRoad } from '../../connectors/fhir/road.ts'
import { openMillennium } from '../../connectors/millennium/road.ts'
import type { Millennium } from '../../connectors/millennium/road.ts'
import type { Clock } from '../../kernel/clock.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import type { Database } from '../../store/database.ts'
import type { Vault } from '../../vault/vault.ts'
import type { RunningCerner } from '../connection.ts'
import type { CallRecorder } from './call-log.ts'
import { findEndpoints } from './endpoints.ts'
import type { Endpoints } from './endpoints.ts'
import { openTokenSource } from './token-source.ts'

/** The change of ours whose calls these are, so that the log hangs each attempt on what caused it. */
export const causedBy = new AsyncLocalStorage<ExchangeId>()

export interface RuntimeOptions {
  database: Database
  vault: Vault
  clock: Clock
  calls: CallRecorder
  onProblem: (error: unknown) => void
}

export const SYSTEM_PURPOSE = 'system'

/** The web roads of one connection, as its settings say: clients, token, endpoints. Made anew when the settings change. */
export class CernerLink implements AsyncDisposable {
  readonly connection: RunningCerner
  readonly tokens: TokenSource
  readonly #options: RuntimeOptions
  readonly #log: CallLog
  readonly #fhir: FhirClient | null
  readonly #plain: WebClient
  readonly #ca: string | null
  #millennium: Millennium | null = null

  constructor(connection: RunningCerner, options: RuntimeOptions, ca: string | null) {
    const { settings } = connection
    this.connection = connection
    this.#options = options
    this.#ca = ca
    const { calls } = options
    this.#log = {
      note: (call) =>
        calls.logOf({ connectionId: connection.id, causedBy: causedBy.getStore() ?? null }).note(call),
    }
    const base = settings.fhir.base || settings.millennium.base || 'http://localhost'
    const shared = { limits: settings.limits, ca, log: this.#log }
    this.#plain = new WebClient({ ...shared, base, channel: 'fhir', tokens: null })
    this.tokens = openTokenSource({
      database: options.database,
      vault: options.vault,
      clock: options.clock,
      connectionId: connection.id,
      purpose: SYSTEM_PURPOSE,
      wanted: askedScopes(settings).join(' '),
      ask: (signal) => this.#askToken(signal),
    })
    const { version } = settings.fhir
    this.#fhir =
      settings.fhir.base === ''
        ? null
        : new FhirClient({
            ...shared,
            base: settings.fhir.base,
            tokens: this.tokens,
            version,
            scopeVersion: settings.auth.scopeVersion,
          })
  }

  get settings(): CernerSettings {
    return this.connection.settings
  }

  /** For calls that need no token: discovery, metadata, token calls. */
  get plain(): WebClient {
    return this.#plain
  }

  get log(): CallLog {
    return this.#log
  }

  /** @throws ROAD_OFF without a FHIR address */
  get fhir(): FhirClient {
    if (!this.#fhir) throw new IntegrationError('ROAD_OFF', { action: 'FHIR' })
    return this.#fhir
  }

  /** The line to the Millennium services, opened when it is first used. */
  get millennium(): Millennium {
    const { settings } = this
    const byUserName = settings.millennium.transport !== 'rest' && settings.millennium.soap.username !== ''
    this.#millennium ??= openMillennium({
      settings,
      tokens: byUserName ? null : this.tokens,
      ca: this.#ca,
      log: this.#log,
    })
    return this.#millennium
  }

  get pages(): FhirPages {
    return new FhirPages(this.fhir)
  }

  /** @throws FHIR_DISCOVERY_FAILED */
  endpoints(signal?: AbortSignal): Promise<Endpoints> {
    const { database, clock } = this.#options
    const parts = {
      database,
      clock,
      web: this.#plain,
      connectionId: this.connection.id,
      settings: this.settings,
    }
    return findEndpoints(parts, signal)
  }

  /** The road that the settings choose for an action. @throws PROFILE_FORBIDS, ROAD_OFF */
  road(action: Action): CernerRoad {
    if (roadOf(this.settings, action) === 'fhir') return fhirRoad(this.fhir)
    return this.millennium.road({ connectionId: this.connection.id, causedBy: causedBy.getStore() ?? null })
  }

  async #askToken(signal?: AbortSignal) {
    const { settings } = this
    const tokenUrl =
      settings.fhir.base === '' ? settings.millennium.tokenUrl : (await this.endpoints(signal)).token
    const scopes = askedScopes(settings)
    const { token } = await requestToken({
      web: this.#plain,
      tokenUrl,
      proof: systemProof(settings),
      grant: { type: 'client_credentials', scopes },
      ...(signal ? { signal } : {}),
    })
    return { token, asked: scopes.join(' ') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fhir?.[Symbol.asyncDispose]()
    await this.#plain[Symbol.asyncDispose]()
    await this.#millennium?.[Symbol.asyncDispose]()
  }
}

/** The links of all Cerner connections of this process. */
export class CernerRuntime implements AsyncDisposable {
  readonly #options: RuntimeOptions
  readonly #links = new Map<ConnectionId, { version: number; link: Promise<CernerLink> }>()

  constructor(options: RuntimeOptions) {
    this.#options = options
  }

  /** @throws TLS_MATERIAL_INVALID */
  async link(connection: RunningCerner): Promise<CernerLink> {
    const known = this.#links.get(connection.id)
    if (known?.version === connection.version) return known.link
    const link = this.#open(connection)
    this.#links.set(connection.id, { version: connection.version, link })
    // What is under way with the old settings comes to its end; the next call takes the new ones.
    if (known) void known.link.then((old) => old[Symbol.asyncDispose]()).catch(this.#options.onProblem)
    return link
  }

  async #open(connection: RunningCerner): Promise<CernerLink> {
    const { ca } = connection.settings.tls
    return new CernerLink(connection, this.#options, await readPem('tls.ca', ca))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const links = [...this.#links.values()]
    this.#links.clear()
    for (const { link } of links) await (await link.catch(() => null))?.[Symbol.asyncDispose]()
  }
}
