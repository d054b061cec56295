import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { IntegrationError } from '../../kernel/errors.ts'
import { newId } from '../../kernel/ids.ts'
import { readTokenAnswer, readTokenError } from '../../standards/smart/token.ts'
import type { TokenAnswer } from '../../standards/smart/token.ts'
import { delayBefore } from '../fhir/backoff.ts'
import { skewOf, textOf } from '../fhir/client.ts'
import type { Answer, CallRequest, WebClient } from '../fhir/client.ts'
import { readPem } from '../fhir/pem.ts'
import type { CernerSettings } from './definition.ts'
import type { AccessToken } from './port.ts'

/** How the app proves who it is at the token endpoint (cerner-fhir-r4.md §2.3, §2.5). */
export type ClientProof =
  | { method: 'client_secret_basic'; clientId: string; clientSecret: string }
  | {
      method: 'private_key_jwt'
      clientId: string
      /** PEM (PKCS 8), or `file:PATH`. */
      privateKey: string
      keyId: string
      algorithm: 'RS384' | 'ES384'
    }
  /** A public client: PKCE alone. */
  | { method: 'none'; clientId: string }

export type Grant =
  | { type: 'client_credentials'; scopes: readonly string[] }
  | { type: 'authorization_code'; code: string; redirectUri: string; verifier?: string }
  | { type: 'refresh_token'; refreshToken: string }

export interface TokenCall {
  web: WebClient
  tokenUrl: string
  proof: ClientProof
  grant: Grant
  signal?: AbortSignal
}

export interface Granted {
  token: AccessToken
  /** With refresh token, id token and the context of a launch. */
  answer: TokenAnswer
  /** Their clock less ours, in milliseconds; null when they send no Date. */
  skewMs: number | null
}

/** An assertion may live five minutes; what our clock is ahead must fit in. */
const ASSERTION_SECONDS = 240
/** A clock that is off by more has assertions refused. */
const NOTABLE_SKEW_MS = 30_000
const TRIES = 3

/**
 * Asks for a token. A code is sent once, since it is good once; the other grants are tried again when no answer came.
 *
 * @throws FHIR_TOKEN_REFUSED with the OAuth code and Cerner's URN; FHIR_TOKEN_UNAVAILABLE when nobody decided
 */
export async function requestToken(call: TokenCall): Promise<Granted> {
  const skew = { ms: 0 }
  let corrected = false
  for (let tries = 1; ; tries++) {
    try {
      return await ask(call, skew)
    } catch (error) {
      // A refused assertion of a clock that is off is made again by theirs.
      const byClock =
        !corrected && call.proof.method === 'private_key_jwt' && Math.abs(skew.ms) > NOTABLE_SKEW_MS
      if (isRefused(error) && byClock) {
        corrected = true
        continue
      }
      if (!isUnavailable(error) || call.grant.type === 'authorization_code' || tries >= TRIES) throw error
      await call.web.timer.sleep(delayBefore(tries, null, Math.random) ?? 0, call.signal)
    }
  }
}

async function ask(call: TokenCall, skew: { ms: number }): Promise<Granted> {
  const { web, tokenUrl, grant, signal } = call
  const host = new URL(tokenUrl).host
  const proven = await prove(call, web.timer.now() + skew.ms)
  const note = (answer: Answer): void => {
    skew.ms = skewOf(answer) ?? skew.ms
  }
  const request: CallRequest = {
    method: 'POST',
    url: tokenUrl,
    kind: 'POST token',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', Accept: 'application/json' },
    authorization: proven.authorization,
    body: formOf({ ...parametersOf(grant), ...proven.parameters }),
    foreign: true,
    secret: true,
    signal,
    judge: (answer) => {
      note(answer)
      return refusalOf(answer, host)
    },
  }
  try {
    return await web.call(request, (answer) => {
      note(answer)
      return { value: granted(answer, host) }
    })
  } catch (error) {
    throw unavailable(error, host)
  }
}

function granted(answer: Answer, host: string): Granted {
  const read = readTokenAnswer(textOf(answer))
  if (read === null) throw noToken(host, 'the answer holds none')
  const token: AccessToken = {
    value: read.accessToken,
    // Counted from before the call, so that a slow answer does not lengthen its life.
    expiresAtMs: answer.sentAtMs + read.expiresInSeconds * 1000,
    scope: read.scope,
    tokenType: read.tokenType,
  }
  return { token, answer: read, skewMs: skewOf(answer) }
}

function refusalOf(answer: Answer, host: string): IntegrationError {
  const { status } = answer
  const read = readTokenError(textOf(answer))
  const mayPass = status >= 500 || status === 429 || status === 408
  if (mayPass || (read === null && status >= 200 && status < 400)) return noToken(host, String(status))
  const { error, urn } = read ?? { error: `HTTP ${status}`, urn: null }
  return new IntegrationError('FHIR_TOKEN_REFUSED', { error, urn: urn ?? 'no further reason' })
}

