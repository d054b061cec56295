import type { Written } from '../../connectors/cerner/port.ts'
import type { ErrorCode } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import { valueOf } from '../../model/document.ts'
import type { FieldEffect, RecordDocument } from '../../model/document.ts'
import { noteEvent } from '../../store/accept.ts'
import { appendAudit } from '../../store/audit.ts'
import { patientKey } from '../../store/blind-keys.ts'
import type { Queryable } from '../../store/columns.ts'
import { putFar } from '../../store/far-records.ts'
import { addEffects, endOutbox, hint, lockOpen, rebaseOutbox, setOutcome } from '../../store/outbox.ts'
import type { Standing } from '../../store/outbox.ts'
import { resolveConflictOf } from '../../store/conflicts.ts'
import { writeFold } from '../apply.ts'
import type { Fold, HeldRecord } from '../fold.ts'
import { Pending } from '../pending.ts'
import { takeAnswer } from './answer.ts'
import { heardAfter } from './heard.ts'
import { isOut, openChange, withKnown } from './intent.ts'
import type { Intent, Known, OpenChange } from './intent.ts'
import { connectionOf, mapSettingsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { readRules } from './read-rules.ts'
import { farPatientId, holdWithPatient, noteEffects } from './record-change.ts'
import { putChange, writeTurns } from './write-turns.ts'

/** A change in the hands of the transaction that ends an attempt: its record and every change of it, locked. */
export interface InHand {
  fold: Fold
  record: HeldRecord
  patient: HeldRecord | null
  change: OpenChange
  /** Later changes of the same record. */
  rest: OpenChange[]
}

/** @returns undefined when another worker took the change over, or it has come to its end */
export async function takeInHand(
  client: Queryable,
  parts: OutboundParts,
  change: OpenChange,
  owner: string,
): Promise<InHand | undefined> {
  const held = await holdWithPatient(client, parts, change)
  const rows = await lockOpen(client, [change.recordId])
  const mine = rows.find((row) => row.exchange_id === change.exchangeId && row.holder === owner)
  if (!mine) return undefined
  const others = rows.filter((row) => row.exchange_id !== change.exchangeId)
  return {
    ...held,
    change: openChange(parts.vault, mine),
    rest: others.map((row) => openChange(parts.vault, row)),
  }
}

/** Cerner has it: the record, its links, the version there and the log say so together. */
export async function settleAccepted(
  parts: OutboundParts,
  owner: string,
  sent: OpenChange,
  written: Written,
): Promise<void> {
  const { database, vault, clock } = parts
  await database.tx(async (client) => {
    const inHand = await takeInHand(client, parts, sent, owner)
    if (!inHand) return
    const { fold, record, patient, change, rest } = inHand
    const { exchangeId } = change
    const connection = connectionOf(parts, change.connectionId)
    const source = mapSettingsOf(connection).source
    const answer = {
      written,
      asOfMs: written.lastModifiedMs ?? change.sentAtMs ?? clock.now(),
      connection,
      source,
    }
    const effects = await takeAnswer(client, { vault, fold, record, change, answer })
    // What was heard while the call was under way came after it, since it was made on the version before.
    const { document, turns, effects: later } = await passOn(client, { record, change, rest })
    effects.push(...fold.take(record, document, later))
    await writeFold(client, fold)
    const farPatient = patient && farPatientId(patient.document, source)
    await putFar(client, vault, {
      connectionId: connection.id,
      type: written.type,
      id: written.id,
      version: written.version,
      asOfMs: written.lastModifiedMs,
      // It was written and not read back, so its content is not known.
      content: Buffer.alloc(0),
      patientKey: farPatient ? patientKey(vault, farPatient) : null,
      exchangeId,
    })
    await endOutbox(client, exchangeId)
    await resolveConflictOf(client, exchangeId, 'studio', 'engine')
    await rebaseOutbox(client, record.id, connection.id, written.version)
    await writeTurns(client, vault, turns)
    await addEffects(client, vault, exchangeId, effects)
    await noteEffects(client, exchangeId, effects, fold)
    await setOutcome(client, { exchangeId, state: 'accepted', attempts: change.attempts })
    await hint(client, { type: 'outbox' })
    await hint(client, { type: 'records', types: [record.type] })
    const entry = {
      actor: 'engine',
      role: 'system',
      action: 'exchange.accepted',
      object: `exchange/${exchangeId}`,
    }
    await appendAudit(client, [{ ...entry, detail: { record: `${record.type}/${record.id}` } }], clock)
  })
}

/** Gives what was heard after a change went through to the next change that sets the same, or to the record. */
async function passOn(
  client: Queryable,
  { record, change, rest }: Pick<InHand, 'record' | 'change' | 'rest'>,
): Promise<ReturnType<Pending['reconsider']>> {
  const heard = heardAfter(change)
  const left: Record<string, Known> = {}
  let next = rest
  for (const [field, known] of Object.entries(heard)) {
    const taker = next.find((one) => field in one.intent.ours)
    if (!taker) left[field] = known
    else
      next = next.map((one) =>
        one === taker
          ? { ...one, intent: { ...one.intent, theirs: { ...one.intent.theirs, [field]: known } } }
          : one,
      )
  }
  const rules = await readRules(
    client,
    next.map((one) => one.connectionId),
  )
  const isChanged = next !== rest
  const pending = new Pending(isChanged ? next : [], rules)
  const judged = pending.reconsider(record.id, record.document)
  const freed = takeHeard(judged.document, left)
  return { document: freed.document, turns: judged.turns, effects: [...judged.effects, ...freed.effects] }
}

function takeHeard(
  document: RecordDocument,
  heard: Readonly<Record<string, Known>>,
): { document: RecordDocument; effects: Omit<FieldEffect, 'record'>[] } {
  const effects = Object.entries(heard).map(([field, known]) => ({
    field,
    before: valueOf(document, field),
    after: known.value,
    place: known.place,
    outcome: 'changed' as const,
  }))
  return { document: withKnown(document, heard), effects }
}

/** How an attempt ended that did not go through. */
export interface ComeBack {
  state: 'queued' | 'ambiguous' | 'parked'
  standing: Omit<Standing, 'exchangeId' | 'attempts'>
  dueInMs: number
  /** The version of the other side that it stands on from now on. */
  baseVersion?: string | null
  /** It is surely not at the other side. */
  forgetSent?: boolean
  intent?: Partial<Pick<Intent, 'uncertain' | 'resends' | 'rounds' | 'locked'>>
  /** Words for the timeline. */
  says: string
}

/** The attempt did not go through: the change waits for its next one, or for a person. */
export async function settleBack(
  parts: OutboundParts,
  owner: string,
  sent: OpenChange,
  back: ComeBack,
): Promise<void> {
  const { database, vault } = parts
  await database.tx(async (client) => {
    const inHand = await takeInHand(client, parts, sent, owner)
    if (!inHand) return
    const { fold, record, rest } = inHand
    const change: OpenChange = {
      ...inHand.change,
      state: back.state,
      baseVersion: back.baseVersion === undefined ? inHand.change.baseVersion : back.baseVersion,
      intent: { ...inHand.change.intent, ...back.intent },
    }
    const { exchangeId } = change
    const flags = { release: true, forgetSent: back.forgetSent ?? false }
    await putChange(client, vault, change, back.dueInMs, flags)
    await setOutcome(client, { exchangeId, attempts: change.attempts, ...back.standing })
    await noteEvent(client, {
      exchangeId,
      id: newId(),
      event: back.standing.state,
      actor: 'engine',
      detail: {
        says: back.says,
        attempt: change.attempts,
        ...(back.standing.code ? { code: back.standing.code } : {}),
      },
    })
    if (!isOut(change) && Object.keys(change.intent.theirs).length > 0) {
      // What was heard meanwhile is decided now that it is known how the call ended.
      const all = [change, ...rest].sort((a, b) => (a.exchangeId < b.exchangeId ? -1 : 1))
      const rules = await readRules(
        client,
        all.map((one) => one.connectionId),
      )
      const judged = new Pending(all, rules).reconsider(record.id, record.document)
      const effects = fold.take(record, judged.document, judged.effects)
      await writeFold(client, fold)
      // Also those that go on: one that ended hands what it held to the next of the record.
      await writeTurns(client, vault, judged.turns)
      await addEffects(client, vault, exchangeId, effects)
    }
    await hint(client, { type: 'outbox' })
  })
}

export const standingOf = (
  state: Standing['state'],
  code: ErrorCode,
  place: string | null,
): Omit<Standing, 'exchangeId' | 'attempts'> => ({ state, code, place })
