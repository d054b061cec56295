import type { CernerSettings } from '../connectors/cerner/definition.ts'
import { tenantOf } from '../connectors/cerner/tenant.ts'
import type { Instant } from '../kernel/calendar-date.ts'
import { mapFhir } from '../mapping/map-fhir.ts'
import type { FhirMapSettings, MappedFhir } from '../mapping/map-fhir.ts'
import type { RunningConnection } from './connection.ts'
import { codesOf, readerOf as hl7ReaderOf } from './read-message.ts'
import type { Hl7Reader } from './read-message.ts'

/** The steps *decode* and *map* for what one connection brings. */
export type Reader = Hl7Reader | FhirReader

export interface FhirReader {
  channel: 'cerner'
  /** @param receivedAt stands in where the resource says no time of its own */
  map(text: string, receivedAt: Instant): MappedFhir
}

export function readerOf(running: RunningConnection): Reader {
  if (running.channel === 'hl7v2') return hl7ReaderOf(running.settings)
  const settings = fhirMapSettingsOf(running.settings)
  return { channel: 'cerner', map: (text, receivedAt) => mapFhir(text, settings, receivedAt) }
}

/** The mapping side of a Cerner connection's settings. One object per connection, since compiled tables hang on it. */
export function fhirMapSettingsOf(settings: CernerSettings): FhirMapSettings {
  return {
    zone: settings.zone,
    country: settings.country,
    defaultAuthority: settings.visitAuthority,
    authorityAliases: settings.authorityAliases,
    nullMeans: 'clear',
    remap: [],
    profile: null,
    codes: codesOf(settings.codeTranslations),
    source: tenantOf(settings),
    base: settings.fhir.base,
    version: settings.fhir.version,
    appointmentAuthority: settings.appointmentAuthority,
    visitAuthority: settings.visitAuthority,
  }
}
