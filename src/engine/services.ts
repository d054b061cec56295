import type { Connection, ConnectionUpdate, ProbeResult } from '../contract/connections.ts'
import type { LiveEvent } from '../contract/metrics.ts'
import type { DecodedExchange, ReplayResult } from '../contract/exchanges.ts'
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
    /** Restarts the listener with the new settings. */
    update(id: ConnectionId, change: ConnectionUpdate, actor: Actor): Promise<Connection>
    probe(id: ConnectionId): Promise<ProbeResult>
    /** JSON Schema of the settings, with label, help and secret marks. */
    settingsSchema(id: ConnectionId): Promise<unknown>
  }
  /** Hints for live pages; returns the unsubscribe. */
  onLive(listener: (event: LiveEvent) => void): () => void
}
