import type { Allergy, Coverage, Diagnosis, Identifier, NextOfKin } from '../model/values.ts'
import type { SaidSet } from '../model/statement.ts'
import type { Hl7Message, Segment } from '../standards/hl7v2/message.ts'
import { compile, openSlots, readRow } from './compile.ts'
import { cellAt } from './field-view.ts'
import { withoutShiftedFields } from './field-shift.ts'
import type { Reading } from './reading.ts'
import type { Table } from './table.ts'
import { allergyTable } from './tables/allergy.ts'
import { coverageTable } from './tables/coverage.ts'
import { diagnosisTable } from './tables/diagnosis.ts'
import { nextOfKinTable } from './tables/next-of-kin.ts'

/** The sets of a patient that the message holds a snapshot of; a set without a segment is not stated at all. */
export function readPatientSets(message: Hl7Message, at: Reading): Record<string, SaidSet> {
  const sets: Record<string, SaidSet> = {}
  put(
    sets,
    'next_of_kin',
    'NK1',
    message,
    (segment) => readSetRow<NextOfKin>(nextOfKinTable, message, segment, at),
    at,
  )
  put(sets, 'coverage', 'IN1', message, (segment, index) => readCoverage(message, segment, index, at), at)
  put(
    sets,
    'allergies',
    'AL1',
    message,
    (segment) => readSetRow<Allergy>(allergyTable, message, segment, at),
    at,
  )
  return sets
}

/** The diagnoses of a visit. */
export function readEncounterSets(message: Hl7Message, at: Reading): Record<string, SaidSet> {
  const sets: Record<string, SaidSet> = {}
  put(sets, 'diagnoses', 'DG1', message, (segment) => readDiagnosis(message, segment, at), at)
  return sets
}

function put(
  sets: Record<string, SaidSet>,
  name: string,
  segmentName: string,
  message: Hl7Message,
  read: (segment: Segment, index: number) => object | undefined,
  at: Reading,
): void {
  if (message.segment(segmentName) === undefined) return
  const segments = message.all(segmentName)
  // One segment with `""` in place of its content deletes all of that type (hl7-v2.md §3.2).
  if (segments.length === 1 && deletesAll(segments[0] as Segment)) {
    if (nullsClear(name, segmentName, at)) sets[name] = { rows: [], place: segmentName }
    return
  }
  const rows = segments.map(read).filter((row) => row !== undefined)
  if (rows.length > 0) sets[name] = { rows, place: segmentName }
}

const deletesAll = (segment: Segment): boolean => segment.isNull(2) && segment.field(3) === ''

function nullsClear(name: string, segmentName: string, at: Reading): boolean {
  const { nullMeans, nullMeansFor } = at.settings
  return (nullMeansFor?.[name] ?? nullMeansFor?.[segmentName] ?? nullMeans) === 'clear'
}

/** One row of a set by its table; undefined when nothing of it is said. Deleted parts are simply not there. */
export function readSetRow<T extends object>(
  table: Table,
  message: Hl7Message,
  segment: Segment,
  at: Reading,
  followers: Readonly<Record<string, Segment | undefined>> = {},
): T | undefined {
  const rows = compile(table, at.settings)
  const slots = openSlots(rows, message, { ...followers, [segment.name]: segment })
  const value: Record<string, unknown> = {}
  let said = false
  for (const row of rows.rows) {
    const part = readRow(row, slots, at)
    if (part === undefined || part === null) continue
    value[row.field] = part
    said = true
  }
  return said ? (value as T) : undefined
}

function readCoverage(
  message: Hl7Message,
  segment: Segment,
  index: number,
  at: Reading,
): Coverage | undefined {
  const read = readSetRow<Coverage>(coverageTable, message, segment, at, {
    IN2: follower(message, segment, 'IN2'),
  })
  if (!read) return undefined
  const coverage = withoutShiftedFields(read, segment, at)
  // Only the number of the segment: nothing is known of the insurance itself.
  if (Object.keys(coverage).every((field) => field === 'order')) return undefined
  return coverage.order === undefined ? { order: index + 1, ...coverage } : coverage
}

/** The segment of that name that belongs to this one: after it and before the next of its kind. */
function follower(message: Hl7Message, segment: Segment, name: string): Segment | undefined {
  const { segments } = message
  for (let i = segments.indexOf(segment) + 1; i < segments.length; i++) {
    const next = segments[i] as Segment
    if (next.name === segment.name) return undefined
    if (next.name === name) return next
  }
  return undefined
}

function readDiagnosis(message: Hl7Message, segment: Segment, at: Reading): Diagnosis | undefined {
  // DG1-21 D: this row is deleted, so the snapshot is without it (hl7-v2.md §3.2).
  if (segment.get(21).toUpperCase() === 'D') return undefined
  const diagnosis = readSetRow<Diagnosis>(diagnosisTable, message, segment, at)
  const text = cellAt(segment, 4).get()
  if (text === '' || diagnosis?.diagnosis?.text !== undefined) return diagnosis
  return { ...diagnosis, diagnosis: { ...diagnosis?.diagnosis, text } }
}

/** Adds an identifier unless the list already has that number of that authority. */
export function addIdentifier(list: Identifier[], found: Identifier | undefined): void {
  if (!found) return
  for (const known of list) if (known.value === found.value && known.authority === found.authority) return
  list.push(found)
}
