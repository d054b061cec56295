import { IntegrationError } from '../../../kernel/errors.ts'
import { rowsOf } from '../../../model/document.ts'
import type { Identifier } from '../../../model/values.ts'
import { farKey } from '../../../store/blind-keys.ts'
import { findKnown, nextFarPatients, nextPatients } from '../../../store/far-patients.ts'
import { documentOf } from '../../../store/read-document.ts'
import { tenantOf } from '../../../connectors/cerner/tenant.ts'
import { pullSearch } from './context.ts'
import type { RunContext } from './context.ts'
import { idSearches } from './plan.ts'

const PAGE = 500
const NEVER = '9999-12-31T00:00:00Z'

/** Reads every patient that is known at Cerner once more, by lists of ids. */
export async function pullKnownPatients(context: RunContext): Promise<void> {
  const { vault, progress, settings, signal } = context
  const step = progress.of('Patient')
  for await (const page of farPatients(context)) {
    const ids = page.map((one) => vault.openText(`far/${one.key.toString('hex')}`, one.sealed_id))
    step.total = (step.total ?? 0) + ids.length
    await inPasses(idSearches('Patient', ids), settings.limits.concurrency, signal, async (search) => {
      await pullSearch(context, search, 'Patient')
      step.done += search.params[0]?.[1].split(',').length ?? 0
    })
  }
  await readMissing(context, await unknown(context, context.references.of('Patient')))
}

async function* farPatients({ database, connectionId }: RunContext) {
  let after: Buffer = Buffer.alloc(0)
  for (;;) {
    const page = await nextFarPatients(database, { connectionId, after, since: NEVER, limit: PAGE })
    const last = page.at(-1)
    if (!last) return
    yield page
    after = last.key
  }
}

/** Of these patients, those that Cerner's side of the log does not have yet. */
export async function unknown(
  { database, connectionId, vault }: RunContext,
  ids: readonly string[],
): Promise<string[]> {
  const keys = ids.map((id) => farKey(vault, 'Patient', id))
  const known = await findKnown(database, connectionId, keys)
  return ids.filter((_, n) => !known.has(keys[n]?.toString('hex') ?? ''))
}

/** Reads patients before what points at them is stored, so that a record never hangs on a name that is empty. */
export async function readMissing(context: RunContext, ids: readonly string[]): Promise<void> {
  for (const search of idSearches('Patient', ids)) await pullSearch(context, search, 'Patient')
}

/**
 * Finds at Cerner the patients whom we know by their number alone, from HL7 or a file: one search each, and each once.
 * Goes on after a crash where it was.
 */
export async function findByNumber(context: RunContext): Promise<void> {
  const { database, vault, settings, progress, resume, signal } = context
  const source = tenantOf(settings)
  const systems = new Map(
    Object.entries(settings.authorityAliases).map(([system, name]) => [name.toUpperCase(), system]),
  )
  const step = progress.of('Patient')
  let after = typeof resume['patients'] === 'string' ? resume['patients'] : NO_ID
  for (;;) {
    const page = await nextPatients(database, after, PAGE)
    const last = page.at(-1)
    if (!last) break
    const wanted = page.flatMap((row) => {
      const identifiers = rowsOf<Identifier>(documentOf(vault, 'patient', row), 'identifiers')
      if (identifiers.some((one) => one.type === 'FHIR' && one.authority === source.toUpperCase())) return []
      const number = identifiers.find((one) => one.type === 'MR' && systems.has(one.authority.toUpperCase()))
      return number ? [`${systems.get(number.authority.toUpperCase()) ?? ''}|${number.value}`] : []
    })
    step.total = (step.total ?? 0) + wanted.length
    await inPasses(wanted, settings.limits.concurrency, signal, async (identifier) => {
      await pullSearch(context, { type: 'Patient', params: [['identifier', identifier]] }, 'Patient')
      step.done += 1
    })
    after = last.id
    resume['patients'] = after
  }
  delete resume['patients']
}

const NO_ID = '00000000-0000-0000-0000-000000000000'

/** What one record at Cerner that fails every search it is found by is tried, at the end of all others. */
const PASSES = 3

/**
 * As {@link inParallel}, but one search that Cerner cannot answer holds up none of the others: it is tried again when
 * they are done.
 *
 * @throws FHIR_STORED_RECORD_BROKEN when one of them still fails then
 */
export async function inPasses<T>(
  list: readonly T[],
  at: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let left = list
  let broken: unknown = null
  for (let pass = 1; pass <= PASSES && left.length > 0; pass++) {
    const failed: T[] = []
    await inParallel(left, at, signal, async (item) => {
      try {
        await work(item)
      } catch (error) {
        if (!(error instanceof IntegrationError) || error.code !== 'FHIR_STORED_RECORD_BROKEN') throw error
        broken = error
        failed.push(item)
      }
    })
    left = failed
  }
  if (left.length > 0) throw broken
}

/**
 * Runs work over a list, so many at a time. The first failure ends it: what is under way comes to its end and nothing
 * more is begun, so that no call of this run is still made when the next one begins.
 */
export async function inParallel<T>(
  list: readonly T[],
  at: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  let failure: { cause: unknown } | null = null
  const walk = async (): Promise<void> => {
    while (next < list.length && failure === null) {
      try {
        signal.throwIfAborted()
        const item = list[next]
        next += 1
        if (item !== undefined) await work(item)
      } catch (cause) {
        failure ??= { cause }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(at, list.length) }, walk))
  if (failure !== null) throw (failure as { cause: unknown }).cause
}
