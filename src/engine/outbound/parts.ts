import type { Action } from '../../connectors/cerner/definition.ts'
import type { CernerRoad, Read } from '../../connectors/cerner/port.ts'
import type { Instant } from '../../kernel/calendar-date.ts'
import type { Clock } from '../../kernel/clock.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import { mapFhir } from '../../mapping/map-fhir.ts'
import type { FhirMapSettings } from '../../mapping/map-fhir.ts'
import type { MappedMessage } from '../../model/statement.ts'
import type { Database } from '../../store/database.ts'
import type { Vault } from '../../vault/vault.ts'
import type { RunningCerner } from '../connection.ts'
import { fhirMapSettingsOf } from '../reader.ts'

/** What everything that goes out to Cerner stands on. */
export interface OutboundParts {
  database: Database
  vault: Vault
  clock: Clock
  /** All Cerner connections, in the order they were made. */
  connections: () => readonly RunningCerner[]
  /** The road that the settings of a connection choose. @throws PROFILE_FORBIDS, ROAD_OFF */
  roadFor: (connectionId: ConnectionId, action: Action) => CernerRoad | Promise<CernerRoad>
  /** Runs calls so that the log hangs them on the change that caused them. */
  within?: <T>(exchangeId: ExchangeId, work: () => Promise<T>) => Promise<T>
}

/** @throws NOT_FOUND for a connection that is gone, or of another kind */
export function connectionOf({ connections }: OutboundParts, id: ConnectionId): RunningCerner {
  const found = connections().find((one) => one.id === id)
  if (!found) throw new IntegrationError('NOT_FOUND', { what: 'Cerner connection' })
  return found
}

/**
 * The connection that carries an action: the one that is named, else the first that is on and has a road for it.
 *
 * @throws PROFILE_FORBIDS, ROAD_OFF why none can; NOT_FOUND when there is none
 */
export async function carrierOf(
  parts: OutboundParts,
  action: Action,
  named?: ConnectionId,
): Promise<{ connection: RunningCerner; road: CernerRoad }> {
  if (named !== undefined) {
    const connection = connectionOf(parts, named)
    if (!connection.enabled) throw new IntegrationError('ROAD_OFF', { action: 'this connection: it is off' })
    return { connection, road: await parts.roadFor(connection.id, action) }
  }
  let refusal: unknown = new IntegrationError('NOT_FOUND', { what: 'Cerner connection' })
  for (const connection of parts.connections().filter((one) => one.enabled)) {
    try {
      return { connection, road: await parts.roadFor(connection.id, action) }
    } catch (error) {
      if (!(error instanceof IntegrationError)) throw error
      refusal = error
    }
  }
  throw refusal
}

const settingsOf = new WeakMap<RunningCerner, FhirMapSettings>()

/** The mapping side of a connection's settings: one object each, since compiled tables hang on it. */
export function mapSettingsOf(connection: RunningCerner): FhirMapSettings {
  const known = settingsOf.get(connection)
  if (known) return known
  const made = fhirMapSettingsOf(connection.settings)
  settingsOf.set(connection, made)
  return made
}

/** What a resource that was read says, in our words. @throws FHIR_RESOURCE_INVALID */
export function newsOf(connection: RunningCerner, read: Read, receivedAt: Instant): MappedMessage {
  const mapped = mapFhir(read.text, mapSettingsOf(connection), receivedAt)
  if (mapped.kind === 'mapped') return mapped.message
  const place = mapped.kind === 'ignored' ? mapped.place : read.resource.resourceType
  throw new IntegrationError('FHIR_RESOURCE_INVALID', { place, expected: 'a record of this kind' })
}
