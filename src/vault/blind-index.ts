import { hash, hkdfSync } from 'node:crypto'

const BLOCK_BYTES = 64
const DIGEST_BYTES = 32

/** HMAC-SHA-256 under one key, as 64 hexadecimal digits. */
export type Mac = (value: string) => string

/**
 * HMAC-SHA-256 (RFC 2104), written out over Node's one-shot hash because a message needs about ten and
 * `createHmac` costs twice as much (1.5 µs against 0.7 µs).
 *
 * @param key 64 ASCII characters, exactly one block. RFC 2104 turns bits of the key with 0x36 and 0x5c; neither
 *   touches the top bit, so the inner pad stays ASCII and can stand in front of the value in one string.
 */
export function openMac(key: string): Mac {
  if (!/^[\x20-\x7e]{64}$/.test(key)) throw new RangeError('a MAC key is 64 printable ASCII characters')
  const keyBytes = Buffer.from(key, 'latin1')
  const pad = (byte: number): Buffer => Buffer.from(keyBytes.map((each) => each ^ byte))
  const inner = pad(0x36).toString('latin1')
  const outer = Buffer.concat([pad(0x5c)], BLOCK_BYTES + DIGEST_BYTES)
  return (value) => {
    outer.write(hash('sha256', inner + value, 'hex'), BLOCK_BYTES, 'hex')
    return hash('sha256', outer, 'hex')
  }
}

/**
 * One MAC for each named index of a practice, made on first use. The name and the practice are part of the key,
 * so equal values in two indexes or two practices do not look equal.
 */
export function openIndexes(options: { secret: Uint8Array; practiceId: string }): (index: string) => Mac {
  const macs = new Map<string, Mac>()
  return (index) => {
    const known = macs.get(index)
    if (known) return known
    const info = `practice-studio blind index v1/${options.practiceId}/${index}`
    const mac = openMac(Buffer.from(hkdfSync('sha256', options.secret, '', info, 32)).toString('hex'))
    macs.set(index, mac)
    return mac
  }
}
