import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { uuid } from '../../contract/common.ts'
import {
  documentRequest,
  patientCandidates,
  patientCandidatesRequest,
  patientChangeRequest,
  patientRegistered,
  patientRegisterRequest,
  queuedChange,
  vitalSignsRequest,
} from '../../contract/outbound.ts'
import type { Permission } from '../../contract/session.ts'
import { IntegrationError } from '../../kernel/errors.ts'
import type { ExchangeId } from '../../kernel/ids.ts'
import { readOutbox } from '../../store/outbox.ts'
import { noteAccess } from '../audit-trail.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { may } from '../permissions.ts'
import { answers, found, idParameter } from '../responses.ts'
import { actorOf } from './scheduling.ts'

// Base64 is a third longer than what it holds; the contract takes 20 million characters.
const DOCUMENT_LIMIT_BYTES = 21 * 1024 * 1024

const exchangeParameter = z.object({ exchange_id: uuid })
const done = z.object({ ok: z.literal(true) })

/** What whoever made a change needs to decide about it. */
const NEEDS: Readonly<Record<string, Permission>> = {
  appointment: 'schedule.write',
  patient: 'patients.write',
  report: 'results.write',
  document: 'results.write',
}

/** Changes of ours on their way to Cerner. Each is noted in the audit trail with the change itself. */
export const outboundRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (
  app,
  { engine, database },
) => {
  app.post(
    '/api/patients',
    {
      config: { needs: 'patients.write' },
      schema: {
        tags: ['patients'],
        summary: 'Register a patient here and at Cerner',
        body: patientRegisterRequest,
        response: answers(patientRegistered),
      },
    },
    (request) => engine.outbound.register(request.body, actorOf(request)),
  )

  app.post(
    '/api/patients/candidates',
    {
      config: { needs: 'patients.read' },
      schema: {
        tags: ['patients'],
        summary: 'People at Cerner and here who may be the one that is to be registered',
        body: patientCandidatesRequest,
        response: answers(patientCandidates),
      },
    },
    async (request) => {
      const items = await engine.outbound.candidates(request.body)
      const detail = { keys: ['name', 'date_of_birth'], count: items.length }
      await noteAccess(request, { action: 'patient.search', object: 'patient', detail })
      return { items, next: null }
    },
  )

  app.patch(
    '/api/patients/:id',
    {
      config: { needs: 'patients.write' },
      schema: {
        tags: ['patients'],
        summary: 'Change demographics here and at Cerner',
        params: idParameter,
        body: patientChangeRequest,
        response: answers(queuedChange),
      },
    },
    (request) => engine.outbound.updatePatient(request.params.id, request.body, actorOf(request)),
  )

  app.post(
    '/api/patients/:id/vital-signs',
    {
      config: { needs: 'results.write' },
      schema: {
        tags: ['observations'],
        summary: 'Record vital signs here and file them at Cerner',
        params: idParameter,
        body: vitalSignsRequest,
        response: answers(queuedChange),
      },
    },
    (request) => engine.outbound.vitalSigns(request.params.id, request.body, actorOf(request)),
  )

  app.post(
    '/api/patients/:id/documents',
    {
      config: { needs: 'results.write' },
      bodyLimit: DOCUMENT_LIMIT_BYTES,
      schema: {
        tags: ['documents'],
        summary: 'Keep a document here and file it at Cerner',
        params: idParameter,
        body: documentRequest,
        response: answers(queuedChange),
      },
    },
    (request) => engine.outbound.document(request.params.id, request.body, actorOf(request)),
  )

  /** @throws FORBIDDEN when the role may not make changes of that kind */
  const checkMay = async (request: FastifyRequest, id: ExchangeId): Promise<void> => {
    const row = found(await readOutbox(database, id), 'change under way')
    const permission = NEEDS[row.record_type] ?? 'connections.write'
    if (!may(callerOf(request).role, permission)) throw new IntegrationError('FORBIDDEN', { permission })
  }

  app.post(
    '/api/outbound/:exchange_id/withdraw',
    {
      config: { needs: 'account' },
      schema: {
        tags: ['outbound'],
        summary: 'Take a change back that Cerner does not have',
        params: exchangeParameter,
        response: answers(done),
      },
    },
    async (request) => {
      const id = request.params.exchange_id as ExchangeId
      await checkMay(request, id)
      await engine.outbound.withdraw(id, actorOf(request))
      return { ok: true as const }
    },
  )

  app.post(
    '/api/outbound/:exchange_id/retry',
    {
      config: { needs: 'account' },
      schema: {
        tags: ['outbound'],
        summary: 'Send a parked change once more',
        params: exchangeParameter,
        response: answers(done),
      },
    },
    async (request) => {
      const id = request.params.exchange_id as ExchangeId
      await checkMay(request, id)
      await engine.outbound.retry(id, actorOf(request))
      return { ok: true as const }
    },
  )
}
