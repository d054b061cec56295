import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import {
  cernerStatus,
  connectionCreate,
  discovered,
  discoverRequest,
  keysRequest,
  publicKey,
} from '../../contract/cerner.ts'
import { connection } from '../../contract/connections.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers, idParameter } from '../responses.ts'

/** Settings > Integrations > Cerner: what the form needs beyond the settings themselves. */
export const cernerRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, { engine, config }) => {
  const tags = ['connections']
  const read = { needs: 'connections.read' } as const
  const write = { needs: 'connections.write' } as const

  app.post(
    '/api/connections',
    {
      config: write,
      schema: { tags, summary: 'Add a connection', body: connectionCreate, response: answers(connection) },
    },
    (request) => {
      const { name, role } = callerOf(request)
      return engine.connections.create(request.body, { name, role })
    },
  )

  app.get(
    '/api/connections/:id/cerner',
    {
      config: read,
      schema: {
        tags,
        summary: 'How a Cerner connection stands: profile, token, scopes, roads, what to register',
        params: idParameter,
        response: answers(cernerStatus),
      },
    },
    (request) => engine.cerner.status(request.params.id as ConnectionId, config.publicUrl),
  )

  app.post(
    '/api/cerner/discover',
    {
      config: write,
      schema: {
        tags,
        summary: 'What a FHIR address says about itself and its authorization server',
        body: discoverRequest,
        response: answers(discovered),
      },
    },
    (request) => engine.cerner.discover(request.body.base),
  )

  app.post(
    '/api/connections/:id/keys',
    {
      config: write,
      schema: {
        tags,
        summary: 'Make a key pair; the private half is sealed and never shown',
        params: idParameter,
        body: keysRequest,
        response: answers(publicKey),
      },
    },
    (request) => {
      const { name, role } = callerOf(request)
      return engine.cerner.makeKeys(request.params.id as ConnectionId, request.body.algorithm, { name, role })
    },
  )
}
