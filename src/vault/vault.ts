import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { IntegrationError } from '../kernel/errors.ts'
import { openIndexes } from './blind-index.ts'
import type { DataKey, KeyRing } from './key-ring.ts'

/**
 * Seals what must be unreadable at rest, and makes the blind indexes that still find it.
 *
 * The envelope, 41 bytes longer than its content:
 *
 *     version 1 | key id 4 | salt 16 | counter 4 | AES-256-GCM ciphertext | tag 16
 *
 * A random 96-bit nonce is good for about 2^32 seals under one key (NIST SP 800-38D §8.3), which a busy site
 * passes in weeks. So no data key encrypts anything itself. Every process draws a 128-bit salt when it opens and
 * derives its own AES key from data key, practice and salt; under that key the nonce is a counter, which cannot
 * repeat. After 2^32 seals it draws a new salt. Two processes meeting on one salt would take some 2^64 of them.
 * The one thing to avoid is resuming a saved memory image of a running engine twice.
 */
export interface Vault {
  /**
   * @param place table, column and row (`exchange/raw/<uuid>`), authenticated with the content: what was sealed
   *   for one place does not open in another
   */
  seal(place: string, plain: Uint8Array | string): Buffer
  /**
   * @throws SEAL_BROKEN when content or place differ from what was sealed
   * @throws KEY_MISSING when the key is not in the ring
   */
  open(place: string, sealed: Uint8Array): Buffer
  openText(place: string, sealed: Uint8Array): string
  /** 16 bytes, the same for equal values of one index and practice, and telling nothing about the value. */
  blind(index: string, value: string): Buffer
  /** The first 64 bits of {@link Vault.blind} as a signed integer, for `bigint[]` search columns. */
  token(index: string, value: string): bigint
}

const VERSION = 1
const SALT_AT = 5
const COUNTER_AT = 21
const HEADER_BYTES = 25
const TAG_BYTES = 16
const NONCE_COUNTER_AT = 8
const MAX_COUNTER = 0xffff_ffff
const MAX_REMEMBERED_KEYS = 10_000
const ALGORITHM = 'aes-256-gcm'

export const ENVELOPE_BYTES = HEADER_BYTES + TAG_BYTES

/** The AES key of one process under one data key, and how often it was used. */
interface SealingSession {
  readonly keyId: number
  readonly header: Buffer
  readonly key: KeyObject
  counter: number
}

function deriveKey(dataKey: DataKey, practiceId: string, salt: Uint8Array): KeyObject {
  const info = `practice-studio seal v1/${practiceId}`
  return createSecretKey(Buffer.from(hkdfSync('sha256', dataKey.secret, salt, info, 32)))
}

function startSession(dataKey: DataKey, practiceId: string): SealingSession {
  const salt = randomBytes(COUNTER_AT - SALT_AT)
  const header = Buffer.alloc(HEADER_BYTES)
  header[0] = VERSION
  header.writeUInt32BE(dataKey.keyId, 1)
  salt.copy(header, SALT_AT)
  return { keyId: dataKey.keyId, header, key: deriveKey(dataKey, practiceId, salt), counter: 0 }
}

/** The key id that sealed an envelope, so that rotation can find what still waits to be sealed anew. */
export const keyIdOf = (sealed: Uint8Array): number =>
  new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength).getUint32(1)

export function openVault(options: { ring: KeyRing; practiceId: string }): Vault {
  const { ring, practiceId } = options
  const macOf = openIndexes({ secret: ring.index.secret, practiceId })
  const opened = new Map<string, KeyObject>()
  const nonce = Buffer.alloc(12)
  let session = startSession(ring.current, practiceId)

  const seal: Vault['seal'] = (place, plain) => {
    if (session.keyId !== ring.current.keyId || session.counter > MAX_COUNTER) {
      session = startSession(ring.current, practiceId)
    }
    const { header, key } = session
    header.writeUInt32BE(session.counter, COUNTER_AT)
    nonce.writeUInt32BE(session.counter, NONCE_COUNTER_AT)
    session.counter += 1
    const cipher = createCipheriv(ALGORITHM, key, nonce)
    cipher.setAAD(Buffer.from(place))
    const content = cipher.update(typeof plain === 'string' ? Buffer.from(plain) : plain)
    cipher.final()
    return Buffer.concat([header, content, cipher.getAuthTag()])
  }

  const keyFor = (place: string, bytes: Buffer): { key: KeyObject; name: string } => {
    if (bytes.length < ENVELOPE_BYTES || bytes[0] !== VERSION) {
      throw new IntegrationError('SEAL_BROKEN', { place })
    }
    const name = bytes.toString('latin1', 1, COUNTER_AT)
    const known = opened.get(name)
    if (known) return { key: known, name }
    const keyId = bytes.readUInt32BE(1)
    const dataKey = ring.find(keyId)
    if (!dataKey) throw new IntegrationError('KEY_MISSING', { key: keyId.toString(16).padStart(8, '0') })
    return { key: deriveKey(dataKey, practiceId, bytes.subarray(SALT_AT, COUNTER_AT)), name }
  }

  // Only keys that opened something are remembered, so damaged rows cannot push out good ones.
  const remember = (name: string, key: KeyObject): void => {
    if (opened.has(name)) return
    const [oldest] = opened.keys()
    if (oldest !== undefined && opened.size >= MAX_REMEMBERED_KEYS) opened.delete(oldest)
    opened.set(name, key)
  }

  const open: Vault['open'] = (place, sealed) => {
    const bytes = Buffer.isBuffer(sealed)
      ? sealed
      : Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength)
    const { key, name } = keyFor(place, bytes)
    const itsNonce = Buffer.alloc(12)
    bytes.copy(itsNonce, NONCE_COUNTER_AT, COUNTER_AT, HEADER_BYTES)
    const opener = createDecipheriv(ALGORITHM, key, itsNonce, { authTagLength: TAG_BYTES })
    opener.setAAD(Buffer.from(place))
    opener.setAuthTag(bytes.subarray(-TAG_BYTES))
    const content = opener.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES))
    try {
      opener.final()
    } catch (cause) {
      throw new IntegrationError('SEAL_BROKEN', { place }, { cause })
    }
    remember(name, key)
    return content
  }

  return {
    seal,
    open,
    openText: (place, sealed) => open(place, sealed).toString('utf8'),
    blind: (index, value) => Buffer.from(macOf(index)(value).slice(0, 32), 'hex'),
    token: (index, value) => BigInt.asIntN(64, BigInt(`0x${macOf(index)(value).slice(0, 16)}`)),
  }
}
