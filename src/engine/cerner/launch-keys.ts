import { setTimeout as sleep } from 'node:timers/promises'
import { createLocalJWKSet, errors, jwtVerify } from 'jose'
import type { JSONWebKeySet, JWTPayload } from 'jose'
import { textOf } from '../../connectors/fhir/client.ts'
import type { WebClient } from '../../connectors/fhir/client.ts'
import { IntegrationError } from '../../kernel/errors.ts'

/** Public keys of authorization servers, by address. They change every few days, so an unknown one is asked for again. */
export type LaunchKeys = Map<string, JSONWebKeySet>

export interface IdTokenCheck {
  web: Pick<WebClient, 'answer'>
  keys: LaunchKeys
  jwksUrl: string
  token: string
  /** As the server may name itself: the issuer, or the identity provider of the tenant under it. */
  issuers: readonly string[]
  clientId: string
  nonce: string
  nowMs: number
  /** Waits before the keys are asked for again. */
  pause?: (ms: number) => Promise<void>
}

export interface IdToken extends JWTPayload {
  fhirUser?: string
  profile?: string
  name?: string
  preferred_username?: string
}

const CLOCK_TOLERANCE_SECONDS = 60
const ALGORITHMS = ['RS256', 'RS384', 'ES256', 'ES384']
/** A new key may be missing at first (cerner-fhir-r4.md §2.1): asked for again after these pauses. */
const ASK_AGAIN_MS = [0, 500, 1500]
const pause = (ms: number): Promise<void> => sleep(ms)

/**
 * Checks an id token: signature by the server's keys, issuer, audience, nonce and times.
 *
 * @throws LAUNCH_INVALID naming the claim; FHIR_UNREACHABLE when the keys cannot be read
 * @see cerner-fhir-r4.md §2.3; OpenID Connect Core 1.0 §3.1.3.7
 */
export async function checkIdToken(check: IdTokenCheck): Promise<IdToken> {
  const known = check.keys.get(check.jwksUrl)
  if (known) {
    const verified = await verify(check, known)
    if (verified !== 'unknown key') return verified
  }
  for (const pauseMs of ASK_AGAIN_MS) {
    await (check.pause ?? pause)(pauseMs)
    const keys = await readKeys(check)
    check.keys.set(check.jwksUrl, keys)
    const verified = await verify(check, keys)
    if (verified !== 'unknown key') return verified
  }
  throw invalid('id_token.kid')
}

async function readKeys({ web, jwksUrl }: IdTokenCheck): Promise<JSONWebKeySet> {
  const answer = await web.answer({
    method: 'GET',
    url: jwksUrl,
    kind: 'GET jwks',
    headers: { Accept: 'application/json' },
    authorization: 'none',
    foreign: true,
  })
  const keys = keysIn(textOf(answer))
  if (keys === null)
    throw new IntegrationError('FHIR_ANSWER_UNREADABLE', { call: 'GET jwks', reason: 'it holds no keys' })
  return keys
}

function keysIn(text: string): JSONWebKeySet | null {
  try {
    const value = JSON.parse(text) as { keys?: unknown }
    return Array.isArray(value.keys) ? (value as JSONWebKeySet) : null
  } catch {
    return null
  }
}

async function verify(check: IdTokenCheck, keys: JSONWebKeySet): Promise<IdToken | 'unknown key'> {
  try {
    const { payload } = await jwtVerify<IdToken>(check.token, createLocalJWKSet(keys), {
      algorithms: ALGORITHMS,
      issuer: [...check.issuers],
      audience: check.clientId,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(check.nowMs),
      requiredClaims: ['exp', 'iat', 'sub'],
    })
    if (payload['nonce'] !== check.nonce) throw invalid('id_token.nonce')
    return payload
  } catch (error) {
    if (error instanceof errors.JWKSNoMatchingKey) return 'unknown key'
    throw error instanceof IntegrationError ? error : invalid(placeOf(error), error)
  }
}

/** What is wrong with it, by the name of the claim: never its value. */
function placeOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'id_token.exp'
  if (error instanceof errors.JWTClaimValidationFailed) return `id_token.${error.claim}`
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'id_token.signature'
  if (error instanceof errors.JOSEAlgNotAllowed) return 'id_token.alg'
  return 'id_token'
}

const invalid = (place: string, cause?: unknown): IntegrationError =>
  // Of a cause only its class is kept: messages of the library can quote claims.
  new IntegrationError(
    'LAUNCH_INVALID',
    { place },
    { cause: cause instanceof Error ? cause.name : undefined },
  )
