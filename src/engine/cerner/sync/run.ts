import type { Pulled } from '../../../connectors/cerner/definition.ts'
import { IntegrationError } from '../../../kernel/errors.ts'
import { pullAppointments } from './appointments.ts'
import { pullBulk } from './bulk.ts'
import { pullCharts } from './chart.ts'
import { closeCompare } from './compare.ts'
import { emptyStep } from './context.ts'
import type { RunContext } from './context.ts'
import { DIRECTORY_TYPES, isDirectory, pullDirectory } from './directory.ts'
import { findByNumber, pullKnownPatients } from './patients.ts'
import { isChart, planSteps } from './plan.ts'

/**
 * Carries one pull out, step by step. A step that is forbidden fails alone and says why; what the other side cannot
 * answer now ends the attempt, and the run goes on later from where it is.
 *
 * @throws IntegrationError of a transient kind when the run should go on later
 */
export async function carryOut(context: RunContext): Promise<void> {
  const { run, settings, progress, resume } = context
  const steps = planSteps(settings, run.resources)
  for (const { resource, skipped } of steps) progress.steps[resource] ??= emptyStep('patients', skipped)
  const wanted = steps.filter((step) => step.skipped === '').map((step) => step.resource)
  const done = new Set<string>(Array.isArray(resume['done']) ? (resume['done'] as string[]) : [])
  const once = async (name: string, work: () => Promise<void>): Promise<void> => {
    if (done.has(name)) return
    await work()
    done.add(name)
    resume['done'] = [...done]
  }

  if (run.kind === 'bulk') {
    await once('bulk', () => pullBulk(context, wanted))
  } else {
    if (wanted.includes('Patient'))
      await once('Patient', () => guarded(context, 'Patient', () => pullPatients(context)))
    if (wanted.includes('Appointment')) {
      const near = run.kind === 'delta' && run.resources.length === 1
      await once('Appointment', () => guarded(context, 'Appointment', () => pullAppointments(context, near)))
    }
    await once('chart', () => pullCharts(context, wanted.filter(isChart)))
  }
  for (const type of DIRECTORY_TYPES) {
    // A short pull of appointments also learns who and where is new in them.
    const alongside = run.kind === 'delta' && settings.pull.resources.includes(type)
    if (!wanted.includes(type) && !alongside) continue
    await once(type, () => guarded(context, type, () => pullDirectory(context, type)))
  }
  if (run.kind === 'compare') await once('compare', () => closeCompare(context, wanted))
  for (const [name, step] of Object.entries(progress.steps)) {
    if (step.state === 'waiting' || step.state === 'running')
      step.state = isDirectory(name) || step.calls > 0 ? 'done' : 'skipped'
  }
}

async function pullPatients(context: RunContext): Promise<void> {
  const { run, settings, progress } = context
  progress.of('Patient').state = 'running'
  if (run.kind === 'full' && settings.pull.group !== '') await pullBulk(context, ['Patient'])
  else if (run.kind !== 'delta') await findByNumber(context)
  if (run.kind !== 'full' || settings.pull.group === '') await pullKnownPatients(context)
  progress.of('Patient').state = 'done'
}

/** A step that can never succeed fails alone. */
async function guarded(context: RunContext, resource: Pulled, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof IntegrationError) || error.kind !== 'permanent' || ENDS_THE_RUN.has(error.code))
      throw error
    Object.assign(context.progress.of(resource), { state: 'failed', says: `${error.message} ${error.todo}` })
  }
}

/** Nothing at all can be read with these. */
const ENDS_THE_RUN = new Set<string>(['FHIR_TOKEN_REFUSED', 'FHIR_UNAUTHORIZED', 'FHIR_DISCOVERY_FAILED'])
