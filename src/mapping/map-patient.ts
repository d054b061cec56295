import { IntegrationError } from '../kernel/errors.ts'
import type { Effect, Said, SaidSet, Statement } from '../model/statement.ts'
import type { Identifier } from '../model/values.ts'
import type { Hl7Message, Segment } from '../standards/hl7v2/message.ts'
import { compile, openSlots, readRow } from './compile.ts'
import { cellAt } from './field-view.ts'
import type { CompiledTable, Slots } from './compile.ts'
import { readIdentifier } from './codecs/identifier.ts'
import type { Reading } from './reading.ts'
import { addIdentifier, readPatientSets } from './sets.ts'
import { patientTable } from './tables/patient.ts'

export interface PatientReading {
  readonly effect: Effect
  /** True where PID is the news itself (ADT); false where it only says whom the message is about. */
  readonly isNews: boolean
}

/**
 * What a message says about its patient. `keys` are all ids of PID-3, then those of PID-2 and PID-4; a social
 * security number is never a key, because it may be wrong, shared or borrowed.
 *
 * @throws HL7_REQUIRED_SEGMENT_MISSING without PID, HL7_REQUIRED_FIELD_EMPTY without any id,
 *   HL7_SEVERAL_PATIENTS when a second PID follows
 * @see hl7-v2.md §8.1, §8.3
 */
export function readPatient(message: Hl7Message, how: PatientReading, at: Reading): Statement {
  const pid = message.segment('PID')
  if (!pid) throw new IntegrationError('HL7_REQUIRED_SEGMENT_MISSING', { segment: 'PID' })
  if (message.segment('PID', 2)) throw new IntegrationError('HL7_SEVERAL_PATIENTS', { segment: 'PID[2]' })
  const identifiers = readIdentifiers(pid, at)
  const keys = identifiers.filter(({ type }) => type !== 'SS')
  if (keys.length === 0) throw new IntegrationError('HL7_REQUIRED_FIELD_EMPTY', { field: 'PID-3' })

  const rows = compile(patientTable, at.settings)
  const fields = readFields(rows, openSlots(rows, message), at, how.isNews)
  // The key is what names the record, also where PID-3 is empty and PID-2 has to serve.
  fields['external_id'] ??= { value: (keys[0] as Identifier).value, place: placeOfFirst(pid) }
  const sets: Record<string, SaidSet> = {
    identifiers: { rows: identifiers, place: 'PID-3' },
    ...(how.isNews ? readPatientSets(message, at) : undefined),
  }
  return { record: 'patient', keys, fields, sets, effect: how.effect }
}

const placeOfFirst = (pid: Segment): string =>
  pid.get(3) !== '' ? 'PID-3.1' : pid.get(2) !== '' ? 'PID-2.1' : 'PID-4.1'

/**
 * Every field of a table that the segments state.
 *
 * @param withCleared false leaves out what is deleted: where the record is only mentioned, `""` is no news
 */
export function readFields(
  table: CompiledTable,
  slots: Slots,
  at: Reading,
  withCleared = true,
): Record<string, Said> {
  const fields: Record<string, Said> = {}
  const { rows } = table
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as CompiledTable['rows'][number]
    const value = readRow(row, slots, at)
    if (value === undefined || (value === null && !withCleared)) continue
    fields[row.field] = { value, place: at.place }
  }
  return fields
}

/** All identifiers of a PID: the list in 3, then 2 (external) and 4 (alternate), which 2.3 feeds still fill. */
function readIdentifiers(pid: Segment, at: Reading): Identifier[] {
  const list: Identifier[] = []
  for (const [field, usual] of ID_FIELDS) {
    const count = pid.repetitions(field)
    for (let n = 1; n <= count; n++) addIdentifier(list, readIdentifier(cellAt(pid, field, n), usual, at))
  }
  return list
}

const ID_FIELDS: readonly (readonly [field: number, usual: string])[] = [
  [3, 'MR'],
  [2, 'PT'],
  [4, 'PT'],
]
