import { randomBytes, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Refusal, type CernerPlugin, type CernerPluginOptions, type Grant } from './contract.ts'
import type { OpenHospital } from './hospital.ts'
import { invalidRequest, notFound, throttled, wrongTenant } from './outcomes.ts'
import { spanOf } from './query.ts'
import { answerRefusals, R4_JSON, readJsonBodies, requestHeaders } from './wire-fhir.ts'

/** Members of a group: so many persons from a number on. */
export interface Group {
  readonly from: number
  readonly count: number
}

export interface BulkSettings {
  readonly hospital: OpenHospital
  /** What `Retry-After` says; ten minutes in life. */
  readonly retryAfterSeconds?: number
  /** How long a job takes, by the hospital's clock. */
  readonly prepareMs?: number
  /** Groups by id; without them one group holds everybody, up to the 20,000 that a group may have. */
  readonly groups?: Readonly<Record<string, Group>>
}

/** The group that exists when nobody set up others. */
export const EVERYBODY = '252a42c0-5844-11ec-bf63-0242ac130002'

// prettier-ignore
const TYPES = ['Patient', 'AllergyIntolerance', 'Condition', 'Coverage', 'DiagnosticReport', 'DocumentReference', 'Encounter', 'Immunization', 'MedicationRequest', 'Observation']
const PATIENTS_A_FILE = 2000
const FORMATS = ['application/fhir+ndjson', 'application/ndjson', 'ndjson']

interface File {
  readonly id: string
  readonly type: string
  readonly members: readonly number[]
}

interface Job {
  readonly id: string
  readonly clientId: string
  readonly grant: Grant
  readonly request: string
  readonly startedAt: number
  readonly since: number
  readonly filters: ReadonlyMap<string, readonly URLSearchParams[]>
  readonly files: readonly File[]
}

/** Bulk export of groups and patient lists. @see cerner-fhir-r4.md §3.10 */
export function bulkRoutes(settings: BulkSettings): CernerPlugin {
  return async (app, options) => {
    readJsonBodies(app)
    answerRefusals(app, R4_JSON)
    requestHeaders(app)
    addRoutes(app, settings, options)
  }
}

function addRoutes(app: FastifyInstance, settings: BulkSettings, options: CernerPluginOptions): void {
  const { hospital, retryAfterSeconds = 1, prepareMs = 1000 } = settings
  const { clock } = hospital
  const size = Math.min(hospital.world.cast.population, 20_000)
  const groups = settings.groups ?? { [EVERYBODY]: { from: 0, count: size } }
  const jobs = new Map<string, Job>()
  const doors = new Map<string, { job: Job; file: File }>()

  const isRunning = (job: Job): boolean => clock.now() < job.startedAt + prepareMs
  const admit = (request: FastifyRequest, type = 'Group'): Grant => {
    const { tenant } = request.params as { tenant?: string }
    if (tenant !== hospital.tenant) throw wrongTenant()
    return options.gate.admit(request.headers.authorization, { type, verb: 'read' })
  }
  const start = (request: FastifyRequest, members: readonly number[], grant: Grant): Job => {
    const asked = askedFor(request, options.baseUrl())
    for (const type of asked.types) admit(request, type)
    if ([...jobs.values()].some((job) => job.clientId === grant.clientId && isRunning(job))) throw throttled()
    const id = randomUUID()
    const files = asked.types.flatMap((type) =>
      chunks(members).map((part) => ({ id: randomUUID(), type, members: part })),
    )
    const { request: url, since, filters } = asked
    const job = {
      id,
      clientId: grant.clientId,
      grant,
      request: url,
      startedAt: clock.now(),
      since,
      filters,
      files,
    }
    jobs.set(id, job)
    return job
  }
  const jobOf = (request: FastifyRequest): Job => {
    const grant = admit(request)
    const job = jobs.get((request.params as { id?: string }).id ?? '')
    if (job === undefined || job.clientId !== grant.clientId) throw notFound()
    return job
  }
  const accepted = (job: Job): string => `${options.baseUrl()}/bulk-export/jobs/${job.id}`

  app.get('/r4/:tenant/Group/:id/$export', async (request, reply) => {
    const grant = admit(request)
    const group = groups[(request.params as { id: string }).id]
    if (group === undefined) throw notFound()
    const job = start(
      request,
      Array.from({ length: group.count }, (_, i) => group.from + i),
      grant,
    )
    return reply.code(202).header('content-location', accepted(job)).send('')
  })

  app.post('/r4/:tenant/Patient/$export', async (request, reply) => {
    const grant = admit(request)
    const job = start(request, membersIn(hospital, request.body), grant)
    return reply.code(202).header('content-location', accepted(job)).send('')
  })

  app.get('/r4/:tenant/bulk-export/jobs/:id', async (request, reply) => {
    const job = jobOf(request)
    if (isRunning(job)) {
      reply.code(202).header('x-progress', 'in-progress').header('retry-after', String(retryAfterSeconds))
      return reply.send('')
    }
    const url = (file: File): string => `${options.baseUrl()}/bulk-export/files/${file.id}`
    const manifest = {
      transactionTime: new Date(job.startedAt).toISOString(),
      request: job.request,
      requiresAccessToken: true,
      output: job.files.map((file) => ({ type: file.type, url: url(file) })),
      error: [],
    }
    const expires = new Date(job.startedAt + 30 * 86_400_000).toUTCString()
    return reply.type('application/json').header('expires', expires).send(JSON.stringify(manifest))
  })

  app.delete('/r4/:tenant/bulk-export/jobs/:id', async (request, reply) => {
    jobs.delete(jobOf(request).id)
    return reply.code(202).send('')
  })

  app.get('/r4/:tenant/bulk-export/files/:id', async (request, reply) => {
    const grant = admit(request)
    const { id } = request.params as { id: string }
    const job = [...jobs.values()].find(({ files }) => files.some((file) => file.id === id))
    const file = job?.files.find((one) => one.id === id)
    if (job === undefined || file === undefined || job.clientId !== grant.clientId || isRunning(job))
      throw notFound()
    const token = randomBytes(24).toString('base64url')
    doors.set(token, { job, file })
    return reply
      .code(307)
      .header('location', `${new URL(options.baseUrl()).origin}/_files/${token}`)
      .send('')
  })

  // The object store knows its own signature and refuses any other credential.
  app.get('/_files/:token', async (request, reply) => {
    if (request.headers.authorization !== undefined) throw new Refusal(400, TWO_CREDENTIALS)
    const door = doors.get((request.params as { token: string }).token)
    if (door === undefined || !jobs.has(door.job.id)) throw new Refusal(404, NO_OBJECT)
    const lines = Readable.from(linesOf(hospital, door.job, door.file))
    return reply
      .type('application/fhir+ndjson')
      .header('content-encoding', 'gzip')
      .send(lines.pipe(createGzip({ level: 1 })))
  })
}

