/** The bodies with which Cerner says no, to the letter (cerner-fhir-r4.md §1.5). */

const outcome = (issue: Record<string, unknown>): object => ({
  resourceType: 'OperationOutcome',
  issue: [issue],
})

/** E1, second line. */
export const INVALID_REQUEST = outcome({
  severity: 'error',
  code: 'invalid',
  details: { text: 'Invalid request' },
})

/** E2 */
export const NOT_FOUND = outcome({ severity: 'error', code: 'not-found', details: { text: 'Not Found' } })

/** E3. @param realm the FHIR host */
export const loginNeeded = (realm: string): object =>
  outcome({
    severity: 'error',
    code: 'login',
    diagnostics: `Bearer realm="${realm}", error="invalid_token"`,
    location: ['http.Authorization'],
  })

/** E4. @param realm the FHIR host */
export const scopeMissing = (realm: string): object =>
  outcome({
    severity: 'error',
    code: 'forbidden',
    diagnostics: `Bearer realm="${realm}", error="insufficient_scope"`,
    expression: ['http.Authorization'],
  })

// The reference names token-required, insufficient-scopes and (as reported by integrators) tenant-mismatch;
// invalid-token is ours, for a token that is there and no longer good.
export type GatewayProblem = 'token-required' | 'invalid-token' | 'tenant-mismatch' | 'insufficient-scopes'

/** E5: what the newer gateway says; not FHIR. */
export function gatewayBody(problem: GatewayProblem): object {
  const code = `code="urn:cerner:error:oauth2:resource-access:${problem}"`
  return problem === 'insufficient-scopes'
    ? { code: 403, message: `${code}, error="insufficient_scope", subcode="no_scope_for_resource_path"` }
    : { code: 401, message: code }
}

/** E6 */
export const UNPROCESSABLE = outcome({
  severity: 'error',
  code: 'invalid',
  details: { text: 'Unprocessable entity' },
})

/** E7 */
export const THROTTLED = outcome({ severity: 'error', code: 'throttled', diagnostics: 'Too Many Requests' })

/** E8: a stored record of this type lacks a required field. */
export const badRecord = (type: string): object =>
  outcome({ severity: 'fatal', code: 'required', location: [`/f:${type}/f:status`] })

/** 409, 412, 423, 424: the reference knows no exact body; an issue with code and words is our inference (I). */
export const conflict = (code: string, text: string): object =>
  outcome({ severity: 'error', code, details: { text } })

/** What a proxy in front of the hospital answers. */
export const gatewayPage = (status: number, title: string): string =>
  `<html>\r\n<head><title>${status} ${title}</title></head>\r\n<body>\r\n<center><h1>${status} ${title}</h1></center>\r\n</body>\r\n</html>\r\n`

/** A body that the server could not read at all. */
export const badRequest = (status: number): object =>
  status === 400 ? INVALID_REQUEST : conflict('invalid', 'The request cannot be read')
