import { createHash } from 'node:crypto'
import { newId } from '../../kernel/ids.ts'
import type { ConnectionId, ExchangeId } from '../../kernel/ids.ts'
import type { ExchangeHead } from '../../model/document.ts'
import { acceptCopy, acceptResources } from '../../store/accept-resources.ts'
import type { ResourceRow } from '../../store/accept-resources.ts'
import { controlKey, farKey, laneOf, patientKey } from '../../store/blind-keys.ts'
import type { Queryable } from '../../store/columns.ts'
import type { Vault } from '../../vault/vault.ts'
import type { Counters } from '../counters.ts'

/** A resource as it came, with what its envelope says. */
export interface ArrivedResource {
  type: string
  id: string
  version: string | null
  asOfMs: number | null
  /** Logical id of the patient it is about: its own for a Patient, null for what is about nobody. */
  patient: string | null
  /** Its exact bytes. */
  text: string
}

export interface ResourceInboxOptions {
  vault: Vault
  counters: Counters
  /** Told after each commit how much work it left. */
  onAccepted: (jobs: number) => void
}

/** The call that brought resources, if one is known, and where they came from. */
export interface Origin {
  parentId: ExchangeId | null
  remote: string
  channel: string
}

export interface Accepted {
  seen: number
  changed: number
}

/**
 * The door of the exchange log for resources that were read: each whose content is new becomes an exchange with its
 * exact bytes and work owed, in one commit with the knowledge that it was seen. A repeat changes nothing.
 */
export class ResourceInbox {
  readonly #options: ResourceInboxOptions

  constructor(options: ResourceInboxOptions) {
    this.#options = options
  }

  async accept(
    client: Queryable,
    connectionId: ConnectionId,
    arrived: readonly ArrivedResource[],
    origin: Origin,
  ): Promise<Accepted> {
    const { seen, changed } = await this.acceptNamed(client, connectionId, arrived, origin)
    return { seen, changed: changed.size }
  }

  /** As {@link accept}, and tells which were new or changed: `Patient/123`. */
  async acceptNamed(
    client: Queryable,
    connectionId: ConnectionId,
    arrived: readonly ArrivedResource[],
    origin: Origin,
  ): Promise<{ seen: number; changed: Set<string> }> {
    const rows = new Map<string, ResourceRow>()
    for (const one of arrived) {
      const row = this.#row(one)
      const name = `${one.type}/${one.id}`
      const before = rows.get(name)
      // The same id twice on a page: the newest version counts (cerner-fhir-r4.md §1.4).
      if (!before || (row.asOfMs ?? 0) >= (before.asOfMs ?? 0)) rows.set(name, row)
    }
    const fresh = await acceptResources(client, [...rows.values()], { connectionId, ...origin })
    const changed = new Set<string>()
    for (const [name, row] of rows) {
      if (!fresh.has(row.id)) continue
      changed.add(name)
      this.#options.counters.add(connectionId, row.type, { received: 1, bytes: row.sizeBytes })
    }
    if (fresh.size > 0) this.#options.onAccepted(fresh.size)
    return { seen: rows.size, changed }
  }

  /** Stores a copy of a resource, as it was or edited, to be applied again. */
  async acceptCopy(
    client: Queryable,
    { bytes, remote }: { bytes: Uint8Array; remote: string },
    replayOf: ExchangeId,
  ): Promise<ExchangeId> {
    const { vault } = this.#options
    const id = newId<ExchangeId>()
    const head: ExchangeHead = { controlId: '', sender: 'Cerner', version: '', reply: null, ackCode: null }
    await acceptCopy(client, {
      id,
      of: replayOf,
      sizeBytes: bytes.length,
      remote,
      sealedHead: vault.seal(`exchange/head/${id}`, JSON.stringify(head)),
      sealedRaw: vault.seal(`exchange/raw/${id}`, bytes),
      orderKey: vault.blind('lane', id).subarray(0, 8),
    })
    this.#options.onAccepted(1)
    return id
  }

  #row(arrived: ArrivedResource): ResourceRow {
    const { vault } = this.#options
    const { type, id: farId, patient, text } = arrived
    const id = newId<ExchangeId>()
    const bytes = Buffer.from(text)
    const key = farKey(vault, type, farId)
    const aboutKey = patient === null ? null : patientKey(vault, patient)
    const order = aboutKey ?? key
    const controlId = type === 'Patient' ? `Patient ${arrived.version ?? ''}`.trim() : `${type}/${farId}`
    const head: ExchangeHead = {
      controlId,
      sender: 'Cerner',
      version: arrived.version ?? '',
      reply: null,
      ackCode: null,
    }
    return {
      id,
      type,
      key,
      version: arrived.version,
      asOfMs: arrived.asOfMs,
      content: vault.blind('content', createHash('sha256').update(bytes).digest('latin1')),
      controlKey: controlKey(vault, `${type}/${farId}`),
      patientKey: aboutKey,
      orderKey: order.subarray(0, 8),
      lane: laneOf(order),
      sizeBytes: bytes.length,
      sealedId: vault.seal(`far/${key.toString('hex')}`, farId),
      sealedHead: vault.seal(`exchange/head/${id}`, JSON.stringify(head)),
      sealedRaw: vault.seal(`exchange/raw/${id}`, bytes),
    }
  }
}
