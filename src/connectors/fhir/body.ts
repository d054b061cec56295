import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { gunzip, gunzipSync } from 'node:zlib'

/** The body did not come whole or cannot be unpacked; `reason` is said to people. */
export class BodyFailure extends Error {
  readonly kind: 'cut' | 'encoding' | 'too-large'
  constructor(kind: BodyFailure['kind'], cause?: unknown) {
    super(kind, { cause })
    this.kind = kind
  }
}

const gunzipLater = promisify(gunzip)
/** Below this, a round trip to the thread pool costs more than unpacking. */
const SMALL_BYTES = 16 * 1024

/**
 * Reads a body to its end and unpacks gzip; neither the bytes on the wire nor the unpacked ones pass the limit.
 *
 * @throws BodyFailure
 */
export async function readBody(
  body: Readable,
  encoding: string | undefined,
  limitBytes: number,
): Promise<Uint8Array> {
  const packed = await collect(body, limitBytes)
  const name = encoding?.trim().toLowerCase() ?? ''
  // Cerner marks some empty bodies as gzip; some are an empty gzip member of 20 bytes, some nothing at all (§1.2).
  if (name === '' || name === 'identity' || packed.length === 0) return packed
  if (name !== 'gzip' && name !== 'x-gzip') throw new BodyFailure('encoding')
  return unpack(packed, limitBytes)
}

async function collect(body: Readable, limitBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of body as AsyncIterable<Uint8Array>) {
      length += part.length
      if (length > limitBytes) throw new BodyFailure('too-large')
      parts.push(part)
    }
  } catch (cause) {
    throw cause instanceof BodyFailure ? cause : new BodyFailure('cut', cause)
  }
  const [only] = parts
  return parts.length === 1 && only ? only : Buffer.concat(parts, length)
}

async function unpack(packed: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  const limit = { maxOutputLength: limitBytes }
  try {
    return packed.length < SMALL_BYTES ? gunzipSync(packed, limit) : await gunzipLater(packed, limit)
  } catch (cause) {
    const tooLarge = cause instanceof Error && 'code' in cause && cause.code === 'ERR_BUFFER_TOO_LARGE'
    throw new BodyFailure(tooLarge ? 'too-large' : 'cut', cause)
  }
}
