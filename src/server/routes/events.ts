import type { ServerResponse } from 'node:http'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { ServerDependencies } from '../dependencies.ts'
import { LiveEvents, eventText } from '../live-events.ts'

const THROTTLE_MS = 250
const HEARTBEAT_MS = 15_000
// The browser comes back by itself, and is looked at again when it does: a revoked session ends here.
const LIFE_MS = 15 * 60_000
const MOST_STREAMS = 500

export const eventRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, { engine }) => {
  const open = new Set<() => void>()
  app.addHook('preClose', async () => {
    for (const end of [...open]) end()
  })

  app.get(
    '/api/events',
    {
      // Hints name record types and connections, no patient.
      config: { needs: 'metrics.read', launched: 'free' },
      schema: {
        tags: ['metrics'],
        summary: 'Hints for live pages as server-sent events; lost ones are not sent again',
        produces: ['text/event-stream'],
      },
    },
    (request, reply) => {
      if (open.size >= MOST_STREAMS) return reply.code(503).header('retry-after', '30').send()
      reply.hijack()
      const { raw } = reply
      raw.writeHead(200, {
        ...(reply.getHeaders() as Record<string, string>),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      // Hints are not kept, so whoever comes back with Last-Event-ID simply counts on from there.
      const last = Number(request.headers['last-event-id'])
      const end = stream(raw, Number.isSafeInteger(last) && last > 0 ? last : 0)
      open.add(end)
      raw.once('close', () => {
        open.delete(end)
        end()
      })
    },
  )

  function stream(raw: ServerResponse, lastId: number): () => void {
    const gathered = new LiveEvents()
    let id = lastId
    const write = (text: string): void => {
      // A browser that reads too slowly misses hints instead of filling our memory.
      if (!raw.writableNeedDrain && !raw.writableEnded) raw.write(text)
    }
    const flush = (): void => {
      const events = gathered.take()
      if (events.length > 0) write(events.map((event) => eventText(event, ++id)).join(''))
    }
    const unsubscribe = engine.onLive((event) => gathered.add(event))
    const timers = [
      setInterval(flush, THROTTLE_MS),
      setInterval(() => write(': still here\n\n'), HEARTBEAT_MS),
    ]
    const life = setTimeout(() => raw.end(), LIFE_MS)
    write('retry: 2000\n\n')
    return () => {
      unsubscribe()
      for (const timer of timers) clearInterval(timer)
      clearTimeout(life)
      if (!raw.writableEnded) raw.end()
    }
  }
}
