import type { FastifyInstance, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { idIn } from './base.ts'
import { binaryBytes } from './binary.ts'
import { pointer, readByRule } from './bodies.ts'
import { securityOf } from './capability.ts'
import type { CernerPluginOptions, Grant, Page, R4Verb, Resource } from './contract.ts'
import { DSTU2_TYPES, toDstu2 } from './dstu2-shapes.ts'
import { againstRule, invalidRequest, notFound, parametersMissing, wrongTenant } from './outcomes.ts'
import {
  acceptJson,
  answerRefusals,
  bundle,
  DSTU2_JSON,
  etag,
  httpDate,
  readJsonBodies,
  requestHeaders,
  sendEmpty,
  sendFound,
} from './wire-fhir.ts'

export type Dstu2RoutesOptions = Pick<CernerPluginOptions, 'hospital' | 'gate' | 'baseUrl'> &
  Partial<Pick<CernerPluginOptions, 'endpoints'>>

/** FHIR DSTU 2 under `/dstu2/{tenant}`: reading, and appointments. @see cerner-fhir-r4.md §4 */
export async function dstu2Routes(app: FastifyInstance, options: Dstu2RoutesOptions): Promise<void> {
  const { hospital, gate } = options
  const { records, switches } = hospital
  readJsonBodies(app)
  answerRefusals(app, DSTU2_JSON)
  requestHeaders(app)
  const base = (): string => options.baseUrl().replace('/r4/', '/dstu2/')
  const placeOf = (request: FastifyRequest): { type: string; id: string } => {
    const { tenant, type = '', id = '' } = request.params as Partial<Record<'tenant' | 'type' | 'id', string>>
    if (tenant !== hospital.tenant) throw wrongTenant()
    return { type, id }
  }
  const admit = (request: FastifyRequest, type: string, verb: R4Verb): Grant => {
    // What R4 alone has is unknown here.
    if (!DSTU2_TYPES.includes(type)) throw notFound()
    return gate.admit(request.headers.authorization, { type, verb })
  }
  const relocated = (resource: Resource): Resource =>
    JSON.parse(
      JSON.stringify(resource).replaceAll(`${options.baseUrl()}/Binary/`, `${base()}/Binary/`),
    ) as Resource

  app.get('/dstu2/:tenant/metadata', async (request, reply) => {
    placeOf(request)
    acceptJson(request)
    const security = options.endpoints === undefined ? undefined : securityOf(options.endpoints())
    return reply.type(DSTU2_JSON).send(JSON.stringify(conformance(base(), security)))
  })

  app.get('/dstu2/:tenant/:type', async (request, reply) => {
    const { type } = placeOf(request)
    acceptJson(request)
    const grant = admit(request, type, 'search')
    const given = new URLSearchParams(request.url.split('?')[1] ?? '')
    const context = given.get('-pageContext') ?? given.get('pageContext')
    const query = r4Query(type, given)
    const page = records.search(type, query, context, grant)
    const shown: Page = {
      ...page,
      entries: page.entries.map(({ found, mode }) => ({
        found: { ...found, resource: relocated(toDstu2(found.resource)) },
        mode,
      })),
    }
    given.delete('pageContext')
    given.delete('direction')
    const next = new URLSearchParams(given)
    if (page.next !== null) next.set('-pageContext', page.next)
    next.set('-pageDirection', 'NEXT')
    const links = {
      self: `${base()}/${type}${request.url.includes('?') ? `?${request.url.split('?')[1] ?? ''}` : ''}`,
      next: page.next === null ? null : `${base()}/${type}?${next.toString()}`,
    }
    return reply.type(DSTU2_JSON).send(JSON.stringify(bundle(base(), shown, links, false)))
  })

  app.get('/dstu2/:tenant/Binary/:id', async (request, reply) => {
    const { id } = placeOf(request)
    const grant = gate.admit(request.headers.authorization, { type: 'Binary', verb: 'read' })
    const { resource } = records.read('Binary', id, grant)
    return reply.type(String(resource['contentType'])).send(binaryBytes(resource))
  })

  app.get('/dstu2/:tenant/:type/:id', async (request, reply) => {
    const { type, id } = placeOf(request)
    acceptJson(request)
    const found = records.read(type, id, admit(request, type, 'read'))
    return sendFound(reply, { ...found, resource: relocated(toDstu2(found.resource)) }, DSTU2_JSON)
  })

  app.post('/dstu2/:tenant/Appointment', async (request, reply) => {
    placeOf(request)
    const grant = admit(request, 'Appointment', 'create')
    const made = records.create('Appointment', bookingIn(request.body), grant)
    reply.header('location', `${base()}/Appointment/${made.resource.id ?? ''}`)
    reply.header('etag', etag(made.version)).header('last-modified', httpDate(made.lastUpdated))
    return sendEmpty(reply, 201, switches)
  })

  app.put('/dstu2/:tenant/Appointment/:id', async (request, reply) => {
    const { id } = placeOf(request)
    const grant = admit(request, 'Appointment', 'update')
    const { status } = readByRule(statusOnly, request.body)
    const operations = [{ op: 'replace', path: '/status', value: status }]
    const now = records.patch('Appointment', id, request.headers['if-match'], operations, grant)
    reply.header('etag', etag(now.version)).header('last-modified', httpDate(now.lastUpdated))
    return sendEmpty(reply, 200, switches)
  })
  app.all('/dstu2/:tenant/*', async (request) => {
    placeOf(request)
    throw notFound()
  })
}

const proposed = z.looseObject({
  resourceType: z.literal('Appointment'),
  status: z.literal('proposed'),
  slot: z.array(pointer).length(1),
  participant: z.array(z.looseObject({ actor: pointer, status: z.literal('needs-action') })).length(1),
  reason: z.looseObject({ text: z.string().optional() }).optional(),
})
const statusOnly = z.looseObject({ status: z.enum(['arrived', 'cancelled']) })

/** What is proposed here is booked at once. */
function bookingIn(body: unknown): Resource {
  const read = readByRule(proposed, body)
  const [who] = read.participant
  if (who === undefined || idIn(who.actor, 'Patient') === null) throw againstRule('Appointment.participant')
  return {
    resourceType: 'Appointment',
    status: 'booked',
    slot: read.slot,
    participant: [{ actor: who.actor, status: 'accepted' }],
    ...(read.reason?.text === undefined ? {} : { reasonCode: [{ text: read.reason.text }] }),
  }
}

/** The parameters by the names and limits of R4. */
function r4Query(type: string, given: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams(given)
  for (const name of ['-pageContext', '-pageDirection', 'pageContext', 'direction']) query.delete(name)
  const slotType = query.get('slot-type')
  if (slotType !== null) {
    query.set('service-type', slotType)
    query.delete('slot-type')
  }
  if (given.has('-pageContext') || given.has('pageContext')) return query
  if (type === 'Observation' && Number(query.get('_count') ?? 0) > 100) query.set('_count', '100')
  const only = type === 'Encounter' ? ['_id', 'patient'] : null
  if (only !== null && !only.some((name) => query.has(name)))
    throw parametersMissing([...only, '-pageContext'])
  if (type === 'DocumentReference' && query.has('created')) {
    const created = query.getAll('created')
    if (created.length !== 2) throw invalidRequest()
    query.delete('created')
    for (const one of created) query.append('date', one)
  }
  return query
}

const READS: Readonly<Record<string, readonly string[]>> = {
  Appointment: ['read', 'search-type', 'create', 'update'],
}

function conformance(base: string, security: unknown): unknown {
  return {
    resourceType: 'Conformance',
    url: `${base}/metadata`,
    version: '1.0.0',
    name: 'Cerner Conformance Statement',
    status: 'active',
    experimental: false,
    publisher: 'Cerner',
    date: '2020-06-22',
    description: 'Cerner implementation of Argonaut Conformance Statement',
    kind: 'instance',
    implementation: { description: 'Cerner implementation of FHIR on top of Millennium', url: base },
    fhirVersion: '1.0.2',
    acceptUnknown: 'no',
    format: ['json', 'application/json+fhir'],
    rest: [
      {
        mode: 'server',
        ...(security === undefined ? {} : { security }),
        resource: DSTU2_TYPES.map((type) => ({
          type,
          interaction: (READS[type] ?? ['read', 'search-type']).map((code) => ({ code })),
        })),
      },
    ],
  }
}
