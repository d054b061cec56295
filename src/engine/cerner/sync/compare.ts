import type { Pulled } from '../../../connectors/cerner/definition.ts'
import type { DriftItem } from '../../../contract/sync.ts'
import { IntegrationError } from '../../../kernel/errors.ts'
import { newId } from '../../../kernel/ids.ts'
import type { ExchangeId } from '../../../kernel/ids.ts'
import type { FieldEffect } from '../../../model/document.ts'
import { farKey } from '../../../store/blind-keys.ts'
import { addDrift } from '../../../store/drift.ts'
import type { DriftCount } from '../../../store/drift.ts'
import { findKnown, findUnseen, markSeen } from '../../../store/far-patients.ts'
import { previewEffect } from '../../apply.ts'
import type { FhirReader } from '../../reader.ts'
import type { ArrivedResource } from '../resource-inbox.ts'
import type { RunContext } from './context.ts'

/** What is compared: what both sides keep as records of their own. */
const COMPARED: readonly Pulled[] = ['Patient', 'Appointment', 'Encounter', 'DocumentReference']
/** The report names so many differences one by one; the counts go on. */
const LISTED = 1000

/**
 * Compares what Cerner says with what stands here, resource by resource, before it is stored: what applying it would
 * change is what differs. Afterwards it is stored as in any pull, so the report is also what the night has mended.
 */
export class Comparison {
  readonly #context: Omit<RunContext, 'pages' | 'client' | 'inbox'>
  readonly #reader: FhirReader
  readonly #items: DriftItem[] = []
  readonly #counts = new Map<string, DriftCount>()

  constructor(context: Omit<RunContext, 'pages' | 'client' | 'inbox'>, reader: FhirReader) {
    this.#context = context
    this.#reader = reader
  }

  get counts(): DriftCount[] {
    return [...this.#counts.values()]
  }
  get items(): readonly DriftItem[] {
    return this.#items
  }

  /** Looks at a page before it is stored. */
  async look(arrived: readonly ArrivedResource[]): Promise<void> {
    const { database, connectionId, vault, run } = this.#context
    const compared = arrived.filter((one) => COMPARED.some((type) => type === one.type))
    const keys = compared.map((one) => farKey(vault, one.type, one.id))
    const known = await findKnown(database, connectionId, keys)
    for (const [n, one] of compared.entries()) {
      await this.#compare(one, known.has(keys[n]?.toString('hex') ?? ''))
    }
    await markSeen(database, connectionId, keys, run.id)
  }

  async #compare(arrived: ArrivedResource, isKnown: boolean): Promise<void> {
    const count = this.#count(arrived.type)
    const changes = await this.#changes(arrived)
    if (changes === null) return
    if (!isKnown) {
      count.only_there += 1
      this.#note({
        kind: 'only_there',
        record: null,
        resource: arrived.type,
        title: titleOf(arrived),
        fields: [],
      })
      return
    }
    if (changes.length === 0) {
      count.same += 1
      return
    }
    count.differs += 1
    const [type = '', id = ''] = changes[0]?.record.split('/') ?? []
    this.#note({
      kind: 'differs',
      record: { type: type as 'patient', id },
      resource: arrived.type,
      title: titleOf(arrived),
      // What is older there was decided here: both sides are shown, whichever stands.
      fields: changes.map((one) => ({ field: one.field, here: one.before, there: one.after })),
    })
  }

  /** What applying it would change, or would not because ours is newer; null for what is not applied at all. */
  async #changes(arrived: ArrivedResource): Promise<FieldEffect[] | null> {
    const { database, vault, connectionId, clock } = this.#context
    try {
      const mapped = this.#reader.map(arrived.text, new Date(clock.now()).toISOString())
      if (mapped.kind !== 'mapped') return null
      const input = { exchangeId: newId<ExchangeId>(), connectionId, message: mapped.message }
      const effect = await database.tx((client) => previewEffect(client, input, vault))
      return effect.changes
    } catch (error) {
      if (error instanceof IntegrationError) return null
      throw error
    }
  }

  onlyHere(type: string, count: number, items: readonly DriftItem[]): void {
    this.#count(type).only_here += count
    for (const item of items) this.#note(item)
  }

  #note(item: DriftItem): void {
    if (this.#items.length < LISTED) this.#items.push(item)
  }

  #count(resource: string): DriftCount {
    const known = this.#counts.get(resource)
    if (known) return known
    const made = { resource, same: 0, only_here: 0, only_there: 0, differs: 0 }
    this.#counts.set(resource, made)
    return made
  }
}

const titleOf = (arrived: ArrivedResource): string => `${arrived.type}/${arrived.id}`

/** What the log knows and this compare did not see, then the report. */
export async function closeCompare(context: RunContext, wanted: readonly Pulled[]): Promise<void> {
  const { compare, database, connectionId, vault, run, progress } = context
  if (!compare) return
  for (const type of COMPARED) {
    // All others are read by window, and one outside of it is not missing.
    if (type !== 'Patient' || !wanted.includes(type) || progress.of(type).state === 'failed') continue
    const unseen = await findUnseen(database, { connectionId, type, runId: run.id, limit: LISTED })
    const items = unseen.map((row): DriftItem => {
      const id = vault.openText(`far/${row.key.toString('hex')}`, row.sealed_id)
      return { kind: 'only_here', record: null, resource: type, title: `${type}/${id}`, fields: [] }
    })
    compare.onlyHere(type, unseen.length, items)
  }
  const id = newId()
  const sealed = vault.seal(`drift_report/${id}`, JSON.stringify(compare.items))
  await addDrift(database, { id, runId: run.id, connectionId, counts: compare.counts, sealed })
}
