import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import type { Instant } from '../kernel/calendar-date.ts'
import { IntegrationError } from '../kernel/errors.ts'
import { mapHl7v2 } from '../mapping/map-hl7v2.ts'
import type { Mapped } from '../mapping/map-hl7v2.ts'
import type { MapSettings } from '../mapping/settings.ts'
import { decode } from '../standards/hl7v2/decode.ts'
import type { Hl7Message } from '../standards/hl7v2/message.ts'
import { SEGMENT_LIMIT } from '../standards/hl7v2/split.ts'

/** The mapping side of a connection's settings. One object per connection, since compiled tables hang on it. */
export function mapSettingsOf(settings: Hl7v2Settings): MapSettings {
  return {
    zone: settings.zone,
    country: settings.country,
    defaultAuthority: settings.defaultAuthority,
    authorityAliases: settings.authorityAliases,
    nullMeans: settings.nullMeans,
    nullMeansFor: settings.nullMeansByField,
    remap: settings.fieldRemap,
    profile: settings.profile === 'none' ? null : settings.profile,
    codes: codesOf(settings.codeTranslations),
  }
}

/** The analyst's answers to CODE_NOT_IN_SET, by set and code. */
export function codesOf(
  translations: Hl7v2Settings['codeTranslations'],
): Record<string, Record<string, string>> {
  const codes: Record<string, Record<string, string>> = {}
  for (const { set, code, means } of translations) (codes[set] ??= {})[code] = means
  return codes
}

/** The steps *decode* and *map* for one stored message. */
export interface Hl7Reader {
  channel: 'hl7v2'
  decode(bytes: Uint8Array): Hl7Message
  /** @param receivedAt stands in where the message says no time of its own */
  map(message: Hl7Message, receivedAt: Instant): Mapped
}

export function readerOf(settings: Hl7v2Settings): Hl7Reader {
  const mapSettings = mapSettingsOf(settings)
  const options = { charset: settings.charset, version: settings.defaultVersion }
  return {
    channel: 'hl7v2',
    decode(bytes) {
      const decoded = decode(bytes, options)
      if (decoded.kind === 'message') return decoded.message
      // What the envelope could not see without reading the message to its end.
      if (decoded.kind === 'unreadable' && decoded.problem.code === 'HL7_TOO_MANY_SEGMENTS')
        throw new IntegrationError('HL7_TOO_MANY_SEGMENTS', { limit: SEGMENT_LIMIT })
      throw new IntegrationError('HL7_UNREADABLE', {})
    },
    map: (message, receivedAt) => mapHl7v2(message, mapSettings, receivedAt),
  }
}
