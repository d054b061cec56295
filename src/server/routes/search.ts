import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { searchRequest, searchResult } from '../../contract/session.ts'
import { searchEverything } from '../../store/read-search.ts'
import { noteAccess } from '../audit-trail.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { may } from '../permissions.ts'
import { answers } from '../responses.ts'

export const searchRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, store) => {
  app.post(
    '/api/search',
    {
      config: { needs: 'account' },
      schema: {
        tags: ['search'],
        summary: 'One box for everything',
        body: searchRequest,
        response: answers(searchResult),
      },
    },
    async (request) => {
      const { role } = callerOf(request)
      const items = await searchEverything(store, request.body.query, {
        patients: may(role, 'patients.read'),
        exchanges: may(role, 'exchanges.read'),
        appointments: may(role, 'schedule.read'),
      })
      const keys = [...new Set(items.map((item) => item.matched))]
      await noteAccess(request, { action: 'search', object: 'search', detail: { keys, count: items.length } })
      return { items }
    },
  )
}
