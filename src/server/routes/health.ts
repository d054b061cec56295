import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { health } from '../../contract/session.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers } from '../responses.ts'

const WAIT_MS = 2000

export const healthRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, { database, engine }) => {
  const tags = ['health']
  const config = { needs: 'nothing' } as const

  app.get(
    '/health/live',
    {
      config,
      logLevel: 'silent',
      schema: { tags, summary: 'The process answers', response: answers(health) },
    },
    () => ({ status: 'ok' as const, checks: [] }),
  )

  app.get(
    '/health/ready',
    {
      config,
      logLevel: 'silent',
      schema: { tags, summary: 'Work can be done', response: { ...answers(health), 503: health } },
    },
    async (_request, reply) => {
      const isUp = await within(database.query('select 1'))
      const store = isUp
        ? { name: 'database', status: 'ok' as const, says: 'The database answers.' }
        : { name: 'database', status: 'down' as const, says: 'The database did not answer.' }
      const listeners = isUp ? await checkListeners() : []
      const checks = [store, ...listeners]
      if (!isUp) return reply.code(503).send({ status: 'down', checks })
      // A listener that failed stops its own channel only, so this server still takes requests.
      const status = listeners.every((check) => check.status === 'ok')
        ? ('ok' as const)
        : ('degraded' as const)
      return { status, checks }
    },
  )

  async function checkListeners() {
    const connections = await engine.connections.list()
    const enabled = connections.filter((each) => each.enabled && each.listener !== null)
    const failed = enabled.filter((each) => each.listener?.state !== 'listening').length
    const says =
      failed === 0 ? `${enabled.length} listening.` : `${failed} of ${enabled.length} not listening.`
    return [{ name: 'listeners', status: failed === 0 ? ('ok' as const) : ('down' as const), says }]
  }
}

async function within(work: Promise<unknown>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>()
  const timer = setTimeout(() => late.resolve(false), WAIT_MS)
  const done = work.then(
    () => true,
    () => false,
  )
  return Promise.race([done, late.promise]).finally(() => clearTimeout(timer))
}
