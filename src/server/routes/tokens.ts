import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { newToken, token, tokenList, tokenRequest } from '../../contract/tokens.ts'
import type { Token } from '../../contract/tokens.ts'
import { createToken, listTokens, revokeToken } from '../../store/tokens.ts'
import type { TokenRow } from '../../store/tokens.ts'
import { checkTokenScopes } from '../fhir/token-scopes.ts'
import { noteAccess } from '../audit-trail.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers, found, idParameter } from '../responses.ts'

// A role that is no longer in the table lets nobody in; it is shown as it was stored.
const shown = (row: TokenRow): Token => ({ ...row, role: row.role as Token['role'] })

export const tokenRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, { database, clock }) => {
  const tags = ['tokens']
  const config = { needs: 'tokens.write' } as const

  app.get(
    '/api/tokens',
    { config, schema: { tags, summary: 'All tokens, without their secrets', response: answers(tokenList) } },
    async () => ({ items: (await listTokens(database)).map(shown), next: null }),
  )

  app.post(
    '/api/tokens',
    {
      config,
      schema: {
        tags,
        summary: 'Make a token; it is shown this once',
        body: tokenRequest,
        response: answers(newToken),
      },
    },
    async (request) => {
      const { name, role, days, scopes = [] } = request.body
      checkTokenScopes(scopes)
      const made = await createToken(database, { name, role, days, scopes, now: clock.now() })
      const detail = { role, expires_at: made.expires_at, scopes: made.scopes }
      await noteAccess(request, { action: 'token.create', object: `token/${made.id}`, detail })
      return { ...shown(made), token: made.token }
    },
  )

  app.delete(
    '/api/tokens/:id',
    {
      config,
      schema: {
        tags,
        summary: 'Take a token back, and end its sessions',
        params: idParameter,
        response: answers(token),
      },
    },
    async (request) => {
      const revoked = found(await revokeToken(database, request.params.id, clock.now()), 'token')
      await noteAccess(request, { action: 'token.revoke', object: `token/${revoked.id}` })
      return shown(revoked)
    },
  )
}
