import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { uuid } from '../../contract/common.ts'
import {
  appointmentChange,
  bookRequest,
  cancelRequest,
  moveRequest,
  schedulingOptions,
  slotList,
  slotQuery,
  statusRequest,
} from '../../contract/scheduling.ts'
import type { AppointmentChange } from '../../contract/scheduling.ts'
import type { ConnectionId } from '../../kernel/ids.ts'
import { noteAccess } from '../audit-trail.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { may } from '../permissions.ts'
import { answers, idParameter } from '../responses.ts'

/** Free times at Cerner, and what is done there with appointments. */
export const schedulingRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, { engine }) => {
  const tags = ['appointments']
  const config = { needs: 'schedule.write' } as const

  app.get(
    '/api/scheduling/options',
    {
      config: { needs: 'schedule.read' },
      schema: {
        tags,
        summary: 'What can be chosen when booking: connections, appointment types, places, people, reasons',
        querystring: z.object({ connection_id: uuid.optional() }),
        response: answers(schedulingOptions),
      },
    },
    (request) => engine.scheduling.options(request.query.connection_id as ConnectionId | undefined),
  )

  app.get(
    '/api/slots',
    {
      config,
      schema: {
        tags,
        summary: 'Free times, as Cerner has them now',
        querystring: slotQuery,
        response: answers(slotList),
      },
    },
    async (request) => {
      const items = await engine.scheduling.slots(request.query)
      await noteAccess(request, { action: 'slots.search', object: 'slot', detail: { count: items.length } })
      return { items, next: null }
    },
  )

  app.post(
    '/api/appointments',
    {
      config,
      schema: {
        tags,
        summary: 'Book a slot: pending at once, booked when Cerner has it',
        body: bookRequest,
        response: answers(appointmentChange),
      },
    },
    async (request) => shownTo(request, await engine.scheduling.book(request.body, actorOf(request))),
  )

  app.post(
    '/api/appointments/:id/move',
    {
      config,
      schema: {
        tags,
        summary: 'Move an appointment to another slot',
        params: idParameter,
        body: moveRequest,
        response: answers(appointmentChange),
      },
    },
    async (request) =>
      shownTo(request, await engine.scheduling.move(request.params.id, request.body, actorOf(request))),
  )

  app.post(
    '/api/appointments/:id/cancel',
    {
      config,
      schema: {
        tags,
        summary: 'Cancel an appointment',
        params: idParameter,
        body: cancelRequest,
        response: answers(appointmentChange),
      },
    },
    async (request) =>
      shownTo(request, await engine.scheduling.cancel(request.params.id, request.body, actorOf(request))),
  )

  app.post(
    '/api/appointments/:id/status',
    {
      config,
      schema: {
        tags,
        summary: 'Tell Cerner that the patient has arrived, was checked in, or that it is done',
        params: idParameter,
        body: statusRequest,
        response: answers(appointmentChange),
      },
    },
    async (request) =>
      shownTo(request, await engine.scheduling.setStatus(request.params.id, request.body, actorOf(request))),
  )
}

export function actorOf(request: FastifyRequest): { name: string; role: string } {
  const { name, role } = callerOf(request)
  return { name, role }
}

/** Without the patient's name where the role may not see it. */
function shownTo(request: FastifyRequest, change: AppointmentChange): AppointmentChange {
  if (may(callerOf(request).role, 'patients.read')) return change
  return { ...change, appointment: { ...change.appointment, patient_name: null } }
}
