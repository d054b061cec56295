import { systemClock } from '../../kernel/clock.ts'
import type { Inbox } from '../connector.ts'
import type { Hl7v2Settings } from './definition.ts'
import type { Log } from './log.ts'
import { probeHl7v2 } from './probe.ts'
import type { ProbeStep } from './probe.ts'
import { openListener } from './receive.ts'
import type { Listener, ListenerOptions } from './receive.ts'
import { openSender } from './send.ts'
import type { Sender, Stray } from './send.ts'

export interface Hl7v2Connector extends AsyncDisposable {
  readonly settings: Hl7v2Settings
  readonly listener: Listener
  /** Null where the settings name no receiver. */
  readonly sender: Sender | null
  probe(): Promise<ProbeStep[]>
}

export interface ConnectorOptions extends ListenerOptions {
  inbox: Inbox
  log: Log
  /** Late and application acknowledgements of messages that this connection sent. */
  onStray?: (stray: Stray) => void
}

/**
 * Opens an HL7 v2 connection: its listener, and its sender where the settings name a receiver.
 *
 * @throws MLLP_PORT_UNAVAILABLE, TLS_MATERIAL_INVALID
 */
export async function openHl7v2(options: ConnectorOptions): Promise<Hl7v2Connector> {
  const { settings, onStray, clock = systemClock } = options
  const listener = await openListener(options)
  const { outbound } = settings
  const sender = outbound ? openSender({ ...outbound, ...(onStray ? { onStray } : {}) }) : null
  return {
    settings,
    listener,
    sender,
    probe: () => probeHl7v2({ settings, listener, clock }),
    async [Symbol.asyncDispose]() {
      await Promise.all([listener.close(), sender?.close()])
    },
  }
}
