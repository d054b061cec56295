import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { connection, connectionList, connectionUpdate, probeResult } from '../../contract/connections.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { noteAccess } from '../audit-trail.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers, idParameter } from '../responses.ts'

export const connectionRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, { engine }) => {
  const tags = ['connections']
  const read = { needs: 'connections.read' } as const
  const write = { needs: 'connections.write' } as const

  app.get(
    '/api/connections',
    { config: read, schema: { tags, summary: 'All connections', response: answers(connectionList) } },
    async () => ({ items: await engine.connections.list(), next: null }),
  )

  app.get(
    '/api/connections/:id',
    {
      config: read,
      schema: { tags, summary: 'One connection', params: idParameter, response: answers(connection) },
    },
    (request) => engine.connections.get(request.params.id as ConnectionId),
  )

  app.patch(
    '/api/connections/:id',
    {
      config: write,
      schema: {
        tags,
        summary: 'Change a connection; its listener starts again with the new settings',
        params: idParameter,
        body: connectionUpdate,
        response: answers(connection),
      },
    },
    (request) => {
      const { name, role } = callerOf(request)
      return engine.connections.update(request.params.id as ConnectionId, request.body, { name, role })
    },
  )

  app.post(
    '/api/connections/:id/probe',
    {
      config: write,
      schema: {
        tags,
        summary: 'Connectivity test, rung by rung',
        params: idParameter,
        response: answers(probeResult),
      },
    },
    async (request) => {
      const { id } = request.params
      const result = await engine.connections.probe(id as ConnectionId)
      const failed = result.steps.filter((step) => step.outcome === 'failed').length
      await noteAccess(request, {
        action: 'connection.probe',
        object: `connection/${id}`,
        detail: { failed },
      })
      return result
    },
  )

  app.get(
    '/api/connections/:id/schema',
    {
      config: read,
      schema: {
        tags,
        summary: 'JSON Schema of the settings, with label, help and secret marks',
        params: idParameter,
        response: answers(z.unknown()),
      },
    },
    (request) => engine.connections.settingsSchema(request.params.id as ConnectionId),
  )
}
