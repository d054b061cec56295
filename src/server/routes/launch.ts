import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { launchContext } from '../../contract/launch.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import { noteAccess } from '../audit-trail.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers } from '../responses.ts'

/** The launch under a session, for the page that stands in the chart. */
export const launchRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, { engine }) => {
  const tags = ['launch']
  const config = { needs: 'account', launched: 'ended' } as const

  app.get(
    '/api/launch',
    {
      config,
      schema: {
        tags,
        summary:
          'The launch this session stands on: patient, visit, user, refused scopes, and whether it lives',
        response: answers(launchContext),
      },
    },
    async (request) => {
      const context = await engine.launch.context(launchOf(callerOf(request).launch))
      const object = context.patient_id === null ? 'session' : `patient/${context.patient_id}`
      await noteAccess(request, { action: 'launch.read', object, detail: { state: context.state } })
      return context
    },
  )

  app.post(
    '/api/launch/end',
    { config, schema: { tags, summary: 'End the launch', response: answers(z.object({})) } },
    async (request) => {
      const { launch, name, role } = callerOf(request)
      await engine.launch.end(launchOf(launch), { name, role })
      return {}
    },
  )
}

/** @throws NOT_FOUND for a session that was not opened from the chart */
function launchOf(launch: { sessionId: string } | null): string {
  if (!launch) throw new IntegrationError('NOT_FOUND', { what: 'launch' })
  return launch.sessionId
}
