import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose'
import type { Clock } from '../../../kernel/clock.ts'

/** Signing keys of the authorization server: one RSA and two EC keys that change together (cerner-fhir-r4.md §2.1). */
export interface KeyRing {
  /** Public keys, newest first. `withoutNewest` is what a server answers just after a change of keys. */
  published(withoutNewest?: boolean): readonly JWK[]
  sign(alg: 'ES256' | 'RS256', claims: JWTPayload): Promise<string>
  rotate(): Promise<void>
}

interface Generation {
  readonly published: readonly JWK[]
  readonly private: Readonly<Record<'ES256' | 'RS256', { key: CryptoKey; kid: string }>>
}

const KINDS = [
  ['RS256', 'rsa'],
  ['ES256', 'ec'],
  ['ES384', 'ec384'],
] as const

export async function openKeyRing(clock: Clock): Promise<KeyRing> {
  const generations = [await makeGeneration(clock.now())]
  return {
    published: (withoutNewest = false) =>
      generations.slice(withoutNewest ? 1 : 0).flatMap((one) => one.published),
    async sign(alg, claims) {
      const newest = generations[0] as Generation
      const { key, kid } = newest.private[alg]
      return new SignJWT(claims).setProtectedHeader({ alg, kid, typ: 'JWT' }).sign(key)
    },
    async rotate() {
      // A clock that stands still must not give two keys one name.
      generations.unshift(await makeGeneration(clock.now() + generations.length))
    },
  }
}

async function makeGeneration(at: number): Promise<Generation> {
  // `2026-08-12T03:22:12.526.rsa`
  const stamp = new Date(at).toISOString().slice(0, -1)
  const made = await Promise.all(
    KINDS.map(async ([alg, name]) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
      const kid = `${stamp}.${name}`
      return { alg, kid, key: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } }
    }),
  )
  const of = (alg: string): { key: CryptoKey; kid: string } => {
    const one = made.find((pair) => pair.alg === alg)
    if (one === undefined) throw new Error(`no key for ${alg}`)
    return one
  }
  return { published: made.map(({ jwk }) => jwk), private: { ES256: of('ES256'), RS256: of('RS256') } }
}
