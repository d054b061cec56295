import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ROLES } from '../contract/session.ts'
import type { Permission, Role } from '../contract/session.ts'
import { IntegrationError } from '../kernel/errors.ts'
import { findSession, findToken } from '../store/tokens.ts'
import type { Bearer } from '../store/tokens.ts'
import type { ServerDependencies } from './dependencies.ts'
import { may } from './permissions.ts'

/** Who asks. */
export interface Identity {
  name: string
  role: Role
  /** The secret of the session; null for a bearer token, which no browser sends by itself. */
  session: string | null
}

/** What a route asks of the caller: a permission, any account at all, or nothing. */
export type Need = Permission | 'account' | 'nothing'

declare module 'fastify' {
  interface FastifyContextConfig {
    needs?: Need
  }
  interface FastifyRequest {
    identity: Identity | null
  }
}

export const COOKIE = 'practice_studio'
export const CSRF_HEADER = 'x-csrf-token'
export const SESSION_MS = 12 * 3_600_000

/** The value a page sends back with each change. It follows from the session, so nothing is kept for it. */
export const csrfOf = (session: string): string =>
  createHash('sha256').update(`csrf ${session}`).digest('base64url')

/** Finds out who asks, before anything of the request is read, and turns away who may not. */
export function guard(app: FastifyInstance, dependencies: ServerDependencies): void {
  app.decorateRequest('identity', null)
  app.addHook('onRequest', async (request) => {
    const need = request.routeOptions.config.needs ?? 'nothing'
    if (need === 'nothing') return
    const identity = await identityOf(request, dependencies)
    if (!identity) throw new IntegrationError('UNAUTHENTICATED', {})
    request.identity = identity
    checkCsrf(request, identity)
    if (need !== 'account' && !may(identity.role, need))
      throw new IntegrationError('FORBIDDEN', { permission: need })
  })
}

export async function identityOf(
  request: FastifyRequest,
  { database, clock }: Pick<ServerDependencies, 'database' | 'clock'>,
): Promise<Identity | undefined> {
  const { authorization } = request.headers
  if (authorization !== undefined) {
    const token = /^Bearer +(\S{10,500})$/i.exec(authorization)?.[1]
    return token === undefined ? undefined : identify(await findToken(database, token, clock.now()), null)
  }
  const session = request.cookies[COOKIE]
  if (!session) return undefined
  return identify(await findSession(database, session, clock.now()), session)
}

const isRole = (role: string): role is Role => ROLES.some((each) => each === role)

function identify(bearer: Bearer | undefined, session: string | null): Identity | undefined {
  if (!bearer || !isRole(bearer.role)) return undefined
  return { name: bearer.name, role: bearer.role, session }
}

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

// A cookie travels with requests that other sites start; this header does not.
function checkCsrf(request: FastifyRequest, { session }: Identity): void {
  if (session === null || SAFE_METHODS.has(request.method)) return
  const sent = request.headers[CSRF_HEADER]
  if (typeof sent === 'string' && sameText(sent, csrfOf(session))) return
  throw new IntegrationError('CSRF_MISSING', { header: 'X-CSRF-Token' })
}

const sameText = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a.padEnd(64)), Buffer.from(b.padEnd(64)))

/** The caller of a route that needs one. */
export function callerOf(request: FastifyRequest): Identity {
  if (!request.identity) throw new IntegrationError('UNAUTHENTICATED', {})
  return request.identity
}

export function setSessionCookie(
  reply: FastifyReply,
  { secret, expiresAt, publicUrl }: { secret: string; expiresAt: number; publicUrl: string },
): void {
  reply.setCookie(COOKIE, secret, {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: publicUrl.startsWith('https:'),
    expires: new Date(expiresAt),
  })
}
