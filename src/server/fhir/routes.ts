import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import { tidyBase } from '../../standards/fhir/id.ts'
import { listFacadeRows } from '../../store/read-facade.ts'
import { LARGEST_ID } from '../../store/reading.ts'
import { noteAccess } from '../audit-trail.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { integrationErrorOf, statusOf } from '../problems.ts'
import { accessOf, checkPatient } from './access.ts'
import type { Access } from './access.ts'
import { fullUrl, searchBundle, withoutEmptyEntry } from './bundle.ts'
import { capabilityStatement } from './capability.ts'
import { directoryOf, isDirectoryType } from './directory.ts'
import { findMatches, matchSearch, readMatch } from './match.ts'
import { checkFormat, FHIR_JSON, queryOf, sendFhir, sendRead } from './negotiation.ts'
import { outcomeOf } from './outcome.ts'
import { isStrict, keysOf, pageOf, readSearch } from './query.ts'
import { recordIdIn, resourcesIn } from './resources.ts'
import { search } from './search.ts'
import { facadeType, isFacadeType } from './types.ts'
import type { FacadeTypeName } from './types.ts'

export const FACADE = '/fhir/R4'

/** The FHIR façade: US Core reading and searching of Practice Studio's own records. */
export async function fhirRoutes(app: FastifyInstance, dependencies: ServerDependencies): Promise<void> {
  await app.register(async (facade) => openFacade(facade, dependencies), { prefix: FACADE })
}

type Params = { type: string; id: string }

