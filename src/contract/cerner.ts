import { z } from 'zod'
import { instant, uuid } from './common.ts'

/** A scope: what it is for, whether we got it, and what does not work without it. */
export const scopeState = z.object({
  scope: z.string(),
  asked: z.boolean(),
  granted: z.boolean().nullable().describe('Null: no token yet'),
  for: z.string(),
  breaks: z.string(),
})

const feature = z.object({
  feature: z.string(),
  label: z.string(),
  state: z.enum(['on', 'limited', 'off']),
  says: z.string(),
})

/** How a Cerner connection stands. */
export const cernerStatus = z.object({
  connection_id: uuid,
  profile: z.object({
    name: z.string(),
    label: z.string(),
    features: z.array(feature),
  }),
  profiles: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      guide_features: z.string(),
      guide_limitations: z.string(),
      features: z.array(feature),
    }),
  ),
  endpoints: z
    .object({
      fhir: z.string(),
      token: z.string(),
      authorize: z.string(),
      issuer: z.string(),
      jwks: z.string(),
      found_in: z.string(),
      at: instant,
    })
    .nullable(),
  token: z.object({
    state: z.enum(['none', 'valid', 'expired', 'refused']),
    obtained_at: instant.nullable(),
    expires_at: instant.nullable(),
    error: z.object({ code: z.string(), says: z.string(), todo: z.string() }).nullable(),
  }),
  scopes: z.array(scopeState),
  roads: z.array(
    z.object({
      action: z.string(),
      label: z.string(),
      road: z.enum(['fhir', 'millennium', 'off']),
      why: z.string(),
    }),
  ),
  register: z.object({
    redirect_urls: z.array(z.string()),
    launch_url: z.string(),
    jwks_url: z.string(),
    public_key: z
      .object({
        key_id: z.string(),
        algorithm: z.string(),
        jwk: z.record(z.string(), z.unknown()),
        pem: z.string(),
      })
      .nullable(),
  }),
  cursors: z.array(
    z.object({ resource: z.string(), pulled_to: instant.nullable(), next_at: instant.nullable() }),
  ),
  known: z
    .array(z.object({ type: z.string(), count: z.number().int() }))
    .describe('Resources of the other side we know'),
  outbox: z.object({ queued: z.number().int(), parked: z.number().int() }),
})
export type CernerStatus = z.infer<typeof cernerStatus>

export const discoverRequest = z.object({
  base: z.string().min(1).max(500).describe('FHIR address with its tenant'),
})
export const discovered = z.object({
  fhir: z.string(),
  tenant: z.string(),
  version: z.enum(['R4', 'DSTU2']),
  token: z.string(),
  authorize: z.string(),
  issuer: z.string(),
  jwks: z.string(),
  scopes: z.array(z.string()),
  capabilities: z.array(z.string()),
  found_in: z.string().describe('.well-known/smart-configuration or metadata'),
  resources: z.array(z.object({ type: z.string(), interactions: z.array(z.string()) })),
})
export type Discovered = z.infer<typeof discovered>

export const keysRequest = z.object({ algorithm: z.enum(['RS384', 'ES384']).default('RS384') })
export const publicKey = z.object({
  key_id: z.string(),
  algorithm: z.string(),
  jwk: z.record(z.string(), z.unknown()),
  pem: z.string(),
})
export type PublicKey = z.infer<typeof publicKey>

export const connectionCreate = z.object({
  channel: z.enum(['cerner', 'hl7v2']),
  name: z.string().min(1).max(120),
})
export type ConnectionCreate = z.infer<typeof connectionCreate>
