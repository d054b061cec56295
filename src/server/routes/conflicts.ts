import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { conflict, conflictPage, conflictQuery, resolveRequest } from '../../contract/conflicts.ts'
import { listConflicts, readConflict } from '../../store/read-conflicts.ts'
import { noteAccess } from '../audit-trail.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { may } from '../permissions.ts'
import { answers, found, idParameter } from '../responses.ts'
import { actorOf } from './scheduling.ts'

/** Fields that both sides changed, for a person to decide. */
export const conflictRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, store) => {
  const tags = ['conflicts']
  const config = { needs: 'conflicts.read' } as const

  app.get(
    '/api/conflicts',
    {
      config,
      schema: {
        tags,
        summary: 'Conflicts, newest first',
        querystring: conflictQuery,
        response: answers(conflictPage),
      },
    },
    async (request) => {
      const showNames = may(callerOf(request).role, 'patients.read')
      const page = await listConflicts(store, request.query, { showNames })
      const detail = { state: request.query.state ?? null, count: page.items.length }
      await noteAccess(request, { action: 'conflict.search', object: 'conflict', detail })
      return page
    },
  )

  app.get(
    '/api/conflicts/:id',
    { config, schema: { tags, summary: 'One conflict', params: idParameter, response: answers(conflict) } },
    async (request) => {
      const { id } = request.params
      const showNames = may(callerOf(request).role, 'patients.read')
      const record = found(await readConflict(store, id, { showNames }), 'conflict')
      const detail = { patient: record.patient_id }
      await noteAccess(request, { action: 'conflict.read', object: `conflict/${id}`, detail })
      return record
    },
  )

  app.post(
    '/api/conflicts/:id/resolve',
    {
      config: { needs: 'conflicts.resolve' },
      schema: {
        tags,
        summary: 'Choose a side, and make it the rule if wanted',
        params: idParameter,
        body: resolveRequest,
        response: answers(z.object({ ok: z.literal(true) })),
      },
    },
    async (request) => {
      await store.engine.conflicts.resolve(request.params.id, request.body, actorOf(request))
      return { ok: true as const }
    },
  )
}
