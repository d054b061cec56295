import type { EncounterStatus } from '../model/fields.ts'
import type { Said, Statement } from '../model/statement.ts'
import type { Identifier } from '../model/values.ts'
import type { Hl7Message, Segment } from '../standards/hl7v2/message.ts'
import { compile, openSlots } from './compile.ts'
import { cellAt } from './field-view.ts'
import { readIdentifier } from './codecs/identifier.ts'
import type { AdtEvent, VisitEffect } from './events.ts'
import { readFields, readPatient } from './map-patient.ts'
import type { Reading } from './reading.ts'
import { readEncounterSets } from './sets.ts'
import { encounterTable } from './tables/encounter.ts'

/** An ADT message: its patient, then the visit it names (hl7-v2.md §8). */
export function mapAdt(message: Hl7Message, event: AdtEvent, at: Reading): Statement[] {
  const patient = readPatient(message, { effect: event.patient, isNews: event.patient === 'upsert' }, at)
  const encounter = readEncounter(message, event.visit, at)
  return encounter ? [patient, encounter] : [patient]
}

/** The visit of a message; undefined when there is none, or none with a number. */
export function readEncounter(message: Hl7Message, effect: VisitEffect, at: Reading): Statement | undefined {
  const pv1 = message.segment('PV1')
  if (effect === 'none' || !pv1) return undefined
  // 2.3 requires a PV1 where there is no visit; senders fill it with class N.
  if (pv1.get(2).toUpperCase() === 'N' && pv1.get(19) === '') return undefined
  const keys = visitKeys(message, pv1, at)
  if (keys.length === 0) {
    at.warn('HL7_VISIT_WITHOUT_NUMBER', { field: 'PV1-19' }, 'PV1-19')
    return undefined
  }
  const rows = compile(encounterTable, at.settings)
  const fields = readFields(rows, openSlots(rows, message), at)
  if (effect === 'cancelled') return cancelled(keys, fields)

  const status = statusOf(effect, pv1)
  if (status) fields['status'] = status
  if (effect === 'reopened') fields['end_time'] = { value: null, place: EVENT }
  return { record: 'encounter', keys, fields, sets: readEncounterSets(message, at), effect: 'upsert' }
}

const EVENT = 'MSH-9.2'

/** PV1-19 with its authority, else the alternate number in PV1-50, else the account in PID-18 (hl7-v2.md §8.1). */
function visitKeys(message: Hl7Message, pv1: Segment, at: Reading): Identifier[] {
  const pid = message.segment('PID')
  const key =
    readIdentifier(cellAt(pv1, 19), 'VN', at) ??
    readIdentifier(cellAt(pv1, 50), 'VN', at) ??
    (pid && readIdentifier(cellAt(pid, 18), 'AN', at))
  return key ? [key] : []
}

// Only the end of the visit is news: the rest of a cancelling message is what the visit used to be.
function cancelled(keys: Identifier[], fields: Record<string, Said>): Statement {
  const kept: Record<string, Said> = { status: { value: 'cancelled', place: EVENT } }
  if (fields['external_id']) kept['external_id'] = fields['external_id']
  return { record: 'encounter', keys, fields: kept, sets: {}, effect: 'cancel' }
}

/**
 * The status that event and PV1 state together. An update that does not say it leaves it open: coding after the
 * discharge must not open the visit again, and a visit first heard of in an update counts as under way.
 */
function statusOf(effect: Exclude<VisitEffect, 'none' | 'cancelled'>, pv1: Segment): Said | undefined {
  switch (effect) {
    case 'reopened':
      return said('in-progress', EVENT)
    case 'finished':
    case 'planned':
      return said(effect, EVENT)
    case 'in-progress':
    case 'as PV1 says':
      if (pv1.get(45) !== '') return said('finished', 'PV1-45')
      if (pv1.get(2).toUpperCase() === 'P') return said('planned', 'PV1-2')
      return effect === 'in-progress' ? said('in-progress', EVENT) : undefined
  }
  return effect satisfies never
}

const said = (status: EncounterStatus, place: string): Said => ({ value: status, place })
