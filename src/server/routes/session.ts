import type { FastifyReply } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { loginRequest, sessionInfo } from '../../contract/session.ts'
import type { SessionInfo } from '../../contract/session.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { createSession, endSession, findToken, redeemLoginLink } from '../../store/tokens.ts'
import { noteAccess } from '../audit-trail.ts'
import { COOKIE, SESSION_MS, callerOf, csrfOf, setSessionCookie } from '../authentication.ts'
import type { Identity } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { permissionsOf } from '../permissions.ts'
import { answers } from '../responses.ts'

const ATTEMPTS = { rateLimit: { max: 10, timeWindow: 60_000 } }
// The console's own log-in page has this address too.
const VISITS = { rateLimit: { max: 60, timeWindow: 60_000 } }

export const sessionRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, dependencies) => {
  const { database, clock } = dependencies
  const { publicUrl } = dependencies.config
  const tags = ['session']

  app.get(
    '/api/session',
    {
      // Also for a launch that is over: its page loads, and tells why.
      config: { needs: 'account', launched: 'ended' },
      schema: { tags, summary: 'Who I am and what I may do', response: answers(sessionInfo) },
    },
    (request) => infoOf(callerOf(request)),
  )

  app.post(
    '/api/session',
    {
      config: { needs: 'nothing', ...ATTEMPTS },
      schema: {
        tags,
        summary: 'Begin a session with a token',
        body: loginRequest,
        response: answers(sessionInfo),
      },
    },
    async (request, reply) => {
      const now = clock.now()
      const bearer = await findToken(database, request.body.token, now)
      // A token with scopes opens the façade alone; a session would open more.
      if (!bearer || bearer.scopes !== null) return refuse('token')
      // A session never outlives the token it was begun with.
      const expiresAt = Math.min(
        now + SESSION_MS,
        bearer.expires_at === null ? Infinity : Date.parse(bearer.expires_at),
      )
      const secret = await createSession(database, { name: bearer.name, role: bearer.role, expiresAt })
      return begin(reply, { ...bearer, secret }, expiresAt)
    },
  )

  app.delete(
    '/api/session',
    {
      config: { needs: 'account', launched: 'ended' },
      schema: { tags, summary: 'End this session', response: answers(z.object({})) },
    },
    async (request, reply) => {
      const { session } = callerOf(request)
      if (session !== null) await endSession(database, session, clock.now())
      await noteAccess(request, { action: 'session.logout', object: 'session' })
      reply.clearCookie(COOKIE, { path: '/' })
      return {}
    },
  )

  app.get(
    '/login',
    {
      config: { needs: 'nothing', ...VISITS },
      schema: { hide: true, querystring: z.object({ link: z.string().min(10).max(200).optional() }) },
    },
    async (request, reply) => {
      const { link } = request.query
      // Without a link this is the console's own page.
      if (link === undefined) return reply.callNotFound()
      const now = clock.now()
      const expiresAt = now + SESSION_MS
      const redeemed = await redeemLoginLink(database, { link, expiresAt, now })
      if (!redeemed) return reply.redirect('/login?problem=LOGIN_REFUSED', 303)
      await begin(reply, redeemed, expiresAt)
      return reply.header('referrer-policy', 'no-referrer').redirect('/', 303)
    },
  )

  async function refuse(by: string): Promise<never> {
    await app.audit.write({
      actor: 'unknown',
      role: 'none',
      action: 'session.refuse',
      object: 'session',
      detail: { by },
    })
    throw new IntegrationError('LOGIN_REFUSED', {})
  }

  async function begin(
    reply: FastifyReply,
    { name, role, secret }: { name: string; role: string; secret: string },
    expiresAt: number,
  ): Promise<SessionInfo> {
    await app.audit.write({ actor: name, role, action: 'session.login', object: 'session' })
    setSessionCookie(reply, { secret, expiresAt, publicUrl })
    return infoOf({ name, role: role as Identity['role'], session: secret, scopes: null, launch: null })
  }

  function infoOf(identity: Identity): SessionInfo {
    const { name, role, session } = identity
    const { practice, version, demo } = dependencies.config
    const csrf = session === null ? '' : csrfOf(session)
    return { name, role, permissions: permissionsOf(identity), csrf, practice, version, demo }
  }
}
