import type { Call } from '../cerner/port.ts'

/** Turns what went over the wire into what the log may keep: no token, secret, code or signature of an address. */

const SECRET_HEADERS = new Set(['authorization', 'proxy-authorization', 'cookie', 'set-cookie'])
// Parameters of token calls and launches, and what presigned addresses of object stores carry.
const SECRET_FIELDS =
  /^(access_token|refresh_token|id_token|client_secret|client_assertion|code|code_verifier|launch|password|token)$/i
const PRESIGNED = /^(x-amz-|x-goog-|sig$|signature$|awsaccesskeyid$|opc-|policy$|key-pair-id$)/i
const HIDDEN = '…'

/** Headers by name, `Authorization: Bearer …` without its value. */
export function loggedHeaders(headers: readonly string[]): Record<string, string> {
  const shown: Record<string, string> = {}
  for (let n = 0; n + 1 < headers.length; n += 2) {
    const name = headers[n] ?? ''
    shown[name] = hideHeader(name, headers[n + 1] ?? '')
  }
  return shown
}

export const loggedAnswerHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      name === 'location' ? loggedUrl(value) : hideHeader(name, value),
    ]),
  )

function hideHeader(name: string, value: string): string {
  if (!SECRET_HEADERS.has(name.toLowerCase())) return value
  const scheme = /^[A-Za-z]+(?= )/.exec(value)?.[0]
  return scheme === undefined ? HIDDEN : `${scheme} ${HIDDEN}`
}

/** The address with secrets in its query taken out. */
export function loggedUrl(url: string): string {
  return url.replace(/([?&])([^=&#]+)=([^&#]*)/g, (pair: string, mark: string, name: string) =>
    SECRET_FIELDS.test(name) || PRESIGNED.test(decoded(name)) ? `${mark}${name}=${HIDDEN}` : pair,
  )
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A form body (token calls) with its secrets taken out. */
export function loggedForm(body: string): string {
  return loggedUrl(`?${body}`).slice(1)
}

/** A token response with its tokens taken out; what is no JSON object is kept out as a whole. */
export function loggedTokenAnswer(body: string): string {
  try {
    const value: unknown = JSON.parse(body)
    if (typeof value !== 'object' || value === null) return HIDDEN
    return JSON.stringify(value, (name, member: unknown) => (SECRET_FIELDS.test(name) ? HIDDEN : member))
  } catch {
    return body.trimStart().startsWith('<') ? body : HIDDEN
  }
}

const REQUEST_IDS = ['X-Request-Id', 'opc-request-id', 'Cerner-Correlation-ID'] as const

/** The ids that vendor support asks for. */
export const requestIdsOf = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    REQUEST_IDS.flatMap((name) => {
      const value = headers[name.toLowerCase()]
      return value === undefined ? [] : [[name, value]]
    }),
  )

/** `Patient/123` of an address or a `Location`, or of the parameter `patient` of a search; null when none. */
export function aboutOf(call: Pick<Call, 'url' | 'responseHeaders'>): string | null {
  return typedIdIn(call.responseHeaders['location']) ?? typedIdIn(call.url) ?? patientIn(call.url)
}

const TYPED_ID = /(?:^|\/)([A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64})(?:\/_history\/[^/]+)?$/

const typedIdIn = (address: string | undefined): string | null =>
  TYPED_ID.exec(address?.split(/[?#]/)[0] ?? '')?.[1] ?? null

function patientIn(url: string): string | null {
  const value =
    /[?&](?:patient|subject(?::Patient)?)=(?:Patient(?:\/|%2F))?([A-Za-z0-9.-]{1,64})(?=&|#|$)/.exec(url)?.[1]
  return value === undefined ? null : `Patient/${value}`
}
