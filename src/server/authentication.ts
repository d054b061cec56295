import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ROLES } from '../contract/session.ts'
import type { Permission, Role } from '../contract/session.ts'
import { IntegrationError } from '../kernel/errors.ts'
import { findSession, findToken } from '../store/tokens.ts'
import type { Bearer, BearerLaunch } from '../store/tokens.ts'
import type { ServerDependencies } from './dependencies.ts'
import { keepToLaunch } from './launch-limits.ts'
import { permissionsOf } from './permissions.ts'

/** Who asks. */
export interface Identity {
  name: string
  role: Role
  /** The secret of the session; null for a bearer token, which no browser sends by itself. */
  session: string | null
  /** SMART scopes of a token: it opens the FHIR façade alone, and there what they name. Null: the role decides. */
  scopes: readonly string[] | null
  /** Set for a session that was opened from the chart: it sees the patient of the launch alone. */
  launch: LaunchIdentity | null
}

export interface LaunchIdentity {
  sessionId: string
  /** Our record of the patient in context; null while there is none. */
  patientId: string | null
  /** When the token of the launch ends, in milliseconds. */
  expiresAtMs: number
  ended: boolean
}

/** What a route asks of the caller: a permission, any account at all, or nothing. */
export type Need = Permission | 'account' | 'nothing'

declare module 'fastify' {
  interface FastifyContextConfig {
    needs?: Need
    /** True for the façade, which reads the scopes of a token itself; other routes take no token that has scopes. */
    readsScopes?: boolean
    /**
     * What a session that was opened from the chart may do here, where its address does not tell whose records these
     * are: `free` shows nothing of a patient, `ended` is for telling why a launch is over, `itself` looks by itself.
     */
    launched?: 'free' | 'ended' | 'itself'
  }
  interface FastifyRequest {
    identity: Identity | null
  }
}

export const COOKIE = 'practice_studio'
export const CSRF_HEADER = 'x-csrf-token'
export const SESSION_MS = 12 * 3_600_000
const RENEW_BEFORE_MS = 75_000

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
    checkScopes(request, identity)
    await checkLaunch(request, identity, dependencies)
    if (need !== 'account' && !permissionsOf(identity).includes(need))
      throw new IntegrationError('FORBIDDEN', { permission: need })
  })
  app.addHook('preHandler', async (request) => {
    if (request.identity?.launch) await keepToLaunch(request, request.identity.launch, dependencies)
  })
}

function checkScopes(request: FastifyRequest, { scopes }: Identity): void {
  if (scopes === null || request.routeOptions.config.readsScopes === true) return
  throw new IntegrationError('SCOPE_MISSING', { scope: 'for this address' })
}

/** A session lives as long as the launch it stands on: its token is renewed on the way, or it ends. */
async function checkLaunch(
  request: FastifyRequest,
  { launch }: Identity,
  { engine, clock }: ServerDependencies,
): Promise<void> {
  if (!launch || request.routeOptions.config.launched === 'ended') return
  if (launch.ended) throw new IntegrationError('LAUNCH_ENDED', {})
  if (launch.expiresAtMs - clock.now() < RENEW_BEFORE_MS) await engine.launch.keep(launch.sessionId)
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
  const { id, name, role, scopes, launch } = bearer
  return { name, role, session, scopes, launch: launch && launchOf(id, launch) }
}

const launchOf = (sessionId: string, launch: BearerLaunch): LaunchIdentity => ({
  sessionId,
  patientId: launch.patient_id,
  expiresAtMs: Date.parse(launch.expires_at),
  ended: launch.ended,
})

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

/**
 * Puts the session into the browser.
 *
 * @param framed true for a session inside the frame of a chart, which stands on another site: only a cookie that is
 *   `SameSite=None`, `Secure` and, so that no other site shares it, `Partitioned` gets there. A browser takes such a
 *   cookie over https alone; on plain http, for tests on one machine, it stays `Lax`.
 */
export function setSessionCookie(
  reply: FastifyReply,
  options: { secret: string; expiresAt: number; publicUrl: string; framed?: boolean },
): void {
  const { secret, expiresAt, publicUrl, framed = false } = options
  reply.setCookie(COOKIE, secret, { ...cookieOptions(publicUrl, framed), expires: new Date(expiresAt) })
}

export function cookieOptions(publicUrl: string, framed: boolean) {
  const secure = publicUrl.startsWith('https:')
  const inFrame = framed && secure
  return {
    path: '/',
    httpOnly: true,
    secure,
    sameSite: inFrame ? ('none' as const) : ('lax' as const),
    ...(inFrame ? { partitioned: true } : {}),
  }
}
