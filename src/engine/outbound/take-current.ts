import { createHash } from 'node:crypto'
import type { Read } from '../../connectors/cerner/port.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ExchangeId } from '../../kernel/ids.ts'
import { appendAudit } from '../../store/audit.ts'
import { patientKey } from '../../store/blind-keys.ts'
import type { Queryable } from '../../store/columns.ts'
import { putFar } from '../../store/far-records.ts'
import { addExchange } from '../../store/outbox-exchanges.ts'
import { hint, readOutbox } from '../../store/outbox.ts'
import { openFold, writeFold } from '../apply.ts'
import { openChange } from './intent.ts'
import type { OpenChange } from './intent.ts'
import { connectionOf, mapSettingsOf, newsOf } from './parts.ts'
import type { OutboundParts } from './parts.ts'
import { farPatientId, noteEffects, patientKeyOf } from './record-change.ts'
import { putChange, writeTurns } from './write-turns.ts'

/**
 * Takes over what Cerner has now, as news like any other, and has it meet our change: where the two do not meet, or a
 * rule says so, the change goes on, standing on the version that was read.
 *
 * @returns the change as it goes on; null when it ended or waits for a person
 * @throws HL7_IDENTIFIER_CONFLICT when the record there is not the one we think it is
 */
export async function takeCurrent(
  parts: OutboundParts,
  owner: string,
  change: OpenChange,
  read: Read,
): Promise<OpenChange | null> {
  const { database, vault, clock } = parts
  const connection = connectionOf(parts, change.connectionId)
  const message = newsOf(connection, read, new Date(clock.now()).toISOString())
  return database.tx(async (client) => {
    const exchangeId = newId<ExchangeId>()
    const fold = await openFold(client, [{ message }], vault)
    const folded = fold.fold({ exchangeId, connectionId: connection.id, message })
    const name = `${change.recordType}/${change.recordId}`
    // The number may have been used again there, or ours was never its: somebody else's record is not touched.
    if (!folded.records.includes(name)) {
      throw new IntegrationError('HL7_IDENTIFIER_CONFLICT', { field: `${read.resource.resourceType}.id` })
    }
    await writeFold(client, fold)
    const patient = change.patientId === null ? null : (fold.held(change.patientId) ?? null)
    await addExchange(client, vault, {
      id: exchangeId,
      connectionId: connection.id,
      channel: 'fhir',
      direction: 'in',
      kind: read.resource.resourceType,
      state: 'applied',
      head: {
        controlId: `${read.resource.resourceType}/${read.resource.id ?? ''}`,
        sender: 'Cerner',
        version: read.version ?? '',
        reply: null,
        ackCode: null,
      },
      raw: Buffer.from(read.text),
      patientKey: patientKeyOf(vault, patient),
      parentId: change.exchangeId,
      records: folded.records,
      effect: folded.effect,
    })
    await noteEffects(client, exchangeId, folded.effect.changes, fold)
    await writeTurns(client, vault, fold.turns())
    const far = patient && farPatientId(patient.document, mapSettingsOf(connection).source)
    await putFar(client, vault, {
      connectionId: connection.id,
      type: read.resource.resourceType,
      id: read.resource.id ?? '',
      version: read.version,
      asOfMs: Date.parse(message.asOf),
      content: vault.blind('content', createHash('sha256').update(read.text).digest('latin1')),
      patientKey: far ? patientKey(vault, far) : null,
      exchangeId,
    })
    if (folded.changed.length > 0) {
      const types = [...new Set(folded.changed.map(({ type }) => type))]
      await hint(client, { type: 'records', types })
    }
    const next = await standOn(client, parts, owner, change, read.version)
    const entry = {
      actor: 'engine',
      role: 'system',
      action: 'exchange.apply',
      object: `exchange/${exchangeId}`,
    }
    await appendAudit(client, [{ ...entry, detail: { for: change.exchangeId } }], clock)
    return next
  })
}

/** The change as it is after the compare, standing on the version that was read. */
async function standOn(
  client: Queryable,
  { vault }: OutboundParts,
  owner: string,
  change: OpenChange,
  version: string | null,
): Promise<OpenChange | null> {
  const row = await readOutbox(client, change.exchangeId)
  if (!row || row.holder !== owner || row.state !== 'queued') return null
  const next = { ...openChange(vault, row), baseVersion: version }
  await putChange(client, vault, next, null)
  return next
}
