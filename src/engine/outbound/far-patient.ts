import type { CernerRoad, Read } from '../../connectors/cerner/port.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ExchangeId } from '../../kernel/ids.ts'
import { FHIR_ID } from '../../mapping/fhir/settings.ts'
import { rowsOf, valueOf } from '../../model/document.ts'
import type { RecordDocument } from '../../model/document.ts'
import type { Statement } from '../../model/statement.ts'
import type { Identifier } from '../../model/values.ts'
import type { Queryable } from '../../store/columns.ts'
import { readDocument, readOpenStates } from '../../store/outbox-records.ts'
import { findKeys } from '../../store/write-records.ts'
import type { RunningCerner } from '../connection.ts'
import type { Fold, HeldRecord } from '../fold.ts'
import { blindKeys } from '../match.ts'
import { mapSettingsOf, newsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { farPatientId } from './record-change.ts'

/** A patient as Cerner names it. */
export interface FarPatient {
  id: string
  /** It was found just now, and no message had told it before. */
  isFound: boolean
}

/**
 * The logical id of a patient at Cerner: as messages have told it, else found there by medical record number, where
 * date of birth and family name must be the same.
 *
 * @throws NOT_FOUND, PATIENT_NOT_AT_CERNER, PATIENT_NOT_YET_AT_CERNER
 */
export async function findFarPatient(
  parts: OutboundParts,
  connection: RunningCerner,
  patientId: string,
): Promise<FarPatient> {
  const document = await readDocument(parts.database, parts.vault, 'patient', patientId)
  if (!document) throw new IntegrationError('NOT_FOUND', { what: 'patient' })
  const known = farPatientId(document, mapSettingsOf(connection).source)
  if (known !== null) return { id: known, isFound: false }
  if ((await readOpenStates(parts.database, patientId)).some(({ action }) => action === 'person_create'))
    throw new IntegrationError('PATIENT_NOT_YET_AT_CERNER', {})
  const road = await parts.roadFor(connection.id, 'person_search')
  const found = await searchByNumber(parts, connection, road, document)
  if (found === null) throw new IntegrationError('PATIENT_NOT_AT_CERNER', { place: 'MRN' })
  return { id: found, isFound: true }
}

async function searchByNumber(
  parts: OutboundParts,
  connection: RunningCerner,
  road: CernerRoad,
  document: RecordDocument,
): Promise<string | null> {
  const numbers = rowsOf<Identifier>(document, 'identifiers').filter(({ type }) => type === 'MR')
  for (const { value } of numbers) {
    const matches = (await road.searchPersons({ identifier: value })).filter((read) =>
      isSamePerson(parts, connection, read, document, value),
    )
    const ids = new Set(matches.map(({ resource }) => resource.id))
    const [id] = ids
    // Two people of one number are for somebody at Cerner to tell apart.
    if (ids.size === 1 && id !== undefined) return id
  }
  return null
}

function isSamePerson(
  { clock }: OutboundParts,
  connection: RunningCerner,
  read: Read,
  document: RecordDocument,
  number: string,
): boolean {
  const { statements } = newsOf(connection, read, new Date(clock.now()).toISOString())
  const said = statements.find(({ record }) => record === 'patient')
  if (!said) return false
  const same = (field: string): boolean =>
    wordOf(said.fields[field]?.value) === wordOf(valueOf(document, field))
  return said.keys.some(({ value }) => value === number) && same('date_of_birth') && same('last_name')
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value.trim().toUpperCase() : '')

/**
 * Keeps a logical id that was found, with the change that it was found for.
 *
 * @throws HL7_IDENTIFIER_CONFLICT when it is known here as somebody else's
 */
export async function linkFarPatient(
  client: Queryable,
  parts: OutboundParts,
  fold: Fold,
  patient: HeldRecord,
  connection: RunningCerner,
  far: FarPatient,
  exchangeId: ExchangeId,
): Promise<void> {
  if (!far.isFound) return
  const key: Identifier = { value: far.id, authority: mapSettingsOf(connection).source, type: FHIR_ID }
  const blindNames = blindKeys(parts.vault, 'patient', [key], '')
  // Another change of the same patient, or a pull, may have linked it since it was looked for.
  const known = await findKeys(client, blindNames)
  if ([...known.values()].some((id) => id !== patient.id))
    throw new IntegrationError('HL7_IDENTIFIER_CONFLICT', { field: 'Patient.id' })
  fold.learnKeys(known)
  const identifiers = { rows: [key], place: 'Patient.id' }
  const statement: Statement = {
    record: 'patient',
    keys: [key],
    fields: {},
    sets: { identifiers },
    effect: 'mention',
  }
  const source = { exchangeId, connectionId: connection.id, asOfMs: parts.clock.now() }
  fold.change(patient, statement, source)
  for (const blind of blindNames) fold.link(blind, patient)
}
