import type { CernerRoad, Written } from '../../connectors/cerner/port.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ErrorCode } from '../../kernel/errors.ts'
import { addEffects, putIntent } from '../../store/outbox.ts'
import { writeFold } from '../apply.ts'
import { reasonOf } from '../read-job.ts'
import { retryKind } from '../retry.ts'
import { linkRecord } from './answer.ts'
import { sealIntent } from './intent.ts'
import type { OpenChange } from './intent.ts'
import { connectionOf, mapSettingsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { noteEffects } from './record-change.ts'
import { takeInHand } from './settle.ts'
import { takeCurrent } from './take-current.ts'

/**
 * Cerner gives a new patient the medical record number, and says so only when the patient is read. Until then the
 * registration stays open, so that a message that names the patient by that number finds our record and makes no
 * second one.
 */

/** Keeps the id that Cerner answered with, before anything else can go wrong: nothing is looked for or sent again. */
export async function keepNumber(
  parts: OutboundParts,
  owner: string,
  sent: OpenChange,
  written: Written,
): Promise<void> {
  const { database, vault, clock } = parts
  await database.tx(async (client) => {
    const inHand = await takeInHand(client, parts, sent, owner)
    if (!inHand) return
    const { fold, record, change } = inHand
    const connection = connectionOf(parts, change.connectionId)
    const answer = {
      written,
      asOfMs: written.lastModifiedMs ?? change.sentAtMs ?? clock.now(),
      connection,
      source: mapSettingsOf(connection).source,
    }
    const effects = await linkRecord(client, { vault, fold, record, change, answer })
    await writeFold(client, fold)
    const intent = { ...change.intent, joined: written.id }
    await putIntent(client, change.exchangeId, sealIntent(vault, change.exchangeId, intent))
    await addEffects(client, vault, change.exchangeId, effects)
    await noteEffects(client, change.exchangeId, effects, fold)
  })
}

export interface Fault {
  code: ErrorCode
  place: string | null
  mayPass: boolean
}

/** Takes over what Cerner has of a new patient, as news like any other. @returns why it could not be; null when it was */
export async function readBack(
  parts: OutboundParts,
  owner: string,
  change: OpenChange,
  road: CernerRoad,
  id: string,
): Promise<Fault | null> {
  try {
    await takeCurrent(parts, owner, change, await road.readPerson(id))
    return null
  } catch (error) {
    const isOurs = error instanceof IntegrationError
    const mayPass = isOurs ? error.kind !== 'permanent' : retryKind(error) === 'transient'
    return { ...reasonOf(error), mayPass }
  }
}
