import { Readable } from 'node:stream'
import type { FastifyRequest } from 'fastify'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { FieldChange } from '../../contract/common.ts'
import {
  decodedExchange,
  exchangeDetail,
  exchangePage,
  exchangeQuery,
  replayRequest,
  replayResult,
  timeline,
} from '../../contract/exchanges.ts'
import type { ExchangeQuery } from '../../contract/exchanges.ts'
import type { ExchangeId } from '../../kernel/ids.ts'
import { maskField } from '../../store/read-document.ts'
import { readExchange, readRaw } from '../../store/read-exchange.ts'
import { listExchanges } from '../../store/read-exchanges.ts'
import { readTimeline } from '../../store/read-timeline.ts'
import { noteAccess } from '../audit-trail.ts'
import { callerOf } from '../authentication.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { writeLog } from '../exchange-csv.ts'
import { may } from '../permissions.ts'
import { answers, found, idParameter } from '../responses.ts'

// Searching by these says that somebody was treated, so it is noted.
const PATIENT_KEYS = ['mrn', 'patient_id', 'record_id'] as const

export const exchangeRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, store) => {
  const tags = ['exchanges']
  const config = { needs: 'exchanges.read' } as const
  const raw = { needs: 'exchanges.read-raw' } as const

  const list = async (request: FastifyRequest, query: ExchangeQuery) => {
    const page = await listExchanges(store, query)
    const keys = PATIENT_KEYS.filter((key) => query[key] !== undefined)
    if (keys.length > 0) {
      const detail = { keys, count: page.items.length }
      await noteAccess(request, { action: 'exchange.search', object: 'exchange', detail })
    }
    return page
  }

  app.get(
    '/api/exchanges',
    {
      config,
      schema: {
        tags,
        summary: 'The log, newest first',
        querystring: exchangeQuery,
        response: answers(exchangePage),
      },
    },
    (request) => list(request, request.query),
  )

  app.post(
    '/api/exchanges/search',
    {
      config,
      schema: {
        tags,
        summary: 'The log, with what is searched for kept out of the address',
        body: exchangeQuery,
        response: answers(exchangePage),
      },
    },
    (request) => list(request, request.body),
  )

  app.get(
    '/api/exchanges.csv',
    {
      config,
      schema: {
        tags,
        summary: 'The log as CSV, at most 100,000 rows',
        querystring: exchangeQuery,
        produces: ['text/csv'],
      },
    },
    async (request, reply) => {
      const keys = Object.keys(request.query).filter((key) => key !== 'limit' && key !== 'cursor')
      await noteAccess(request, { action: 'exchange.export', object: 'exchange', detail: { keys } })
      return reply
        .type('text/csv; charset=utf-8')
        .header('content-disposition', 'attachment; filename="exchanges.csv"')
        .send(Readable.from(writeLog(store, request.query)))
    },
  )

  app.get(
    '/api/exchanges/:id',
    {
      config,
      schema: {
        tags,
        summary: 'One exchange and what it did',
        params: idParameter,
        response: answers(exchangeDetail),
      },
    },
    async (request) => {
      const { id } = request.params
      const showValues = may(callerOf(request).role, 'exchanges.read-raw')
      const exchange = found(await readExchange(store, id, { showValues }), 'exchange')
      await noteAccess(request, {
        action: 'exchange.read',
        object: `exchange/${id}`,
        detail: { values: showValues },
      })
      return exchange
    },
  )

  app.get(
    '/api/exchanges/:id/raw',
    {
      config: raw,
      schema: {
        tags,
        summary: 'The bytes as they came or went',
        params: idParameter,
        produces: ['application/octet-stream'],
      },
    },
    async (request, reply) => {
      const { id } = request.params
      const { bytes } = found(await readRaw(store, id), 'exchange')
      await noteAccess(request, { action: 'exchange.read-raw', object: `exchange/${id}` })
      // Never shown in place: the bytes are somebody else's, and could be a page.
      return reply
        .type('application/octet-stream')
        .header('content-disposition', `attachment; filename="${id}.bin"`)
        .send(bytes)
    },
  )

  app.get(
    '/api/exchanges/:id/decoded',
    {
      config: raw,
      schema: {
        tags,
        summary: 'The message parsed and mapped',
        params: idParameter,
        response: answers(decodedExchange),
      },
    },
    async (request) => {
      const { id } = request.params
      const decoded = await store.engine.decode(id as ExchangeId)
      await noteAccess(request, { action: 'exchange.read-decoded', object: `exchange/${id}` })
      return decoded
    },
  )

  app.get(
    '/api/exchanges/:id/timeline',
    {
      config,
      schema: {
        tags,
        summary: 'What happened to it, oldest first',
        params: idParameter,
        response: answers(timeline),
      },
    },
    async (request) => found(await readTimeline(store, request.params.id), 'exchange'),
  )

  app.post(
    '/api/exchanges/:id/replay',
    {
      config: { needs: 'exchanges.replay' },
      schema: {
        tags,
        summary: 'Replay it, edited or not; with preview, only show what that would do',
        params: idParameter,
        body: z.union([replayRequest, z.null()]).transform((body) => body ?? { preview: false, edits: [] }),
        response: answers(replayResult),
      },
    },
    async (request) => {
      const { id } = request.params
      const { name, role } = callerOf(request)
      const result = await store.engine.replay(id as ExchangeId, request.body, { name, role })
      // The engine notes the replay together with the copy it makes; a preview changes nothing and shows values.
      if (request.body.preview)
        await noteAccess(request, { action: 'exchange.preview', object: `exchange/${id}` })
      return { ...result, changes: result.changes.map(masked) }
    },
  )
}

const masked = (change: FieldChange): FieldChange => ({
  ...change,
  before: maskField(change.field, change.before),
  after: maskField(change.field, change.after),
})
