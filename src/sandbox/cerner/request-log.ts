import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Clock } from '../../kernel/clock.ts'

/** One call as the sandbox saw it. Query values are left out; names stay. */
export interface LoggedCall {
  readonly at: string
  readonly method: string
  readonly path: string
  readonly parameters: readonly string[]
  /** Null when the socket was closed before an answer. */
  readonly status: number | null
  readonly client: string | null
  readonly ms: number
  /** The fault that met it. */
  readonly fault: string | null
  /** What the answer does not say: why a token was refused, say. */
  readonly note: string | null
  readonly requestId: string
}

export interface RequestLog {
  /** Newest last. */
  calls(): readonly LoggedCall[]
  clear(): void
  total(): number
}

type Notes = Partial<Pick<LoggedCall, 'client' | 'fault' | 'note'>>

const KEPT = 500
const notes = new WeakMap<FastifyRequest, Notes>()

/** Adds what only the one who handles a request knows. */
export function noteOn(request: FastifyRequest, note: Notes): void {
  notes.set(request, { ...notes.get(request), ...note })
}

/** Keeps the last 500 calls, those of `/_sandbox` excepted. */
export function openRequestLog(
  app: FastifyInstance,
  clock: Clock,
  clientOf: (authorization: string | undefined) => string | null,
): RequestLog {
  const calls: LoggedCall[] = []
  let total = 0
  app.addHook('onRequest', async (request, reply) => {
    const startedAt = performance.now()
    const at = new Date(clock.now()).toISOString()
    const url = new URL(request.url, 'http://localhost')
    if (url.pathname.startsWith('/_sandbox')) return
    // Fires for answers that went out and for sockets that were closed without one.
    reply.raw.once('close', () => {
      total += 1
      if (calls.length === KEPT) calls.shift()
      calls.push({
        at,
        method: request.method,
        path: url.pathname,
        parameters: [...new Set(url.searchParams.keys())],
        status: reply.raw.headersSent ? reply.raw.statusCode : null,
        client: clientOf(request.headers.authorization),
        fault: null,
        note: null,
        ...notes.get(request),
        ms: Math.round(performance.now() - startedAt),
        requestId: request.id,
      })
    })
  })
  return {
    calls: () => [...calls],
    clear: () => calls.splice(0),
    total: () => total,
  }
}
