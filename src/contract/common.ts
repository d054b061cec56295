import { z } from 'zod'

/** An error as RFC 9457 sends it, with our `code` and what to do. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  todo: z.string(),
  trace_id: z.string().optional(),
})
export type Problem = z.infer<typeof problem>

export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(200).optional().describe('The `next` of the page before.'),
})

/** A page never counts the rest: `next` is null on the last one. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), next: z.string().nullable() })
export interface Page<T> {
  items: T[]
  next: string | null
}

export const uuid = z.uuid()
export const instant = z.string().describe('ISO 8601 instant in UTC')

export const RECORD_TYPES = ['patient', 'encounter', 'appointment', 'report', 'document'] as const
export const recordRef = z.object({ type: z.enum(RECORD_TYPES), id: uuid })
export type RecordRef = z.infer<typeof recordRef>

/** Where a value came from: one click from field to raw bytes. */
export const provenance = z.object({
  as_of: instant.describe('When the value was true, as the sender said'),
  exchange_id: uuid.nullable(),
  connection_id: uuid.nullable(),
  connection_name: z.string(),
  channel: z.string(),
  place: z.string().describe('The place in the message, as the standard spells it: PID-5.1.1'),
})
export type Provenance = z.infer<typeof provenance>

/** One field of one record, as one exchange left it. */
export const fieldChange = z.object({
  record: recordRef,
  field: z.string(),
  before: z.unknown(),
  after: z.unknown(),
  place: z.string(),
  outcome: z.enum(['changed', 'same', 'older']).describe('`older`: newer news was already stored'),
})
export type FieldChange = z.infer<typeof fieldChange>
