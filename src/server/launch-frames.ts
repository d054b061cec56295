import type { FastifyInstance } from 'fastify'
import type { ServerDependencies } from './dependencies.ts'

const FRAMED = /^\/(?:launch|smart\/(?:launch|callback))(?:[?/]|$)/

/**
 * The pages of a launch stand in a frame of the chart; all others in none. Which pages may hold them is said with each
 * answer: the hosts of the connections that open launches (Content-Security-Policy, frame-ancestors).
 */
export function frameLaunches(app: FastifyInstance, { engine }: Pick<ServerDependencies, 'engine'>): void {
  app.addHook('onSend', async (request, reply) => {
    const policy = reply.getHeader('content-security-policy')
    if (typeof policy !== 'string' || !FRAMED.test(request.url)) return
    const origins = ["'self'", ...(await engine.launch.frameOrigins())].join(' ')
    reply.header(
      'content-security-policy',
      policy.replace(/frame-ancestors [^;]*/, `frame-ancestors ${origins}`),
    )
    // It knows no list of hosts, and browsers that know the policy do not read it.
    reply.removeHeader('x-frame-options')
  })
}
