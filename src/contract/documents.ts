import { z } from 'zod'
import { instant, pageOf, pageQuery, provenance, uuid } from './common.ts'
import { coded, person } from './patients.ts'

const text = z.string().nullable()

export const clinicalDocument = z.object({
  id: uuid,
  patient_id: uuid,
  external_id: text,
  status: z.string(),
  doc_status: text,
  type: coded.nullable(),
  category: text,
  title: text,
  author: person.nullable(),
  created_at: text,
  period_start: text,
  period_end: text,
  media_type: text,
  size_bytes: z.number().int().nullable(),
  content: z
    .enum(['here', 'there', 'none'])
    .describe('Kept here; read from Cerner when opened; or there is none'),
  version: z.number().int(),
  updated_at: instant,
  provenance: z.record(z.string(), provenance),
})
export type ClinicalDocument = z.infer<typeof clinicalDocument>
export const documentQuery = pageQuery.extend({ patient_id: uuid.optional() })
export const documentPage = pageOf(clinicalDocument)
