import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { pageQuery, uuid } from '../../contract/common.ts'
import { report, reportPage } from '../../contract/observations.ts'
import { historyPage } from '../../contract/patients.ts'
import { readHistory } from '../../store/read-history.ts'
import { listReports, readReport } from '../../store/read-reports.ts'
import { noteAccess } from '../audit-trail.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers, found, idParameter } from '../responses.ts'

const reportQuery = pageQuery.extend({ patient_id: uuid.optional() })

export const reportRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, store) => {
  const tags = ['reports']
  const config = { needs: 'results.read' } as const

  app.get(
    '/api/reports',
    {
      config,
      schema: {
        tags,
        summary: 'Reports, newest first',
        querystring: reportQuery,
        response: answers(reportPage),
      },
    },
    async (request) => {
      const { patient_id: patientId } = request.query
      const page = await listReports(store, request.query)
      const object = patientId === undefined ? 'report' : `patient/${patientId}`
      const detail = { keys: patientId === undefined ? [] : ['patient_id'], count: page.items.length }
      await noteAccess(request, { action: 'report.search', object, detail })
      return page
    },
  )

  app.get(
    '/api/reports/:id',
    {
      config,
      schema: {
        tags,
        summary: 'One report with its results',
        params: idParameter,
        response: answers(report),
      },
    },
    async (request) => {
      const { id } = request.params
      const record = found(await readReport(store, id), 'report')
      const detail = { patient: record.patient_id }
      await noteAccess(request, { action: 'report.read', object: `report/${id}`, detail })
      return record
    },
  )

  app.get(
    '/api/reports/:id/history',
    {
      config,
      schema: {
        tags,
        summary: 'What changed a report, newest first',
        params: idParameter,
        querystring: pageQuery,
        response: answers(historyPage),
      },
    },
    async (request) => {
      const { id } = request.params
      found(await readReport(store, id), 'report')
      const page = await readHistory(store, { type: 'report', id }, request.query)
      await noteAccess(request, {
        action: 'report.read-history',
        object: `report/${id}`,
        detail: { count: page.items.length },
      })
      return page
    },
  )
}
