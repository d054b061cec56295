import { z } from 'zod'
import { instant, uuid } from './common.ts'
import { ROLES } from './session.ts'

export const token = z.object({
  id: uuid,
  name: z.string(),
  role: z.enum(ROLES),
  created_at: instant,
  expires_at: instant.nullable(),
  revoked_at: instant.nullable(),
  scopes: z
    .array(z.string())
    .nullable()
    .describe(
      'SMART scopes: with them it opens /fhir/R4 alone, within what they name. Null: its role decides',
    ),
})
export type Token = z.infer<typeof token>
export const tokenList = z.object({ items: z.array(token), next: z.null() })

export const tokenRequest = z.object({
  name: z.string().min(1).max(120),
  role: z.enum(ROLES),
  days: z
    .number()
    .int()
    .min(1)
    .max(3650)
    .optional()
    .describe('How long it is good for; without end when absent'),
  scopes: z
    .array(z.string().max(100))
    .max(60)
    .optional()
    .describe('SMART scopes such as system/Patient.rs, for a token of the FHIR façade'),
})
export type TokenRequest = z.infer<typeof tokenRequest>

/** The only time the token itself is shown. */
export const newToken = token.extend({ token: z.string() })
export type NewToken = z.infer<typeof newToken>
