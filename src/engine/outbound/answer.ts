import type { Written } from '../../connectors/cerner/port.ts'
import { FHIR_ID } from '../../mapping/fhir/settings.ts'
import type { FieldEffect, RecordDocument } from '../../model/document.ts'
import { valueOf } from '../../model/document.ts'
import type { Said, SaidSet, Statement } from '../../model/statement.ts'
import { STUDIO_CONNECTION_ID } from '../../model/studio.ts'
import type { Identifier, Observation } from '../../model/values.ts'
import type { Queryable } from '../../store/columns.ts'
import { moveKeys } from '../../store/outbox-exchanges.ts'
import { findKeys } from '../../store/write-records.ts'
import { reconcile } from '../../sync/reconcile.ts'
import type { Vault } from '../../vault/vault.ts'
import { holdRecords } from '../apply.ts'
import type { RunningCerner } from '../connection.ts'
import { scopeOf } from '../fold.ts'
import type { Fold, HeldRecord } from '../fold.ts'
import { blindKeys } from '../match.ts'
import { isFrom, knownOf, withKnown } from './intent.ts'
import type { Known, OpenChange } from './intent.ts'

/** What Cerner answered to a write. */
export interface Answer {
  written: Written
  /** When the version was made there, by its clock. */
  asOfMs: number
  connection: RunningCerner
  /** Authority of its logical ids. */
  source: string
}

export interface Taking {
  vault: Vault
  fold: Fold
  record: HeldRecord
  change: OpenChange
  answer: Answer
}

/** Takes the answer of a write over into the record: its number and links, and that Cerner has what we said. */
export async function takeAnswer(client: Queryable, taking: Taking): Promise<FieldEffect[]> {
  const { fold, record, change, answer } = taking
  const effects: FieldEffect[] = await linkRecord(client, taking)
  const stamped = asCernerHasIt(record.document, change, answer.asOfMs)
  const moved = change.action === 'vital_signs' ? withFarRows(stamped, answer) : stamped
  effects.push(...fold.take(record, moved, []))
  const statement = statementOf(change, record, answer)
  const source = { exchangeId: change.exchangeId, connectionId: answer.connection.id, asOfMs: answer.asOfMs }
  const { document, decisions } = reconcile(record.document, statement, source)
  effects.push(...fold.take(record, document, decisions))
  return effects
}

/**
 * Our values are true at Cerner from the moment it says. By its clock and not by ours, or news it makes in the next
 * minutes could look older than they are.
 */
function asCernerHasIt(
  document: RecordDocument,
  { exchangeId, intent }: OpenChange,
  asOfMs: number,
): RecordDocument {
  const stamped: Record<string, Known> = {}
  for (const field of Object.keys(intent.ours)) {
    const known = isFrom(document, field, exchangeId) ? knownOf(document, field) : null
    if (known) stamped[field] = { ...known, asOfMs }
  }
  return withKnown(document, stamped)
}

function statementOf(change: OpenChange, record: HeldRecord, answer: Answer): Statement {
  const { written } = answer
  const fields: Record<string, Said> = {}
  const said = (field: string, value: unknown, place: string): void => void (fields[field] = { value, place })
  if (change.action === 'book') {
    said('external_id', written.id, 'Location')
    if (valueOf(record.document, 'status') === 'pending') said('status', 'booked', 'Appointment.status')
  }
  if (change.action === 'vital_signs' || change.action === 'document_create')
    said('external_id', written.id, 'Location')
  return { record: record.type, keys: [], fields, sets: setsOf(change, answer), effect: 'upsert' }
}

/** A person is asked for by the logical id from now on, which only the record itself keeps. */
function setsOf({ action }: OpenChange, { written, source }: Answer): Record<string, SaidSet> {
  if (action !== 'person_create') return {}
  const logical: Identifier = { value: written.id, authority: source, type: FHIR_ID }
  return { identifiers: { rows: [logical], place: 'Location' } }
}

/** Identifiers that name the record from now on: its logical id, and for appointments the number SIU messages use. */
function identifiersOf({ change, answer }: Taking): Identifier[] {
  const { written, source, connection } = answer
  const logical: Identifier = { value: written.id, authority: source, type: FHIR_ID }
  if (change.recordType !== 'appointment') return [logical]
  const authority = connection.settings.appointmentAuthority.trim().toUpperCase()
  return [logical, { value: written.id, authority, type: 'FILL' }]
}

export async function linkRecord(client: Queryable, taking: Taking): Promise<FieldEffect[]> {
  const { vault, fold, record } = taking
  const keys = blindKeys(vault, record.type, identifiersOf(taking), scopeOf(record.type, record.patientId))
  const known = await findKeys(client, keys)
  fold.learnKeys(known)
  const effects: FieldEffect[] = []
  for (const twinId of new Set(known.values())) {
    if (twinId !== record.id) effects.push(...(await takeTwin(client, taking, twinId)))
  }
  for (const key of keys) if (!known.has(key)) fold.link(key, record)
  return effects
}

/**
 * News of our own booking came before its answer and could not be told to be it, so it made a record of its own. The
 * two become one: ours, which takes over what the other knows and all its links.
 */
async function takeTwin(client: Queryable, { vault, fold, record, change, answer }: Taking, twinId: string) {
  await holdRecords(client, fold, vault, [twinId])
  const twin = fold.held(twinId)
  if (!twin || twin.type !== record.type || twin.patientId !== record.patientId) return []
  await moveKeys(client, twinId, record.id)
  const theirs: Record<string, Known> = {}
  for (const field of Object.keys(twin.document.fields)) {
    const known = knownOf(twin.document, field)
    if (known) theirs[field] = known
  }
  const effects = fold.take(record, withKnown(record.document, theirs), [])
  const source = { exchangeId: change.exchangeId, connectionId: answer.connection.id, asOfMs: answer.asOfMs }
  const gone: Said = { value: 'entered-in-error', place: 'Location' }
  const statement: Statement = {
    record: twin.type,
    keys: [],
    fields: twin.type === 'patient' ? { active: { value: false, place: 'Location' } } : { status: gone },
    sets: {},
    effect: 'cancel',
  }
  return [...effects, ...fold.change(twin, statement, source)]
}

/** Results that we filed are Cerner's rows from now on, under the keys by which it sends them again. */
function withFarRows(document: RecordDocument, { written, connection }: Answer): RecordDocument {
  const { [STUDIO_CONNECTION_ID]: ours, ...others } = document.sets['observations'] ?? {}
  if (!ours) return document
  const rows = (ours[0] as Observation[]).map((row) => {
    const component = row.key.split('#')[1]
    return { ...row, key: `Observation/${written.id}${component === undefined ? '' : `#${component}`}` }
  })
  const moved = { ...others, [connection.id]: [rows, ours[1], ours[2], ours[3]] as typeof ours }
  return { ...document, sets: { ...document.sets, observations: moved } }
}
