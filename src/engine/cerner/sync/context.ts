import { setTimeout as sleep } from 'node:timers/promises'
import type { FhirClient } from '../../../connectors/fhir/fhir-client.ts'
import type { FhirPages } from '../../../connectors/fhir/pull.ts'
import type { CernerSettings } from '../../../connectors/cerner/definition.ts'
import type { Clock } from '../../../kernel/clock.ts'
import type { ConnectionId } from '../../../kernel/ids.ts'
import type { BundleEntry } from '../../../standards/fhir/bundle.ts'
import type { Database } from '../../../store/database.ts'
import type { RunRow, StepProgress } from '../../../store/sync.ts'
import type { Writer } from '../../../store/writer.ts'
import type { Vault } from '../../../vault/vault.ts'
import type { GroupInbox } from '../group-inbox.ts'
import type { ArrivedResource } from '../resource-inbox.ts'
import type { Comparison } from './compare.ts'
import type { Search } from './plan.ts'

/** What the steps of one run work with. */
export interface RunContext {
  run: RunRow
  settings: CernerSettings
  connectionId: ConnectionId
  database: Database
  vault: Vault
  clock: Clock
  pages: FhirPages
  client: FhirClient
  inbox: GroupInbox
  /** The one under {@link inbox}: its commits do not wait for the disk, and stand in the order they were made. */
  writer: Writer
  progress: ProgressBook
  signal: AbortSignal
  /** Where a step goes on after a crash. */
  resume: Record<string, unknown>
  /** Writes {@link resume} now, where losing the last seconds of it would cost the other side a whole job. */
  keep: () => Promise<void>
  /** Ids that resources pointed at, by type, for those that come later. */
  references: References
  /** True while the queue is long: pulling waits. */
  congested: () => boolean
  /** Set in a full compare. */
  compare: Comparison | null
}

export class References {
  readonly #ids = new Map<string, Set<string>>()

  add(type: string, id: string): void {
    const known = this.#ids.get(type)
    if (known) known.add(id)
    else this.#ids.set(type, new Set([id]))
  }

  of(type: string): string[] {
    return [...(this.#ids.get(type) ?? [])]
  }

  forget(type: string): void {
    this.#ids.delete(type)
  }
}

/** How far each step is. */
export class ProgressBook {
  readonly steps: Record<string, StepProgress>

  constructor(steps: Record<string, StepProgress>) {
    this.steps = steps
  }

  of(resource: string): StepProgress {
    return (this.steps[resource] ??= emptyStep())
  }
}

export const emptyStep = (unit = 'patients', says = ''): StepProgress => ({
  state: says === '' ? 'waiting' : 'skipped',
  done: 0,
  total: null,
  unit,
  seen: 0,
  changed: 0,
  calls: 0,
  says,
})

const REFERENCE =
  /"reference"\s*:\s*"(?:[^"]*\/)?(Patient|Practitioner|Location|Organization)\/([A-Za-z0-9.-]{1,64})"/g

/** An entry of a page as the inbox takes it; what it points at is noted. */
export function arrivedOf(entry: BundleEntry, references: References): ArrivedResource | null {
  if (entry.id === null || entry.mode === 'outcome') return null
  let patient: string | null = entry.type === 'Patient' ? entry.id : null
  for (const [, type = '', id = ''] of entry.text.matchAll(REFERENCE)) {
    if (type === 'Patient') patient ??= id
    references.add(type, id)
  }
  const asOf = entry.lastUpdated === null ? Number.NaN : Date.parse(entry.lastUpdated)
  return {
    type: entry.type,
    id: entry.id,
    version: entry.version,
    asOfMs: Number.isNaN(asOf) ? null : asOf,
    patient,
    text: entry.text,
  }
}

/**
 * Reads all pages of a search into the inbox, each before the next is asked for.
 *
 * @param keep what to do with a page besides storing it
 * @returns how many resources came
 */
export async function pullSearch(
  context: RunContext,
  search: Search,
  resource: string,
  keep?: (arrived: readonly ArrivedResource[]) => Promise<void>,
): Promise<number> {
  const { pages, inbox, progress, references, compare, signal } = context
  const step = progress.of(resource)
  let count = 0
  for await (const page of pages.search(search, signal)) {
    step.calls += 1
    const arrived = page.entries.flatMap((entry) => arrivedOf(entry, references) ?? [])
    await keep?.(arrived)
    await compare?.look(arrived)
    await roomIn(context)
    const accepted = await inbox.accept(arrived)
    step.seen += arrived.length
    step.changed += accepted.changed
    count += arrived.length
  }
  return count
}

const LOOK_AGAIN_MS = 100

/** What is applied may fall behind what is read, but not by more than the queue is meant to hold. */
export async function roomIn({ congested, signal }: RunContext): Promise<void> {
  while (congested()) await sleep(LOOK_AGAIN_MS, undefined, { signal })
}
