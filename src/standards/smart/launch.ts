import { IntegrationError } from '../../kernel/errors.ts'
import { tidyBase } from '../fhir/id.ts'
import { readErrorUri } from './token.ts'

/** The steps of a SMART launch that need no network (cerner-fhir-r4.md §2.3). */

/** A launch from inside the chart names the server and a ticket; one on its own names nothing. */
export type Launch = { kind: 'ehr'; iss: string; launch: string } | { kind: 'standalone' }

const LONGEST = 4096

/**
 * Reads the query with which an EHR opens the app: `?iss=…&launch=…`.
 *
 * @throws LAUNCH_INVALID naming the parameter
 */
export function readLaunch(query: URLSearchParams): Launch {
  const iss = onlyOne(query, 'iss')
  const launch = onlyOne(query, 'launch')
  if (iss === null && launch === null) return { kind: 'standalone' }
  if (iss === null || !isAddress(iss)) throw invalid('iss')
  if (launch === null) throw invalid('launch')
  return { kind: 'ehr', iss: tidyBase(iss), launch }
}

export interface AuthorizeRequest {
  authorizeUrl: string
  clientId: string
  /** Letter by letter as registered, with the slash at its end or without. */
  redirectUri: string
  scopes: readonly string[]
  state: string
  /** The FHIR base: Cerner refuses a request without it. */
  aud: string
  launch?: string
  /** S256 */
  challenge?: string
  nonce?: string
}

/** The address to send the browser to. */
export function authorizeUrl(request: AuthorizeRequest): string {
  const url = new URL(request.authorizeUrl)
  const parameters: [string, string | undefined][] = [
    ['response_type', 'code'],
    ['client_id', request.clientId],
    ['redirect_uri', request.redirectUri],
    ['scope', request.scopes.join(' ')],
    ['state', request.state],
    ['aud', request.aud],
    ['launch', request.launch],
    ['nonce', request.nonce],
    ['code_challenge', request.challenge],
    ['code_challenge_method', request.challenge === undefined ? undefined : 'S256'],
  ]
  const query = parameters.flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  // Written out: URLSearchParams makes a plus of a space, which some servers take for a plus.
  url.search = [url.search.replace(/^\?/, ''), ...query].filter((part) => part !== '').join('&')
  return url.href
}

/**
 * Reads the answer that comes back to `redirect_uri`.
 *
 * @param state the one that was sent
 * @returns the code
 * @throws LAUNCH_INVALID when the state is another one or no code is there; LAUNCH_REFUSED with Cerner's reason
 */
export function readCallback(query: URLSearchParams, state: string): { code: string } {
  // Before all else: an answer to a launch that is not ours says nothing.
  if (state === '' || onlyOne(query, 'state') !== state) throw invalid('state')
  const error = query.get('error')
  if (error !== null)
    throw new IntegrationError('LAUNCH_REFUSED', { reason: reasonOf(error, query.get('error_uri')) })
  const code = onlyOne(query, 'code')
  if (code === null) throw invalid('code')
  return { code }
}

function reasonOf(error: string, uri: string | null): string {
  const code = /^[a-z_]{1,64}$/.exec(error)?.[0] ?? 'error'
  const { urn } = readErrorUri(uri ?? '')
  return urn === null ? code : `${code}, ${urn}`
}

/** A parameter that is there once and not empty. A second one could be read by one side and not by the other. */
function onlyOne(query: URLSearchParams, name: string): string | null {
  const values = query.getAll(name)
  const [value] = values
  if (value === undefined || value === '') return null
  if (values.length > 1 || value.length > LONGEST) throw invalid(name)
  return value
}

const isAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

const invalid = (place: string): IntegrationError => new IntegrationError('LAUNCH_INVALID', { place })
