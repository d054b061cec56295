import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { capabilityStatement } from './capability.ts'
import type { CernerPluginOptions, Grant, R4Verb, Resource, Versioned } from './contract.ts'
import { binaryBytes } from './binary.ts'
import { invalidRequest, methodNotAllowed, notFound, wrongTenant } from './outcomes.ts'
import { Refusal } from './contract.ts'
import {
  acceptJson,
  answerRefusals,
  bundle,
  etag,
  httpDate,
  R4_JSON,
  readJsonBodies,
  requestHeaders,
  sendEmpty,
  sendFound,
} from './wire-fhir.ts'

export type FhirRoutesOptions = Pick<CernerPluginOptions, 'hospital' | 'gate' | 'baseUrl'> &
  Partial<Pick<CernerPluginOptions, 'endpoints'>>

interface At {
  readonly tenant: string
  readonly type: string
  readonly id: string
}

/** FHIR R4 under `/r4/{tenant}`. @see cerner-fhir-r4.md §1 */
export async function fhirRoutes(app: FastifyInstance, options: FhirRoutesOptions): Promise<void> {
  const { hospital, gate } = options
  const { records, switches } = hospital
  hospital.publishAt?.(() => options.baseUrl())
  readJsonBodies(app)
  answerRefusals(app, R4_JSON)
  requestHeaders(app)

  const placeOf = (request: FastifyRequest): At => {
    const { tenant = '', type = '', id = '' } = request.params as Partial<At>
    if (tenant !== hospital.tenant) throw wrongTenant()
    return { tenant, type, id }
  }
  const admit = (request: FastifyRequest, type: string, verb: R4Verb): Grant =>
    gate.admit(request.headers.authorization, { type, verb })
  const admitIncluded = (request: FastifyRequest, query: URLSearchParams): void => {
    for (const include of [...query.getAll('_include'), ...query.getAll('_revinclude')]) {
      for (const one of include.split(',')) {
        const type = INCLUDED[one]
        if (type !== undefined) admit(request, type, 'read')
      }
    }
  }
  const wrote = (reply: FastifyReply, status: number, { version, lastUpdated }: Versioned): FastifyReply =>
    sendEmpty(
      reply.header('etag', etag(version)).header('last-modified', httpDate(lastUpdated)),
      status,
      switches,
    )

  app.get('/r4/:tenant/metadata', async (request, reply) => {
    placeOf(request)
    acceptJson(request)
    const statement = capabilityStatement(options.baseUrl(), options.endpoints?.() ?? null)
    return reply.type(R4_JSON).send(JSON.stringify(statement))
  })

  app.get('/r4/:tenant/:type', async (request, reply) => {
    const { type } = placeOf(request)
    acceptJson(request)
    const query = queryOf(request)
    const grant = admit(request, type, 'search')
    admitIncluded(request, query)
    const context = query.get('-pageContext')
    const page = records.search(type, withoutPaging(query), context, grant)
    const links = {
      self: `${options.baseUrl()}/${type}${searchOf(request)}`,
      next: page.next === null ? null : nextLink(options.baseUrl(), type, query, page.next),
    }
    return reply.type(R4_JSON).send(JSON.stringify(bundle(options.baseUrl(), page, links)))
  })

  app.get('/r4/:tenant/:type/:id', async (request, reply) => {
    const { type, id } = placeOf(request)
    if (type === 'Binary') return sendBinary(request, reply, id)
    acceptJson(request)
    if (type === 'DocumentReference' && id === '$docref') return sendGeneratedDocument(request, reply)
    return sendFound(reply, records.read(type, id, admit(request, type, 'read')))
  })

  app.post('/r4/:tenant/:type', async (request, reply) => {
    const { type } = placeOf(request)
    const grant = admit(request, type, 'create')
    const made = records.create(type, bodyOf(request), grant)
    reply.header('location', `${options.baseUrl()}/${type}/${made.resource.id ?? ''}`)
    return wrote(reply, 201, made)
  })

  const patch = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const { type, id } = placeOf(request)
    const grant = admit(request, type, 'patch')
    if (!mediaOf(request).includes('json-patch')) throw new Refusal(415, null)
    return wrote(reply, 200, records.patch(type, id, request.headers['if-match'], request.body, grant))
  }
  app.patch('/r4/:tenant/:type/:id', patch)
  // Clients that cannot send PATCH send it through POST.
  app.post('/r4/:tenant/:type/:id', async (request, reply) => {
    const method = queryOf(request).get('_method') ?? request.headers['x-http-method-override']
    if (String(method).toLowerCase() !== 'patch') throw methodNotAllowed()
    return patch(request, reply)
  })
  app.put('/r4/:tenant/:type/:id', async (request, reply) => {
    const { type, id } = placeOf(request)
    const grant = admit(request, type, 'update')
    // Replacing a whole record takes the right to read it as well.
    admit(request, type, 'read')
    return wrote(reply, 200, records.update(type, id, request.headers['if-match'], bodyOf(request), grant))
  })
  app.delete('/r4/:tenant/:type/:id', async (request, reply) => {
    const { type, id } = placeOf(request)
    const grant = admit(request, type, 'delete')
    records.remove(type, id, request.headers['if-match'], grant)
    return reply.code(204).send()
  })
  app.all('/r4/:tenant/*', async (request) => {
    placeOf(request)
    throw notFound()
  })

  const sendBinary = (request: FastifyRequest, reply: FastifyReply, id: string): FastifyReply => {
    const grant = admit(request, 'Binary', 'read')
    const query = id === '$autogen-ccd-if' ? `?${searchOf(request).slice(1)}` : ''
    const found = records.read('Binary', `${id}${query}`, grant)
    const type = String(found.resource['contentType'])
    const wanted = (request.headers.accept ?? '*/*')
      .split(',')
      .map((one) => (one.split(';')[0] ?? '').trim().toLowerCase())
    if (wanted.includes(R4_JSON) || wanted.includes('application/json+fhir')) return sendFound(reply, found)
    const plain = type.split(';')[0] ?? type
    if (!wanted.some((one) => one === plain || one === '*/*' || one === `${plain.split('/')[0] ?? ''}/*`))
      throw new Refusal(406, null)
    return reply.type(type).send(binaryBytes(found.resource))
  }

  const sendGeneratedDocument = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const grant = admit(request, 'DocumentReference', 'read')
    const query = queryOf(request)
    if (query.get('patient') === null) throw invalidRequest()
    const found = records.read('DocumentReference', `$docref?${withoutPaging(query).toString()}`, grant)
    const page = { entries: [{ found, mode: 'match' as const }], next: null, total: 1 }
    const self = `${options.baseUrl()}/DocumentReference/$docref${searchOf(request)}`
    return reply.type(R4_JSON).send(JSON.stringify(bundle(options.baseUrl(), page, { self, next: null })))
  }
}

