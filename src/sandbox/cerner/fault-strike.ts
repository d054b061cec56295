import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { answerOf, bytesOf, loopedBack, malformed } from './fault-answers.ts'
import type { AimedFault, FaultRequest, FaultStatus } from './fault-schema.ts'
import type { Authority } from './oauth/authority.ts'
import { TokenRefusal, type TokenProblem } from './oauth/problems.ts'
import { refused } from './oauth/token-routes.ts'
import { noteOn } from './request-log.ts'
import { gatewayPage } from './server-bodies.ts'
import { HTML_TYPE } from './server-html.ts'

/** A fault waiting for calls. */
export interface Armed {
  readonly id: number
  readonly fault: FaultRequest
  matched: number
  fired: number
  /** Numbers from 0 up to 1, the same ones for the same seed. */
  readonly draw: () => number
}

const BEFORE: ReadonlySet<string> = new Set(['status', 'slow', 'hang', 'drop', 'wrong-type', 'token-down'])

/** Lets the armed faults meet every call but those to the sandbox itself. */
export function strike(
  app: FastifyInstance,
  authority: Authority,
  armed: () => readonly Armed[],
  stopping: AbortSignal,
): void {
  const struck = new WeakMap<FastifyRequest, AimedFault[]>()

  app.addHook('onRequest', async (request, reply) => {
    if (isSandboxOwn(request)) return undefined
    const faults = armed().flatMap((one) =>
      isAimed(one.fault) && hits(one, one.fault, request) ? [one.fault] : [],
    )
    if (faults.length === 0) return undefined
    noteOn(request, { fault: faults.map(({ kind }) => kind).join(', ') })
    struck.set(request, faults)
    for (const fault of faults) {
      if (fault.kind === 'slow') await pause(fault.ms, stopping)
    }
    const first = faults.find(({ kind }) => BEFORE.has(kind) && kind !== 'slow')
    return first === undefined ? undefined : answerWith(first, authority, request, reply)
  })

  app.addHook('onSend', async (request, reply, payload) => {
    let sent: unknown = payload
    for (const { kind } of struck.get(request) ?? []) {
      if (kind === 'drop-after') return closed(reply, null)
      if (kind === 'half') return closed(reply, await bytesOf(sent))
      if (kind === 'malformed') sent = withLength(reply, malformed(await bytesOf(sent)))
      if (kind === 'loop')
        sent = withLength(reply, loopedBack(await bytesOf(sent), addressOf(authority, request)))
    }
    return sent
  })
}

const isSandboxOwn = ({ url }: FastifyRequest): boolean => url.startsWith('/_sandbox')
const isAimed = (fault: FaultRequest): fault is AimedFault => KINDS_AIMED.has(fault.kind)
const KINDS_AIMED: ReadonlySet<string> = new Set([...BEFORE, 'drop-after', 'half', 'malformed', 'loop'])

const isTokenCall = ({ method, url }: FastifyRequest): boolean =>
  method === 'POST' && /^\/tenants\/.*\/smart-v1\/token\/?(?:\?|$)/.test(url)

/** Counts the call and says whether the fault strikes it. */
function hits(one: Armed, fault: AimedFault, request: FastifyRequest): boolean {
  if (fault.kind === 'token-down' && !isTokenCall(request)) return false
  if (!matches(fault, request)) return false
  one.matched += 1
  if (one.matched <= (fault.after ?? 0) || one.fired >= (fault.times ?? Infinity)) return false
  // Drawn for every call that could be struck, so that a storm repeats whatever came of it.
  if (one.draw() >= (fault.probability ?? 1)) return false
  one.fired += 1
  return true
}

function matches({ match }: AimedFault, request: FastifyRequest): boolean {
  const path = pathOf(request)
  if (match === undefined) return true
  const { method, path: part, pattern, type } = match
  return (
    (method === undefined || method === request.method) &&
    (part === undefined || path.includes(part)) &&
    (pattern === undefined || new RegExp(pattern).test(path)) &&
    (type === undefined || type === typeOf(path))
  )
}

const pathOf = ({ url }: FastifyRequest): string => url.split('?', 1)[0] ?? url

/** The FHIR type in `/r4/{tenant}/{type}/…`. */
function typeOf(path: string): string | null {
  const [, type] = /^\/(?:r4|dstu2)\/[^/]+\/([A-Z][A-Za-z]+)/.exec(path) ?? []
  return type ?? null
}

const addressOf = (authority: Authority, { url }: FastifyRequest): string =>
  authority.endpoints().origin + url

function answerWith(
  fault: AimedFault,
  authority: Authority,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  switch (fault.kind) {
    case 'status':
      if (isTokenCall(request)) return tokenAnswer(authority, request, reply, fault.status)
      throw answerOf(
        fault.status,
        { realm: hostOf(authority), type: typeOf(pathOf(request)) },
        fault.retryAfter,
      )
    case 'token-down':
      if (fault.hang === true) return reply.hijack()
      return tokenAnswer(authority, request, reply, fault.problem ?? fault.status ?? 503)
    case 'wrong-type':
      return reply.type(HTML_TYPE).send(gatewayPage(200, 'Please wait'))
    case 'drop':
      reply.hijack()
      request.raw.socket.destroy()
      return reply
    default:
      return reply.hijack()
  }
}

const hostOf = (authority: Authority): string => new URL(authority.endpoints().fhir).host

/** The token address speaks OAuth when it refuses (§2.6), and the gateway before it speaks HTML. */
function tokenAnswer(
  authority: Authority,
  request: FastifyRequest,
  reply: FastifyReply,
  failing: TokenProblem | FaultStatus,
): FastifyReply {
  const problem = failing === 401 ? 'clientCredentials' : failing === 400 ? 'tenantTerminated' : failing
  if (typeof problem === 'number') throw answerOf(problem, { realm: hostOf(authority), type: null })
  return refused(authority, request, reply, null, new TokenRefusal(problem, 'a fault was asked for'))
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  sleep(ms, undefined, { signal }).then(
    () => undefined,
    () => undefined,
  )

const withLength = (reply: FastifyReply, bytes: Buffer): Buffer => {
  reply.header('content-length', bytes.length)
  return bytes
}

/** Ends the connection, after half of the answer if there is one; Fastify waits for a hook that never comes back. */
function closed(reply: FastifyReply, whole: Buffer | null): Promise<never> {
  const { raw } = reply
  const end = (): void => void raw.socket?.destroy()
  if (whole === null) end()
  else {
    for (const [name, value] of Object.entries(reply.getHeaders()))
      if (value !== undefined) raw.setHeader(name, value)
    raw.setHeader('content-length', whole.length)
    raw.writeHead(reply.statusCode)
    raw.write(whole.subarray(0, Math.floor(whole.length / 2)), end)
  }
  return new Promise(() => undefined)
}