function openFacade(app: FastifyInstance, dependencies: ServerDependencies): void {
  const { config, clock, vault, database, engine } = dependencies
  const store = { database, vault }
  const startedAt = new Date(clock.now()).toISOString()
  const base = (): string => `${tidyBase(config.publicUrl)}${FACADE}`
  const open = { config: { needs: 'nothing' }, schema: { hide: true } } as const
  // Permission, scopes and the patient of a launch follow from the type, so the façade looks at them itself.
  const closed = {
    config: { needs: 'account', readsScopes: true, launched: 'itself' },
    schema: { hide: true },
  } as const
  answerAsFhir(app)

  app.get('/metadata', open, async (request, reply) => {
    checkFormat(request)
    const practice = config.practice.name
    reply.header('cache-control', 'public, max-age=300')
    return sendFhir(
      request,
      reply,
      capabilityStatement({ base: base(), version: config.version, practice, startedAt }),
    )
  })

  app.post<{ Body: unknown }>('/Patient/$match', closed, async (request, reply) => {
    checkFormat(request)
    const access = accessOf(request, 'Patient', 's')
    // Who else there may be is nothing that a chart of one patient asks for.
    checkPatient(access, null)
    const candidates = await findMatches(store, readMatch(request.body))
    await noteAccess(request, {
      action: 'fhir.match',
      object: 'patient',
      detail: { count: candidates.length },
    })
    const bundle = {
      resourceType: 'Bundle',
      id: newId(),
      meta: { lastUpdated: new Date(clock.now()).toISOString() },
      type: 'searchset',
      total: candidates.length,
      entry: candidates.map((one) => ({
        fullUrl: fullUrl(base(), one.resource),
        resource: one.resource,
        search: matchSearch(one),
      })),
    }
    return sendFhir(request, reply, withoutEmptyEntry(bundle))
  })

  const find = async (
    request: FastifyRequest,
    reply: FastifyReply,
    sent: URLSearchParams,
  ): Promise<FastifyReply> => {
    checkFormat(request)
    const type = typeOf(request)
    const access = accessOf(request, type, 's')
    if (type === 'Binary')
      throw new IntegrationError('REQUEST_INVALID', { place: type, reason: 'it is read, not searched' })
    const asked = readSearch(vault, type, sent, { isStrict: isStrict(request) })
    const found = await search(store, asked, access, { zone: config.practice.time_zone, base: base() })
    const { resources, patientId } = found
    const object = patientId === null ? type.toLowerCase() : `patient/${patientId}`
    const detail = { type, keys: keysOf(asked), count: resources.length }
    await noteAccess(request, { action: 'fhir.search', object, detail })
    const next = found.next && pageOf(vault, asked, found.next)
    const now = new Date(clock.now()).toISOString()
    return sendFhir(
      request,
      reply,
      withoutEmptyEntry(searchBundle({ base: base(), search: asked, resources, next, now })),
    )
  }

  app.get('/:type', closed, (request, reply) => find(request, reply, queryOf(request)))
  app.post<{ Body: unknown }>('/:type/_search', closed, (request, reply) => {
    // What stands in the address and in the body counts together (FHIR R4 §3.1.1.2).
    const body = request.body instanceof URLSearchParams ? request.body : new URLSearchParams()
    return find(request, reply, new URLSearchParams([...queryOf(request), ...body]))
  })

  app.get('/:type/:id', closed, async (request, reply) => {
    const type = typeOf(request)
    const { id } = request.params as Params
    const access = accessOf(request, type, 'r')
    if (type === 'Binary') return sendBinary(request, reply, id, access)
    checkFormat(request)
    const { resource, object, patientId } = await readOne(type, id, access)
    await noteAccess(request, { action: 'fhir.read', object, detail: { type, patient: patientId } })
    return sendRead(request, reply, resource)
  })

  async function readOne(type: FacadeTypeName, id: string, access: Access) {
    if (isDirectoryType(type)) {
      const resource = (await directoryOf(database, type)).find((one) => one.id === id)
      if (!resource) throw new IntegrationError('NOT_FOUND', { what: type })
      return { resource, object: type.toLowerCase(), patientId: null }
    }
    const row = await rowOf(type, id)
    const resource = row && resourcesIn(vault, type, row).find((one) => one.id === id)
    if (!resource) throw new IntegrationError('NOT_FOUND', { what: type })
    checkPatient(access, row.patient_id)
    return { resource, object: `${facadeType(type).record ?? type}/${row.id}`, patientId: row.patient_id }
  }

  async function rowOf(type: FacadeTypeName, id: string) {
    const { record } = facadeType(type)
    const recordId = recordIdIn(id)
    if (record === null || recordId === undefined) return undefined
    const narrow = { before: LARGEST_ID, limit: 1, ids: [recordId] }
    return (await listFacadeRows(database, record, narrow))[0]
  }

  /** The content of a document: its bytes, or a Binary resource for who asks for FHIR. */
  async function sendBinary(request: FastifyRequest, reply: FastifyReply, id: string, access: Access) {
    const row = recordIdIn(id) === id ? await rowOf('Binary', id) : undefined
    if (!row) throw new IntegrationError('NOT_FOUND', { what: 'Binary' })
    checkPatient(access, row.patient_id)
    const { bytes, mediaType } = await engine.documents.content(id)
    const object = `document/${id}`
    await noteAccess(request, {
      action: 'fhir.read',
      object,
      detail: { type: 'Binary', patient: row.patient_id },
    })
    const format = queryOf(request).get('_format') ?? request.headers.accept ?? ''
    if (/json/i.test(format)) {
      const data = Buffer.from(bytes).toString('base64')
      return sendFhir(request, reply, { resourceType: 'Binary', id, contentType: mediaType, data })
    }
    return (
      reply
        .type(mediaType)
        .header('cache-control', 'no-store')
        // Documents come from elsewhere: a browser must neither run nor show them as a page of ours.
        .header('content-disposition', 'attachment')
        .header('content-security-policy', "default-src 'none'; sandbox")
        .send(Buffer.from(bytes))
    )
  }
}

/** @throws NOT_FOUND for a type that the façade does not offer */
function typeOf(request: FastifyRequest): FacadeTypeName {
  const { type } = request.params as Params
  if (isFacadeType(type)) return type
  throw new IntegrationError('NOT_FOUND', {
    what: 'resource type here; /fhir/R4/metadata lists those there are',
  })
}

/** Bodies and failures as FHIR has them: OperationOutcome in place of problem documents. */
function answerAsFhir(app: FastifyInstance): void {
  const json = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser(['application/fhir+json', 'application/json+fhir'], { parseAs: 'string' }, json)
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => done(null, new URLSearchParams(String(body))),
  )
  app.setErrorHandler((thrown, request, reply) => {
    const error = integrationErrorOf(thrown)
    const status = error.code === 'REQUEST_INVALID' && isFormat(error) ? 406 : statusOf(error.code)
    if (status >= 500) request.log.error({ code: error.code }, error.message)
    if (status === 401) reply.header('www-authenticate', 'Bearer')
    return reply
      .code(status)
      .type(FHIR_JSON)
      .header('cache-control', 'no-store')
      .send(JSON.stringify(outcomeOf(error, request.id)))
  })
  app.setNotFoundHandler(() => {
    throw new IntegrationError('NOT_FOUND', { what: 'address' })
  })
}

const isFormat = ({ at }: IntegrationError): boolean => at['place'] === '_format' || at['place'] === 'Accept'
