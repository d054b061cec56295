import { z } from 'zod'
import { instant, pageOf, pageQuery, recordRef, uuid } from './common.ts'

export const SYNC_KINDS = ['delta', 'full', 'bulk', 'compare'] as const

/** How far one resource of a run is. */
export const syncStep = z.object({
  resource: z.string(),
  state: z.enum(['waiting', 'running', 'done', 'failed', 'skipped']),
  done: z.number().int().describe('Units of work done: patients, windows or files'),
  total: z.number().int().nullable(),
  unit: z.string().describe('patients, windows, files'),
  seen: z.number().int().describe('Resources read'),
  changed: z.number().int().describe('Of them new or changed'),
  calls: z.number().int(),
  says: z.string().describe('Why it failed or was skipped; else empty'),
})
export type SyncStep = z.infer<typeof syncStep>

export const syncRun = z.object({
  id: uuid,
  connection_id: uuid,
  connection_name: z.string(),
  kind: z.enum(SYNC_KINDS),
  state: z.enum(['running', 'done', 'failed', 'stopped']),
  asked_by: z.string(),
  started_at: instant,
  finished_at: instant.nullable(),
  steps: z.array(syncStep),
  seen: z.number().int(),
  changed: z.number().int(),
  per_second: z.number(),
  error: z
    .object({ code: z.string(), place: z.string().nullable(), says: z.string(), todo: z.string() })
    .nullable(),
  drift_id: uuid.nullable(),
})
export type SyncRun = z.infer<typeof syncRun>
export const syncRunPage = pageOf(syncRun)
export const syncRunQuery = pageQuery.extend({
  connection_id: uuid.optional(),
  state: z.enum(['running', 'done', 'failed', 'stopped']).optional(),
})

export const syncRequest = z.object({
  kind: z.enum(SYNC_KINDS).default('delta'),
  resources: z.array(z.string()).default([]).describe('Empty: all that the connection pulls'),
})
export type SyncRequest = z.infer<typeof syncRequest>

/** One difference between the two sides that a full compare found. */
export const driftItem = z.object({
  kind: z.enum(['only_here', 'only_there', 'differs']),
  record: recordRef.nullable(),
  resource: z.string(),
  title: z.string(),
  fields: z.array(z.object({ field: z.string(), here: z.unknown(), there: z.unknown() })),
})
export type DriftItem = z.infer<typeof driftItem>

export const driftReport = z.object({
  id: uuid,
  run_id: uuid,
  connection_id: uuid,
  connection_name: z.string(),
  at: instant,
  compared: z.number().int(),
  counts: z.array(
    z.object({
      resource: z.string(),
      same: z.number().int(),
      only_here: z.number().int(),
      only_there: z.number().int(),
      differs: z.number().int(),
    }),
  ),
})
export type DriftReport = z.infer<typeof driftReport>
export const driftPage = pageOf(driftReport)
export const driftDetail = driftReport.extend({ items: z.array(driftItem).describe('The first thousand') })
export type DriftDetail = z.infer<typeof driftDetail>
