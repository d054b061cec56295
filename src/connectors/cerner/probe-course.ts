import { performance } from 'node:perf_hooks'
import { IntegrationError } from '../../kernel/errors.ts'
import type { Capability } from '../../standards/fhir/capability.ts'
import { WebClient } from '../fhir/client.ts'
import { FhirClient } from '../fhir/fhir-client.ts'
import { systemTimer } from '../fhir/timer.ts'
import type { Timer } from '../fhir/timer.ts'
import { requestToken, systemProof } from './auth.ts'
import type { Granted } from './auth.ts'
import type { CernerSettings } from './definition.ts'
import type { AccessToken, Call, CallLog, TokenSource } from './port.ts'

/** Addresses of the authorization server as they were found last time. */
export interface KnownEndpoints {
  token: string
  authorize: string
}

/** What is known of the other side from before, and when that was. */
export interface Remembered<T> {
  value: T
  atMs: number
}

/** What flows between the two sides, as far as this side knows. */
export interface FlowState {
  /** False: the connection is switched off. */
  enabled: boolean
  cursors: readonly { resource: string; pulledToMs: number | null }[]
  lastRun: {
    kind: string
    state: 'running' | 'done' | 'failed' | 'stopped'
    startedAtMs: number
    /** The sentence of its error; empty when it has none. */
    says: string
    todo: string
  } | null
  outbox: { queued: number; parked: number }
}

export interface CernerProbe {
  /** With secrets opened. */
  settings: CernerSettings
  /** PEM of the trusted authorities, or why they cannot be read. */
  ca: string | null | IntegrationError
  log: CallLog
  timer?: Timer
  before: { endpoints: Remembered<KnownEndpoints> | null; capability: Remembered<Capability> | null }
  /** Null where nobody keeps books: a connection that is not stored yet. */
  flow: FlowState | null
}

/** A test as it goes on: what lower rungs found out and higher ones stand on. */
export class Course implements AsyncDisposable {
  readonly probe: CernerProbe
  readonly settings: CernerSettings
  readonly timer: Timer
  readonly limits: CernerSettings['limits']
  readonly calls: Call[] = []
  /** Null until discovered. */
  endpoints: { token: string; authorize: string; issuer: string; jwks: string; foundIn: string } | null = null
  granted: Granted | null = null
  capability: Capability | null = null
  /** True when what was seen replaces what is remembered. */
  keepCapability = false
  readonly #stack = new AsyncDisposableStack()
  #plain: WebClient | null = null
  #fhir: FhirClient | null = null
  #onCall: ((call: Call) => void) | null = null

  constructor(probe: CernerProbe) {
    this.probe = probe
    this.settings = probe.settings
    this.timer = probe.timer ?? systemTimer
    // A test tells what it sees; trying again would hide it, and take long.
    this.limits = { ...probe.settings.limits, retries: 0 }
  }

  readonly log: CallLog = {
    note: (call) => {
      this.calls.push(call)
      this.probe.log.note(call)
      this.#onCall?.(call)
    },
  }

  get ca(): string | null {
    return this.probe.ca instanceof IntegrationError ? null : this.probe.ca
  }

  /** The address that everything else hangs on; empty when none is set. */
  get home(): string {
    const { fhir, millennium } = this.settings
    return fhir.base || servicesAddress(millennium)
  }

  get hasFhir(): boolean {
    return this.settings.fhir.base !== ''
  }

  /** For calls that need no token. */
  get plain(): WebClient {
    const { limits, ca, log, timer } = this
    this.#plain ??= this.#stack.use(
      new WebClient({ base: this.home, channel: 'fhir', limits, ca, tokens: null, log, timer }),
    )
    return this.#plain
  }

  get fhir(): FhirClient {
    this.#fhir ??= this.#stack.use(this.#openFhir())
    return this.#fhir
  }

  #openFhir(): FhirClient {
    const { limits, ca, log, timer, tokens } = this
    const { fhir, auth } = this.settings
    const { version } = fhir
    const shared = { limits, ca, log, timer, tokens, version, scopeVersion: auth.scopeVersion }
    return new FhirClient({ ...shared, base: fhir.base })
  }

  /** Everything that is closed when the test ends. */
  use<T extends AsyncDisposable>(part: T): T {
    return this.#stack.use(part)
  }

  /** The token of this test: asked for anew, since what is proven here is that one is given now. */
  readonly tokens: TokenSource = {
    token: async (): Promise<AccessToken> => {
      this.granted ??= await this.ask(this.asked)
      return this.granted.token
    },
    discard: async () => {
      this.granted = null
      await Promise.resolve()
    },
  }
  asked: readonly string[] = []

  get tokenUrl(): string {
    const { fhir, millennium } = this.settings
    if (fhir.base === '') return millennium.tokenUrl
    return fhir.tokenUrl || (this.endpoints?.token ?? '')
  }

  /**
   * Asks for a token, once: the client tries again where nobody decided, which is for work and not for a test.
   *
   * @throws FHIR_TOKEN_REFUSED, FHIR_TOKEN_UNAVAILABLE
   */
  async ask(scopes: readonly string[]): Promise<Granted> {
    const { plain: web, tokenUrl } = this
    const once = new AbortController()
    this.#onCall = ({ kind, error }) => {
      if (kind !== 'POST token' || error === null || error.code === 'FHIR_TOKEN_REFUSED') return
      const at = { host: new URL(tokenUrl).host, reason: error.place ?? error.code }
      once.abort(new IntegrationError('FHIR_TOKEN_UNAVAILABLE', at))
    }
    try {
      const proof = systemProof(this.settings)
      const grant = { type: 'client_credentials' as const, scopes }
      return await requestToken({ web, tokenUrl, proof, grant, signal: once.signal })
    } finally {
      this.#onCall = null
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync()
  }
}

/** Where the Millennium services are; empty when none is set. */
export const servicesAddress = ({ base, transport, soap }: CernerSettings['millennium']): string =>
  transport === 'rest' ? base : soap.endpoint || base

/** How long something took. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const startedAt = performance.now()
  const value = await work()
  return { value, ms: performance.now() - startedAt }
}
