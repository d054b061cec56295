import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { IntegrationError } from '../kernel/errors.ts'

/**
 * Keys come in two layers. The master key lives outside the database and does one thing: it wraps data keys.
 * Data keys live wrapped in the table `data_key`, beside the data they seal, so that every engine sharing one
 * PostgreSQL sees a rotation, and a backup needs nothing but the master key to be readable.
 *
 * `seal` keys rotate: one is current, all stay readable. The one `index` key stays, because a blind index made
 * with another key would no longer find its rows.
 */
export type KeyPurpose = 'seal' | 'index'

/** One row of `data_key`. */
export interface WrappedKey {
  /** 1 to 4,294,967,295; travels in front of everything the key seals. */
  readonly keyId: number
  readonly purpose: KeyPurpose
  readonly wrapped: Uint8Array
  /** The seal key that new data is sealed with. */
  readonly isCurrent: boolean
}

export interface DataKey {
  readonly keyId: number
  readonly secret: Uint8Array
}

export interface KeyRing {
  readonly current: DataKey
  readonly index: DataKey
  find(keyId: number): DataKey | undefined
  /** Takes in rows made since, such as a rotated key; keys known already stay. */
  refresh(keys: readonly WrappedKey[]): void
}

export const MASTER_KEY_BYTES = 32
const VERSION = 1
const FINGERPRINT_BYTES = 8
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEADER_BYTES = 1 + FINGERPRINT_BYTES + NONCE_BYTES

const derive = (secret: Uint8Array, info: string, bytes: number): Buffer =>
  Buffer.from(hkdfSync('sha256', secret, '', info, bytes))

/** Names a master key without giving it away: 16 hexadecimal digits. */
export const masterKeyFingerprint = (master: Uint8Array): string =>
  derive(master, 'practice-studio master key fingerprint v1', FINGERPRINT_BYTES).toString('hex')

const wrappingKey = (master: Uint8Array): Buffer => derive(master, 'practice-studio key wrap v1', 32)

// Binds a wrapped key to its row, so that keys cannot be swapped between practices, purposes or ids.
const wrapPlace = (practiceId: string, purpose: KeyPurpose, keyId: number): string =>
  `data_key/${practiceId}/${purpose}/${keyId}`

interface KeyPlace {
  practiceId: string
  purpose: KeyPurpose
  keyId: number
}

function wrapSecret(master: Uint8Array, at: KeyPlace, secret: Uint8Array): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', wrappingKey(master), nonce)
  cipher.setAAD(Buffer.from(wrapPlace(at.practiceId, at.purpose, at.keyId)))
  const sealed = Buffer.concat([cipher.update(secret), cipher.final()])
  const fingerprint = Buffer.from(masterKeyFingerprint(master), 'hex')
  return Buffer.concat([Buffer.of(VERSION), fingerprint, nonce, sealed, cipher.getAuthTag()])
}

function unwrapSecret(master: Uint8Array, at: KeyPlace, wrapped: Uint8Array): Buffer {
  const bytes = Buffer.from(wrapped)
  const place = wrapPlace(at.practiceId, at.purpose, at.keyId)
  if (bytes.length <= HEADER_BYTES + TAG_BYTES || bytes[0] !== VERSION) {
    throw new IntegrationError('SEAL_BROKEN', { place })
  }
  const fingerprint = bytes.toString('hex', 1, 1 + FINGERPRINT_BYTES)
  if (fingerprint !== masterKeyFingerprint(master)) {
    throw new IntegrationError('KEY_MISSING', { key: `master key ${fingerprint}` })
  }
  const nonce = bytes.subarray(1 + FINGERPRINT_BYTES, HEADER_BYTES)
  const opener = createDecipheriv('aes-256-gcm', wrappingKey(master), nonce, { authTagLength: TAG_BYTES })
  opener.setAAD(Buffer.from(place))
  opener.setAuthTag(bytes.subarray(-TAG_BYTES))
  try {
    return Buffer.concat([opener.update(bytes.subarray(HEADER_BYTES, -TAG_BYTES)), opener.final()])
  } catch (cause) {
    throw new IntegrationError('SEAL_BROKEN', { place }, { cause })
  }
}

/** Makes a new data key, wrapped and ready to be a row of `data_key`. */
export function makeDataKey(options: {
  master: Uint8Array
  practiceId: string
  purpose: KeyPurpose
}): WrappedKey {
  const keyId = randomBytes(4).readUInt32BE() || 1
  const at = { practiceId: options.practiceId, purpose: options.purpose, keyId }
  const wrapped = wrapSecret(options.master, at, randomBytes(32))
  return { keyId, purpose: options.purpose, wrapped, isCurrent: options.purpose === 'seal' }
}

/** The two keys a new practice starts with. */
export const makeFirstKeys = (options: { master: Uint8Array; practiceId: string }): WrappedKey[] => [
  makeDataKey({ ...options, purpose: 'seal' }),
  makeDataKey({ ...options, purpose: 'index' }),
]

/**
 * Wraps the same data key under another master key. Rotating the master key is this, once per row; nothing that
 * is sealed has to be touched.
 *
 * @throws KEY_MISSING when `from` is not the master key that wrapped the row
 */
export function rewrapDataKey(options: {
  from: Uint8Array
  to: Uint8Array
  practiceId: string
  key: WrappedKey
}): WrappedKey {
  const { practiceId, key } = options
  const at = { practiceId, purpose: key.purpose, keyId: key.keyId }
  return { ...key, wrapped: wrapSecret(options.to, at, unwrapSecret(options.from, at, key.wrapped)) }
}

/**
 * Unwraps the data keys of one practice.
 *
 * @throws KEY_MISSING when another master key wrapped them, or when there is no current seal key or no index key
 * @throws SEAL_BROKEN when a row was changed or moved
 */
export function openKeyRing(options: {
  master: Uint8Array
  practiceId: string
  keys: readonly WrappedKey[]
}): KeyRing {
  const { master, practiceId } = options
  const known = new Map<number, DataKey>()

  const unwrap = (key: WrappedKey): DataKey => {
    const found = known.get(key.keyId)
    if (found) return found
    const at = { practiceId, purpose: key.purpose, keyId: key.keyId }
    const opened = { keyId: key.keyId, secret: unwrapSecret(master, at, key.wrapped) }
    known.set(key.keyId, opened)
    return opened
  }

  const choose = (keys: readonly WrappedKey[]): { current: DataKey; index: DataKey } => {
    for (const key of keys) unwrap(key)
    const current = keys.find((key) => key.purpose === 'seal' && key.isCurrent)
    const index = keys.find((key) => key.purpose === 'index')
    if (!current) throw new IntegrationError('KEY_MISSING', { key: 'current seal key' })
    if (!index) throw new IntegrationError('KEY_MISSING', { key: 'index key' })
    return { current: unwrap(current), index: unwrap(index) }
  }

  let chosen = choose(options.keys)
  return {
    get current() {
      return chosen.current
    },
    get index() {
      return chosen.index
    },
    find: (keyId) => known.get(keyId),
    refresh: (keys) => {
      chosen = choose(keys)
    },
  }
}
