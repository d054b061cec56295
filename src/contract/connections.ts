import { z } from 'zod'
import { instant, uuid } from './common.ts'

export const listenerState = z.object({
  state: z.enum(['listening', 'stopped', 'failed']),
  address: z.string().nullable().describe('host:port'),
  problem: z.string().nullable(),
  peers: z.array(
    z.object({
      remote: z.string(),
      since: instant,
      last_heard_at: instant.nullable(),
      frames: z.number().int(),
      noise: z.number().int(),
    }),
  ),
  last_heard_at: instant.nullable(),
  refused: z.number().int(),
  noise: z.number().int(),
})

export const connection = z.object({
  id: uuid,
  channel: z.string(),
  name: z.string(),
  enabled: z.boolean(),
  version: z.number().int(),
  /** By the connection's own schema (`/api/connections/{id}/schema`); secrets read as `********`. */
  settings: z.record(z.string(), z.unknown()),
  listener: listenerState.nullable(),
  updated_at: instant,
})
export type Connection = z.infer<typeof connection>
export const connectionList = z.object({ items: z.array(connection), next: z.null() })

export const connectionUpdate = z.object({
  version: z.number().int().describe('The version that was edited; another one in the store is a conflict'),
  name: z.string().min(1).max(120).optional(),
  enabled: z.boolean().optional(),
  settings: z.record(z.string(), z.unknown()).optional(),
})
export type ConnectionUpdate = z.infer<typeof connectionUpdate>

/** A rung of the connectivity test. */
export const probeStep = z.object({
  name: z.string(),
  /** Stable name for scripts: `dns`, `tls`, `token`, `scopes`. */
  rung: z.string().optional(),
  took_ms: z.number().optional(),
  /** Who must act: this practice, its network team, the Cerner team, nobody. */
  acts: z.enum(['practice', 'network', 'cerner', 'nobody']).optional(),
  /** A text ready to be sent to them; free of protected health information. */
  ticket: z.string().optional(),
  outcome: z.enum(['passed', 'warning', 'failed', 'skipped']),
  evidence: z.string(),
  meaning: z.string(),
  remedy: z.string(),
})
export const probeResult = z.object({ steps: z.array(probeStep) })
export type ProbeResult = z.infer<typeof probeResult>