function unavailable(error: unknown, host: string): unknown {
  if (!(error instanceof IntegrationError) || error.code.startsWith('FHIR_TOKEN')) return error
  return noToken(host, String(error.at['reason'] ?? 'no answer came'), error)
}

const noToken = (host: string, reason: string, cause?: unknown): IntegrationError =>
  new IntegrationError('FHIR_TOKEN_UNAVAILABLE', { host, reason }, { cause })

const isRefused = (error: unknown): boolean =>
  error instanceof IntegrationError && error.code === 'FHIR_TOKEN_REFUSED'
const isUnavailable = (error: unknown): boolean =>
  error instanceof IntegrationError && error.code === 'FHIR_TOKEN_UNAVAILABLE'

function parametersOf(grant: Grant): Record<string, string> {
  switch (grant.type) {
    case 'client_credentials':
      return { grant_type: grant.type, scope: grant.scopes.join(' ') }
    case 'refresh_token':
      return { grant_type: grant.type, refresh_token: grant.refreshToken }
    case 'authorization_code': {
      const { type, code, redirectUri, verifier } = grant
      const base = { grant_type: type, code, redirect_uri: redirectUri }
      return verifier === undefined ? base : { ...base, code_verifier: verifier }
    }
    default:
      return grant satisfies never
  }
}

interface Proven {
  authorization: NonNullable<CallRequest['authorization']>
  parameters: Record<string, string>
}

async function prove({ proof, tokenUrl }: TokenCall, nowMs: number): Promise<Proven> {
  switch (proof.method) {
    case 'client_secret_basic':
      return { authorization: { value: `Basic ${basicOf(proof)}` }, parameters: {} }
    case 'private_key_jwt':
      return { authorization: 'none', parameters: await assertionOf(proof, tokenUrl, nowMs) }
    case 'none':
      return { authorization: 'none', parameters: { client_id: proof.clientId } }
    default:
      return proof satisfies never
  }
}

/** Id and secret are form-encoded before they are joined (RFC 6749 §2.3.1). */
function basicOf({ clientId, clientSecret }: { clientId: string; clientSecret: string }): string {
  return Buffer.from(`${encoded(clientId)}:${encoded(clientSecret)}`).toString('base64')
}

async function assertionOf(
  proof: ClientProof & { method: 'private_key_jwt' },
  audience: string,
  nowMs: number,
): Promise<Record<string, string>> {
  const seconds = Math.floor(nowMs / 1000)
  const assertion = await new SignJWT()
    .setProtectedHeader({
      alg: proof.algorithm,
      typ: 'JWT',
      ...(proof.keyId === '' ? {} : { kid: proof.keyId }),
    })
    .setIssuer(proof.clientId)
    .setSubject(proof.clientId)
    .setAudience(audience)
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + ASSERTION_SECONDS)
    .setJti(newId())
    .sign(await privateKeyOf(proof.privateKey))
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  }
}

async function privateKeyOf(text: string) {
  const place = 'auth.privateKey'
  const pem = await readPem(place, text)
  if (pem === null) throw new IntegrationError('TLS_MATERIAL_INVALID', { place, reason: 'it is empty' })
  try {
    return createPrivateKey(pem)
  } catch {
    // Without its cause: a message of the parser could quote the key.
    throw new IntegrationError('TLS_MATERIAL_INVALID', { place, reason: 'it is not a PEM private key' })
  }
}

// Scopes are joined by %20: a plus is taken for a plus by some servers.
const formOf = (parameters: Record<string, string>): string =>
  Object.entries(parameters)
    .map(([name, value]) => `${name}=${encoded(value)}`)
    .join('&')

const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** The proof of the system account, from the settings with their secrets opened. */
export function systemProof({ auth }: Pick<CernerSettings, 'auth'>): ClientProof {
  const { method, clientId, clientSecret, privateKey, keyId, algorithm } = auth
  switch (method) {
    case 'client_secret_basic':
      return { method, clientId, clientSecret }
    case 'private_key_jwt':
      return { method, clientId, privateKey, keyId, algorithm }
    case 'none':
      return { method, clientId }
    default:
      return method satisfies never
  }
}

/** The proof of the launched app: its secret, or PKCE alone. */
export const launchProof = ({ launch }: Pick<CernerSettings, 'launch'>): ClientProof =>
  launch.clientSecret === ''
    ? { method: 'none', clientId: launch.clientId }
    : { method: 'client_secret_basic', clientId: launch.clientId, clientSecret: launch.clientSecret }
