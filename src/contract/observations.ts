import { z } from 'zod'
import { pageOf, pageQuery, provenance, uuid } from './common.ts'
import { coded, person } from './patients.ts'

const text = z.string().nullable()

const quantity = z.object({
  value: z.string(),
  comparator: z.string().optional(),
  unit: z.string().optional(),
})

const observationVersion = z.object({
  status: z.string(),
  quantity: quantity.optional(),
  text: z.string().optional(),
  codes: z.array(coded).optional(),
  effective_at: z.string().optional(),
})

export const observation = z.object({
  id: z.string().describe('Report id and line: <uuid>:<key>'),
  report_id: uuid,
  patient_id: uuid,
  code: coded,
  sub_id: z.string().optional(),
  status: z.string(),
  value_type: z.string().optional(),
  quantity: quantity.optional(),
  text: z.string().optional(),
  codes: z.array(coded).optional(),
  attachment: z
    .object({ title: z.string().optional(), media_type: z.string().optional(), size_bytes: z.number() })
    .optional(),
  reference_range: z.string().optional(),
  interpretation: z.array(z.string()).optional(),
  effective_at: z.string().optional(),
  notes: z.array(z.string()).optional(),
  previous: z.array(observationVersion).optional().describe('What was corrected, oldest first'),
})
export type Observation = z.infer<typeof observation>
export const observationQuery = pageQuery.extend({
  patient_id: uuid.optional(),
  code: z.string().optional().describe('LOINC or local code; needs patient_id'),
})
export const observationPage = pageOf(observation)

export const report = z.object({
  id: uuid,
  patient_id: uuid,
  external_id: text,
  placer_order: text,
  code: coded.nullable(),
  status: z.string(),
  effective_at: text,
  issued_at: text,
  category: text,
  ordering_provider: person.nullable(),
  performer: person.nullable(),
  notes: text,
  observations: z.array(observation),
  version: z.number().int(),
  provenance: z.record(z.string(), provenance),
})
export type Report = z.infer<typeof report>
export const reportPage = pageOf(report)
