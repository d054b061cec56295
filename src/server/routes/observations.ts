import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { observationPage, observationQuery } from '../../contract/observations.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { listObservations } from '../../store/read-reports.ts'
import { noteAccess } from '../audit-trail.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers } from '../responses.ts'

export const observationRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, store) => {
  app.get(
    '/api/observations',
    {
      config: { needs: 'results.read' },
      schema: {
        tags: ['observations'],
        summary: 'Results, those of the newest report first',
        querystring: observationQuery,
        response: answers(observationPage),
      },
    },
    async (request) => {
      const { query } = request
      if (query.code !== undefined && query.patient_id === undefined) {
        throw new IntegrationError('REQUEST_INVALID', { place: 'query.code', reason: 'it needs patient_id' })
      }
      const page = await listObservations(store, query)
      const object = query.patient_id === undefined ? 'observation' : `patient/${query.patient_id}`
      const keys = (['patient_id', 'code'] as const).filter((key) => query[key] !== undefined)
      await noteAccess(request, {
        action: 'observation.search',
        object,
        detail: { keys, count: page.items.length },
      })
      return page
    },
  )
}
