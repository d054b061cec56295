import type {
  AppointmentChange,
  BookRequest,
  CancelRequest,
  MoveRequest,
  SchedulingOptions,
  Slot,
  SlotQueryRequest,
  StatusRequest,
} from '../contract/scheduling.ts'
import type { CernerStatus, ConnectionCreate, Discovered, PublicKey } from '../contract/cerner.ts'
import type { Connection, ConnectionUpdate, ProbeResult } from '../contract/connections.ts'
import type { DecodedExchange, ReplayResult } from '../contract/exchanges.ts'
import type {
  DocumentRequest,
  PatientCandidate,
  PatientCandidatesRequest,
  PatientChangeRequest,
  PatientRegistered,
  PatientRegisterRequest,
  QueuedChange,
  VitalSignsRequest,
} from '../contract/outbound.ts'
import type { LaunchContext } from '../contract/launch.ts'
import type { LiveEvent } from '../contract/metrics.ts'
import type { ResolveRequest } from '../contract/conflicts.ts'
import type { SyncRequest } from '../contract/sync.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'

/** Who does something, for the audit trail. */
export interface Actor {
  name: string
  role: string
}

/** What the HTTP room asks of the engine. Reading records and the log it does itself, through `store`. */
export interface EngineServices {
  /** Parses and maps the stored bytes again, for the exchange page. */
  decode(id: ExchangeId): Promise<DecodedExchange>
  replay(
    id: ExchangeId,
    request: { preview: boolean; edits: { place: string; value: string }[] },
    actor: Actor,
  ): Promise<ReplayResult>
  connections: {
    list(): Promise<Connection[]>
    get(id: ConnectionId): Promise<Connection>
    create(request: ConnectionCreate, actor: Actor): Promise<Connection>
    /** Restarts the listener with the new settings. */
    update(id: ConnectionId, change: ConnectionUpdate, actor: Actor): Promise<Connection>
    probe(id: ConnectionId): Promise<ProbeResult>
    /** JSON Schema of the settings, with label, help and secret marks. */
    settingsSchema(id: ConnectionId): Promise<unknown>
  }
  cerner: {
    /** @param publicUrl where browsers and Cerner reach us: launch, redirect and JWKS addresses hang on it */
    status(id: ConnectionId, publicUrl: string): Promise<CernerStatus>
    discover(base: string): Promise<Discovered>
    makeKeys(id: ConnectionId, algorithm: 'RS384' | 'ES384', actor: Actor): Promise<PublicKey>
    /** Public keys of all connections, for `/.well-known/jwks.json`. */
    publicKeys(): Promise<Record<string, unknown>[]>
  }
  launch: {
    /**
     * Begins a SMART launch.
     *
     * @param query as the browser came: `iss` and `launch`, or `connection`, or `iss` alone
     * @returns where to send the browser, its state, and the secret that its cookie keeps until the answer
     * @throws LAUNCH_INVALID, LAUNCH_OFF, PROFILE_FORBIDS, FHIR_DISCOVERY_FAILED
     */
    begin(query: URLSearchParams, publicUrl: string): Promise<{ url: string; state: string; browser: string }>
    /**
     * Takes Cerner's answer and opens a session that lives as long as the launch.
     *
     * @param browser what the cookie of this browser keeps
     * @throws LAUNCH_INVALID, LAUNCH_REFUSED
     */
    complete(
      query: URLSearchParams,
      browser: string | undefined,
    ): Promise<{
      secret: string
      expiresAtMs: number
      kind: 'ehr' | 'standalone'
      name: string
      patientId: string | null
    }>
    /** Renews the token of a session that soon runs out. @throws LAUNCH_ENDED */
    keep(sessionId: string): Promise<void>
    /** @throws NOT_FOUND for a session that stands on no launch */
    context(sessionId: string): Promise<LaunchContext>
    end(sessionId: string, actor: Actor): Promise<void>
    /** Origins that may show our launch pages in a frame. */
    frameOrigins(): Promise<string[]>
  }
  sync: {
    /** @returns the run's id */
    start(id: ConnectionId, request: SyncRequest, actor: Actor): Promise<string>
    stop(runId: string, actor: Actor): Promise<void>
  }
  scheduling: {
    options(connectionId?: ConnectionId): Promise<SchedulingOptions>
    slots(query: SlotQueryRequest): Promise<Slot[]>
    book(request: BookRequest, actor: Actor): Promise<AppointmentChange>
    move(id: string, request: MoveRequest, actor: Actor): Promise<AppointmentChange>
    cancel(id: string, request: CancelRequest, actor: Actor): Promise<AppointmentChange>
    setStatus(id: string, request: StatusRequest, actor: Actor): Promise<AppointmentChange>
  }
  outbound: {
    /** People at Cerner and here who may be the same person. */
    candidates(request: PatientCandidatesRequest): Promise<PatientCandidate[]>
    register(request: PatientRegisterRequest, actor: Actor): Promise<PatientRegistered>
    updatePatient(id: string, request: PatientChangeRequest, actor: Actor): Promise<QueuedChange>
    vitalSigns(patientId: string, request: VitalSignsRequest, actor: Actor): Promise<QueuedChange>
    document(patientId: string, request: DocumentRequest, actor: Actor): Promise<QueuedChange>
    /** Takes a change back that has not been sent. */
    withdraw(exchangeId: ExchangeId, actor: Actor): Promise<void>
    /** Sends a parked change once more. */
    retry(exchangeId: ExchangeId, actor: Actor): Promise<void>
  }
  conflicts: {
    resolve(id: string, request: ResolveRequest, actor: Actor): Promise<void>
  }
  documents: {
    /** The content of a document: kept here, or read from Cerner and kept. */
    content(id: string): Promise<{ bytes: Uint8Array; mediaType: string }>
  }
  /** Hints for live pages; returns the unsubscribe. */
  onLive(listener: (event: LiveEvent) => void): () => void
}
