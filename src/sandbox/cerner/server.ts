import { randomBytes, randomUUID } from 'node:crypto'
import Fastify, {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify'
import { IntegrationError } from '../../kernel/errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import { adminRoutes } from './admin.ts'
import { Refusal, type CernerEndpoints, type CernerPlugin, type Gate, type Hospital } from './contract.ts'
import { faultRoutes, openFaults, type Faults } from './faults.ts'
import { launchPageRoutes } from './launch-page.ts'
import { authorizeRoutes } from './oauth/authorize-routes.ts'
import { openAuthority, type Authority } from './oauth/authority.ts'
import { DEMO_CLIENTS, openClientRegistry, type ClientInput } from './oauth/clients.ts'
import { discoveryRoutes } from './oauth/discovery-routes.ts'
import { endpointsOf, withoutHostName } from './oauth/endpoints.ts'
import { bearerOf, openGate } from './oauth/gate.ts'
import type { TokenCount } from './oauth/token-counts.ts'
import { tokenRoutes } from './oauth/token-routes.ts'
import { demoUsers, type SandboxUser } from './oauth/users.ts'
import { openRequestLog, type RequestLog } from './request-log.ts'
import { badRequest, NOT_FOUND } from './server-bodies.ts'
import { addBodyParsers, BODY_LIMIT_BYTES } from './server-parsers.ts'

export interface CernerServerOptions {
  readonly hospital: Hospital
  readonly clock: Clock
  /** 0 takes any free port. */
  readonly port?: number
  readonly host?: string
  /** PEM. With it every address is https. */
  readonly tls?: { readonly cert: string; readonly key: string }
  readonly clients?: readonly ClientInput[]
  readonly users?: readonly SandboxUser[]
  /** What `expires_in` says; tokens live 30 seconds longer. */
  readonly tokenSeconds?: number
  /** The records on the web: FHIR, DSTU 2, Millennium services. */
  readonly plugins: readonly CernerPlugin[]
}

export interface CernerStats {
  readonly requests: number
  readonly tokenCalls: Readonly<Record<string, TokenCount>>
}

export interface CernerServer extends AsyncDisposable {
  readonly url: string
  readonly tenant: string
  readonly endpoints: CernerEndpoints
  readonly gate: Gate
  readonly oauth: Authority
  readonly faults: Faults
  readonly log: RequestLog
  stats(): CernerStats
  close(): Promise<void>
}

/**
 * Opens the doors of the sandbox Cerner on a real socket.
 *
 * @see cerner-fhir-r4.md §1.2 for headers, §2 for authorization, §5 for what can go wrong
 */
export async function openCernerServer(options: CernerServerOptions): Promise<CernerServer> {
  const { hospital, clock, port = 0, host = '127.0.0.1', tls, tokenSeconds = 570 } = options
  const app = buildFrame(tls)
  let endpoints: CernerEndpoints | null = null
  const whereItListens = (): CernerEndpoints => {
    if (endpoints === null) throw new IntegrationError('INTERNAL', {})
    return endpoints
  }
  const authority = await openAuthority({
    hospital,
    clock,
    clients: openClientRegistry(options.clients ?? DEMO_CLIENTS),
    users: options.users ?? demoUsers(hospital),
    tokenSeconds,
    endpoints: whereItListens,
  })
  const gate = openGate(authority)
  const log = openRequestLog(app, clock, (authorization) => clientOf(authority, authorization))
  const faults = openFaults(app, authority, tls)
  const doors = { authority, gate, faults, log }
  await app.register(discoveryRoutes, doors)
  await app.register(authorizeRoutes, doors)
  await app.register(tokenRoutes, doors)
  await app.register(faultRoutes, doors)
  await app.register(adminRoutes, doors)
  await app.register(launchPageRoutes, doors)
  for (const plugin of options.plugins) {
    const handed = { hospital, gate, clock, baseUrl: () => whereItListens().fhir, endpoints: whereItListens }
    await app.register(async (child) => plugin(child, handed))
  }
  await app.listen({ port, host })
  endpoints = endpointsOf(originOf(app, host, tls !== undefined), hospital.tenant)
  const close = async (): Promise<void> => {
    faults.stop()
    await app.close()
  }
  return {
    url: endpoints.origin,
    tenant: hospital.tenant,
    endpoints,
    gate,
    oauth: authority,
    faults,
    log,
    stats: () => ({ requests: log.total(), tokenCalls: authority.counts.all() }),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function buildFrame(tls: CernerServerOptions['tls']): FastifyInstance {
  const app = Fastify({
    ...(tls === undefined ? {} : { https: { ...tls, minVersion: 'TLSv1.2' as const } }),
    logger: false,
    genReqId: () => randomUUID(),
    requestIdHeader: 'x-request-id',
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: true,
    rewriteUrl: ({ url = '/' }) => withoutHostName(url),
    // Bases are published with a slash at the end (§1.1).
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 500 },
  })
  addBodyParsers(app)
  addHeaders(app)
  app.setErrorHandler(answerFailure)
  app.setNotFoundHandler(async (_request, reply) => sendRefusal(reply, new Refusal(404, NOT_FOUND)))
  // A host without a tenant is nothing the gateway can pass on (§1.1).
  for (const path of ['/r4', '/dstu2']) app.get(path, async (_request, reply) => reply.code(502).send())
  return app
}

function originOf(app: FastifyInstance, host: string, secure: boolean): string {
  const address = app.server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const name =
    host === '0.0.0.0' ? '127.0.0.1' : host.includes(':') ? `[${host === '::' ? '::1' : host}]` : host
  return `${secure ? 'https' : 'http'}://${name}:${port}`
}

const clientOf = (authority: Authority, authorization: string | undefined): string | null =>
  authority.access(bearerOf(authorization) ?? '')?.grant.clientId ?? null

// --- headers (§1.2, §2.6) ---

const EXPOSED = 'ETag, Content-Location, Location, X-Request-Id, WWW-Authenticate, Date'
const METHODS = 'DELETE, GET, POST, PUT, PATCH, OPTIONS, HEAD'

function addHeaders(app: Pick<FastifyInstance, 'addHook'>): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id).header('opc-request-id', `/${hex32()}/${hex32()}`)
    reply.header('vary', 'Origin').header('cache-control', 'no-cache')
    if (request.headers.origin === undefined) return undefined
    const isAuthorization = /^\/(?:tenants|tokeninfo|jwk)\b/.test(request.url)
    reply.header('access-control-allow-origin', '*').header('access-control-max-age', '0')
    reply.header('access-control-expose-headers', isAuthorization ? 'Cerner-Correlation-Id' : EXPOSED)
    if (request.method !== 'OPTIONS') return undefined
    reply.header('access-control-allow-methods', isAuthorization ? 'OPTIONS, POST' : METHODS)
    const asked = request.headers['access-control-request-headers']
    const allowed = isAuthorization
      ? 'Content-Type, Authorization, Accept, Cerner-Correlation-Id'
      : (asked ?? '*')
    return reply.header('access-control-allow-headers', allowed).code(200).send()
  })
}

const hex32 = (): string => randomBytes(16).toString('hex').toUpperCase()

// --- failures ---

function answerFailure(
  thrown: FastifyError | Refusal,
  _request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  if (thrown instanceof Refusal) return sendRefusal(reply, thrown)
  const status = thrown.statusCode ?? 500
  if (status >= 500) return sendRefusal(reply, new Refusal(500, null))
  return sendRefusal(reply, new Refusal(status, status === 415 ? null : badRequest(status)))
}

/** Objects go as FHIR, texts as text, and nothing as an empty page, which often claims to be HTML (§1.2). */
function sendRefusal(reply: FastifyReply, { status, body, headers }: Refusal): FastifyReply {
  reply.code(status).headers(headers)
  if (body === null || body === undefined) return reply.type('text/html').send('')
  if (typeof body === 'string')
    return reply.type(body.startsWith('<') ? 'text/html' : 'text/plain').send(body)
  const isFhir = Object.hasOwn(body, 'resourceType')
  // As bytes, or Fastify adds a character set that Cerner does not name.
  return reply
    .type(isFhir ? 'application/fhir+json' : 'application/json')
    .send(Buffer.from(JSON.stringify(body)))
}
