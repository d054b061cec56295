import type { CernerSettings } from '../connectors/cerner/definition.ts'
import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import type { ConnectionId } from '../kernel/ids.ts'

/** A configured connector, as the engine holds it while it runs. */
export type RunningConnection = RunningHl7 | RunningCerner

export interface RunningHl7 {
  id: ConnectionId
  name: string
  channel: 'hl7v2'
  settings: Hl7v2Settings
}

export interface RunningCerner {
  id: ConnectionId
  name: string
  channel: 'cerner'
  settings: CernerSettings
  enabled: boolean
  /** Of the stored settings: what was made from an older one is made anew. */
  version: number
}

export type Channel = RunningConnection['channel']
