import { ERRORS, IntegrationError } from '../kernel/errors.ts'
import type { ErrorCode } from '../kernel/errors.ts'
import type { Instant } from '../kernel/calendar-date.ts'
import type { MappedMessage, MappingWarning, Statement } from '../model/statement.ts'
import type { Hl7Message } from '../standards/hl7v2/message.ts'
import { offsetOf, readTime } from '../standards/hl7v2/time.ts'
import { EVENTS, MERGE_EVENTS } from './events.ts'
import type { EventEffect } from './events.ts'
import { mapAdt } from './map-adt.ts'
import { mapOru } from './map-oru.ts'
import { mapSiu } from './map-siu.ts'
import { AUTO_PROFILE, GUIDE_PROFILE } from './profiles.ts'
import { Reading } from './reading.ts'
import type { MapSettings } from './settings.ts'

/** What became of a message in mapping. `ignored` is no fault: the event changes nothing here, `code` says why. */
export type Mapped =
  | { readonly kind: 'mapped'; readonly message: MappedMessage }
  | { readonly kind: 'ignored'; readonly code: ErrorCode; readonly place: string }

/**
 * Turns a decoded HL7 v2 message into what it says about our records.
 *
 * A value that does not fit its field is left out with a warning and the rest of the message still applies; only what
 * leaves nobody to apply it to is thrown.
 *
 * @param receivedAt when the message came; serves where neither EVN-2 nor MSH-7 holds a time
 * @throws IntegrationError (permanent) for what must park: a merge, no PID, no patient id, two patients, a report status that
 *   is none
 * @see hl7-v2.md §8 to §10
 */
export function mapHl7v2(message: Hl7Message, settings: MapSettings, receivedAt?: Instant): Mapped {
  const { type, event, timestamp } = message.header
  const kind = `${type}^${event}`
  if (MERGE_EVENTS.has(kind)) throw new IntegrationError('HL7_MERGE_NOT_APPLIED', { field: 'MSH-9' })
  const effect = EVENTS[kind]
  if (!effect) return ignored()
  const at = new Reading(settings, 'v2', { offset: offsetOf(timestamp), delimiters: message.delimiters })
  const asOf = readAsOf(message, at, receivedAt)
  const statements = mapEvent(message, effect, asOf, at)
  if (statements === null) return ignored()
  const { warnings } = at
  if (settings.profile === AUTO_PROFILE && showsGuideLayout(warnings)) {
    const again = mapHl7v2(message, guideSettings(settings), receivedAt)
    if (again.kind === 'mapped' && !again.message.warnings.some(isAboutInsurance))
      return withNote(again.message)
  }
  return { kind: 'mapped', message: { kind, asOf, statements, warnings } }
}

// Both drifts of the guide's sample in one message: one alone is some other interface, and a person decides.
const showsGuideLayout = (warnings: readonly MappingWarning[]): boolean =>
  new Set(warnings.filter((one) => one.code === 'HL7_FIELDS_SHIFTED').map((one) => one.place)).size >= 2

const isAboutInsurance = (warning: MappingWarning): boolean => warning.place.startsWith('IN1')

function withNote(message: MappedMessage): Mapped {
  const note = {
    code: 'HL7_LAYOUT_OF_GUIDE',
    place: 'IN1',
    says: ERRORS.HL7_LAYOUT_OF_GUIDE.says({ segment: 'IN1' }),
  }
  return { kind: 'mapped', message: { ...message, warnings: [...message.warnings, note] } }
}

const guided = new WeakMap<MapSettings, MapSettings>()

// One object per connection, since compiled tables hang on it.
function guideSettings(settings: MapSettings): MapSettings {
  let known = guided.get(settings)
  if (!known) guided.set(settings, (known = { ...settings, profile: GUIDE_PROFILE }))
  return known
}

const ignored = (): Mapped => ({ kind: 'ignored', code: 'HL7_EVENT_NOT_SUPPORTED', place: 'MSH-9' })

function mapEvent(message: Hl7Message, effect: EventEffect, asOf: Instant, at: Reading): Statement[] | null {
  switch (effect.kind) {
    case 'adt':
      return mapAdt(message, effect, at)
    case 'siu':
      return mapSiu(message, effect, at)
    case 'oru':
      return mapOru(message, asOf, at)
  }
  return effect satisfies never
}

/**
 * When the message was true: EVN-2, else MSH-7, else its arrival (hl7-v2.md §8).
 *
 * @throws HL7_REQUIRED_FIELD_EMPTY for MSH-7 when nothing says when: old news could not be told from new
 */
function readAsOf(message: Hl7Message, at: Reading, receivedAt: Instant | undefined): Instant {
  const recorded = message.segment('EVN')?.get(2) ?? ''
  for (const raw of [recorded, message.header.timestamp]) {
    if (raw === '') continue
    const time = readTime(raw, at.zones)
    if (time.kind === 'instant') return time.instant
  }
  if (receivedAt !== undefined) return receivedAt
  throw new IntegrationError('HL7_REQUIRED_FIELD_EMPTY', { field: 'MSH-7' })
}
