import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import type { ConnectionId } from '../kernel/ids.ts'

/** A configured connector, as the engine holds it while it runs. */
export interface RunningConnection {
  id: ConnectionId
  name: string
  channel: 'hl7v2'
  settings: Hl7v2Settings
}
