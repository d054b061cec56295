/** How the authorization server says no (cerner-fhir-r4.md §2.6). */

const PREFIX = 'urn:cerner:error:authorization-server:oauth2:'

/** OAuth code, status and the tail of the URN that tells the cause. */
export const TOKEN_PROBLEMS = {
  emptyScopes: ['invalid_scope', 400, 'token:empty-scopes'],
  authorizationHeader: ['invalid_client', 401, 'token:invalid-authorization-header'],
  clientCredentials: ['invalid_client', 401, 'token:invalid-client-credentials'],
  assertion: ['invalid_client', 401, 'client-assertion:jwt-bearer:invalid-signature'],
  code: ['invalid_grant', 400, 'token:code-invalid-or-expired'],
  refreshToken: ['invalid_grant', 400, 'refresh-token:token-invalid'],
  session: ['invalid_grant', 400, 'refresh-token:session-invalid'],
  tenantTerminated: ['invalid_grant', 400, 'tenant-terminated'],
  tenant: ['invalid_grant', 400, 'token:invalid-tenant'],
  unauthorizedClient: ['unauthorized_client', 400, 'unauthorized-client-for-tenant'],
  // RFC 6749 §5.2; the reference names no URN for these two, so the tails are ours.
  grantType: ['unsupported_grant_type', 400, 'token:unsupported-grant-type'],
  request: ['invalid_request', 400, 'token:invalid-request'],
} as const satisfies Record<string, readonly [error: string, status: number, tail: string]>

export type TokenProblem = keyof typeof TOKEN_PROBLEMS

export const AUTHORIZE_PROBLEMS = {
  denied: ['access_denied', 'grant:denied-by-server'],
  launchCode: ['invalid_request', 'smart-v1:grant:launch:invalid-launch-code'],
  audience: ['invalid_request', 'audience-required'],
  unauthorizedClient: ['unauthorized_client', 'unauthorized-client-for-tenant'],
  onePatient: ['invalid_request', 'patient-scope-requires-one-patient-id'],
  emptyScopes: ['invalid_scope', 'token:empty-scopes'],
  responseType: ['unsupported_response_type', 'grant:unsupported-response-type'],
  request: ['invalid_request', 'grant:invalid-request'],
  // These have nowhere to be sent and become a page.
  unknownClient: ['invalid_request', 'unknown-client'],
  redirectUri: ['invalid_request', 'invalid-redirect-uri'],
  redirectUriSlash: ['invalid_request', 'invalid-redirect-uri-trailing-slash'],
  tenant: ['invalid_request', 'unknown-tenant'],
} as const satisfies Record<string, readonly [error: string, tail: string]>

export type AuthorizeProblem = keyof typeof AUTHORIZE_PROBLEMS

/** The token endpoint refuses. `reason` is for the request log of the sandbox; Cerner never says it. */
export class TokenRefusal extends Error {
  readonly problem: TokenProblem
  readonly reason: string
  constructor(problem: TokenProblem, reason: string) {
    super(`token refused: ${reason}`)
    this.name = 'TokenRefusal'
    this.problem = problem
    this.reason = reason
  }
}

/** Authorization fails; `redirect` is null when client or redirect_uri cannot be trusted. */
export class AuthorizeRefusal extends Error {
  readonly problem: AuthorizeProblem
  readonly redirect: { readonly uri: string; readonly state: string | null } | null
  constructor(problem: AuthorizeProblem, redirect: AuthorizeRefusal['redirect']) {
    super(`authorization refused: ${problem}`)
    this.name = 'AuthorizeRefusal'
    this.problem = problem
    this.redirect = redirect
  }
}

/** `{origin}/errors/<urn>/instances/<uuid>?client=…&tenant=…` */
export function errorUri(
  origin: string,
  tail: string,
  at: { instance: string; client: string | null; tenant: string },
): string {
  const query = new URLSearchParams({ client: at.client ?? 'unknown', tenant: at.tenant })
  return `${origin}/errors/${encodeURIComponent(PREFIX + tail)}/instances/${at.instance}?${query.toString()}`
}
