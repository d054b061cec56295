import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { auditCheck, auditPage, auditQuery } from '../../contract/audit.ts'
import { verifyAudit } from '../../store/audit.ts'
import { listAudit } from '../../store/read-audit.ts'
import { noteAccess } from '../audit-trail.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers } from '../responses.ts'

export const auditRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, { database }) => {
  const tags = ['audit']
  const config = { needs: 'audit.read' } as const

  app.get(
    '/api/audit',
    {
      config,
      schema: {
        tags,
        summary: 'Who did what, newest first',
        querystring: auditQuery,
        response: answers(auditPage),
      },
    },
    async (request) => {
      const page = await listAudit(database, request.query)
      await noteAccess(request, {
        action: 'audit.read',
        object: 'audit',
        detail: { count: page.items.length },
      })
      return page
    },
  )

  app.post(
    '/api/audit/verify',
    { config, schema: { tags, summary: 'Walk the whole chain of hashes', response: answers(auditCheck) } },
    async (request) => {
      const { ok, rows, brokenAt } = await verifyAudit(database)
      await noteAccess(request, { action: 'audit.verify', object: 'audit', detail: { ok, rows } })
      return { ok, rows, broken_at: brokenAt ?? null }
    },
  )
}
