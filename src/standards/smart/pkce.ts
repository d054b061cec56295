/** Proof Key for Code Exchange with S256 (RFC 7636). */
export interface Pkce {
  /** Kept by us until the code comes back. */
  verifier: string
  /** Sent with the authorize address. */
  challenge: string
}

const VERIFIER_BYTES = 48

/** A new verifier of 64 characters with its challenge. @param random fills bytes; the platform's when not said */
export async function makePkce(
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer> = (bytes) =>
    crypto.getRandomValues(bytes),
): Promise<Pkce> {
  const verifier = base64url(random(new Uint8Array(VERIFIER_BYTES)))
  return { verifier, challenge: await challengeOf(verifier) }
}

/** The S256 challenge of a verifier. */
export async function challengeOf(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(verifier))))
}

/** A value nobody can guess, for `state` and `nonce`. */
export const makeState = (): string => base64url(crypto.getRandomValues(new Uint8Array(24)))

const base64url = (bytes: Uint8Array): string => bytes.toBase64({ alphabet: 'base64url', omitPadding: true })
