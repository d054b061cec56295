import { z } from 'zod'
import { fieldChange, instant, pageOf, pageQuery, RECORD_TYPES, recordRef, uuid } from './common.ts'

export const EXCHANGE_STATES = [
  'received',
  'applied',
  'ignored',
  'retrying',
  'parked',
  'duplicate',
  'resolved',
  'queued',
  'sent',
  'accepted',
  'ambiguous',
  'cancelled',
] as const
export type ExchangeState = (typeof EXCHANGE_STATES)[number]

export const exchangeError = z.object({
  code: z.string(),
  kind: z.enum(['transient', 'ambiguous', 'permanent']),
  place: z.string().nullable(),
  says: z.string(),
  todo: z.string(),
})

export const exchange = z.object({
  id: uuid,
  connection_id: uuid,
  connection_name: z.string(),
  channel: z.string(),
  direction: z.enum(['in', 'out']),
  kind: z.string().describe('ADT^A08, GET Appointment, patients.csv'),
  control_id: z.string(),
  received_at: instant,
  state: z.enum(EXCHANGE_STATES),
  finished_at: instant.nullable(),
  ack_outcome: z.enum(['sent', 'unsent', 'unknown']),
  ack_code: z.string().nullable(),
  attempts: z.number().int(),
  error: exchangeError.nullable(),
  records: z.array(recordRef),
  size_bytes: z.number().int(),
  remote: z.string(),
  duplicate_of: uuid.nullable(),
  replay_of: uuid.nullable(),
})
export type Exchange = z.infer<typeof exchange>

export const exchangeQuery = pageQuery.extend({
  control_id: z.string().optional(),
  state: z.enum(EXCHANGE_STATES).optional(),
  connection_id: uuid.optional(),
  kind: z.string().optional().describe('Exact, or a type alone: ADT'),
  direction: z.enum(['in', 'out']).optional(),
  error_code: z.string().optional(),
  mrn: z.string().optional(),
  patient_id: uuid.optional(),
  record_id: uuid.optional().describe('Exchanges that changed this record'),
  from: instant.optional(),
  to: instant.optional(),
})
export type ExchangeQuery = z.infer<typeof exchangeQuery>

export const exchangePage = pageOf(exchange)

/** The exchange with what it did, field by field. */
export const exchangeDetail = exchange.extend({
  sender: z.string(),
  version: z.string(),
  changes: z.array(fieldChange),
  warnings: z.array(z.object({ code: z.string(), place: z.string(), says: z.string() })),
  repeats: z.array(uuid).describe('Later copies of the same message'),
  replays: z.array(uuid),
})
export type ExchangeDetail = z.infer<typeof exchangeDetail>

/** A node of the parsed message; `start` and `end` are character offsets into `text`. */
export interface DecodedNode {
  path: string
  name: string
  start: number
  end: number
  /** Unescaped value of a leaf. */
  value?: string | undefined
  /** True for HL7 `""`. */
  cleared?: boolean | undefined
  children?: DecodedNode[] | undefined
}
export const decodedNode: z.ZodType<DecodedNode> = z.object({
  path: z.string(),
  name: z.string(),
  start: z.number().int(),
  end: z.number().int(),
  value: z.string().optional(),
  cleared: z.boolean().optional(),
  get children() {
    return z.array(decodedNode).optional()
  },
})

export const decodedExchange = z.object({
  text: z.string(),
  charset: z.string(),
  /** One node per segment. */
  segments: z.array(decodedNode),
  mapped: z.array(
    z.object({
      record: z.enum(RECORD_TYPES),
      field: z.string(),
      place: z.string(),
      value: z.unknown(),
    }),
  ),
  warnings: z.array(z.object({ code: z.string(), place: z.string(), says: z.string() })),
  problem: z.object({ code: z.string(), place: z.string(), says: z.string(), todo: z.string() }).nullable(),
})
export type DecodedExchange = z.infer<typeof decodedExchange>

export const timelineEvent = z.object({
  at: instant,
  event: z.string().describe('received, acknowledged, applied, parked, retrying, duplicate, replayed'),
  says: z.string(),
  actor: z.string(),
  exchange_id: uuid.nullable(),
})
export const timeline = z.object({ events: z.array(timelineEvent) })
export type Timeline = z.infer<typeof timeline>

/** Replay: the original never changes; the copy points at it. */
export const replayRequest = z.object({
  preview: z.boolean().default(false).describe('Show what it would do, and do nothing'),
  edits: z
    .array(z.object({ place: z.string().describe('PID-8, IN1[2]-36'), value: z.string() }))
    .max(100)
    .default([]),
})
export const replayResult = z.object({
  exchange_id: uuid.nullable().describe('The copy, null for a preview'),
  changes: z.array(fieldChange),
  warnings: z.array(z.object({ code: z.string(), place: z.string(), says: z.string() })),
  problem: exchangeError.nullable(),
})
export type ReplayResult = z.infer<typeof replayResult>
