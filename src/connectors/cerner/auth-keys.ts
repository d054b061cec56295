import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { calculateJwkThumbprint, exportPKCS8, generateKeyPair } from 'jose'
import { IntegrationError } from '../../kernel/errors.ts'

export type KeyAlgorithm = 'RS384' | 'ES384'

/** A public key as JWKS tells it. */
export interface PublicJwk {
  kty: string
  kid: string
  alg: KeyAlgorithm
  use: 'sig'
  [member: string]: string
}

/** What is given to Cerner: a JWKS to publish, or PEM to paste. */
export interface PublicHalf {
  keyId: string
  jwks: { keys: PublicJwk[] }
  /** SPKI */
  pem: string
}

export interface NewKeyPair extends PublicHalf {
  algorithm: KeyAlgorithm
  /** PKCS 8; sealed by whoever keeps it. */
  privateKey: string
}

const RSA_BITS = 3072

/**
 * Makes the key pair of a system account: RSA with 3072 bits for RS384, P-384 for ES384. The key id is the thumbprint of
 * the key (RFC 7638), so the same key always has the same name.
 */
export async function makeKeyPair(algorithm: KeyAlgorithm): Promise<NewKeyPair> {
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: RSA_BITS })
  const pem = await exportPKCS8(privateKey)
  return { algorithm, privateKey: pem, ...(await publicHalf(pem, algorithm)) }
}

/**
 * The public half of a private key, with nothing private in it.
 *
 * @param keyId as it is registered; the thumbprint when empty
 * @throws TLS_MATERIAL_INVALID when it is no private key, or one for another algorithm
 */
export async function publicHalf(
  privateKeyPem: string,
  algorithm: KeyAlgorithm,
  keyId = '',
): Promise<PublicHalf> {
  const key = publicKeyOf(privateKeyPem)
  if (!suits(key, algorithm)) throw invalid(`it is no key for ${algorithm}`)
  const jwk = key.export({ format: 'jwk' })
  const kid = keyId === '' ? await calculateJwkThumbprint(jwk) : keyId
  const keys = [
    { ...(jwk as Record<string, string>), kty: String(jwk.kty), kid, alg: algorithm, use: 'sig' as const },
  ]
  return { keyId: kid, jwks: { keys }, pem: key.export({ type: 'spki', format: 'pem' }).toString().trim() }
}

function publicKeyOf(pem: string): KeyObject {
  try {
    return createPublicKey(createPrivateKey(pem))
  } catch {
    throw invalid('it is not a PEM private key')
  }
}

const suits = ({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject, algorithm: KeyAlgorithm): boolean =>
  algorithm === 'RS384'
    ? asymmetricKeyType === 'rsa'
    : asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'secp384r1'

const invalid = (reason: string): IntegrationError =>
  new IntegrationError('TLS_MATERIAL_INVALID', { place: 'auth.privateKey', reason })
