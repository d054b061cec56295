import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { pageQuery } from '../../contract/common.ts'
import { historyPage, patient, patientPage, patientQuery } from '../../contract/patients.ts'
import type { PatientQuery } from '../../contract/patients.ts'
import { readHistory } from '../../store/read-history.ts'
import { keysIn, listPatients, readPatient } from '../../store/read-patients.ts'
import { noteAccess } from '../audit-trail.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers, found, idParameter } from '../responses.ts'

export const patientRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, store) => {
  const tags = ['patients']
  const config = { needs: 'patients.read' } as const

  const list = async (request: FastifyRequest, query: PatientQuery) => {
    const page = await listPatients(store, query)
    const detail = { keys: keysIn(query), count: page.items.length }
    await noteAccess(request, { action: 'patient.search', object: 'patient', detail })
    return page
  }

  app.get(
    '/api/patients',
    {
      config,
      schema: { tags, summary: 'Find patients', querystring: patientQuery, response: answers(patientPage) },
    },
    (request) => list(request, request.query),
  )

  app.post(
    '/api/patients/search',
    {
      config,
      schema: {
        tags,
        summary: 'Find patients, with what is searched for kept out of the address',
        body: patientQuery,
        response: answers(patientPage),
      },
    },
    (request) => list(request, request.body),
  )

  app.get(
    '/api/patients/:id',
    {
      config,
      schema: {
        tags,
        summary: 'One patient, each field with where it came from',
        params: idParameter,
        response: answers(patient),
      },
    },
    async (request) => {
      const { id } = request.params
      const record = found(await readPatient(store, id), 'patient')
      await noteAccess(request, { action: 'patient.read', object: `patient/${id}` })
      return record
    },
  )

  app.get(
    '/api/patients/:id/history',
    {
      config,
      schema: {
        tags,
        summary: 'What changed a patient, newest first',
        params: idParameter,
        querystring: pageQuery,
        response: answers(historyPage),
      },
    },
    async (request) => {
      const { id } = request.params
      found(await readPatient(store, id), 'patient')
      const page = await readHistory(store, { type: 'patient', id }, request.query)
      const detail = { count: page.items.length }
      await noteAccess(request, { action: 'patient.read-history', object: `patient/${id}`, detail })
      return page
    },
  )
}
