import { z } from 'zod'

/** Answers of the token endpoint (cerner-fhir-r4.md §2.3, §2.6). */

/** A token with what came beside it. */
export interface TokenAnswer {
  accessToken: string
  tokenType: string
  /** Seconds from now; Cerner says 570 for a token that lives 600. */
  expiresInSeconds: number
  /** As granted: may be less than was asked. */
  scope: string
  /** A refresh answers without one: the first one stays good. */
  refreshToken: string | null
  idToken: string | null
  context: LaunchContext
}

/** What a launch is about; members appear only when known. */
export interface LaunchContext {
  patient: string | null
  encounter: string | null
  user: string | null
  username: string | null
  tenant: string | null
  needPatientBanner: boolean
  smartStyleUrl: string | null
}

// A server that says nothing about the life of a token is taken at the shortest that is usual.
const UNSAID_LIFE_SECONDS = 300

const text = z.string().min(1)
const maybe = text.nullable().catch(null).default(null)
const idLike = z
  .union([text, z.number().transform(String)])
  .nullable()
  .catch(null)
  .default(null)

const answer = z.object({
  access_token: text,
  token_type: z.string().catch('Bearer').default('Bearer'),
  expires_in: z.coerce.number().positive().catch(UNSAID_LIFE_SECONDS).default(UNSAID_LIFE_SECONDS),
  scope: z.string().catch('').default(''),
  refresh_token: maybe,
  id_token: maybe,
  patient: idLike,
  encounter: idLike,
  user: idLike,
  username: maybe,
  tenant: maybe,
  need_patient_banner: z.boolean().catch(true).default(true),
  smart_style_url: maybe,
})

/** Reads a token response; null when it holds no token. */
export function readTokenAnswer(body: string): TokenAnswer | null {
  const read = answer.safeParse(parsed(body))
  if (!read.success) return null
  const found = read.data
  return {
    accessToken: found.access_token,
    tokenType: found.token_type,
    expiresInSeconds: found.expires_in,
    scope: found.scope,
    refreshToken: found.refresh_token,
    idToken: found.id_token,
    context: {
      patient: found.patient,
      encounter: found.encounter,
      user: found.user,
      username: found.username,
      tenant: found.tenant,
      needPatientBanner: found.need_patient_banner,
      smartStyleUrl: found.smart_style_url,
    },
  }
}

/** Why no token was given: the OAuth code, and the end of the URN in `error_uri`, which says more. */
export interface TokenError {
  /** `invalid_client` */
  error: string
  /** `token:invalid-client-credentials`; null when there is none. */
  urn: string | null
  /** Of the error, the same as `Cerner-Correlation-ID`. */
  instance: string | null
}

const ERROR_CODE = /^[a-z_]{1,64}$/
const URN_PREFIX = /^urn:cerner:error:authorization-server:(?:oauth2:)?/

/** Reads an error response; null when it is none (HTML of a gateway, nothing). */
export function readTokenError(body: string): TokenError | null {
  const read = z
    .object({ error: z.string(), error_uri: z.string().optional().catch(undefined) })
    .safeParse(parsed(body))
  if (!read.success || !ERROR_CODE.test(read.data.error)) return null
  return { error: read.data.error, ...readErrorUri(read.data.error_uri ?? '') }
}

/** Decodes `https://authorization.cerner.com/errors/<URN>/instances/<uuid>?…`. */
export function readErrorUri(uri: string): { urn: string | null; instance: string | null } {
  const [, encoded = '', instance] =
    /\/errors\/([^/?#]+)(?:\/instances\/([A-Za-z0-9-]{1,64}))?/.exec(uri) ?? []
  const urn = /^[a-z0-9:._-]{1,200}$/i.exec(decoded(encoded))?.[0]?.replace(URN_PREFIX, '')
  return { urn: urn ?? null, instance: instance ?? null }
}

export interface TokenErrorMeaning {
  /** The URN's end, or the OAuth code where no URN is given. */
  is: string
  means: string
  todo: string
}

/** What the errors mean and who acts, for the connectivity test. */
// prettier-ignore
export const TOKEN_ERRORS: readonly TokenErrorMeaning[] = [
  { is: 'token:empty-scopes', means: 'None of the scopes asked for is enabled for this app and tenant.', todo: 'Check the scope syntax (v1 or v2) and have the scopes enabled; changes take about fifteen minutes.' },
  { is: 'token:invalid-authorization-header', means: 'The client id and secret did not arrive as HTTP Basic.', todo: 'Choose how the app proves itself as it is registered: secret or key pair.' },
  { is: 'token:invalid-client-credentials', means: 'The client id or its secret is wrong.', todo: 'Copy both again from the vendor console; a secret may have been renewed.' },
  { is: 'client-assertion:jwt-bearer:invalid-signature', means: 'Cerner does not know our public key.', todo: 'Register our JWKS address for the system account, and check key id and signature algorithm.' },
  { is: 'token:code-invalid-or-expired', means: 'The code of the launch was used or has run out.', todo: 'Open the app again from the chart.' },
  { is: 'refresh-token:token-invalid', means: 'The refresh token was revoked, or not used for three months.', todo: 'The user opens the app again.' },
  { is: 'refresh-token:session-invalid', means: 'The session of the user in the EHR has ended.', todo: 'The user opens the app again.' },
  { is: 'tenant-terminated', means: 'The tenant has been closed.', todo: 'Ask the site for its new tenant id.' },
  { is: 'token:invalid-tenant', means: 'The authorization server does not know the tenant.', todo: 'Check the tenant in the FHIR address, or discover the token address anew.' },
  { is: 'invalid_client', means: 'The client is not known, or did not prove who it is.', todo: 'Check client id, secret or key.' },
  { is: 'invalid_scope', means: 'No scope that was asked for may be granted.', todo: 'Check the scopes of the app and their syntax.' },
  { is: 'invalid_grant', means: 'The code or refresh token is no longer good.', todo: 'The user opens the app again.' },
  { is: 'unauthorized_client', means: 'The app is not enabled for this tenant.', todo: 'Ask the site to enable the app.' },
]

/** The meaning of an error, by its URN first. */
export const meaningOf = ({ error, urn }: Pick<TokenError, 'error' | 'urn'>): TokenErrorMeaning | undefined =>
  TOKEN_ERRORS.find(({ is }) => is === urn) ?? TOKEN_ERRORS.find(({ is }) => is === error)

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return ''
  }
}
