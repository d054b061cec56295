import type { MappedMessage, Statement } from '../model/statement.ts'
import { decode } from '../standards/hl7v2/decode.ts'
import type { Hl7Message } from '../standards/hl7v2/message.ts'
import { mapHl7v2 } from './map-hl7v2.ts'
import type { Mapped } from './map-hl7v2.ts'
import { Reading } from './reading.ts'
import type { MapSettings } from './settings.ts'

/** Settings of a connection in Chicago, for tests. */
export const settingsWith = (changes: Partial<MapSettings> = {}): MapSettings => ({
  zone: 'America/Chicago',
  country: 'US',
  defaultAuthority: 'CERNER',
  authorityAliases: {},
  nullMeans: 'clear',
  remap: [],
  profile: null,
  ...changes,
})

export const reading = (changes: Partial<MapSettings> = {}): Reading => {
  const at = new Reading(settingsWith(changes), 'v2')
  at.place = 'PID-1'
  return at
}

export function messageOf(lines: readonly string[]): Hl7Message {
  const decoded = decode(new TextEncoder().encode(lines.join('\r') + '\r'))
  if (decoded.kind !== 'message') throw new Error('the sample does not decode')
  return decoded.message
}

export const mapLines = (lines: readonly string[], changes: Partial<MapSettings> = {}): Mapped =>
  mapHl7v2(messageOf(lines), settingsWith(changes))

/** What the lines say; fails for a message that is ignored. */
export function said(lines: readonly string[], changes: Partial<MapSettings> = {}): MappedMessage {
  const mapped = mapLines(lines, changes)
  if (mapped.kind !== 'mapped') throw new Error('the sample is ignored')
  return mapped.message
}

export function statementOf(message: MappedMessage, record: Statement['record']): Statement {
  const found = message.statements.find((statement) => statement.record === record)
  if (!found) throw new Error(`nothing is said about a ${record}`)
  return found
}

/** Field name → value, without the places. */
export const valuesOf = (statement: Statement): Record<string, unknown> =>
  Object.fromEntries(Object.entries(statement.fields).map(([field, { value }]) => [field, value]))

export const mshOf = (event: string, version = '2.5.1', time = '20260310120000-0500'): string =>
  `MSH|^~\\&|CERNER|HOSP|STUDIO|CLINIC|${time}||${event}|M1|P|${version}`

export const PID = 'PID|1||12345^^^CERNER^MRN||DOE^JOHN||19800515|M'

/** The sample ADT^A04 of the integration guide, line by line. */
export const GUIDE_SAMPLE: readonly string[] = [
  'MSH|^~\\&|CERNER|CERNERHOST|PRACTICESTUDIO|PSSERVER|20220315142658||ADT^A04|12345|P|2.3|',
  'EVN|A04|20220315142658|||',
  'PID|1||12345^^^CERNER^MRN||DOE^JOHN^||19800515|M||White|123 MAIN ST^^SPRINGFIELD^IL^62701^USA^^^SANGAMON|SANGAMON|(555)555-1234|(555)555-5678|ENG|M|CHR|100000^^^CERNER^FIN NBR|123-45-6789|||',
  'NK1|1|DOE^JANE^|SPO||(555)555-4321||EC|||||||||||',
  'PV1|1|O|CLINIC^^^FACILITY|||||12345^JOHNSON^JANE^^^^^CERNER^^^^PROVID|||||||||||100000^^^CERNER^FIN NBR|||||||||||||||||||||||||20220315142658|',
  'IN1|1|BC123^BLUE CROSS|BLUEINS|BLUE CROSS|123 INSURANCE WAY^^SPRINGFIELD^IL^62701^USA^^^SANGAMON|||(555)555-9876|100|FAMILY PLAN||||JOHN DOE|SELF|19800515|123 MAIN ST^^SPRINGFIELD^IL^62701^USA^^^SANGAMON|Y|CO|BC123456789|||||||||||||||BC987654321||||||||||',
]
