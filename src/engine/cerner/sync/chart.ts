import type { Pulled } from '../../../connectors/cerner/definition.ts'
import { IntegrationError } from '../../../kernel/errors.ts'
import { countFarPatients, nextFarPatients } from '../../../store/far-patients.ts'
import type { FarPatient } from '../../../store/far-patients.ts'
import { pullSearch } from './context.ts'
import type { RunContext } from './context.ts'
import { ChartMarks } from './marks.ts'
import { inParallel } from './patients.ts'
import { chartSearches, instantOf, isChart } from './plan.ts'

const PAGE = 200
const YEAR_MS = 365.25 * 86_400_000
/** One chart that cannot be read is that chart's fault; so many in a row are the other side's. */
const FAILURES_IN_A_ROW = 8
/** Charts that could not be read are tried again at the end, so often. */
const PASSES = 3

/**
 * Reads the charts patient by patient: all kinds of one patient, then the mark that they were read up to the start of
 * this run. A crash loses nothing but the patients under way, who are read again; what did not change is known and
 * changes nothing. One record at Cerner that fails a whole search (cerner-fhir-r4.md §1.5, 500) holds up nobody else.
 */
export async function pullCharts(context: RunContext, resources: readonly Pulled[]): Promise<void> {
  if (resources.length === 0) return
  const walk = new ChartWalk(context, resources)
  for (let pass = 0; pass < PASSES; pass++) {
    const failed = await walk.pass()
    if (failed === 0) break
  }
  walk.end()
}

class ChartWalk {
  readonly #context: RunContext
  readonly #open: Set<Pulled>
  readonly #startedAt: string
  /** Only a pull of everything may say that the chart was read. */
  readonly #isWhole: boolean
  readonly #marks: ChartMarks
  #inARow = 0
  #failed = 0

  constructor(context: RunContext, resources: readonly Pulled[]) {
    this.#context = context
    this.#open = new Set(resources)
    this.#startedAt = new Date(context.run.started_at).toISOString()
    this.#marks = new ChartMarks(context.writer, context.connectionId, this.#startedAt)
    this.#isWhole = context.settings.pull.resources.filter(isChart).every((one) => resources.includes(one))
  }

  /** @returns how many charts could not be read */
  async pass(): Promise<number> {
    const { database, connectionId, settings, signal, resume } = this.#context
    const { total, done } = await countFarPatients(database, connectionId, this.#startedAt)
    for (const resource of this.#open) this.#step(resource, { total, done: this.#isWhole ? done : 0 })
    this.#failed = 0
    let after = this.#isWhole ? NOTHING : Buffer.from(String(resume['chart'] ?? ''), 'hex')
    for (;;) {
      const since = this.#isWhole ? this.#startedAt : NEVER
      const page = await nextFarPatients(database, { connectionId, after, since, limit: PAGE })
      const last = page.at(-1)
      if (!last) break
      await inParallel(page, settings.limits.concurrency, signal, (patient) => this.#patient(patient))
      after = last.key
      if (!this.#isWhole) resume['chart'] = after.toString('hex')
    }
    await this.#marks.written()
    delete resume['chart']
    // Without marks nobody knows who is left, so there is nothing to do once more.
    return this.#isWhole ? this.#failed : 0
  }

  end(): void {
    for (const resource of this.#open) {
      const says =
        this.#failed === 0 ? '' : `${this.#failed} charts could not be read and are due in the next pull.`
      Object.assign(this.#context.progress.of(resource), { state: 'done', says })
    }
  }

  #step(resource: Pulled, counts: { total: number; done: number }): void {
    Object.assign(this.#context.progress.of(resource), { ...counts, state: 'running', unit: 'patients' })
  }

  async #patient(patient: FarPatient): Promise<void> {
    const { progress } = this.#context
    try {
      await this.#chart(patient)
      this.#inARow = 0
    } catch (error) {
      if (!(error instanceof IntegrationError) || this.#context.signal.aborted) throw error
      this.#failed += 1
      this.#inARow += 1
      if (this.#inARow >= FAILURES_IN_A_ROW) throw error
      return
    }
    if (this.#isWhole) this.#marks.add(patient.key)
    for (const resource of this.#open) progress.of(resource).done += 1
  }

  async #chart(patient: FarPatient): Promise<void> {
    const { settings, vault, run } = this.#context
    const id = vault.openText(`far/${patient.key.toString('hex')}`, patient.sealed_id)
    const from = instantOf(Date.parse(this.#startedAt) - settings.pull.chartYearsBack * YEAR_MS)
    // A patient whose chart was never read is read whole, whatever the others need.
    const changed =
      run.kind !== 'delta' || patient.pulled_at === null
        ? null
        : instantOf(Date.parse(patient.pulled_at) - settings.pull.overlapSeconds * 1000)
    for (const resource of [...this.#open]) {
      for (const search of chartSearches(settings, resource, id, { changed, from })) {
        await this.#search(search, resource)
      }
    }
  }

  async #search(search: Parameters<typeof pullSearch>[1], resource: Pulled): Promise<void> {
    try {
      await pullSearch(this.#context, search, resource)
    } catch (error) {
      if (!(error instanceof IntegrationError) || !ENDS_THE_KIND.has(error.code)) throw error
      // No right to this kind of data for anybody: the others go on without it.
      this.#open.delete(resource)
      Object.assign(this.#context.progress.of(resource), {
        state: 'failed',
        says: `${error.message} ${error.todo}`,
      })
    }
  }
}

const NOTHING: Buffer = Buffer.alloc(0)
const NEVER = '9999-12-31T00:00:00Z'
// A search never answers 404 for want of matches: the domain does not offer the type.
const ENDS_THE_KIND = new Set<string>([
  'FHIR_NOT_FOUND',
  'FHIR_SEARCH_INVALID',

  'FHIR_FORBIDDEN',
  'FHIR_REQUEST_REFUSED',
  'FHIR_NOT_ACCEPTABLE',
  'FHIR_SEARCH_INCOMPLETE',
])
