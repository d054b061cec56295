import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { decodedNode } from '../contract/exchanges.ts'
import type { ServerDependencies } from './dependencies.ts'

/** The description of the API at /api/openapi.json, made from the schemas of the routes, and pages to read it by. */
export async function describeApi(app: FastifyInstance, { config }: ServerDependencies): Promise<void> {
  // A node holds nodes, so it needs a name to point at.
  if (!z.globalRegistry.has(decodedNode)) z.globalRegistry.add(decodedNode, { id: 'DecodedNode' })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Practice Studio for Cerner',
        version: config.version,
        description:
          'Lists are paged by cursor: send the `next` of one page as `cursor` of the next. ' +
          'Failures are problem documents (RFC 9457) with a `code`, what happened, and what to do.',
      },
      servers: [{ url: config.publicUrl }],
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer' },
          session: { type: 'apiKey', in: 'cookie', name: 'practice_studio' },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
  await app.register(swaggerUi, { routePrefix: '/api/docs', staticCSP: true })
  app.get('/api/openapi.json', { config: { needs: 'nothing' }, schema: { hide: true } }, () => app.swagger())
}
