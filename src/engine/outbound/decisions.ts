import type { ResolveRequest } from '../../contract/conflicts.ts'
import type { Rule } from '../../connectors/cerner/definition.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import { noteEvent } from '../../store/accept.ts'
import { appendAudit } from '../../store/audit.ts'
import type { Queryable } from '../../store/columns.ts'
import { findOpenConflict, lockConflict, readConflictRow, resolveConflictOf } from '../../store/conflicts.ts'
import { hint, readOutbox, setOutcome } from '../../store/outbox.ts'
import type { Actor } from '../services.ts'
import { giveUp, takeForDecision } from './give-up.ts'
import { isOut } from './intent.ts'
import type { Known, OpenChange } from './intent.ts'
import { allFields } from './judge.ts'
import type { OutboundParts } from './parts.ts'
import { putChange } from './write-turns.ts'

/** Makes the choice of a person the rule of some fields, for one connection. */
export type RememberRule = (
  connectionId: ConnectionId,
  fields: readonly string[],
  rule: Rule,
  actor: Actor,
) => Promise<void>

/** What people decide about changes that are under way. */
export class Decisions {
  readonly #parts: OutboundParts
  readonly #remember: RememberRule

  constructor(parts: OutboundParts, remember: RememberRule) {
    this.#parts = parts
    this.#remember = remember
  }

  /**
   * Takes a change back that Cerner does not have.
   *
   * @throws OUTBOUND_UNDER_WAY when it may be there already
   */
  async withdraw(exchangeId: ExchangeId, actor: Actor): Promise<void> {
    await this.#parts.database.tx(async (client) => {
      const decided = await takeForDecision(client, this.#parts, exchangeId)
      const { change } = decided
      // Its own message has come: the appointment is there.
      if (isOut(change) || change.intent.joined !== null) throw new IntegrationError('OUTBOUND_UNDER_WAY', {})
      await resolveConflictOf(client, exchangeId, 'cerner', actor.name)
      const says = 'Taken back before Cerner had it.'
      await giveUp(client, this.#parts, decided, {
        fields: allFields(change),
        by: actor.name,
        event: 'withdrawn',
        says,
      })
      await hint(client, { type: 'conflicts' })
      await this.#audit(client, actor, 'outbound.withdraw', `exchange/${exchangeId}`, objectOf(change))
    })
  }

  /**
   * Sends a parked change once more; one that waits for its next attempt goes now.
   *
   * @throws CONFLICT_WAITS while a person has to choose a side
   */
  async retry(exchangeId: ExchangeId, actor: Actor): Promise<void> {
    const { database, vault } = this.#parts
    await database.tx(async (client) => {
      const { change } = await takeForDecision(client, this.#parts, exchangeId)
      if (await findOpenConflict(client, exchangeId)) throw new IntegrationError('CONFLICT_WAITS', {})
      if (change.state === 'sent') throw new IntegrationError('OUTBOUND_UNDER_WAY', {})
      // What may have arrived is asked for before it is sent again.
      const state = change.state === 'ambiguous' || change.intent.uncertain ? 'ambiguous' : 'queued'
      const intent = { ...change.intent, resends: 0, rounds: 0, locked: 0 }
      await putChange(client, vault, { ...change, state, intent, baseVersion: null }, 0)
      await setOutcome(client, { exchangeId, state })
      const detail = { says: 'Sent once more.' }
      await noteEvent(client, { exchangeId, id: newId(), event: 'retried', actor: actor.name, detail })
      await hint(client, { type: 'outbox' })
      await this.#audit(client, actor, 'outbound.retry', `exchange/${exchangeId}`, objectOf(change))
    })
  }

  /** Chooses a side. @throws NOT_FOUND, VERSION_CONFLICT when somebody has chosen already */
  async resolve(id: string, { choice, remember }: ResolveRequest, actor: Actor): Promise<void> {
    const { connectionId, fields } = await this.#parts.database.tx(async (client) => {
      const { row, decided } = await takeConflict(client, this.#parts, id)
      await resolveConflictOf(client, row.exchange_id, choice, actor.name)
      if (choice === 'studio') await this.#keepOurs(client, decided.change, row.fields, actor)
      else {
        const says = 'A person chose what Cerner has.'
        await giveUp(client, this.#parts, decided, {
          fields: row.fields,
          by: actor.name,
          event: 'resolved',
          says,
        })
      }
      await hint(client, { type: 'conflicts' })
      const detail = { choice, fields: row.fields, remember, ...objectOf(decided.change) }
      await this.#audit(client, actor, 'conflict.resolve', `conflict/${id}`, detail)
      return { connectionId: row.connection_id, fields: row.fields }
    })
    if (remember) await this.#remember(connectionId, fields, choice, actor)
  }

  /** Ours is sent on the version that Cerner has now: what it has is what we change from. */
  async #keepOurs(
    client: Queryable,
    change: OpenChange,
    fields: readonly string[],
    actor: Actor,
  ): Promise<void> {
    const { exchangeId } = change
    const before: Record<string, Known | null> = { ...change.intent.before }
    const theirs = { ...change.intent.theirs }
    for (const field of fields) {
      const heard = theirs[field]
      if (heard) before[field] = heard
      delete theirs[field]
    }
    // From here on it is as new as the decision about it.
    const intent = { ...change.intent, before, theirs, atMs: this.#parts.clock.now(), rounds: 0 }
    await putChange(client, this.#parts.vault, { ...change, state: 'queued', baseVersion: null, intent }, 0)
    await setOutcome(client, { exchangeId, state: 'queued' })
    const detail = { says: 'A person chose ours; it is sent on the version Cerner has now.' }
    await noteEvent(client, { exchangeId, id: newId(), event: 'resolved', actor: actor.name, detail })
    await hint(client, { type: 'outbox' })
  }

  #audit(
    client: Queryable,
    { name, role }: Actor,
    action: string,
    object: string,
    detail: Record<string, unknown>,
  ): Promise<void> {
    return appendAudit(client, [{ actor: name, role, action, object, detail }], this.#parts.clock)
  }
}

const objectOf = ({ recordType, recordId, patientId }: OpenChange): Record<string, unknown> => ({
  record: `${recordType}/${recordId}`,
  patient: patientId,
})

/** The conflict with its change, locked in the order of all others: record, change, conflict. */
async function takeConflict(client: Queryable, parts: OutboundParts, id: string) {
  const seen = await readConflictRow(client, id)
  if (!seen) throw new IntegrationError('NOT_FOUND', { what: 'conflict' })
  // Who chose first has ended the change, or sent it on its way.
  const isThere = seen.state === 'open' && (await readOutbox(client, seen.exchange_id)) !== undefined
  const decided = isThere ? await takeForDecision(client, parts, seen.exchange_id) : null
  const row = await lockConflict(client, id)
  if (!decided || row?.state !== 'open') throw new IntegrationError('VERSION_CONFLICT', { what: 'conflict' })
  return { row, decided }
}
