import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { IntegrationError } from '../kernel/errors.ts'

const DEFAULT_FOLDER = fileURLToPath(new URL('../../dist/console', import.meta.url))
const YEAR_SECONDS = 31_536_000

/** Serves the built console; every address that is not the API's belongs to its router. */
export async function serveConsole(app: FastifyInstance, folder = DEFAULT_FOLDER): Promise<void> {
  const isBuilt = existsSync(join(folder, 'index.html'))
  if (isBuilt) {
    await app.register(fastifyStatic, {
      root: folder,
      index: ['index.html'],
      cacheControl: false,
      setHeaders: (reply, path) => {
        // Vite puts a hash of the content into the names under assets/.
        const isHashed = path.slice(folder.length).replaceAll('\\', '/').startsWith('/assets/')
        reply.header('cache-control', isHashed ? `public, max-age=${YEAR_SECONDS}, immutable` : 'no-cache')
      },
    })
  }
  app.setNotFoundHandler((request, reply) => {
    if (!isPage(request)) throw new IntegrationError('NOT_FOUND', { what: 'address' })
    if (isBuilt) return reply.sendFile('index.html')
    return notBuilt(reply)
  })
}

function isPage({ method, url, headers }: FastifyRequest): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false
  if (/^\/(api|assets|health|metrics|fhir|smart|\.well-known)(\/|\?|$|\.)/.test(url)) return false
  const { accept = '*/*' } = headers
  return accept.includes('text/html') || accept.includes('*/*')
}

const notBuilt = (reply: FastifyReply): FastifyReply =>
  reply
    .code(503)
    .type('text/plain; charset=utf-8')
    .send('The console is not built yet. Run: npm run build:console\nThe API is at /api/docs.\n')
