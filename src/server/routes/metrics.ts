import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { Connection } from '../../contract/connections.ts'
import { metricsSummary, summaryQuery } from '../../contract/metrics.ts'
import { readSummary } from '../../store/read-metrics.ts'
import type { MeasuredConnection } from '../../store/read-metrics.ts'
import type { ServerDependencies } from '../dependencies.ts'
import { answers } from '../responses.ts'

export const metricsRoutes: FastifyPluginAsyncZod<ServerDependencies> = async (app, dependencies) => {
  const { database, engine, clock, config } = dependencies

  app.get(
    '/api/metrics/summary',
    {
      config: { needs: 'metrics.read' },
      schema: {
        tags: ['metrics'],
        summary: 'What flowed, what waits, what is stuck',
        querystring: summaryQuery,
        response: answers(metricsSummary),
      },
    },
    async (request) =>
      readSummary(database, {
        minutes: request.query.minutes,
        nowMs: clock.now(),
        day: dayOf(clock.now(), config.practice.time_zone),
        connections: (await engine.connections.list()).map(measured),
      }),
  )
}

function measured({ id, name, channel, enabled, listener }: Connection): MeasuredConnection {
  const up = listener === null || listener.state === 'listening'
  return {
    id,
    name,
    channel,
    state: enabled ? (up ? 'up' : 'down') : 'off',
    lastHeardAt: listener?.last_heard_at ?? null,
  }
}

/** The day it is at the practice, from midnight to midnight; 23 or 25 hours long when the clocks change. */
export function dayOf(nowMs: number, timeZone: string): { from: string; to: string } {
  const start = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timeZone).startOfDay()
  return { from: start.toInstant().toString(), to: start.add({ days: 1 }).toInstant().toString() }
}
