import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { pageQuery } from '../../contract/common.ts'
import {
  driftDetail,
  driftPage,
  syncRequest,
  syncRun,
  syncRunPage,
  syncRunQuery,
} from '../../contract/sync.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { listDriftReports, listSyncRuns, readDriftReport, readSyncRun } from '../../store/read-sync.ts'
import { noteAccess } from '../audit-trail.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { may } from '../permissions.ts'
import { answers, found, idParameter } from '../responses.ts'

/** Pulls from Cerner: start, watch, stop; and what a full compare found. */
export const syncRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, dependencies) => {
  const { engine } = dependencies
  const tags = ['sync']
  const read = { needs: 'connections.read' } as const
  const run = { needs: 'sync.run' } as const

  app.post(
    '/api/connections/:id/sync',
    {
      config: run,
      schema: {
        tags,
        summary: 'Pull from Cerner now',
        params: idParameter,
        body: syncRequest,
        response: answers(z.object({ run_id: z.uuid() })),
      },
    },
    async (request) => {
      const { name, role } = callerOf(request)
      const runId = await engine.sync.start(request.params.id as ConnectionId, request.body, { name, role })
      return { run_id: runId }
    },
  )

  app.get(
    '/api/sync-runs',
    {
      config: read,
      schema: {
        tags,
        summary: 'Pulls, newest first',
        querystring: syncRunQuery,
        response: answers(syncRunPage),
      },
    },
    (request) => listSyncRuns(dependencies, request.query),
  )

  app.get(
    '/api/sync-runs/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'One pull, with its progress',
        params: idParameter,
        response: answers(syncRun),
      },
    },
    async (request) => found(await readSyncRun(dependencies, request.params.id), 'pull'),
  )

  app.post(
    '/api/sync-runs/:id/stop',
    {
      config: run,
      schema: {
        tags,
        summary: 'Stop a pull; what was read is kept',
        params: idParameter,
        response: answers(syncRun),
      },
    },
    async (request) => {
      const { name, role } = callerOf(request)
      await engine.sync.stop(request.params.id, { name, role })
      return found(await readSyncRun(dependencies, request.params.id), 'pull')
    },
  )

  app.get(
    '/api/drift',
    {
      config: read,
      schema: {
        tags,
        summary: 'Reports of full compares, newest first',
        querystring: pageQuery.extend({ connection_id: z.uuid().optional() }),
        response: answers(driftPage),
      },
    },
    (request) => listDriftReports(dependencies, request.query),
  )

  app.get(
    '/api/drift/:id',
    {
      config: read,
      schema: {
        tags,
        summary: 'What differs between the two sides, by field',
        params: idParameter,
        response: answers(driftDetail),
      },
    },
    async (request) => {
      const showValues = may(callerOf(request).role, 'patients.read')
      const { id } = request.params
      const report = found(await readDriftReport(dependencies, id, { showValues }), 'drift report')
      const detail = { count: report.items.length, values: showValues }
      await noteAccess(request, { action: 'drift.read', object: `drift_report/${id}`, detail })
      return report
    },
  )
}
