import type { z } from 'zod'
import { CERNER_SECRETS, cernerSettings, cernerSettingsJson } from '../connectors/cerner/definition.ts'
import { HL7V2_SECRETS, hl7v2Settings, hl7v2SettingsJson } from '../connectors/hl7v2/definition.ts'
import { IntegrationError } from '../kernel/errors.ts'
import type { Channel } from './connection.ts'

/** What the engine knows of each kind of connection before it runs. */
interface ChannelDefinition {
  settings: z.ZodType<Record<string, unknown>>
  json: unknown
  /** Paths of the settings that are sealed. */
  secrets: readonly string[]
}

const CHANNELS: Readonly<Record<Channel, ChannelDefinition>> = {
  hl7v2: { settings: hl7v2Settings, json: hl7v2SettingsJson, secrets: HL7V2_SECRETS },
  cerner: { settings: cernerSettings, json: cernerSettingsJson, secrets: CERNER_SECRETS },
}

/** @throws CONFIG_INVALID for a channel of a newer program */
export function definitionOf(channel: string): ChannelDefinition & { channel: Channel } {
  if (!Object.hasOwn(CHANNELS, channel)) {
    throw new IntegrationError('CONFIG_INVALID', {
      place: 'connection.channel',
      reason: 'there is no such channel',
    })
  }
  const known = channel as Channel
  return { channel: known, ...CHANNELS[known] }
}
