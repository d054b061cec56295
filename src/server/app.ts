import cookie from '@fastify/cookie'
import helmet from '@fastify/helmet'
import rateLimit from '@fastify/rate-limit'
import Fastify, { LogController } from 'fastify'
import type { FastifyError, FastifyInstance } from 'fastify'
import { validatorCompiler } from 'fastify-type-provider-zod'
import { IntegrationError } from '../kernel/errors.ts'
import { newId } from '../kernel/ids.ts'
import { openAuditTrail } from './audit-trail.ts'
import { guard } from './authentication.ts'
import { serveConsole } from './console-files.ts'
import type { ServerDependencies } from './dependencies.ts'
import { describeApi } from './openapi.ts'
import { fhirRoutes } from './fhir/routes.ts'
import { frameLaunches } from './launch-frames.ts'
import { PROBLEM_TYPE, integrationErrorOf, problemOf } from './problems.ts'
import { exposeMetrics } from './prometheus.ts'
import { writeCheckedJson, writeJson } from './responses.ts'
import { appointmentRoutes } from './routes/appointments.ts'
import { auditRoutes } from './routes/audit.ts'
import { cernerRoutes } from './routes/cerner.ts'
import { conflictRoutes } from './routes/conflicts.ts'
import { connectionRoutes } from './routes/connections.ts'
import { documentRoutes } from './routes/documents.ts'
import { encounterRoutes } from './routes/encounters.ts'
import { eventRoutes } from './routes/events.ts'
import { exchangeRoutes } from './routes/exchanges.ts'
import { healthRoutes } from './routes/health.ts'
import { jwksRoutes } from './routes/jwks.ts'
import { launchRoutes } from './routes/launch.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { observationRoutes } from './routes/observations.ts'
import { outboundRoutes } from './routes/outbound.ts'
import { patientRoutes } from './routes/patients.ts'
import { reportRoutes } from './routes/reports.ts'
import { schedulingRoutes } from './routes/scheduling.ts'
import { searchRoutes } from './routes/search.ts'
import { sessionRoutes } from './routes/session.ts'
import { smartRoutes } from './routes/smart.ts'
import { syncRoutes } from './routes/sync.ts'
import { tokenRoutes } from './routes/tokens.ts'

const ROUTES = [
  sessionRoutes,
  patientRoutes,
  encounterRoutes,
  appointmentRoutes,
  schedulingRoutes,
  outboundRoutes,
  conflictRoutes,
  documentRoutes,
  observationRoutes,
  reportRoutes,
  exchangeRoutes,
  connectionRoutes,
  cernerRoutes,
  syncRoutes,
  metricsRoutes,
  eventRoutes,
  searchRoutes,
  tokenRoutes,
  auditRoutes,
  healthRoutes,
  smartRoutes,
  launchRoutes,
  jwksRoutes,
  fhirRoutes,
]

const BODY_LIMIT_BYTES = 1024 * 1024

/** Puts the HTTP room together. The caller listens and closes. */
export async function buildApp(dependencies: ServerDependencies): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: dependencies.log,
    // Addresses can name a patient, so requests are logged by the pattern of their route instead.
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: () => newId(),
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
  })
  app.setValidatorCompiler(validatorCompiler)
  app.setSerializerCompiler(dependencies.checkResponses ? writeCheckedJson : writeJson)
  answerFailures(app)
  logRequests(app)
  await protect(app, dependencies)
  frameLaunches(app, dependencies)
  openAuditTrail(app, dependencies)
  guard(app, dependencies)
  await describeApi(app, dependencies)
  exposeMetrics(app, dependencies)
  await app.register(async (api) => {
    refuseOpenRoutes(api)
    for (const routes of ROUTES) await api.register(routes, dependencies)
  })
  await serveConsole(app, dependencies.consoleFolder)
  return app
}

function answerFailures(app: FastifyInstance): void {
  app.setErrorHandler((thrown: FastifyError, request, reply) => {
    const error = integrationErrorOf(thrown)
    const problem = problemOf(error, request.id)
    // Only what someone must look at; the cause of a PostgreSQL error can quote a row, so its detail stays out.
    if (problem.status >= 500) request.log.error({ code: error.code, cause: causeOf(error) }, error.message)
    if (error.code === 'UNAUTHENTICATED') reply.header('www-authenticate', 'Bearer')
    return reply
      .code(problem.status)
      .type(PROBLEM_TYPE)
      .header('cache-control', 'no-store')
      .send(JSON.stringify(problem))
  })
}

/** The class, code and place of a cause. Its message may carry values, so it is left out. */
function causeOf({ cause }: IntegrationError): Record<string, unknown> | undefined {
  if (!(cause instanceof Error)) return undefined
  const code = 'code' in cause ? cause.code : undefined
  return { name: cause.name, code, stack: cause.stack?.split('\n').filter((line) => /^\s+at /.test(line)) }
}

function logRequests(app: FastifyInstance): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id)
  })
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions, identity } = request
    const ms = Math.round(reply.elapsedTime)
    request.log.debug(
      { method, route: routeOptions.url, status: reply.statusCode, ms, actor: identity?.name },
      'request',
    )
  })
  app.addHook('onSend', async (request, reply) => {
    // Nothing of the API may stay in a cache between the browser and us.
    if (request.url.startsWith('/api/') && !reply.hasHeader('cache-control'))
      reply.header('cache-control', 'no-store')
  })
}

async function protect(app: FastifyInstance, { config }: ServerDependencies): Promise<void> {
  const isHttps = config.publicUrl.startsWith('https:')
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        // Mantine sets sizes and colours in style attributes.
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        workerSrc: ["'self'", 'blob:'],
        objectSrc: ["'none'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        ...(isHttps ? { upgradeInsecureRequests: [] } : {}),
      },
    },
    strictTransportSecurity: isHttps,
    crossOriginEmbedderPolicy: false,
    referrerPolicy: { policy: 'same-origin' },
  })
  await app.register(cookie)
  await app.register(rateLimit, {
    global: false,
    errorResponseBuilder: (_request, { ttl }) =>
      new IntegrationError('TOO_MANY_REQUESTS', { seconds: Math.max(1, Math.ceil(ttl / 1000)) }),
  })
}

/** A route that does not say what it needs would be open to everybody by mistake. */
function refuseOpenRoutes(app: FastifyInstance): void {
  app.addHook('onRoute', ({ url, config }) => {
    if (config?.needs === undefined) throw new Error(`the route ${url} does not say what it needs`)
  })
}