const INCLUDED: Readonly<Record<string, string>> = {
  'Provenance:target': 'Provenance',
  'Slot:schedule': 'Schedule',
  'Schedule:actor:Practitioner': 'Practitioner',
}

const searchOf = (request: FastifyRequest): string => {
  const mark = request.url.indexOf('?')
  return mark < 0 ? '' : request.url.slice(mark)
}

const queryOf = (request: FastifyRequest): URLSearchParams => new URLSearchParams(searchOf(request))

const PAGING = ['-pageContext', '-pageDirection', 'pageContext', 'direction']

function withoutPaging(query: URLSearchParams): URLSearchParams {
  const rest = new URLSearchParams(query)
  for (const name of PAGING) rest.delete(name)
  return rest
}

/** The original parameters and the page; of a Slot search only the page and what comes along. */
function nextLink(base: string, type: string, query: URLSearchParams, context: string): string {
  const kept = withoutPaging(query)
  if (type === 'Slot') for (const name of [...kept.keys()]) if (name !== '_include') kept.delete(name)
  kept.set('-pageContext', context)
  kept.set('-pageDirection', 'NEXT')
  return `${base}/${type}?${kept.toString()}`
}

const mediaOf = (request: FastifyRequest): string => String(request.headers['content-type'] ?? '')

function bodyOf(request: FastifyRequest): Resource {
  const { body } = request
  if (typeof body !== 'object' || body === null || Array.isArray(body) || !('resourceType' in body))
    throw invalidRequest()
  return body as Resource
}
