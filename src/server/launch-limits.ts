import type { FastifyRequest } from 'fastify'
import { IntegrationError } from '../kernel/errors.ts'
import { patientOfRecord } from '../store/read-facade.ts'
import type { LaunchIdentity } from './authentication.ts'
import type { ServerDependencies } from './dependencies.ts'

/** A session that was opened from a chart sees the patient of that chart and nobody else. */

const OF_RECORD = /^\/api\/(appointments|encounters|reports|documents)\/:id(?:\/|$)/
const LISTS = /^\/api\/(appointments|encounters|reports|documents|observations)$/
const TABLES = {
  appointments: 'appointment',
  encounters: 'encounter',
  reports: 'report',
  documents: 'document',
} as const

/**
 * Looks whose records a request is about, by its address: a patient by id, a record by id, or a list that names the
 * patient. Everything else is closed, so that a new route is open to launches only once it says how.
 *
 * @throws LAUNCH_OTHER_PATIENT
 */
export async function keepToLaunch(
  request: FastifyRequest,
  { patientId }: LaunchIdentity,
  { database }: Pick<ServerDependencies, 'database'>,
): Promise<void> {
  const { url = '', config } = request.routeOptions
  if (config.launched !== undefined || (config.needs ?? 'nothing') === 'nothing') return
  const asked = await patientAsked(request, url, database)
  if (patientId === null || asked !== patientId) throw new IntegrationError('LAUNCH_OTHER_PATIENT', {})
}

async function patientAsked(
  request: FastifyRequest,
  url: string,
  database: ServerDependencies['database'],
): Promise<unknown> {
  const { id } = (request.params ?? {}) as { id?: string }
  if (/^\/api\/patients\/:id(?:\/|$)/.test(url)) return id
  const list = OF_RECORD.exec(url)?.[1]
  if (list !== undefined && id !== undefined)
    return patientOfRecord(database, TABLES[list as keyof typeof TABLES], id)
  if (!LISTS.test(url)) return null
  const said = request.method === 'GET' || request.method === 'HEAD' ? request.query : request.body
  return (said as { patient_id?: unknown } | null | undefined)?.patient_id
}
