import { Refusal } from './contract.ts'

/** The bodies with which the hospital says no. @see cerner-fhir-r4.md §1.5 */
interface Issue {
  readonly severity: 'error' | 'fatal'
  readonly code: string
  readonly details?: unknown
  readonly diagnostics?: string
  readonly location?: readonly string[]
  readonly expression?: readonly string[]
}

export const outcome = (issue: Issue): unknown => ({ resourceType: 'OperationOutcome', issue: [issue] })

const error = (code: string, text: string): unknown => outcome({ severity: 'error', code, details: { text } })

/** E1: the request cannot be understood or lacks a parameter that has to be there. */
export const invalidRequest = (text = 'Invalid request'): Refusal => new Refusal(400, error('invalid', text))

/** E1, first line: the search says nothing that the hospital searches by. */
export const parametersMissing = (names: readonly string[]): Refusal =>
  invalidRequest(`at least one of ${names.slice(0, -1).join(', ')}, or ${names.at(-1)} must be provided`)

/** E2: unknown, of an unknown type, or hidden from this caller. */
export const notFound = (): Refusal => new Refusal(404, error('not-found', 'Not Found'))

/** E4: the caller may not see this record, whatever the token says. */
export const forbidden = (realm = 'fhir-ehr.cerner.com'): Refusal =>
  new Refusal(
    403,
    outcome({
      severity: 'error',
      code: 'forbidden',
      diagnostics: `Bearer realm="${realm}", error="insufficient_scope"`,
      expression: ['http.Authorization'],
    }),
  )

/** E6: understood, and against a rule of the hospital. */
export const unprocessable = (): Refusal => new Refusal(422, error('invalid', 'Unprocessable entity'))

/** E6 with the rule's kind; `expression` is the place in the body. */
export const againstRule = (
  expression: string,
  code: 'business-rule' | 'extension' | 'not-supported' = 'business-rule',
): Refusal =>
  new Refusal(
    422,
    outcome({
      severity: 'error',
      code,
      details: {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/operation-outcome',
            code: 'MSG_PARAM_INVALID',
          },
        ],
        text: 'Unprocessable entity',
      },
      expression: [expression],
    }),
  )

/** The version in `If-Match` is not the present one. */
export const stale = (): Refusal => new Refusal(409, error('conflict', 'Conflict'))

/** `If-Match` is missing or no weak ETag. */
export const noVersion = (): Refusal =>
  new Refusal(412, error('conflict', 'no If-Match or invalid If-Match header provided'))

/** A Millennium user holds the record open. */
export const lockedByUser = (): Refusal => new Refusal(423, error('lock-error', 'Locked'))

/** E7. */
export const throttled = (): Refusal =>
  new Refusal(429, outcome({ severity: 'error', code: 'throttled', diagnostics: 'Too Many Requests' }))

/** E8: one stored record lacks what FHIR requires, and the whole search fails for it. */
export const badRecord = (type: string): Refusal =>
  new Refusal(500, outcome({ severity: 'fatal', code: 'required', location: [`/f:${type}/f:status`] }))

/** No such tenant, or not for this caller. */
export const wrongTenant = (): Refusal =>
  new Refusal(403, 'Tenant not valid or accessible', { 'content-type': 'text/plain' })

export const methodNotAllowed = (): Refusal => new Refusal(405, error('not-supported', 'Method Not Allowed'))
