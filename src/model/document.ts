import type { Instant } from '../kernel/calendar-date.ts'
import type { ConnectionId, ExchangeId } from '../kernel/ids.ts'

/**
 * A record as it is stored: each field with the instant it was true and the exchange it came from. Kept small, since
 * it is sealed and rewritten on each change: sources are listed once and pointed at by index.
 */
export interface RecordDocument {
  /** Field name → what is known of it. A cleared field stays, with value `null`, so that old news cannot revive it. */
  fields: Record<string, FieldState>
  /** Set name → connection id → the rows that connection last sent (hl7-v2.md §3.2: rows of other sources stay). */
  sets: Record<string, Record<string, FieldState>>
  /** Exchange and connection of each source still pointed at. */
  sources: Source[]
}

/** Value, as_of (epoch milliseconds), index into `sources`, place in the message. */
export type FieldState = [value: unknown, asOfMs: number, source: number, place: string]

export type Source = [exchange: ExchangeId, connection: ConnectionId]

export const emptyDocument = (): RecordDocument => ({ fields: {}, sets: {}, sources: [] })

/** The value of a field, or `null` when it is unknown or was cleared. */
export const valueOf = (document: RecordDocument, field: string): unknown =>
  document.fields[field]?.[0] ?? null

/** All rows of a set that stand, over all sources. */
export function rowsOf<T>(document: RecordDocument, set: string): T[] {
  const bySource = document.sets[set]
  if (!bySource) return []
  return Object.values(bySource).flatMap((state) => (state[0] as T[]).filter((row) => !isGone(row)))
}

const isGone = (row: unknown): boolean => (row as { gone?: boolean } | null)?.gone === true

export interface FieldOrigin {
  as_of: Instant
  exchange_id: ExchangeId
  connection_id: ConnectionId
  place: string
}

/** Where each field and set came from. A set fed by several sources names the latest. */
export function originsOf(document: RecordDocument): Record<string, FieldOrigin> {
  const origins: Record<string, FieldOrigin> = {}
  for (const [field, state] of Object.entries(document.fields)) {
    const origin = originOf(document, state)
    if (origin) origins[field] = origin
  }
  for (const [set, bySource] of Object.entries(document.sets)) {
    const latest = Object.values(bySource).sort((a, b) => b[1] - a[1])[0]
    const origin = latest && originOf(document, latest)
    if (origin) origins[set] = origin
  }
  return origins
}

function originOf(document: RecordDocument, [, asOfMs, index, place]: FieldState): FieldOrigin | undefined {
  const source = document.sources[index]
  if (!source) return undefined
  return {
    as_of: new Date(asOfMs).toISOString(),
    exchange_id: source[0],
    connection_id: source[1],
    place,
  }
}

/** What an exchange did to one field, kept sealed with the exchange's outcome. */
export interface FieldEffect {
  /** 'patient/<uuid>' */
  record: string
  field: string
  before: unknown
  after: unknown
  place: string
  outcome: 'changed' | 'older'
}

/** The content of `exchange_outcome.sealed_effect`. */
export interface ExchangeEffect {
  changes: FieldEffect[]
  warnings: { code: string; place: string; says: string }[]
}

/** The content of `exchange.sealed_head`. */
export interface ExchangeHead {
  controlId: string
  sender: string
  version: string
  /** The reply that was given, as text in latin1; repeats get it again byte for byte. */
  reply: string | null
  ackCode: string | null
}
