import type { Pulled } from '../../../connectors/cerner/definition.ts'
import { deleteExport, readExportFile, startExport, waitForExport } from '../../../connectors/fhir/bulk.ts'
import type { ExportFile, Manifest } from '../../../connectors/fhir/bulk.ts'
import type { FhirClient } from '../../../connectors/fhir/fhir-client.ts'
import { IntegrationError } from '../../../kernel/errors.ts'
import { readHead } from '../../../standards/fhir/bundle.ts'
import { markAllPulled } from '../../../store/far-patients.ts'
import { arrivedOf, roomIn } from './context.ts'
import type { RunContext } from './context.ts'

const BATCH = 200
const JOBS = 2
/** Types that bulk export gives; the others come by search. */
const NOT_IN_BULK = new Set<Pulled>(['Appointment', 'Location', 'Organization', 'Practitioner'])

interface Resume {
  job?: string
  manifest?: Manifest
  /** Addresses of files that were read to their end. */
  read?: string[]
}

/**
 * The first load: one export of a Group that Cerner made for the practice (cerner-fhir-r4.md §3.10). The job and the
 * files already read are kept with the run, so that after a crash no second export is asked for and no file is read
 * twice; a file that broke off is read again, and what it brought before is known.
 */
export async function pullBulk(context: RunContext, wanted: readonly Pulled[]): Promise<void> {
  const { settings, client, signal, progress } = context
  const { group } = settings.pull
  if (group === '')
    throw new IntegrationError('CONFIG_INVALID', {
      place: 'pull.group',
      reason: 'a bulk export needs the id of a Group',
    })
  const types = wanted.filter((type) => !NOT_IN_BULK.has(type))
  const resume = (context.resume['bulk'] ??= {}) as Resume
  for (const type of types) Object.assign(progress.of(type), { state: 'running', unit: 'files' })
  const manifest = await manifestOf(context, client, { group, types }, resume)
  countFiles(context, manifest, types)
  for (const file of manifest.output) {
    if (!types.some((type) => type === file.type) || resume.read?.includes(file.url)) continue
    await readFile(context, client, manifest, file)
    progress.of(file.type).done += 1
    resume.read = [...(resume.read ?? []), file.url]
  }
  for (const type of types) progress.of(type).state = 'done'
  // Whoever came with the export has the chart of that moment; the next delta goes on from there.
  if (context.run.kind === 'bulk')
    await markAllPulled(context.database, context.connectionId, manifest.transactionTime)
  // Before the files are gone it must be known that they were read, or a crash would have them asked for again.
  await context.keep()
  if (resume.job !== undefined) await deleteExport(client, resume.job).catch(() => undefined)
  delete context.resume['bulk']
  signal.throwIfAborted()
}

async function manifestOf(
  { signal, keep }: RunContext,
  client: FhirClient,
  asked: { group: string; types: readonly string[] },
  resume: Resume,
): Promise<Manifest> {
  for (let jobs = 1; ; jobs++) {
    if (resume.job === undefined) {
      resume.job = await startExport(client, { ...asked, signal })
      // A job that nobody remembers runs on, and no other is allowed beside it.
      await keep()
    }
    try {
      resume.manifest ??= await waitForExport(client, resume.job, signal)
      return resume.manifest
    } catch (error) {
      if (!(error instanceof IntegrationError) || error.code !== 'BULK_EXPORT_FAILED') throw error
      delete resume.job
      // A job that ended badly, or is gone, is asked for anew once.
      if (jobs === JOBS) throw error
    }
  }
}

function countFiles({ progress }: RunContext, { output }: Manifest, types: readonly Pulled[]): void {
  for (const type of types) progress.of(type).total = output.filter((file) => file.type === type).length
}

async function readFile(
  context: RunContext,
  client: FhirClient,
  manifest: Manifest,
  file: ExportFile,
): Promise<void> {
  const { inbox, progress, references, signal, compare } = context
  const step = progress.of(file.type)
  step.calls += 1
  let batch: string[] = []
  const store = async (): Promise<void> => {
    const arrived = batch.flatMap(
      (line) => arrivedOf({ ...readHead(line), fullUrl: null, mode: 'match', text: line }, references) ?? [],
    )
    batch = []
    await compare?.look(arrived)
    await roomIn(context)
    const accepted = await inbox.accept(arrived)
    step.seen += arrived.length
    step.changed += accepted.changed
  }
  for await (const line of readExportFile(client, manifest, file, { signal })) {
    batch.push(line)
    if (batch.length >= BATCH) await store()
  }
  await store()
}
