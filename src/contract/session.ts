import { z } from 'zod'

export const ROLES = ['administrator', 'analyst', 'front-desk', 'biller', 'clinician', 'auditor'] as const
export type Role = (typeof ROLES)[number]

export const PERMISSIONS = [
  'patients.read',
  'results.read',
  'schedule.read',
  'schedule.write',
  'patients.write',
  'results.write',
  'conflicts.read',
  'conflicts.resolve',
  'sync.run',
  'exchanges.read',
  'exchanges.read-raw',
  'exchanges.replay',
  'connections.read',
  'connections.write',
  'metrics.read',
  'audit.read',
  'tokens.write',
] as const
export type Permission = (typeof PERMISSIONS)[number]

export const sessionInfo = z.object({
  name: z.string(),
  role: z.enum(ROLES),
  permissions: z.array(z.enum(PERMISSIONS)),
  csrf: z.string().describe('Sent back as X-CSRF-Token with each change'),
  practice: z.object({ id: z.uuid(), name: z.string(), time_zone: z.string() }),
  version: z.string(),
  /** True while the sandbox feeds this engine, so that nobody takes its people for real ones. */
  demo: z.boolean(),
})
export type SessionInfo = z.infer<typeof sessionInfo>

export const loginRequest = z.object({ token: z.string().min(10).max(500) })

export const searchRequest = z.object({
  query: z.string().min(1).max(200).describe('MRN, name, date of birth, phone, control id or exchange id'),
})
export const searchResult = z.object({
  items: z.array(
    z.object({
      type: z.enum(['patient', 'exchange', 'appointment']),
      id: z.string(),
      title: z.string(),
      detail: z.string(),
      matched: z.string().describe('Which key matched: mrn, name, control_id'),
    }),
  ),
})
export type SearchResult = z.infer<typeof searchResult>

export const health = z.object({
  status: z.enum(['ok', 'degraded', 'down']),
  checks: z.array(z.object({ name: z.string(), status: z.enum(['ok', 'down']), says: z.string() })),
})
