import { z } from 'zod'
import { instant, pageOf, pageQuery, recordRef, uuid } from './common.ts'

/** One field that both sides changed. */
export const conflictField = z.object({
  field: z.string(),
  before: z.unknown().describe('What both sides last agreed on'),
  ours: z.unknown(),
  theirs: z.unknown(),
  place: z.string().describe('Where theirs stands, as the standard spells it'),
})

const side = z.object({
  at: instant.nullable(),
  by: z.string().describe('A user here, a clerk or interface there; empty when unknown'),
  exchange_id: uuid.nullable(),
})

export const conflict = z.object({
  id: uuid,
  connection_id: uuid,
  connection_name: z.string(),
  record: recordRef,
  title: z.string().describe('What it is about, for who may see it: Follow up, Smith, John'),
  patient_id: uuid.nullable(),
  action: z.string().describe('What we wanted: reschedule, cancel, person_update'),
  fields: z.array(conflictField),
  ours: side,
  theirs: side,
  state: z.enum(['open', 'resolved']),
  choice: z.enum(['studio', 'cerner']).nullable(),
  created_at: instant,
  resolved_at: instant.nullable(),
  resolved_by: z.string().nullable(),
})
export type Conflict = z.infer<typeof conflict>

export const conflictQuery = pageQuery.extend({
  state: z.enum(['open', 'resolved']).optional(),
  patient_id: uuid.optional(),
  record_id: uuid.optional(),
  connection_id: uuid.optional(),
})
export type ConflictQuery = z.infer<typeof conflictQuery>
export const conflictPage = pageOf(conflict)

export const resolveRequest = z.object({
  choice: z.enum(['studio', 'cerner']),
  remember: z.boolean().default(false).describe('Make it the rule of these fields for this connection'),
})
export type ResolveRequest = z.infer<typeof resolveRequest>
