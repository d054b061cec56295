import type { Hl7v2Settings } from '../connectors/hl7v2/definition.ts'
import { IntegrationError } from '../kernel/errors.ts'
import { mapHl7v2 } from '../mapping/map-hl7v2.ts'
import type { Mapped } from '../mapping/map-hl7v2.ts'
import type { MapSettings } from '../mapping/settings.ts'
import { decode } from '../standards/hl7v2/decode.ts'
import type { Hl7Message } from '../standards/hl7v2/message.ts'

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
  }
}

/** The steps *decode* and *map* for one stored message. */
export interface Reader {
  decode(bytes: Uint8Array): Hl7Message
  map(message: Hl7Message): Mapped
}

export function readerOf(settings: Hl7v2Settings): Reader {
  const mapSettings = mapSettingsOf(settings)
  const options = { charset: settings.charset, version: settings.defaultVersion }
  return {
    decode(bytes) {
      const decoded = decode(bytes, options)
      if (decoded.kind === 'message') return decoded.message
      throw new IntegrationError('HL7_UNREADABLE', {})
    },
    map: (message) => mapHl7v2(message, mapSettings),
  }
}
