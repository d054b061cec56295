import { z } from 'zod'
import { instant, pageOf, pageQuery } from './common.ts'

/** One row of the audit trail. `detail` says which keys were used and how much was seen, never what it said. */
export const auditEntry = z.object({
  seq: z.number().int(),
  at: instant,
  actor: z.string(),
  role: z.string(),
  action: z.string().describe('patient.read, patient.search, exchange.read-raw'),
  object: z.string().describe('patient/<id>'),
  detail: z.record(z.string(), z.unknown()),
  hash: z.string().describe('SHA-256 over this row and the hash of the one before, hexadecimal'),
})
export type AuditRow = z.infer<typeof auditEntry>

export const auditQuery = pageQuery.extend({
  object: z.string().max(200).optional(),
  actor: z.string().max(200).optional(),
  action: z.string().max(100).optional().describe('Exact, or a record alone: patient'),
  from: instant.optional(),
  to: instant.optional(),
})
export type AuditQuery = z.infer<typeof auditQuery>
export const auditPage = pageOf(auditEntry)

export const auditCheck = z.object({
  ok: z.boolean(),
  rows: z.number().int(),
  broken_at: z.number().int().nullable().describe('The first row that does not follow from the one before'),
})
export type AuditCheck = z.infer<typeof auditCheck>
