import { z } from 'zod'
import type { Switches } from './contract.ts'
import { TOKEN_PROBLEMS, type TokenProblem } from './oauth/problems.ts'

/** What `POST /_sandbox/faults` takes (cerner-fhir-r4.md §5). Members that a kind does not have are refused by name. */

export const FAULT_STATUSES = [
  400, 401, 403, 404, 406, 409, 412, 422, 423, 424, 429, 500, 502, 503, 504,
] as const
export type FaultStatus = (typeof FAULT_STATUSES)[number]

const count = z.int().min(0)
const milliseconds = z.int().min(0).max(600_000)

const match = z.strictObject({
  method: z
    .string()
    .transform((method) => method.toUpperCase())
    .optional(),
  /** Part of the path. */
  path: z.string().min(1).optional(),
  /** A regular expression over the path. */
  pattern: z
    .string()
    .refine((text) => isPattern(text), { error: 'is not a regular expression' })
    .optional(),
  /** FHIR resource type: the segment after the tenant. */
  type: z.string().min(1).optional(),
})

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp
  } catch {
    return false
  }
}

/** When it strikes: the calls that match, the first `after` of them left in peace, then at most `times`. */
const aim = {
  match: match.optional(),
  times: z.int().min(1).optional(),
  after: count.optional(),
  /** Drawn from `seed`, so that one storm is like the next. */
  probability: z.number().min(0).max(1).optional(),
  seed: z.int().optional(),
}

const aimed = <K extends string, M extends z.ZodRawShape>(kind: K, more: M) =>
  z.strictObject({ kind: z.literal(kind), ...aim, ...more })

const textList = z.array(z.string().min(1))

const set = <K extends keyof Switches, V extends z.ZodType>(member: K, value: V) =>
  z.strictObject({ kind: z.literal('switch'), member: z.literal(member), value })

const switchSchema = z.discriminatedUnion('member', [
  set('pageSize', z.int().min(1).nullable()),
  set('duplicateAcrossPages', z.boolean()),
  set('loopPages', z.boolean()),
  set('withTotal', z.boolean()),
  set('visibilityDelayMs', milliseconds),
  set('strictParameters', z.boolean()),
  set('slotRace', z.boolean()),
  set('badRecord', z.string().min(1).nullable()),
  set('versionless', z.string().min(1).nullable()),
  set(
    'locked',
    z.array(z.string().regex(/^[A-Z][A-Za-z]+\/\S+$/, { error: 'must be like Appointment/123' })),
  ),
  set('gatewayErrors', z.boolean()),
  set('gzipEmpty', z.boolean()),
])

export const faultSchema = z.discriminatedUnion('kind', [
  /** Answers with Cerner's body for this status, before the records are asked. */
  aimed('status', {
    status: z.literal(FAULT_STATUSES),
    /** Seconds. Cerner sends none with 429. */
    retryAfter: count.optional(),
  }),
  /** Answers late. */
  aimed('slow', { ms: milliseconds }),
  /** Never answers. */
  aimed('hang', {}),
  /** Closes the socket before the records are asked. */
  aimed('drop', {}),
  /** Does the work, then closes the socket: the answer is lost. */
  aimed('drop-after', {}),
  /** Sends half of the answer, then closes the socket. */
  aimed('half', {}),
  /** A proxy's HTML page with status 200. */
  aimed('wrong-type', {}),
  /** A whole answer that is not JSON. */
  aimed('malformed', {}),
  /** `next` leads back to the page it stands on. */
  aimed('loop', {}),
  /** The token address fails or stays silent. */
  aimed('token-down', {
    status: z.literal([500, 502, 503, 504]).optional(),
    /** An OAuth error in place of a status. */
    problem: z.enum(Object.keys(TOKEN_PROBLEMS) as TokenProblem[]).optional(),
    /** No answer at all in place of a status. */
    hang: z.boolean().optional(),
  }),
  /** `/jwk` does not show the newest keys; with `rotate` new ones are made first. */
  z.strictObject({ kind: z.literal('jwks-missing'), rotate: z.boolean().optional() }),
  /** All access tokens stop working now; refresh tokens too when asked. */
  z.strictObject({ kind: z.literal('revoke'), refreshToo: z.boolean().optional() }),
  /** Scopes or types that nobody is granted any more; `issuedToo: false` leaves tokens that are out as they are. */
  z.strictObject({ kind: z.literal('narrow'), scopes: textList.min(1), issuedToo: z.boolean().optional() }),
  /** New tokens are made for another tenant. */
  z.strictObject({ kind: z.literal('wrong-audience') }),
  /** New connections meet this certificate, an expired one for example. */
  z.strictObject({ kind: z.literal('certificate'), cert: z.string().min(1), key: z.string().min(1) }),
  switchSchema,
])

export type FaultRequest = z.infer<typeof faultSchema>
/** A fault that strikes single calls. */
export type AimedFault = Extract<FaultRequest, { match?: unknown }>

/** @returns the first thing wrong, as `member: sentence` */
export function readFault(body: unknown): FaultRequest | { refused: string } {
  const read = faultSchema.safeParse(body ?? {})
  if (read.success) return read.data
  return { refused: problemOf(read.error) }
}

export function problemOf(error: z.ZodError): string {
  const issue = error.issues[0]
  if (issue === undefined) return 'body: cannot be read'
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : []
  const place = [...issue.path, ...keys.slice(0, 1)].join('.')
  const said = keys.length > 0 ? 'is not a member of this fault' : issue.message
  return `${place === '' ? 'body' : place}: ${said}`
}
