import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { ServerDependencies } from '../dependencies.ts'

const CACHED_SECONDS = 300

/** Public halves of our keys, by which Cerner checks our assertions. Everybody may read them. */
export const jwksRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, { engine }) => {
  app.get(
    '/.well-known/jwks.json',
    { config: { needs: 'nothing' }, schema: { hide: true } },
    async (_request, reply) =>
      reply
        // Short, so that a new key is seen before the first assertion that is signed with it is doubted for long.
        .header('cache-control', `public, max-age=${CACHED_SECONDS}`)
        .header('access-control-allow-origin', '*')
        .type('application/jwk-set+json')
        .send(JSON.stringify({ keys: await engine.cerner.publicKeys() })),
  )
}
