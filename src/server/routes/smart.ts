import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { IntegrationError } from '../../kernel/errors.ts'
import { cookieOptions, setSessionCookie } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { launchProblemPage } from '../launch-problem.ts'
import { integrationErrorOf, statusOf } from '../problems.ts'

// A whole hospital can come from one address.
const VISITS = { rateLimit: { max: 600, timeWindow: 60_000 } }
const TEN_MINUTES_SECONDS = 600

/** `/smart/launch` and `/smart/callback`: where the chart and the authorization server send the browser. */
export const smartRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, dependencies) => {
  const { engine, config } = dependencies
  const route = { config: { needs: 'nothing', ...VISITS }, schema: { hide: true } } as const

  app.setErrorHandler(async (thrown, request, reply) => {
    const error = integrationErrorOf(thrown)
    if (statusOf(error.code) >= 500) request.log.error({ code: error.code }, error.message)
    const detail = { code: error.code }
    await app.audit.write({
      actor: 'unknown',
      role: 'none',
      action: 'launch.refuse',
      object: 'launch',
      detail,
    })
    return htmlOf(reply).code(statusOf(error.code)).send(launchProblemPage(error, request.id))
  })

  app.get('/smart/launch', route, async (request, reply) => {
    const query = queryOf(request)
    const { url, state, browser } = await engine.launch.begin(query, config.publicUrl)
    // In the frame of the chart when it came from there.
    const options = cookieOptions(config.publicUrl, query.has('launch'))
    reply.setCookie(cookieOf(state), browser, {
      ...options,
      path: '/smart/callback',
      maxAge: TEN_MINUTES_SECONDS,
    })
    return reply.header('cache-control', 'no-store').redirect(url, 302)
  })

  app.get('/smart/callback', route, async (request, reply) => {
    const query = queryOf(request)
    const name = cookieOf(query.get('state') ?? '')
    const opened = await engine.launch.complete(query, request.cookies[name])
    const { secret, expiresAtMs: expiresAt, kind } = opened
    const framed = kind === 'ehr'
    reply.clearCookie(name, { ...cookieOptions(config.publicUrl, framed), path: '/smart/callback' })
    setSessionCookie(reply, { secret, expiresAt, publicUrl: config.publicUrl, framed })
    // The address with the code must not go on to anybody as a referrer.
    return reply
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-store')
      .redirect('/launch', 303)
  })
}

const queryOf = ({ url }: FastifyRequest): URLSearchParams => new URL(url, 'http://localhost').searchParams

/** One cookie for each launch under way, so that two charts that are opened at once do not cross. */
function cookieOf(state: string): string {
  if (state.length > 200) throw new IntegrationError('LAUNCH_INVALID', { place: 'state' })
  return `practice_studio_launch_${createHash('sha256').update(state).digest('hex').slice(0, 12)}`
}

const htmlOf = (reply: FastifyReply): FastifyReply =>
  reply.type('text/html; charset=utf-8').header('cache-control', 'no-store')
