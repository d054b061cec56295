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
})
export type TokenRequest = z.infer<typeof tokenRequest>

/** The only time the token itself is shown. */
export const newToken = token.extend({ token: z.string() })
export type NewToken = z.infer<typeof newToken>
