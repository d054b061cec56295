import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { encounter, encounterPage, encounterQuery } from '../../contract/patients.ts'
import { listEncounters, readEncounter } from '../../store/read-encounters.ts'
import { noteAccess } from '../audit-trail.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers, found, idParameter } from '../responses.ts'

export const encounterRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, store) => {
  const tags = ['encounters']
  const config = { needs: 'patients.read' } as const

  app.get(
    '/api/encounters',
    {
      config,
      schema: {
        tags,
        summary: 'Visits, newest first',
        querystring: encounterQuery,
        response: answers(encounterPage),
      },
    },
    async (request) => {
      const { patient_id: patientId } = request.query
      const page = await listEncounters(store, request.query)
      const object = patientId === undefined ? 'encounter' : `patient/${patientId}`
      const detail = { keys: patientId === undefined ? [] : ['patient_id'], count: page.items.length }
      await noteAccess(request, { action: 'encounter.search', object, detail })
      return page
    },
  )

  app.get(
    '/api/encounters/:id',
    { config, schema: { tags, summary: 'One visit', params: idParameter, response: answers(encounter) } },
    async (request) => {
      const { id } = request.params
      const record = found(await readEncounter(store, id), 'encounter')
      const detail = { patient: record.patient_id }
      await noteAccess(request, { action: 'encounter.read', object: `encounter/${id}`, detail })
      return record
    },
  )
}
