import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { appointment, appointmentPage, appointmentQuery } from '../../contract/appointments.ts'
import { pageQuery } from '../../contract/common.ts'
import { historyPage } from '../../contract/patients.ts'
import { offersOf } from '../../engine/outbound/offers.ts'
import { listAppointments, readAppointment } from '../../store/read-appointments.ts'
import type { Showing } from '../../store/read-appointments.ts'
import { readHistory } from '../../store/read-history.ts'
import type { Step } from '../../sync/transitions.ts'
import { noteAccess } from '../audit-trail.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { may } from '../permissions.ts'
import { answers, found, idParameter } from '../responses.ts'

const SEARCH_KEYS = [
  'patient_id',
  'external_id',
  'provider_id',
  'location_id',
  'status',
  'from',
  'to',
] as const

export const appointmentRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, store) => {
  const tags = ['appointments']
  const config = { needs: 'schedule.read' } as const
  const showingTo = async (request: FastifyRequest): Promise<Showing> => {
    const { role } = callerOf(request)
    const offers = may(role, 'schedule.write')
      ? offersOf(await store.engine.connections.list())
      : new Set<Step>()
    return { showNames: may(role, 'patients.read'), offers }
  }

  app.get(
    '/api/appointments',
    {
      config,
      schema: {
        tags,
        summary: 'Appointments: newest first, or in the order of the day when from or to is given',
        querystring: appointmentQuery,
        response: answers(appointmentPage),
      },
    },
    async (request) => {
      const { query } = request
      const page = await listAppointments(store, query, await showingTo(request))
      const object = query.patient_id === undefined ? 'appointment' : `patient/${query.patient_id}`
      const detail = { keys: SEARCH_KEYS.filter((key) => query[key] !== undefined), count: page.items.length }
      await noteAccess(request, { action: 'appointment.search', object, detail })
      return page
    },
  )

  app.get(
    '/api/appointments/:id',
    {
      config,
      schema: { tags, summary: 'One appointment', params: idParameter, response: answers(appointment) },
    },
    async (request) => {
      const { id } = request.params
      const record = found(await readAppointment(store, id, await showingTo(request)), 'appointment')
      const detail = { patient: record.patient_id }
      await noteAccess(request, { action: 'appointment.read', object: `appointment/${id}`, detail })
      return record
    },
  )

  app.get(
    '/api/appointments/:id/history',
    {
      config,
      schema: {
        tags,
        summary: 'What changed an appointment, newest first',
        params: idParameter,
        querystring: pageQuery,
        response: answers(historyPage),
      },
    },
    async (request) => {
      const { id } = request.params
      found(await readAppointment(store, id, { showNames: false }), 'appointment')
      const page = await readHistory(store, { type: 'appointment', id }, request.query)
      const detail = { count: page.items.length }
      await noteAccess(request, { action: 'appointment.read-history', object: `appointment/${id}`, detail })
      return page
    },
  )
}