const TWO_CREDENTIALS =
  'InvalidArgument: Only one auth mechanism allowed; only the query parameter, Signature query string or the Authorization header should be specified'
const NO_OBJECT = 'NoSuchKey: The specified key does not exist.'

function askedFor(
  request: FastifyRequest,
  baseUrl: string,
): Pick<Job, 'request' | 'since' | 'filters'> & { types: readonly string[] } {
  if (!String(request.headers['prefer'] ?? '').includes('respond-async')) throw invalidRequest()
  const mark = request.url.indexOf('?')
  const query = new URLSearchParams(mark < 0 ? '' : request.url.slice(mark))
  const format = query.get('_outputFormat')
  if (format !== null && !FORMATS.includes(format)) throw invalidRequest()
  const types = query.get('_type')?.split(',') ?? TYPES
  if (!types.every((type) => TYPES.includes(type))) throw invalidRequest()
  const since = query.get('_since')
  const filters = new Map<string, URLSearchParams[]>()
  for (const filter of query.getAll('_typeFilter').flatMap((one) => one.split(','))) {
    const [type = '', rest = ''] = filter.split('?')
    if (!types.includes(type)) throw invalidRequest()
    filters.set(type, [...(filters.get(type) ?? []), new URLSearchParams(rest)])
  }
  const path = (mark < 0 ? request.url : request.url.slice(0, mark)).split('/').slice(3).join('/')
  return {
    types,
    filters,
    since: since === null ? -Infinity : spanOf(since).from,
    request: `${baseUrl}/${path}${mark < 0 ? '' : request.url.slice(mark)}`,
  }
}

function chunks(members: readonly number[]): number[][] {
  const parts: number[][] = []
  for (let i = 0; i < members.length; i += PATIENTS_A_FILE) parts.push(members.slice(i, i + PATIENTS_A_FILE))
  return parts
}

/** The patients named in a Parameters body as `patient` references. @throws Refusal 400 */
function membersIn(hospital: OpenHospital, body: unknown): number[] {
  const parameter = typeof body === 'object' && body !== null && 'parameter' in body ? body.parameter : null
  if (!Array.isArray(parameter)) throw invalidRequest()
  const members = parameter.flatMap((one: { name?: unknown; valueReference?: { reference?: unknown } }) => {
    const reference = one.name === 'patient' ? String(one.valueReference?.reference ?? '') : ''
    return hospital.patientNumber(reference.replace('Patient/', '')) ?? []
  })
  if (members.length === 0) throw invalidRequest()
  return members
}

/** NDJSON, a patient's records at a time, so that a file costs no memory. */
function* linesOf(hospital: OpenHospital, job: Job, { type, members }: File): Generator<string> {
  const filters = job.filters.get(type) ?? [new URLSearchParams()]
  for (const n of members) {
    const seen = new Set<string>()
    let text = ''
    for (const filter of filters) {
      for (const { resource, lastUpdated } of hospital.allOf(type, n, filter, job.grant)) {
        const id = String(resource.id)
        if (lastUpdated < job.since || seen.has(id)) continue
        seen.add(id)
        text += `${JSON.stringify(resource)}\n`
      }
    }
    if (text !== '') yield text
  }
}
