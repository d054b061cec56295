import { z } from 'zod'
import { instant, uuid } from './common.ts'

const counts = z.object({
  received: z.number().int(),
  applied: z.number().int(),
  ignored: z.number().int(),
  parked: z.number().int(),
  duplicate: z.number().int(),
  retried: z.number().int(),
})

export const summaryQuery = z.object({
  minutes: z.coerce.number().int().min(5).max(10_080).default(60),
})

export const metricsSummary = z.object({
  at: instant,
  queue: z.object({
    waiting: z.number().int(),
    oldest_seconds: z.number().nullable(),
    retrying: z.number().int(),
  }),
  open_errors: z.number().int().describe('Exchanges parked and not yet decided'),
  per_second: z.number().describe('Received in the last ten seconds'),
  delay_ms: z.object({ mean: z.number().nullable(), max: z.number().nullable() }),
  totals: counts,
  channels: z.array(
    counts.extend({
      connection_id: uuid,
      name: z.string(),
      channel: z.string(),
      direction: z.enum(['in', 'out']),
      state: z.enum(['up', 'down', 'off']),
      last_at: instant.nullable(),
      kinds: z.array(z.object({ kind: z.string(), received: z.number().int() })),
      series: z.array(z.number().int()).describe('Received, one number per bucket of `series`'),
    }),
  ),
  /** Equal buckets, oldest first. */
  bucket_seconds: z.number().int(),
  series: z.array(counts.extend({ at: instant })),
  records: z.object({
    patients: z.number().int(),
    appointments_today: z.number().int(),
    reports_today: z.number().int(),
  }),
})
export type MetricsSummary = z.infer<typeof metricsSummary>

/** `/api/events`: hints for live pages, never PHI. */
export const liveEvent = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('flow'),
    at: instant,
    received: z.number().int(),
    applied: z.number().int(),
    parked: z.number().int(),
    waiting: z.number().int(),
  }),
  z.object({ type: z.literal('records'), types: z.array(z.string()) }),
  z.object({ type: z.literal('connection'), connection_id: uuid }),
  z.object({ type: z.literal('sync'), connection_id: uuid, run_id: uuid }),
  z.object({ type: z.literal('outbox') }),
  z.object({ type: z.literal('conflicts') }),
])
export type LiveEvent = z.infer<typeof liveEvent>
