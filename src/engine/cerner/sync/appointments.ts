import type { ArrivedResource } from '../resource-inbox.ts'
import { nextFarPatients } from '../../../store/far-patients.ts'
import { noteTypes, rememberTypes } from '../bookable.ts'
import { pullSearch } from './context.ts'
import type { RunContext } from './context.ts'
import { inPasses, readMissing, unknown } from './patients.ts'
import { appointmentSearches } from './plan.ts'

const DAY_MS = 86_400_000
/** What changes within the hour is near: yesterday for late check-ins, the days ahead for moves. */
const NEAR_DAYS = { back: 1, ahead: 7 }

/**
 * Reads appointments by windows of a week. Cerner has no "changed since" for them, so a frequent pull reads the near
 * days, and a full one the whole window.
 *
 * @param near true for the frequent pull
 */
export async function pullAppointments(context: RunContext, near: boolean): Promise<void> {
  const { settings, run, progress, signal } = context
  const { daysBack, daysAhead } = settings.pull
  const startMs = Math.floor(Date.parse(run.started_at) / DAY_MS) * DAY_MS
  const fromMs = startMs - (near ? Math.min(NEAR_DAYS.back, daysBack) : daysBack) * DAY_MS
  const toMs = startMs + ((near ? Math.min(NEAR_DAYS.ahead, daysAhead) : daysAhead) + 1) * DAY_MS
  const named = settings.pull.locations.length + settings.pull.practitioners.length > 0
  const searches = appointmentSearches(settings, { fromMs, toMs }, named ? [] : await allPatients(context))
  const step = progress.of('Appointment')
  Object.assign(step, { state: 'running', unit: 'windows', total: searches.length })
  const seen = new Map<string, string>()
  await inPasses(searches, settings.limits.concurrency, signal, async (search) => {
    await pullSearch(context, search, 'Appointment', (arrived) => {
      for (const { text } of arrived) noteTypes(text, seen)
      return readTheirPatients(context, arrived)
    })
    step.done += 1
  })
  await rememberTypes(context.database, context.connectionId, seen)
  step.state = 'done'
}

async function readTheirPatients(context: RunContext, arrived: readonly ArrivedResource[]): Promise<void> {
  const ids = [...new Set(arrived.flatMap((one) => (one.patient === null ? [] : [one.patient])))]
  await readMissing(context, await unknown(context, ids))
}

async function allPatients({ database, connectionId, vault }: RunContext): Promise<string[]> {
  const ids: string[] = []
  let after: Buffer = Buffer.alloc(0)
  for (;;) {
    const query = { connectionId, after, since: '9999-12-31T00:00:00Z', limit: 2000 }
    const page = await nextFarPatients(database, query)
    const last = page.at(-1)
    if (!last) return ids
    for (const one of page) ids.push(vault.openText(`far/${one.key.toString('hex')}`, one.sealed_id))
    after = last.key
  }
}
